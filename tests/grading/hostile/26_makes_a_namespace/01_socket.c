// Outcome: graded: unshare: Operation not permitted
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

int main(void)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == -1)
        perror("unshare");
    if (mount("none", "/tmp", "tmpfs", 0, NULL) == -1)
        perror("mount");
    return 1;
}
