// SPDX-License-Identifier: MIT
/**
 * @file launch.c
 * @brief Starts a program with the witness, cut off from all that is not its own.
 * The suites (program.c) and the recorder of traces use it.
 */

#include "launch.h"
#include "family.h"
#include "supervisor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// Where there are no namespaces, root gives the program a user of its own
/// (LAB_UID).
static bool become_user(void)
{
    const char *uid = getenv("LAB_UID");
    uid_t id = uid != NULL ? (uid_t)atol(uid) : 0;

    // Not libc's: they would look for the threads of the process that we were.
    return uid == NULL || (syscall(SYS_setgroups, 0, NULL) == 0 &&
                           syscall(SYS_setresgid, id, id, id) == 0 &&
                           syscall(SYS_setresuid, id, id, id) == 0);
}

/// Give lo one more address.
static bool add_address(const char *ip)
{
    struct {
        struct in6_addr address;
        uint32_t prefix;
        int index;
    } six = {.prefix = 128, .index = (int)if_nametoindex("lo")};
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct ifreq request = {.ifr_name = "lo:1"};
    bool is_six = inet_pton(AF_INET6, ip, &six.address) == 1;
    int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, ip, &four.sin_addr);
    memcpy(&request.ifr_addr, &four, sizeof four);
    bool done = fd != -1 &&
                ioctl(fd, SIOCSIFADDR, is_six ? (void *)&six : &request) == 0;
    int error = errno;
    if (fd != -1)
        close(fd);
    errno = error;
    return done;
}

/// An interface is up from now on.
static bool set_up(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    return fd != -1 && ioctl(fd, SIOCSIFFLAGS, &request) == 0 && close(fd) == 0;
}

int enter_own_network(const char *extra_addresses)
{
    char ip[64];
    int used;

    if (!become_user() || unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1 ||
        !set_up("lo"))
        return errno;
    for (const char *at = extra_addresses;
         at != NULL && sscanf(at, "%63[0-9a-f.:]%n", ip, &used) == 1;
         at += used + (at[used] == ','))
        if (!add_address(ip))
            return errno;
    return 0;
}

/// In the child of start_program: into the network that this process keeps.
static bool join_network(pid_t keeper)
{
    int fd = (int)syscall(SYS_pidfd_open, keeper, 0);
    return fd != -1 && setns(fd, CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

/// Where strangers' programs are graded (LAB_SHUT_IN, set by tests/grading) the
/// program shall reach neither the test's descriptors and memory nor what
/// Criterion has in /tmp and /dev/shm: a user namespace of its own, in which
/// it has no rights and can make no other, and empty folders there.
static bool shut_in(bool has_own_users)
{
    static const char *const hidden[] = {"/tmp", "/dev/shm"};

    if (unshare(CLONE_NEWNS | (has_own_users ? 0 : CLONE_NEWUSER)) == -1)
        return false;
    int most = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
    // Not write: a test may have it asked for, and nobody answers before exec.
    if (most == -1 || pwrite(most, "0", 1, 0) != 1)
        return false;
    for (int i = 0; i < 2; i++)
        if (mount("none", hidden[i], "tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY,
                  NULL) == -1)
            return false;
    // Of its own, so that a fork bomb leaves the check enough to go on.
    struct rlimit processes = {24, 24};
    return setrlimit(RLIMIT_NPROC, &processes) == 0;
}

/// In the child, between clone and exec: only what is async-signal-safe. Until
/// it has told the listener it has our descriptors, not a copy of them.
static void become_program(const struct start *what, int in, int out, int err,
                           int record, pid_t parent, struct record *shared,
                           int *listener)
{
    sigset_t none;
    struct rlimit no_core = {0, 0}, cpu = {30, 30};

    if (what->watched != NULL)
        *listener = ask_supervisor(what->watched);
    shared->supervised = *listener != -1;
    shared->orders = what->orders;
    if (shared->supervised && strstr(what->orders.faults, ":short:") == NULL)
        shared->orders.faults[0] = '\0'; // not for the program's memory
    if (close_range(~0U, ~0U, CLOSE_RANGE_UNSHARE) == -1)
        _exit(127);
    setpgid(0, 0);
    // Before PDEATHSIG: new credentials clear it.
    if (!become_user())
        _exit(127);
    if (what->network != 0 && !join_network(what->network))
        _exit(127);
    if (getenv("LAB_SHUT_IN") != NULL && !shut_in(what->network != 0))
        _exit(127);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127); // it died before the line above
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL); // Criterion ignores some, and exec keeps that
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_CPU, &cpu);
    dup2(in, 0);
    dup2(out, 1);
    dup2(err, 2);
    // The witness closes it before main: its number is free again.
    dup2(record, 3 + what->taken);
    for (int fd = 3; fd < 3 + what->taken; fd++)
        dup2(0, fd);
    close_range(4 + (unsigned)what->taken, ~0U, 0);
    if (getenv("LAB_SHUT_IN") != NULL && !leave_out_calls())
        _exit(127);
    execve(what->binary, (char *const *)what->argv, (char *const *)what->envp);
    _exit(127);
}

const char *start_program(const struct start *what, struct started *it)
{
    int in[2], out[2], err[2];
    pid_t self = getpid();
    int record = memfd_create("witness", MFD_CLOEXEC);

    if (record == -1 || ftruncate(record, sizeof *it->record) == -1)
        return "memfd_create";
    if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1 ||
        pipe2(err, O_CLOEXEC) == -1)
        return "pipe";
    it->record = mmap(NULL, sizeof *it->record, PROT_READ | PROT_WRITE,
                      MAP_SHARED, record, 0);
    int *listener = mmap(NULL, sizeof *listener, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (it->record == MAP_FAILED || listener == MAP_FAILED)
        return "mmap";
    *listener = -1;
    // It shares our descriptors, and so its listener becomes ours; we go on as
    // soon as it has become the program.
    it->pid = (pid_t)syscall(SYS_clone, CLONE_FILES | CLONE_VFORK | SIGCHLD, 0,
                             0, 0, 0);
    if (it->pid == -1)
        return "clone";
    if (it->pid == 0)
        become_program(what, in[0], out[1], err[1], record, self, it->record,
                       listener);
    keep_apart(it->pid);
    if (what->watched != NULL) {
        what->watched->pid = it->pid;
        what->watched->record = it->record;
        what->watched->listener = *listener;
        if (*listener != -1 && !begin_to_supervise(what->watched))
            return "pthread_create";
    }
    munmap(listener, sizeof *listener);
    it->pidfd = (int)syscall(SYS_pidfd_open, it->pid, 0);
    if (it->pidfd == -1)
        return "pidfd_open (Linux 5.3)";
    close(in[0]);
    close(out[1]);
    close(err[1]);
    close(record);
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(err[0], F_SETFL, O_NONBLOCK);
    it->in = in[1];
    it->out = out[0];
    it->err = err[0];
    return NULL;
}

pid_t keep_own_network(const char *extra_address)
{
    int tells[2], error = EPERM;
    pid_t pid = pipe2(tells, O_CLOEXEC) == -1 ? -1 : fork();

    if (pid == -1)
        return -errno;
    if (pid == 0) {
        // Who may join its network may look into it: it keeps nothing else.
        dup2(tells[1], 3);
        close_range(4, ~0U, 0);
        error = enter_own_network(extra_address);
        prctl(PR_SET_DUMPABLE, 1); // LAB_UID has cleared it
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (write(3, &error, sizeof error) == sizeof error && error == 0)
            pause(); // until it is killed
        _exit(1);
    }
    keep_apart(pid);
    close(tells[1]);
    if (read(tells[0], &error, sizeof error) != sizeof error)
        error = EPERM;
    close(tells[0]);
    return error == 0 ? pid : -error;
}

bool do_in_network(pid_t keeper, bool (*work)(void))
{
    int status = 1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(join_network(keeper) && work() ? 0 : 1);
    keep_apart(pid);
    return pid != -1 && waitpid(pid, &status, 0) == pid && status == 0;
}

bool can_have_own_network(void)
{
    pid_t keeper = keep_own_network(NULL);

    if (keeper > 0)
        kill(keeper, SIGKILL);
    return keeper > 0;
}
