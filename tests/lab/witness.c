// SPDX-License-Identifier: MIT
/**
 * @file witness.c
 * @brief Stands between a program under test and libc: records every socket
 * call, and makes a call fail or fall short where a test asks for it.
 *
 * It is linked into the program beside the student's one file, needs no
 * privilege and no ptrace, and works with the sanitizers of gcc and clang.
 * What it does the test sets in the record (struct orders); LAB_WITNESS in the
 * environment is the record's descriptor.
 */

#include "witness.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/// The call that the program would have reached without us. A sanitizer's own
/// version comes first, for it checks the buffer.
#define REAL(name)                                                             \
    (__interceptor_##name != NULL                                              \
         ? __interceptor_##name                                                \
         : (__typeof__(&name))(real[CALL_##name] != NULL                       \
                                   ? real[CALL_##name]                         \
                                   : find(CALL_##name, #name)))

#define X(name, family)                                                        \
    extern __typeof__(name) __interceptor_##name __attribute__((weak));
WITNESSED_CALLS(X)
#undef X

#define X(name, family) FAMILY_##family,
static const enum call_family family_of[] = {WITNESSED_CALLS(X)};
#undef X

static struct {
    int error;      ///< errno to return, 0: none
    int times;      ///< how often
    size_t at_most; ///< bytes a call may carry, 0: as many as it wants
} faults[FAULT_KINDS];

static struct record *record;
static void *real[CALL_COUNT];
static char hosts[sizeof((struct record *)NULL)->orders.hosts];
static bool connected; // accept or connect has succeeded
static bool states;    // orders.states

static void *find(enum call_id id, const char *name)
{
    return real[id] = dlsym(RTLD_NEXT, name);
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/// "family:errno:times" or "family:short:bytes", separated by commas.
static void read_faults(const char *text)
{
    char name[16], what[16];
    int number, used;

    while (sscanf(text, "%15[a-z]:%15[a-z0-9]:%d%n", name, what, &number,
                  &used) == 3) {
        for (int i = 0; i < FAULT_KINDS; i++) {
            if (strcmp(fault_kinds[i].name, name) != 0)
                continue;
            if (strcmp(what, "short") == 0) {
                faults[i].at_most = (size_t)number;
            } else {
                faults[i].error = atoi(what);
                faults[i].times = number;
            }
        }
        text += used;
        text += *text == ',';
    }
}

/// Before any constructor, of whatever number: nothing of libc is set up yet,
/// so the system is asked, not libc.
static void witness_begin(int argc, char **argv, char **envp)
{
    enum { NAME = sizeof "LAB_WITNESS=" - 1 };
    struct orders orders;

    (void)argc;
    (void)argv;
    while (*envp != NULL && strncmp(*envp, "LAB_WITNESS=", NAME) != 0)
        envp++;
    if (*envp == NULL)
        return; // run by hand: nothing to record
    int fd = atoi(*envp + NAME);
    // A child that is exec'ed would take a foreign descriptor for the record.
    do
        envp[0] = envp[1];
    while (*envp++ != NULL);
    void *map = mmap(NULL, sizeof(struct record), PROT_READ | PROT_WRITE,
                     MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (map == MAP_FAILED)
        return;
    record = map;
    orders = record->orders;
    memset(&record->orders, 0, sizeof record->orders);
    record->main_pid = getpid();
    read_faults(orders.faults);
    memcpy(hosts, orders.hosts, sizeof hosts);
    states = orders.states;
    if (orders.lines)
        setvbuf(stdout, NULL, _IOLBF, 0);
    if (orders.gate)
        atomic_store(&record->gate, GATE_CLOSED);
}

__attribute__((section(".preinit_array"),
               used)) static void (*const begin)(int, char **,
                                                 char **) = witness_begin;

// A number below 101 is the implementation's: as its part, we come after every
// destructor that the program may have.
#if defined __GNUC__ && !defined __clang__
#pragma GCC diagnostic ignored "-Wprio-ctor-dtor"
#endif

/// The end of the program: which sockets has it left to the kernel to close?
/// Looking at the descriptors themselves counts every way of closing.
__attribute__((destructor(2))) static void witness_end(void)
{
    struct stat about;
    int open = 0;

    if (record == NULL || getpid() != record->main_pid)
        return;
    for (int fd = 0; fd < 1024; fd++) {
        if (fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode)) {
            record->left_fd = fd;
            open++;
        }
    }
    atomic_store(&record->left_open, open + 1);
}

void _exit(int status)
{
    witness_end(); // _exit runs no destructors
    syscall(SYS_exit_group, status);
    __builtin_unreachable();
}

void _Exit(int status)
{
    _exit(status);
}

#ifdef __GLIBC__
// AddressSanitizer needs terabytes of addresses, so a program can't have both,
// it and a limit on memory of its own. The limit is what it does without: how
// much memory is not what these programs are about.
void __asan_init(void) __attribute__((weak));

static int set_limit(pid_t pid, int what, const void *limit, void *old)
{
    if (__asan_init != NULL && (what == RLIMIT_AS || what == RLIMIT_DATA))
        limit = NULL;
    return (int)syscall(SYS_prlimit64, pid, what, limit, old);
}

int setrlimit(__rlimit_resource_t what, const struct rlimit *limit)
{
    return set_limit(0, (int)what, limit, NULL);
}

int setrlimit64(__rlimit_resource_t what, const struct rlimit64 *limit)
{
    return set_limit(0, (int)what, limit, NULL);
}

int prlimit(pid_t pid, enum __rlimit_resource what, const struct rlimit *limit,
            struct rlimit *old)
{
    return set_limit(pid, (int)what, limit, old);
}

int prlimit64(pid_t pid, enum __rlimit_resource what,
              const struct rlimit64 *limit, struct rlimit64 *old)
{
    return set_limit(pid, (int)what, limit, old);
}
#endif

/// To the supervisor: this thread is in one of the calls, or no longer.
static void announce(bool inside)
{
    int task = (int)syscall(SYS_gettid);

    atomic_store(&record->announced[task % ANNOUNCED], inside ? task : 0);
}

/// Begin to record a call. NULL: not recorded (not ours, or before main).
static struct call *enter(enum call_id id, int fd, int64_t a, int64_t b,
                          int64_t c, void *pc)
{
    if (record == NULL)
        return NULL;

    struct call *call =
        record_slot(record, atomic_fetch_add_explicit(&record->count, 1,
                                                      memory_order_relaxed));
    // A slot that is used again: who reads it now shall see none.
    atomic_store_explicit(&call->state, CALL_FREE, memory_order_release);
    call->id = id;
    call->pid = getpid();
    call->fd = fd;
    call->injected = call->error = 0;
    call->result = 0;
    call->arg[0] = a;
    call->arg[1] = b;
    call->arg[2] = c;
    call->length = -1;
    call->buffer = 0;
    call->pc = (uint64_t)(uintptr_t)pc;
    call->address.ss_family = AF_UNSPEC;
    call->entered_ns = now();
    call->returned_ns = 0;
    call->tcp_state = 0;
    call->local.ss_family = call->remote.ss_family = AF_UNSPEC;
    atomic_store_explicit(&call->state, CALL_ENTERED, memory_order_release);
    if (record->supervised)
        announce(true);
    return call;
}

/// Whether these bytes can be read at all: a wrong pointer of the program's is
/// the kernel's to refuse (EFAULT), not ours to die of.
static bool readable(const void *data, size_t size)
{
    if (data == NULL)
        return false;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    size_t before = (uintptr_t)data % page; // mincore wants whole pages
    unsigned char core[4];
    int error = errno;
    bool is = before + size <= 4 * page &&
              mincore((char *)data - before, before + size, core) == 0;

    errno = error;
    return is;
}

/// What a length argument holds before the call; -1: there is none.
static int64_t length_at(const socklen_t *size)
{
    return readable(size, sizeof *size) ? (int64_t)*size : -1;
}

static void note_address(struct call *call, const struct sockaddr *address,
                         socklen_t size)
{
    if (size > sizeof call->address)
        size = sizeof call->address;
    if (call == NULL || size < sizeof(sa_family_t) || !readable(address, size))
        return;
    memcpy(&call->address, address, size);

    // What is IPv4 in the disguise of IPv6 is IPv4.
    struct sockaddr_in6 six;
    struct sockaddr_in four = {.sin_family = AF_INET};
    if (call->address.ss_family != AF_INET6 || size < sizeof six)
        return;
    memcpy(&six, &call->address, sizeof six);
    if (!IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
        return;
    four.sin_port = six.sin6_port;
    memcpy(&four.sin_addr, &six.sin6_addr.s6_addr[12], sizeof four.sin_addr);
    memcpy(&call->address, &four, sizeof four);
}

static void note_buffer(struct call *call, const void *buffer)
{
    if (call != NULL)
        call->buffer = (uint64_t)(uintptr_t)buffer;
}

/// Ask the kernel in which state a socket is, and whose it is.
static void note_state(struct call *call, int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info, length = sizeof call->local;

    if (!states || REAL(getsockopt)(fd, IPPROTO_TCP, TCP_INFO, &info, &size))
        return;
    call->tcp_state = info.tcpi_state;
    call->checked_ns = now();
    REAL(getsockname)(fd, (struct sockaddr *)&call->local, &length);
    length = sizeof call->remote;
    REAL(getpeername)(fd, (struct sockaddr *)&call->remote, &length);
}

static int64_t leave(struct call *call, int64_t result)
{
    if (call != NULL) {
        int error = errno;
        bool made = family_of[call->id] == FAMILY_SOCKET ||
                    family_of[call->id] == FAMILY_ACCEPT;
        call->result = result;
        call->error = result == -1 ? error : 0;
        int task = call->error != 0 ? atomic_load(&record->faulted_task) : 0;
        if (task != 0 && task == (int)syscall(SYS_gettid)) {
            call->injected = record->faulted_error;
            atomic_store(&record->faulted_task, 0);
        }
        call->returned_ns = now();
        if (call->id != CALL_close)
            note_state(call, made && result != -1 ? (int)result : call->fd);
        atomic_store_explicit(&call->state, CALL_RETURNED,
                              memory_order_release);
        if (record->supervised)
            announce(false);
        errno = error;
    }
    return result;
}

/// Whoever receives first, of all threads and processes, waits here for the
/// test: then the connection stands, and its bytes have not come back yet.
static void wait_at_gate(struct call *call, int fd)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    int error = errno;

    if (record == NULL || atomic_load(&record->gate) != GATE_CLOSED)
        return;
    if (REAL(getpeername)(fd, (struct sockaddr *)&peer, &size) == 0 &&
        (peer.ss_family == AF_INET || peer.ss_family == AF_INET6)) {
        atomic_store(&record->gate, GATE_REACHED);
        while (atomic_load(&record->gate) == GATE_REACHED)
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        call->entered_ns = now(); // before, it was not in the kernel
    }
    errno = error;
}

/// Whether the lab makes this call fail; errno is set then.
static bool injected(struct call *call)
{
    if (call == NULL)
        return false;
    enum call_family family = family_of[call->id];
    if (record->supervised)
        return false; // it is done from outside
    for (int i = 0; i < FAULT_KINDS; i++) {
        const struct fault_kind *kind = &fault_kinds[i];
        bool applies = kind->family == family;
        // A signal may as well come while the program waits in poll.
        if (family == FAMILY_WAIT && faults[i].error == EINTR)
            applies = kind->family == (connected ? FAMILY_RECV : FAMILY_ACCEPT);
        // A resolver and a curious program have sockets and questions of their
        // own, which are no matter of ours.
        if (family == FAMILY_SOCKET)
            applies = applies &&
                      (call->arg[0] == AF_INET || call->arg[0] == AF_INET6) &&
                      (call->arg[1] & 15) == SOCK_STREAM;
        if (kind->option != 0)
            applies = applies && call->arg[0] == kind->level &&
                      call->arg[1] == kind->option;
        if (!applies || faults[i].times == 0)
            continue;
        faults[i].times += faults[i].times > 0 ? -1 : 1;
        if (faults[i].times >= 0) { // below 0: one of the next calls is meant
            call->injected = errno = faults[i].error;
            return true;
        }
    }
    return false;
}

/// The same for a call that sends: EPIPE comes with its signal, as in the
/// kernel, unless the program asked for none.
static bool injected_send(struct call *call, int flags)
{
    if (!injected(call))
        return false;
    if (call->injected == EPIPE && (flags & MSG_NOSIGNAL) == 0) {
        raise(SIGPIPE);
        errno = EPIPE;
    }
    return true;
}

/// How many bytes a call of this family may carry.
static size_t at_most(enum call_family family, size_t size)
{
    for (int i = 0; i < FAULT_KINDS; i++)
        if (fault_kinds[i].family == family && faults[i].at_most != 0 &&
            faults[i].at_most < size)
            return faults[i].at_most;
    return size;
}

static bool is_socket(int fd)
{
    struct stat about;
    int error = errno;
    bool is =
        record != NULL && fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode);
    errno = error;
    return is;
}

// glibc calls poll's array written only; its fd is read all the same.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#define PC __builtin_return_address(0)

int socket(int domain, int type, int protocol)
{
    struct call *c = enter(CALL_socket, -1, domain, type, protocol, PC);
    return (int)leave(c,
                      injected(c) ? -1 : REAL(socket)(domain, type, protocol));
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
    struct call *c = enter(CALL_bind, fd, size, 0, 0, PC);
    note_address(c, address, size);
    return (int)leave(c, injected(c) ? -1 : REAL(bind)(fd, address, size));
}

int listen(int fd, int backlog)
{
    struct call *c = enter(CALL_listen, fd, backlog, 0, 0, PC);
    return (int)leave(c, injected(c) ? -1 : REAL(listen)(fd, backlog));
}

static int accepted(struct call *c, int result, const struct sockaddr *address,
                    const socklen_t *size)
{
    if (result != -1) {
        connected = true;
        if (size != NULL)
            note_address(c, address, *size);
    }
    return (int)leave(c, result);
}

int accept(int fd, struct sockaddr *address, socklen_t *size)
{
    struct call *c = enter(CALL_accept, fd, length_at(size), 0, 0, PC);
    int result = injected(c) ? -1 : REAL(accept)(fd, address, size);
    return accepted(c, result, address, size);
}

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    struct call *c = enter(CALL_accept4, fd, length_at(size), flags, 0, PC);
    int result = injected(c) ? -1 : REAL(accept4)(fd, address, size, flags);
    return accepted(c, result, address, size);
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    struct call *c = enter(CALL_connect, fd, size, 0, 0, PC);
    note_address(c, address, size);
    int result = injected(c) ? -1 : REAL(connect)(fd, address, size);
    if (result == 0)
        connected = true;
    return (int)leave(c, result);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
    struct call *c = enter(CALL_getsockname, fd, length_at(size), 0, 0, PC);
    int result = injected(c) ? -1 : REAL(getsockname)(fd, address, size);
    if (result == 0 && size != NULL)
        note_address(c, address, *size);
    return (int)leave(c, result);
}

int getpeername(int fd, struct sockaddr *address, socklen_t *size)
{
    struct call *c = enter(CALL_getpeername, fd, length_at(size), 0, 0, PC);
    int result = injected(c) ? -1 : REAL(getpeername)(fd, address, size);
    if (result == 0 && size != NULL)
        note_address(c, address, *size);
    return (int)leave(c, result);
}

/// What an option is set to: its number, microseconds, or seconds to linger
/// (-1: it does not).
static int64_t option_value(int level, int name, const void *value,
                            socklen_t size)
{
    union {
        int number;
        struct timeval time;
        struct linger linger;
    } is = {0};

    memcpy(&is, value, size < sizeof is ? size : sizeof is);
    if (level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO))
        return (int64_t)is.time.tv_sec * 1000000 + is.time.tv_usec;
    if (level == SOL_SOCKET && name == SO_LINGER)
        return is.linger.l_onoff ? is.linger.l_linger : -1;
    return is.number;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
    struct call *c = enter(CALL_setsockopt, fd, level, name, 0, PC);
    if (c != NULL && readable(value, size)) {
        c->length = size; // else nobody knows the value: EFAULT
        c->arg[2] = option_value(level, name, value, size);
    }
    return (int)leave(
        c, injected(c) ? -1 : REAL(setsockopt)(fd, level, name, value, size));
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
    struct call *c = enter(CALL_getsockopt, fd, level, name, 0, PC);
    if (c != NULL)
        c->length = length_at(size);
    int result =
        injected(c) ? -1 : REAL(getsockopt)(fd, level, name, value, size);
    if (result == 0 && c != NULL && *size == sizeof(int)) {
        int number;
        memcpy(&number, value, sizeof number);
        c->arg[2] = number;
    }
    return (int)leave(c, result);
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    struct call *c = enter(CALL_recv, fd, (int64_t)size, flags, 0, PC);
    note_buffer(c, buffer);
    wait_at_gate(c, fd);
    if (injected(c))
        return leave(c, -1);
    return leave(c, REAL(recv)(fd, buffer, at_most(FAMILY_RECV, size), flags));
}

ssize_t recvfrom(int fd, void *restrict buffer, size_t size, int flags,
                 struct sockaddr *restrict address, socklen_t *restrict length)
{
    struct call *c = enter(CALL_recvfrom, fd, (int64_t)size, flags, 0, PC);
    note_buffer(c, buffer);
    wait_at_gate(c, fd);
    if (injected(c))
        return leave(c, -1);
    return leave(c, REAL(recvfrom)(fd, buffer, at_most(FAMILY_RECV, size),
                                   flags, address, length));
}

ssize_t read(int fd, void *buffer, size_t size)
{
    if (!is_socket(fd))
        return REAL(read)(fd, buffer, size);
    struct call *c = enter(CALL_read, fd, (int64_t)size, 0, 0, PC);
    note_buffer(c, buffer);
    wait_at_gate(c, fd);
    if (injected(c))
        return leave(c, -1);
    return leave(c, REAL(read)(fd, buffer, at_most(FAMILY_RECV, size)));
}

ssize_t send(int fd, const void *buffer, size_t size, int flags)
{
    struct call *c = enter(CALL_send, fd, (int64_t)size, flags, 0, PC);
    note_buffer(c, buffer);
    if (injected_send(c, flags))
        return leave(c, -1);
    return leave(c, REAL(send)(fd, buffer, at_most(FAMILY_SEND, size), flags));
}

ssize_t sendto(int fd, const void *buffer, size_t size, int flags,
               const struct sockaddr *address, socklen_t length)
{
    struct call *c = enter(CALL_sendto, fd, (int64_t)size, flags, 0, PC);
    if (injected_send(c, flags))
        return leave(c, -1);
    return leave(c, REAL(sendto)(fd, buffer, at_most(FAMILY_SEND, size), flags,
                                 address, length));
}

ssize_t write(int fd, const void *buffer, size_t size)
{
    if (!is_socket(fd))
        return REAL(write)(fd, buffer, size);
    struct call *c = enter(CALL_write, fd, (int64_t)size, 0, 0, PC);
    note_buffer(c, buffer);
    if (injected_send(c, 0))
        return leave(c, -1);
    return leave(c, REAL(write)(fd, buffer, at_most(FAMILY_SEND, size)));
}

/// The vector cut to what the family may carry: the first piece that has any
/// bytes, and of it so many. A short count is what the caller must expect.
static int cut(enum call_family family, const struct iovec *vector, int count,
               struct iovec *piece)
{
    int i = 0;
    while (i < count - 1 && vector[i].iov_len == 0)
        i++;
    *piece = vector[i];
    piece->iov_len = at_most(family, piece->iov_len);
    return count > 0 && piece->iov_len < vector[i].iov_len;
}

static int64_t vector_size(const struct iovec *vector, int count)
{
    int64_t size = 0;
    for (int i = 0; i < count; i++)
        size += (int64_t)vector[i].iov_len;
    return size;
}

ssize_t readv(int fd, const struct iovec *vector, int count)
{
    struct iovec piece;
    if (!is_socket(fd))
        return REAL(readv)(fd, vector, count);
    struct call *c =
        enter(CALL_readv, fd, vector_size(vector, count), count, 0, PC);
    wait_at_gate(c, fd);
    if (injected(c))
        return leave(c, -1);
    if (cut(FAMILY_RECV, vector, count, &piece))
        return leave(c, REAL(readv)(fd, &piece, 1));
    return leave(c, REAL(readv)(fd, vector, count));
}

ssize_t writev(int fd, const struct iovec *vector, int count)
{
    struct iovec piece;
    if (!is_socket(fd))
        return REAL(writev)(fd, vector, count);
    struct call *c =
        enter(CALL_writev, fd, vector_size(vector, count), count, 0, PC);
    if (injected_send(c, 0))
        return leave(c, -1);
    if (cut(FAMILY_SEND, vector, count, &piece))
        return leave(c, REAL(writev)(fd, &piece, 1));
    return leave(c, REAL(writev)(fd, vector, count));
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    struct iovec piece;
    struct call *c = enter(
        CALL_recvmsg, fd,
        vector_size(message->msg_iov, (int)message->msg_iovlen), flags, 0, PC);
    wait_at_gate(c, fd);
    if (injected(c))
        return leave(c, -1);
    if (!cut(FAMILY_RECV, message->msg_iov, (int)message->msg_iovlen, &piece))
        return leave(c, REAL(recvmsg)(fd, message, flags));
    struct iovec *vector = message->msg_iov;
    size_t count = message->msg_iovlen;
    message->msg_iov = &piece;
    message->msg_iovlen = 1;
    ssize_t got = REAL(recvmsg)(fd, message, flags);
    message->msg_iov = vector;
    message->msg_iovlen = count;
    return leave(c, got);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct iovec piece;
    struct msghdr shorter = *message;
    struct call *c = enter(
        CALL_sendmsg, fd,
        vector_size(message->msg_iov, (int)message->msg_iovlen), flags, 0, PC);
    if (injected_send(c, flags))
        return leave(c, -1);
    if (cut(FAMILY_SEND, message->msg_iov, (int)message->msg_iovlen, &piece)) {
        shorter.msg_iov = &piece;
        shorter.msg_iovlen = 1;
    }
    return leave(c, REAL(sendmsg)(fd, &shorter, flags));
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    int fd = count > 0 ? fds[0].fd : -1;
    struct call *c = enter(CALL_poll, fd, (int64_t)count, timeout,
                           count > 0 ? fds[0].events : 0, PC);
    return (int)leave(c, injected(c) ? -1 : REAL(poll)(fds, count, timeout));
}

/// As poll has it: milliseconds, -1 for ever.
#define TIMESPEC_MS(t)                                                         \
    ((t) == NULL ? -1 : (t)->tv_sec * 1000 + (t)->tv_nsec / 1000000)

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
          const sigset_t *mask)
{
    int fd = count > 0 ? fds[0].fd : -1;
    struct call *c = enter(CALL_ppoll, fd, (int64_t)count, TIMESPEC_MS(timeout),
                           count > 0 ? fds[0].events : 0, PC);
    return (int)leave(c, injected(c) ? -1
                                     : REAL(ppoll)(fds, count, timeout, mask));
}

int select(int count, fd_set *restrict in, fd_set *restrict out,
           fd_set *restrict except, struct timeval *restrict timeout)
{
    struct call *c = enter(
        CALL_select, count - 1, count,
        timeout == NULL ? -1 : timeout->tv_sec * 1000 + timeout->tv_usec / 1000,
        0, PC);
    return (int)leave(
        c, injected(c) ? -1 : REAL(select)(count, in, out, except, timeout));
}

int pselect(int count, fd_set *restrict in, fd_set *restrict out,
            fd_set *restrict except, const struct timespec *restrict timeout,
            const sigset_t *restrict mask)
{
    struct call *c =
        enter(CALL_pselect, count - 1, count, TIMESPEC_MS(timeout), 0, PC);
    return (int)leave(
        c, injected(c) ? -1
                       : REAL(pselect)(count, in, out, except, timeout, mask));
}

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
    struct call *c = enter(CALL_epoll_wait, fd, most, timeout, 0, PC);
    return (int)leave(
        c, injected(c) ? -1 : REAL(epoll_wait)(fd, events, most, timeout));
}

int shutdown(int fd, int how)
{
    struct call *c = enter(CALL_shutdown, fd, how, 0, 0, PC);
    return (int)leave(c, REAL(shutdown)(fd, how));
}

int close(int fd)
{
    struct call *c = is_socket(fd) ? enter(CALL_close, fd, 0, 0, 0, PC) : NULL;
    if (c != NULL)
        note_state(c, fd);
    return (int)leave(c, REAL(close)(fd));
}

/// The answer of orders.hosts: one real look-up of a number each, chained. Each
/// of them allocates its node as freeaddrinfo expects it.
static int answer(const char *list, const char *service,
                  const struct addrinfo *hints, struct addrinfo **result)
{
    struct addrinfo numeric = {0};
    char text[64];
    int used;

    if (hints != NULL)
        numeric = *hints;
    numeric.ai_flags |= AI_NUMERICHOST;
    *result = NULL;
    while (sscanf(list, "%63[0-9a-f.:]%n", text, &used) == 1) {
        if (REAL(getaddrinfo)(text, service, &numeric, result) == 0)
            while (*result != NULL)
                result = &(*result)->ai_next;
        list += used;
        list += *list == ',';
    }
    return 0;
}

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints,
                struct addrinfo **restrict result)
{
    struct call *c =
        enter(CALL_getaddrinfo, -1, hints != NULL ? hints->ai_family : 0,
              hints != NULL ? hints->ai_socktype : 0, 0, PC);
    size_t size = name == NULL ? 0 : strlen(name);
    int status;

    if (c != NULL && *hosts != '\0' && name != NULL &&
        strncmp(hosts, name, size) == 0 && hosts[size] == '=') {
        struct addrinfo *list;
        answer(hosts + size + 1, service, hints, &list);
        status = list != NULL ? 0 : EAI_NONAME;
        if (list != NULL)
            *result = list;
        c->arg[2] = true; // for the record: we answered
    } else {
        status = REAL(getaddrinfo)(name, service, hints, result);
    }
    leave(c, status);
    return status;
}
