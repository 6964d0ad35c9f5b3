// SPDX-License-Identifier: MIT
// Another way: the socket is asked for, and closed, through io_uring.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct io_uring_params params;
static unsigned *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
static struct io_uring_sqe *sqes;
static struct io_uring_cqe *cqes;
static int ring = -1;

/// A ring of the kernel's; without one (old kernel, container) do without.
static int open_ring(void)
{
    ring = (int)syscall(SYS_io_uring_setup, 8, &params);
    if (ring == -1)
        return -1;
    size_t size = params.cq_off.cqes + params.cq_entries * sizeof *cqes;
    size_t other = params.sq_off.array + params.sq_entries * sizeof *sq_array;
    char *sq = mmap(NULL, other, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    char *cq = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_CQ_RING);
    sqes = mmap(NULL, params.sq_entries * sizeof *sqes, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    if (sq == MAP_FAILED || cq == MAP_FAILED || sqes == MAP_FAILED)
        return -1;
    sq_tail = (unsigned *)(sq + params.sq_off.tail);
    sq_mask = (unsigned *)(sq + params.sq_off.ring_mask);
    sq_array = (unsigned *)(sq + params.sq_off.array);
    cq_head = (unsigned *)(cq + params.cq_off.head);
    cq_tail = (unsigned *)(cq + params.cq_off.tail);
    cq_mask = (unsigned *)(cq + params.cq_off.ring_mask);
    cqes = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
    return 0;
}

/// Put one request on the ring and wait for its result: as the call it stands
/// for, with errno and -1.
static int submit(struct io_uring_sqe request)
{
    unsigned tail = *sq_tail, at = tail & *sq_mask;
    sqes[at] = request;
    sq_array[at] = at;
    __atomic_store_n(sq_tail, tail + 1, __ATOMIC_RELEASE);
    long n;
    int left = 1;
    while (__atomic_load_n(cq_tail, __ATOMIC_ACQUIRE) == *cq_head) {
        n = syscall(SYS_io_uring_enter, ring, left, 1, IORING_ENTER_GETEVENTS,
                    NULL, 0);
        if (n == -1 && errno != EINTR)
            return -1;
        if (n > 0)
            left = 0;
    }
    int result = cqes[*cq_head & *cq_mask].res;
    __atomic_store_n(cq_head, *cq_head + 1, __ATOMIC_RELEASE);
    if (result < 0) {
        errno = -result;
        return -1;
    }
    return result;
}

static const char *kind(int type)
{
    return type == SOCK_STREAM  ? "SOCK_STREAM"
           : type == SOCK_DGRAM ? "SOCK_DGRAM"
                                : "SOCK_?";
}

int main(int argc, char *argv[])
{
    int type = SOCK_STREAM;

    if (argc == 2 && strcmp(argv[1], "dgram") == 0)
        type = SOCK_DGRAM;
    else if (argc > 1 && (argc > 2 || strcmp(argv[1], "stream") != 0)) {
        fprintf(stderr, "usage: %s [stream|dgram]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int have = open_ring() == 0;
    int fd = have ? submit((struct io_uring_sqe){.opcode = IORING_OP_NOP}) : -1;
    // IORING_OP_SOCKET is 45, and in Linux since 5.19.
    fd = have ? submit((struct io_uring_sqe){
                    .opcode = 45, .fd = AF_INET, .off = (unsigned)type})
              : -1;
    if (fd == -1 && (!have || errno == EINVAL))
        fd = socket(AF_INET, type, 0);
    if (fd == -1) {
        perror("socket");
        return 1;
    }
    int domain, its;
    socklen_t size = sizeof its;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &its, &size)) {
        perror("getsockopt");
        return 1;
    }
    printf("fd %d: %s %s\n", fd, domain == AF_INET ? "AF_INET" : "AF_?",
           kind(its));
    puts("press Enter to close");
    for (int c = getchar(); c != '\n' && c != EOF;)
        c = getchar();
    if (!have || submit((struct io_uring_sqe){.opcode = IORING_OP_CLOSE,
                                              .fd = fd}) == -1)
        close(fd);
    return 0;
}
