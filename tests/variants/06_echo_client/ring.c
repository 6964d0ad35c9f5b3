// SPDX-License-Identifier: MIT
// Another way: connects, sends and receives through io_uring.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
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
static long port;

static void arguments(int argc, char *argv[])
{
    port = argc > 2 ? number(argv[2], 65535) : 4444;
    if (argc > 4 || port < 0 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT [MESSAGE]]]\n", argv[0]);
        exit(2);
    }
}

static void die(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    exit(1);
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

static int transfer(int fd, int code, void *at, size_t size)
{
    int n;
    do
        n = ring == -1
                ? code == IORING_OP_SEND ? (int)send(fd, at, size, MSG_NOSIGNAL)
                                         : (int)recv(fd, at, size, 0)
                : submit((struct io_uring_sqe){.opcode = (uint8_t)code,
                                               .fd = fd,
                                               .addr = (uintptr_t)at,
                                               .len = (uint32_t)size,
                                               .msg_flags = MSG_NOSIGNAL});
    while (n == -1 && errno == EINTR);
    if (n == -1)
        die(code == IORING_OP_SEND ? "send" : "recv");
    return n;
}

int main(int argc, char *argv[])
{
    char *message = argc > 3 ? argv[3] : (char[]){"Hello friend"};
    size_t size = strlen(message), done;

    arguments(argc, argv);
    if (open_ring() == -1)
        ring = -1;
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr = host,
                            .sin_port = htons((in_port_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd == -1)
        die("socket");
    if (ring == -1 ? connect(fd, (struct sockaddr *)&a, sizeof a)
                   : submit((struct io_uring_sqe){.opcode = IORING_OP_CONNECT,
                                                  .fd = fd,
                                                  .addr = (uintptr_t)&a,
                                                  .off = sizeof a}))
        die("connect");
    for (done = 0; done < size;)
        done +=
            (size_t)transfer(fd, IORING_OP_SEND, message + done, size - done);
    shutdown(fd, SHUT_WR);
    char *echo = malloc(size + 1);
    for (done = 0; done < size;) {
        int n = transfer(fd, IORING_OP_RECV, echo + done, size - done);
        if (n == 0) {
            fprintf(stderr, "the stream ended after %zu of %zu bytes\n", done,
                    size);
            return 1;
        }
        done += (size_t)n;
    }
    for (done = 0; done < size && message[done] == echo[done];)
        done++;
    if (done < size) {
        fprintf(stderr, "differs at byte %zu\n", done);
        return 1;
    }
    printf("Received \"%.*s\"\n", (int)size, echo);
    free(echo);
    close(fd);
    return 0;
}
