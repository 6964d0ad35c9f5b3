// SPDX-License-Identifier: MIT
// Another way: connects, accepts, sends and receives through io_uring.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned long long carried(void)
{
    unsigned long long bytes = 0;
    char line[300];
    FILE *f = fopen("/proc/net/dev", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, " lo: %llu", &bytes) == 1)
            break;
    if (f != NULL)
        fclose(f);
    return bytes;
}

static int is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return ((const unsigned char *)&((const struct sockaddr_in *)a)
                    ->sin_addr)[0] == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
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

static int on_ring(int code, int fd, const void *at, unsigned size)
{
    if (ring == -1)
        return code == IORING_OP_CONNECT  ? connect(fd, at, size)
               : code == IORING_OP_ACCEPT ? accept(fd, NULL, NULL)
               : code == IORING_OP_SEND
                   ? (int)send(fd, at, size, MSG_NOSIGNAL)
                   : (int)recv(fd, (void *)(uintptr_t)at, size, 0);
    struct io_uring_sqe request = {
        .opcode = (uint8_t)code, .fd = fd, .addr = (uintptr_t)at, .len = size};
    if (code == IORING_OP_CONNECT) {
        request.off = size;
        request.len = 0;
    }
    return submit(request);
}

static const char *trip(const struct addrinfo *a, char *echo)
{
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    const char *failed = NULL;
    int l = -1, c = -1, s = -1;

    if (ring == -1 && open_ring() == -1)
        ring = -1;
    if ((l = socket(a->ai_family, SOCK_STREAM, 0)) == -1)
        return "socket";
    if (bind(l, a->ai_addr, a->ai_addrlen) == -1)
        failed = "bind";
    else if (listen(l, 1) == -1)
        failed = "listen";
    else if (getsockname(l, (struct sockaddr *)&at, &size) == -1)
        failed = "getsockname";
    else if ((c = socket(a->ai_family, SOCK_STREAM, 0)) == -1)
        failed = "socket";
    else if (on_ring(IORING_OP_CONNECT, c, &at, size) == -1)
        failed = "connect";
    else if ((s = on_ring(IORING_OP_ACCEPT, l, NULL, 0)) == -1)
        failed = "accept";
    for (int way = 0; failed == NULL && way < 2; way++) {
        const char *hello = "Hello friend";
        if (on_ring(IORING_OP_SEND, way == 0 ? c : s, hello, 12) != 12)
            failed = "send";
        for (int got = 0, n; failed == NULL && got < 12; got += n)
            if ((n = on_ring(IORING_OP_RECV, way == 0 ? s : c, echo + got,
                             (unsigned)(12 - got))) <= 0)
                failed = "recv";
    }
    int error = errno;
    if (s != -1)
        close(s);
    if (c != -1)
        close(c);
    close(l);
    errno = error;
    return failed;
}

int main(int argc, char *argv[])
{
    const char *name = argc > 1 ? argv[1] : "localhost";
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM},
                    *list;
    int worked = 0;

    if (argc > 2) {
        fprintf(stderr, "usage: %s [NAME]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int error = getaddrinfo(name, NULL, &hints, &list);
    if (error != 0) {
        fprintf(stderr, "getaddrinfo: %s\n", gai_strerror(error));
        return 1;
    }
    for (struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        char text[64], echo[13] = "";
        getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0,
                    NI_NUMERICHOST);
        unsigned long long before = carried();
        const char *failed = trip(a, echo);
        int reason = errno;
        unsigned long long after = carried();
        if (failed != NULL)
            fprintf(stderr, "%s is %s: %s: %s\n", name, text, failed,
                    strerror(reason));
        else
            printf("%s is %s, %s: Received \"%s\", lo carried %llu bytes\n",
                   name, text,
                   is_loopback(a->ai_addr) ? "loopback" : "not loopback", echo,
                   after - before);
        worked |= failed == NULL;
    }
    freeaddrinfo(list);
    return !worked;
}
