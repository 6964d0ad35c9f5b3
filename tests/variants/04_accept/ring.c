// SPDX-License-Identifier: MIT
// Another way: the connection is taken through io_uring.
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
    if (argc > 3 || port < 0 ||
        inet_pton(AF_INET, argc > 1 ? argv[1] : "127.0.0.1", &host) != 1) {
        fprintf(stderr, "usage: %s [HOST [PORT]]\n", argv[0]);
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

static int listen_at_host(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = host,
                             .sin_port = htons((in_port_t)port)};
    socklen_t size = sizeof at;
    char ip[INET_ADDRSTRLEN];
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        die("setsockopt");
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == -1)
        die("bind");
    if (listen(fd, 5) == -1)
        die("listen");
    if (getsockname(fd, (struct sockaddr *)&at, &size) == -1)
        die("getsockname");
    inet_ntop(AF_INET, &at.sin_addr, ip, sizeof ip);
    printf("listening on %s:%d\n", ip, ntohs(at.sin_port));
    return fd;
}

static void hold(void)
{
    char c;
    puts("press Enter to close");
    fflush(stdout);
    while (read(STDIN_FILENO, &c, 1) > 0 && c != '\n')
        continue;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    int conn;

    arguments(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    int have = open_ring() == 0;
    int fd = listen_at_host();
    do {
        size = sizeof peer;
        conn = have ? submit((struct io_uring_sqe){.opcode = IORING_OP_ACCEPT,
                                                   .fd = fd,
                                                   .addr = (uintptr_t)&peer,
                                                   .addr2 = (uintptr_t)&size})
                    : accept(fd, (struct sockaddr *)&peer, &size);
    } while (conn == -1 && (errno == EINTR || errno == ECONNABORTED));
    if (conn == -1)
        die("accept");
    printf("Connected by %s:%d\n", inet_ntoa(peer.sin_addr),
           ntohs(peer.sin_port));
    hold();
    close(conn);
    close(fd);
    if (have)
        close(ring);
    return 0;
}
