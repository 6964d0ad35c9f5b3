// Outcome: killed: something in it killed the check with SIGKILL
#include <signal.h>
#include <stdio.h>

int main(void)
{
    kill(-1, SIGKILL);
    for (int pid = 1; pid < 65536; pid++)
        kill(pid, SIGKILL);
    puts("still here");
    return 0;
}
