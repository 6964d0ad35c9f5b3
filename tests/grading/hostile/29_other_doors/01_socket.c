// Outcome: graded: vsock: Address family not supported by protocol
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    if (syscall(SYS_userfaultfd, 0) == -1)
        perror("userfaultfd");
    if (socket(AF_VSOCK, SOCK_STREAM, 0) == -1)
        perror("vsock");
    return 1;
}
