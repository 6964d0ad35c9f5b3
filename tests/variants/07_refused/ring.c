// SPDX-License-Identifier: MIT
// Another way: connect and its time limit are two linked requests of io_uring.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static long number(const char *text, long most)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    return *text < '0' || *text > '9' || *end != '\0' || errno != 0 || n > most
               ? -1
               : n;
}

static struct in_addr host;
static long port, ms;
static const char *host_text;

static void arguments(int argc, char *argv[])
{
    host_text = argc > 1 ? argv[1] : "127.0.0.1";
    port = argc > 2 ? number(argv[2], 65535) : 4444;
    ms = argc > 3 ? number(argv[3], 60000) : 500;
    if (argc > 4 || port < 0 || ms < 1 ||
        inet_pton(AF_INET, host_text, &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT [TIMEOUT_MS]]]\n", argv[0]);
        exit(2);
    }
}

static _Noreturn void no_connection(int error)
{
    fprintf(stderr, "connect to %s:%ld: %s\n", host_text, port,
            strerror(error));
    if (error == ECONNREFUSED)
        fputs("- another port?\n- is the server running?\n- a firewall that "
              "rejects?\n",
              stderr);
    if (error == ETIMEDOUT)
        fputs("a firewall may drop what we send, or the host is not there\n",
              stderr);
    exit(1);
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
}

static void tell(int fd)
{
    struct sockaddr_in end[2];
    if (getpeername(fd, (struct sockaddr *)&end[0],
                    &(socklen_t){sizeof end[0]}) == -1)
        die("getpeername");
    if (getsockname(fd, (struct sockaddr *)&end[1],
                    &(socklen_t){sizeof end[1]}) == -1)
        die("getsockname");
    printf("connected to %s:%d ", inet_ntoa(end[0].sin_addr),
           ntohs(end[0].sin_port));
    printf("from %s:%d\n", inet_ntoa(end[1].sin_addr), ntohs(end[1].sin_port));
}

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

int main(int argc, char *argv[])
{
    arguments(argc, argv);
    int have = open_ring() == 0, error = 0;
    int fd = socket(AF_INET, SOCK_STREAM | (have ? 0 : SOCK_NONBLOCK), 0);
    if (fd == -1)
        die("socket");
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr = host,
                            .sin_port = htons((in_port_t)port)};
    if (have) {
        struct __kernel_timespec most = {ms / 1000, ms % 1000 * 1000000};
        struct io_uring_sqe limit = {.opcode = IORING_OP_LINK_TIMEOUT,
                                     .addr = (uintptr_t)&most,
                                     .len = 1,
                                     .user_data = 2};
        sqes[1] = limit;
        sq_array[1] = 1;
        sqes[0] = (struct io_uring_sqe){.opcode = IORING_OP_CONNECT,
                                        .flags = IOSQE_IO_LINK,
                                        .fd = fd,
                                        .addr = (uintptr_t)&a,
                                        .off = sizeof a,
                                        .user_data = 1};
        sq_array[0] = 0;
        __atomic_store_n(sq_tail, 2, __ATOMIC_RELEASE);
        int left = 2, seen = 0;
        while (seen < 2) {
            long n = syscall(SYS_io_uring_enter, ring, left, 1,
                             IORING_ENTER_GETEVENTS, NULL, 0);
            if (n == -1 && errno != EINTR)
                die("io_uring_enter");
            left -= n > 0 ? (int)n : 0;
            for (; __atomic_load_n(cq_tail, __ATOMIC_ACQUIRE) != *cq_head;
                 seen++) {
                struct io_uring_cqe done = cqes[*cq_head & *cq_mask];
                __atomic_store_n(cq_head, *cq_head + 1, __ATOMIC_RELEASE);
                if (done.user_data == 1)
                    error = -done.res;
            }
        }
        if (error == ECANCELED)
            error = ETIMEDOUT;
    } else if (connect(fd, (struct sockaddr *)&a, sizeof a) == -1) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        error = errno;
        if (error == EINPROGRESS && poll(&p, 1, (int)ms) == 0)
            error = ETIMEDOUT;
        else if (error == EINPROGRESS &&
                 getsockopt(fd, SOL_SOCKET, SO_ERROR, &error,
                            &(socklen_t){sizeof error}) == -1)
            die("getsockopt");
    }
    if (error != 0) {
        close(fd);
        no_connection(error);
    }
    tell(fd);
    close(fd);
    return 0;
}
