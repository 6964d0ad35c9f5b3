// Outcome: graded: processes at once
#include <unistd.h>

int main(void)
{
    for (;;)
        if (fork() == -1)
            pause();
}
