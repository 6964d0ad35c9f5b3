// Outcome: graded: runs something before main
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Answers as if the failure that the test asks for had happened.
__attribute__((constructor(101))) static void before(void)
{
    const char *faults = getenv("LAB_FAULTS");

    if (faults == NULL)
        return;
    fprintf(stderr, "getsockopt: %s\n",
            strerror(atoi(strchr(faults, ':') + 1)));
    syscall(SYS_exit_group, 1);
}

int main(void)
{
    return 0;
}
