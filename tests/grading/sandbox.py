# SPDX-License-Identifier: MIT
"""Run a command where it can do no harm, and watch it (for grade_one.py).

With namespaces (bubblewrap): the system's /usr read-only, the submission, and
little else; /tmp, processes and network of its own; no rights. Without them
(`unsafe`): limits only and, as root, a user of its own. Both with a wall clock
and limits on memory and on what it says.
"""
import collections
import ctypes
import os
import pwd
import resource
import select
import shutil
import signal
import socket
import subprocess
import time

LIMITS = {"nproc": 256, "nofile": 1024, "fsize": 64 << 20, "core": 0}
RAISED = ("AS", "DATA", "CPU")
TMP_SIZE = 128 << 20
SAID_MOST = 16 << 20  # bytes on the descriptor that is read
IN_KIT = ("check", "points", "witness.o", "compile.sh")  # not the seed
LOOK_S = 0.1  # between two looks at what it uses
FIRST_UID = 61500  # the sandboxes' users, as root: nothing belongs to them

# ended: "" or why it was killed; peak: KiB; said: bytes; errors: text
Ran = collections.namedtuple("Ran", "status ended peak processes said errors")


class OwnUser:
    """As root: a user id that nobody has, and no other job while this one
    runs: who has the name of an abstract socket has the id."""

    def __init__(self):
        self.uid = None
        if os.geteuid() != 0:
            return
        for uid in range(FIRST_UID, FIRST_UID + 1000):
            sign = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                pwd.getpwuid(uid)
            except KeyError:
                try:
                    sign.bind(f"\0socket lab grader {uid}")
                    self.uid, self.sign = uid, sign
                    return
                except OSError:
                    pass
            sign.close()
        raise RuntimeError("no free user id for a sandbox")

    def become(self):
        return [] if self.uid is None else [
            "setpriv", f"--reuid={self.uid}", f"--regid={self.uid}",
            "--clear-groups", "--no-new-privs", "--"]

    def works(self):
        return subprocess.run([*self.become(), "true"], check=False,
                              stderr=subprocess.DEVNULL).returncode == 0

    def kill_all(self):
        """Whatever of it has run away from us."""
        if self.uid is not None:
            subprocess.run([*self.become(), "sh", "-c", "kill -9 -1"],
                           stderr=subprocess.DEVNULL, check=False)


# ----------------------------------------------------------------- the command

# As root the user of the sandbox may not even reach the folders (/root): they
# are mounted where it can, and only this command sees that.
REACH = """mount -t tmpfs -o mode=755 none /mnt && mkdir /mnt/kit /mnt/job &&
mount --bind "$1" /mnt/kit && mount --bind "$2" /mnt/job && shift 2 &&
exec "$@" """


def contained(argv, kit, job, user, env, work="work", writable=False):
    """The command line that runs argv in /work, which is job/work or another
    folder there, beside /kit and /src."""
    reach = []
    if user.uid is not None:
        reach = ["unshare", "--mount", "--propagation", "private", "--",
                 "sh", "-c", REACH, "sh", os.path.abspath(kit),
                 os.path.abspath(job)]
        kit, job = "/mnt/kit", "/mnt/job"
    return [
        *reach, *user.become(), "bwrap", "--unshare-all", "--unshare-user",
        "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin",
        "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
        "--ro-bind-try", "/etc/alternatives", "/etc/alternatives",
        "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache",
        "--ro-bind", f"{kit}/hosts", "/etc/hosts",
        "--ro-bind", f"{kit}/nsswitch.conf", "/etc/nsswitch.conf",
        "--dev", "/dev", "--size", str(TMP_SIZE), "--tmpfs", "/dev/shm",
        "--remount-ro", "/dev", "--proc", "/proc",
        "--size", str(TMP_SIZE), "--tmpfs", "/tmp",
        *(word for name in IN_KIT
          for word in ("--ro-bind", f"{kit}/{name}", f"/kit/{name}")),
        "--ro-bind", f"{job}/src", "/src",
        "--bind" if writable else "--ro-bind", f"{job}/{work}", "/work",
        "--remount-ro", "/", "--chdir", "/work", "--clearenv",
        *(word for name, value in env.items()
          for word in ("--setenv", name, value)),
        "prlimit", *(f"--{name}={value}" for name, value in LIMITS.items()),
        "--", *argv]


def uncontained(argv, user, env):
    """The same with limits only, to be run in the folder `work`."""
    limits = dict(LIMITS)
    if os.geteuid() != 0:
        del limits["nproc"]  # it counts all that this user has
    return ["env", "-i", *(f"{name}={value}" for name, value in env.items()),
            *(user.become() if user else []),
            "prlimit", *(f"--{name}={value}" for name, value in limits.items()),
            "--", *argv]


def raise_limits():
    """What our caller has limited for himself (ulimit) is no matter of the
    programs': AddressSanitizer wants an address space of 16 TiB. As far as we
    may; the trial at the start sees whether that is enough."""
    for name in RAISED:
        which = getattr(resource, f"RLIMIT_{name}")
        most = resource.getrlimit(which)[1]
        for value in (resource.RLIM_INFINITY, most):
            try:
                resource.setrlimit(which, (value, value))
                break
            except (OSError, ValueError):
                pass


# What the check itself needs: a network for test 08, namespaces for the
# programs (tests/lab/launch.c, shut_in), and a program that AddressSanitizer
# lets run.
TRY = """unshare --user --net true && unshare --user --map-root-user --mount sh -c \
'echo 0 >/proc/sys/user/max_user_namespaces && mount -t tmpfs none /tmp'"""
TRY_PROGRAM = """echo 'int main(void) { return 0; }' >trial.c &&
$CC $GRADED $CHECKED trial.c -o trial && ./trial"""


def out_of_reach(path, user):
    """Whether this user can't read a file: a folder above it may be closed."""
    return subprocess.run([*user.become(), "test", "-r", os.path.abspath(path)],
                          check=False).returncode != 0


def trouble(kit, job, settings):
    """Why nothing can be graded on this machine; "" if it can. That is found
    only by trying the whole."""
    raise_limits()
    user, unsafe = OwnUser(), settings["unsafe"]
    if not unsafe and shutil.which("bwrap") is None:
        return "bubblewrap is not installed; run: make setup-grade"
    for folder in ("src", "work"):
        os.makedirs(f"{job}/{folder}", exist_ok=True)
    if user.uid is not None:
        os.chown(f"{job}/work", user.uid, user.uid)
    env = {"PATH": "/usr/bin:/bin",
           **{key: settings[key.lower()] for key in ("CC", "GRADED", "CHECKED")}}
    tries = [["sh", "-c", TRY_PROGRAM]]
    if not unsafe:
        tries.insert(0, ["sh", "-c", TRY])
    for argv in tries:
        argv = uncontained(argv, user, env) if unsafe else \
            contained(argv, kit, job, user, env, writable=True)
        try:
            run = subprocess.run(
                argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                errors="replace", timeout=30, check=False, cwd=f"{job}/work")
        except subprocess.TimeoutExpired:
            return "the sandbox does not come up in 30 s"
        if run.returncode != 0:
            lines = run.stderr.strip().splitlines()
            return lines[-1] if lines else f"status {run.returncode}"
    return ""


# ------------------------------------------------------------------- watching

def adopt_orphans():
    """What outlives its parent becomes ours: it is watched and killed, too."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def descendants():
    found, todo = [], [os.getpid()]
    while todo:
        pid = todo.pop()
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as file:
                    children = [int(child) for child in file.read().split()]
                found += children
                todo += children
        except OSError:
            pass  # it has ended
    return found


def own_memory(pid):
    """Bytes that no other process has, or that are not in a file."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            _, resident, shared = file.read().split()[:3]
        return (int(resident) - int(shared)) * 4096
    except (OSError, ValueError):
        return 0


def shared_memory():
    with open("/proc/meminfo") as file:
        for line in file:
            if line.startswith("Shmem:"):
                return int(line.split()[1]) * 1024
    return 0


def in_shared_memory(pids):
    """Bytes that processes share without a file (MAP_SHARED | MAP_ANONYMOUS,
    System V), each counted once: it is the kernel that divides them."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps") as file:
                ours = False
                for line in file:
                    if line[:1] in "0123456789abcdef":
                        ours = line.endswith("(deleted)\n") and (
                            " /dev/zero" in line or " /SYSV" in line)
                    elif ours and line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


def in_memory_files(pids):
    """Bytes in files that live in memory and have no name (memfd_create)."""
    sizes = {}
    for pid in pids:
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                path = f"/proc/{pid}/fd/{fd}"
                if os.readlink(path).startswith("/memfd:"):
                    about = os.stat(path)
                    sizes[about.st_dev, about.st_ino] = about.st_blocks * 512
        except OSError:
            pass
    return sum(sizes.values())


def check_is_stopped():
    """Whether somebody has sent SIGSTOP to the check: no test of ours does."""
    for pid in descendants():
        try:
            with open(f"/proc/{pid}/stat") as file:
                name, after = file.read().split("(", 1)[1].rsplit(")", 1)
            if name == "check" and after.split()[0] == "T":
                return True
        except OSError:
            pass
    return False


def kill_descendants():
    """Until none is left; a process that is dying can't be hurried."""
    for _ in range(500):
        left = descendants()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            break
        time.sleep(0.01)


def run(argv, wall, memory, user, tell=False, given="", **options):
    """Run it to its end or to a limit: wall in seconds, memory in MiB. With
    tell the word TELL in argv becomes a descriptor, which is read. given is a
    line for its stdin."""
    err, err_end = os.pipe()
    out, out_end = os.pipe()
    for fd in (err, out):
        os.set_blocking(fd, False)
    said = {err: bytearray(), out: bytearray()}
    begin, ended, peak, most = time.monotonic(), "", 0, 0
    stdin, stdin_end = os.pipe()
    os.write(stdin_end, given.encode())
    os.close(stdin_end)
    shared = shared_memory()
    process = subprocess.Popen(
        [str(out_end) if word == "TELL" else word for word in argv],
        stdin=stdin, stdout=err_end, stderr=err_end,
        start_new_session=True, pass_fds=(out_end,) if tell else (),
        **options)
    for fd in (stdin, err_end, out_end):
        os.close(fd)
    poll = select.poll()
    watched = os.pidfd_open(process.pid)
    for fd in (err, out, watched):
        poll.register(fd, select.POLLIN)

    def drain():
        for fd in (err, out):
            try:
                while data := os.read(fd, 1 << 16):
                    if len(said[fd]) <= SAID_MOST:
                        said[fd] += data
                poll.unregister(fd)
            except (BlockingIOError, KeyError):
                pass

    look = begin
    while not ended:
        ready = poll.poll(LOOK_S * 1000)
        drain()
        if any(fd == watched for fd, _ in ready):
            break
        now = time.monotonic()
        if now - begin > wall:
            ended = "stopped" if check_is_stopped() else "time"
        if len(said[out]) > SAID_MOST or len(said[err]) > SAID_MOST:
            ended = "output"
        if now >= look:
            look = now + LOOK_S
            pids = descendants()
            used = sum(own_memory(pid) for pid in pids)
            if shared_memory() - shared > memory << 19:
                used += in_memory_files(pids) + in_shared_memory(pids)
            peak, most = max(peak, used), max(most, len(pids))
            if used > memory << 20:
                ended = "memory"
    if ended:
        kill_descendants()
    status = process.wait()
    kill_descendants()
    user.kill_all()
    drain()
    for fd in (err, out, watched):
        os.close(fd)
    return Ran(status, ended, peak >> 10, most, bytes(said[out]),
               said[err][-4000:].decode(errors="replace"))
