// Outcome: graded: traced 0 of them
#include <fcntl.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <unistd.h>

int main(void)
{
    int traced = 0;

    for (int pid = 1; pid < 400; pid++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/mem", pid);
        if (pid != getpid())
            traced += ptrace(PTRACE_SEIZE, pid, 0, 0) == 0 ||
                      open(path, O_RDWR) != -1;
    }
    fprintf(stderr, "traced %d of them\n", traced);
    return 1;
}
