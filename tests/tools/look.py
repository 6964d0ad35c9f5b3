#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Say what the lab's sockets are doing just now: `make look`.

    look.py [--port 4444] [--host 127.0.0.1] [--brief] [--apart PID] [--reuse]

One screen: who has the port, who listens, who is connected, what is in
TIME-WAIT, which sockets are only descriptors, each with the plain command that
shows the same. Everything is read from ss(8) and /proc; nothing is connected
to, nothing is killed.

The lab's sockets are those of processes that run a step's program (its name
says so, in whatever folder it is), those at the port, and the other ends of
both. --brief is the sentence about the port alone: status 0 if somebody has
it, 1 and no word if nobody does. --apart PID leaves out that process and all
that it has started: `make check` doesn't blame itself. --reuse says that who
asks has set SO_REUSEADDR: then no ended connection is in its way, unless the run
before had not set it (a bind that is given up at once tells).
"""
import argparse
import ctypes
import errno
import glob
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import textwrap
import time

from tests.tools.console import Terminal
from tests.tools.steps import STEMS

PIDFD_GETFD = 438  # the same on every machine; Python has no name for it
WIDTH = 80


# ------------------------------------------------------------------- processes

class Process:
    """What /proc says of a process; what it hides is None."""

    def __init__(self, pid):
        self.pid = pid
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
        comm = text[text.index("(") + 1:text.rindex(")")]
        rest = text[text.rindex(")") + 2:].split()
        self.state, self.parent = rest[0], int(rest[1])
        with open("/proc/uptime", encoding="ascii") as file:
            up = float(file.read().split()[0])
        self.age = max(0, up - int(rest[19]) / os.sysconf("SC_CLK_TCK"))
        self.uid = os.stat(f"/proc/{pid}").st_uid
        try:
            program = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            program = comm
        self.old = program.endswith(" (deleted)")
        self.name = os.path.basename(program.removesuffix(" (deleted)"))
        self.stem = re.sub(r"\.(checked|plain)$", "", self.name)
        self.graded = self.stem != self.name
        self.lab = self.stem in STEMS
        if not self.lab:
            self.name = comm

    def here(self):
        """Whether it is in this network, not in a namespace of its own."""
        try:
            return os.readlink(f"/proc/{self.pid}/ns/net") == os.readlink("/proc/self/ns/net")
        except OSError:
            return True

    def does(self):
        return {"T": "stopped (Ctrl-Z)", "t": "held by a debugger",
                "Z": "ended, its parent hasn't noticed"}.get(self.state, "running")

    def since(self):
        start = time.localtime(time.time() - self.age)
        day = "" if self.age < 43200 else time.strftime("%d %b ", start)
        return f"since {day}{time.strftime('%H:%M:%S', start)} ({span(self.age)})"

    def words(self):
        whose = "" if self.uid == os.getuid() else f", user {user(self.uid)}"
        of = (" of a make check" if self.graded else "") + (" (an older build)" if self.old else "")
        return f"{self.name}{of}, pid {self.pid}{whose}, {self.does()}"

    def to_end_it(self):
        """What the user may type. A stopped process takes no SIGTERM."""
        if self.uid not in (os.getuid(), -1) and os.getuid() != 0:
            return f"ask {user(self.uid)}; or take another port, as in 127.0.0.1 5555"
        if self.state == "T":
            return f"in its terminal: fg, then Ctrl-C; or anywhere: kill -9 {self.pid}"
        return f"in its terminal: Ctrl-C; or anywhere: kill {self.pid}"


def process(pid):
    try:
        return Process(pid)
    except (OSError, ValueError, IndexError):
        return None  # it has ended meanwhile


def processes():
    found = (process(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return {p.pid: p for p in found if p}


def started_by(p, pid, everyone):
    """Whether a process is this one, or one that it has started."""
    seen = set()
    while p and p.pid not in seen:
        if p.pid == pid:
            return True
        seen.add(p.pid)
        p = everyone.get(p.parent)
    return False


def user(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"number {uid}"


def span(seconds):
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


# --------------------------------------------------------------------- sockets

class Socket:
    """One row of `ss -tanpoe`."""

    def __init__(self, row):
        fields = row.split(None, 5) + [""]
        self.state, self.local, self.peer = fields[0], fields[3], fields[4]
        self.received, self.sent = int(fields[1]), int(fields[2])
        rest = fields[5]
        self.pids = list(dict.fromkeys(int(pid) for pid in re.findall(r"pid=(\d+)", rest)))
        self.inode = int((re.findall(r"\bino:(\d+)", rest) or [0])[0])
        self.uid = int((re.findall(r"\buid:(\d+)", rest) or [0])[0])
        timer = re.search(r"timer:\((\w+),([\w.]+),(\d+)\)", rest)
        self.timer, self.left, self.tries = (
            (timer[1], seconds(timer[2]), int(timer[3])) if timer else ("", 0, 0))

    def port(self, end="local"):
        text = getattr(self, end).rsplit(":", 1)[1]
        return int(text) if text.isdigit() else 0

    def says(self):
        """The queues and the timer, in words."""
        if self.state == "LISTEN":
            return f"accept queue: {self.received} of {self.sent}"
        words = []
        if self.state == "SYN-SENT":
            words.append(f"no answer to SYN yet, repeated {times(self.tries)}")
        elif self.timer == "on" and self.tries:
            words.append(f"no ACK comes: repeated {times(self.tries)}")
        fin = self.state == "CLOSE-WAIT" and self.received > 0 and self.inode > 0
        unread = self.received - fin  # the FIN counts as one there
        if unread:
            words.append(f"{unread} byte{'s' * (unread != 1)} unread")
        if self.sent and self.state != "SYN-SENT":
            words.append(f"{self.sent} byte{'s' * (self.sent != 1)} unacknowledged")
        if self.state in ("TIME-WAIT", "FIN-WAIT-2") and self.timer == "timewait":
            words.append(f"{self.left:.0f} s left")
        return ", ".join(words)


def times(count):
    return "once" if count == 1 else f"{count} times"


def seconds(text):
    """ss writes 1min, 59sec, 480ms; and 2.080ms for 2.08 seconds."""
    minutes = re.search(r"(\d+)min", text)
    whole = re.search(r"(\d+)sec", text)
    rest = re.search(r"(?:(\d+)\.)?(\d+)ms", text)
    return (60 * int(minutes[1]) if minutes else 0) + (int(whole[1]) if whole else 0) + (
        int(rest[1] or 0) + int(rest[2]) / 1000 if rest else 0)


def sockets():
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    ss = shutil.which("ss", path=path)
    if ss is None:
        sys.exit("ss is missing (package iproute2); run: make setup")
    run = subprocess.run([ss, "-Htanpoe"], capture_output=True, text=True,
                         errors="replace", env=dict(os.environ, LC_ALL="C"), check=False)
    if run.returncode:
        sys.exit(f"ss can't ask the kernel: {run.stderr.strip()}\n"
                 "In a container this may be forbidden; try: netstat -antp")
    return [Socket(row) for row in run.stdout.splitlines() if row.strip()]


class Descriptor:
    """A socket that is in no table of ss: only a process has it."""

    def __init__(self, p, fd, protocol):
        self.process, self.fd, self.protocol = p, fd, protocol
        self.at = bound_to(p.pid, fd)

    def says(self):
        if self.at is None:
            asked = " ".join(arguments(self.process.pid))
            return f"not listening, not connected; called with: {asked or 'no arguments'}"
        return f"bound to {self.at}, does not listen" if self.at else "has no address yet"


def bound_to(pid, fd):
    """A socket's own address as HOST:PORT, "" if it has none, None if hidden."""
    try:
        with open(os.pidfd_open(pid), "rb") as pidfd:
            copy = ctypes.CDLL(None).syscall(PIDFD_GETFD, pidfd.fileno(), fd, 0)
        if copy < 0:
            return None
        with socket.socket(fileno=copy) as same:
            host, port = same.getsockname()[:2]
    except (OSError, AttributeError, ValueError):
        return None
    return f"[{host}]:{port}" * bool(port) if ":" in host else f"{host}:{port}" * bool(port)


def arguments(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read().split("\0")[1:-1]
    except OSError:
        return []


def descriptors(everyone, rows):
    known, found = {row.inode for row in rows}, []
    for p in everyone.values():
        for path in sorted(glob.glob(f"/proc/{p.pid}/fd/*")) if p.lab and p.here() else ():
            try:
                inode = re.match(r"socket:\[(\d+)\]", os.readlink(path))
                if inode and int(inode[1]) not in known:
                    kind = os.getxattr(path, "system.sockprotoname").rstrip(b"\0").decode()
                    if kind.startswith(("TCP", "UDP")):
                        found.append(Descriptor(p, int(os.path.basename(path)), kind))
            except OSError:
                continue  # closed meanwhile
    return found


# ----------------------------------------------------------- who has the port?

def conflicts(local, host, port):
    """Whether an address stands in the way of a bind to this one."""
    ip, _, number = local.rpartition(":")
    every = ("0.0.0.0", "*", "[::]")
    ip = ip.replace("[::ffff:", "").rstrip("]") if "::ffff:" in ip else ip
    return number == str(port) and (ip == host or ip in every or host in every)


def passes_over(host, port):
    """Whether SO_REUSEADDR lets a socket have this address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


class View:
    """The lab at a moment."""

    def __init__(self, port, host, apart=0, reuse=False):
        self.port, self.host, self.reuse = port, host, reuse
        self.everyone = processes()
        rows = sockets()
        bare = descriptors(self.everyone, rows)
        if reuse and passes_over(host, port):
            rows = [row for row in rows if row.inode]
        if apart:
            own = {pid for pid, p in self.everyone.items() if started_by(p, apart, self.everyone)}
            rows = [row for row in rows if not own & set(row.pids)]
            bare = [d for d in bare if d.process.pid not in own]
        self.bare = bare
        ports = {port} | {row.port() for row in rows if row.state == "LISTEN" and self.labs(row)}
        ours = [row for row in rows
                if self.labs(row) or row.port() in ports or row.port("peer") in ports]
        ends = {(row.peer, row.local) for row in ours}
        self.rows = ours + [row for row in rows
                            if row not in ours and (row.local, row.peer) in ends]

    def labs(self, row):
        return any(self.everyone[pid].lab for pid in row.pids if pid in self.everyone)

    def holders(self, row):
        return [self.everyone[pid] for pid in row.pids if pid in self.everyone]

    def whose(self, row):
        """Who has a row's socket, in words."""
        holders = self.holders(row)
        if holders:
            return "; ".join(p.words() for p in holders)
        if row.inode == 0:
            if row.state == "ESTAB":
                return "nobody: waits to be accepted"
            return "no process any more"
        return f"a process of user {user(row.uid)} that you may not see; to see it: sudo make look"

    def port_sentence(self):
        """Who is in the way of a bind to the port; None if nobody is."""
        # Root sees every process: whose socket has none has ended between two looks.
        gone = [row for row in self.rows if row.inode and not row.pids and os.getuid() == 0]
        taken = [row for row in self.rows if row not in gone
                 and conflicts(row.local, self.host, self.port)]
        order = "LISTEN ESTAB CLOSE-WAIT".split()
        taken.sort(key=lambda row: (not row.pids, order.index(row.state) if row.state in order
                                    else len(order), row.left))
        bound = [d for d in self.bare if d.protocol.startswith("TCP")
                 and (conflicts(d.at, self.host, self.port) if d.at is not None
                      else str(self.port) in arguments(d.process.pid) or
                      (self.port == 4444 and len(arguments(d.process.pid)) < 2))]
        listener = taken and taken[0].state == "LISTEN"
        if bound and not listener:
            return self.holder_sentence(bound[0].process, "it is " + bound[0].says())
        for row in taken[:1]:
            for p in self.holders(row):
                return self.holder_sentence(p, "it listens at " + row.local if listener else
                                            f"it has a connection with {row.peer} ({row.state})")
            return self.no_process_sentence(row)
        return None

    def holder_sentence(self, p, does):
        if p.graded:
            return (f"Port {self.port} is held by another make check that runs now "
                    f"({p.name}, pid {p.pid}): wait for its end.")
        kind = ("your own earlier run" if p.uid == os.getuid() and p.lab else
                "a program of yours" if p.uid == os.getuid() else
                f"somebody else's program (user {user(p.uid)})")
        state = ("was stopped by Ctrl-Z and still has its sockets" if p.state == "T" else
                 "is held by a debugger" if p.state == "t" else "is running")
        return (f"Port {self.port} is held by {kind}: {p.name}, pid {p.pid}, {p.since()}; {does}. "
                f"It {state}.\nTo end it, {p.to_end_it()}")

    def no_process_sentence(self, row):
        if row.inode:
            return (f"Port {self.port} is held by a process of user {user(row.uid)}, which you may "
                    f"not see ({row.state} at {row.local}).\nTo see it: sudo make look; or take "
                    f"another port, as in 127.0.0.1 5555")
        if row.state == "TIME-WAIT":
            return (f"Port {self.port} is held by no process: its connection with {row.peer} has "
                    f"ended and is in TIME-WAIT for {row.left:.0f} s more. "
                    + ("SO_REUSEADDR is set now, but the run before had not set it, and Linux "
                       "wants both: wait, this once." if self.reuse else
                       "SO_REUSEADDR, set before bind, lets a server start all the same, if the "
                       "run before had set it, too."))
        return (f"Port {self.port} is held by no process any more: the kernel is still ending "
                f"its connection with {row.peer} ({row.state}).")


# ---------------------------------------------------------------------- screen

class Screen(Terminal):
    def __init__(self):
        super().__init__()
        sys.stdout.reconfigure(encoding="utf-8" if self.utf8 else "ascii",
                               errors="backslashreplace")

    def block(self, title, command):
        gap = max(2, WIDTH - len(title) - len(command))
        print(f"\n{self.paint(1, title)}{' ' * gap}{self.paint(2, command)}")

    def item(self, label, *lines):
        """A label, and beside it lines; a label that is too long stands above."""
        indent = 25
        if len(label) > indent - 4:
            print("  " + label)
            label = ""
        first = "  " + label.ljust(indent - 2)
        for line in (line for line in lines if line):
            for part in textwrap.wrap(line, WIDTH - indent, break_on_hyphens=False):
                part = part.replace("stopped (Ctrl-Z)", self.paint(31, "stopped (Ctrl-Z)"))
                print(first + part)
                first = " " * indent


def show_connections(screen, view):
    rows = [row for row in view.rows if row.state not in ("LISTEN", "TIME-WAIT")]
    if not rows:
        return
    screen.block("Who is connected, end by end", "ss -tnpo")
    done = set()
    for row in rows:
        if id(row) in done:
            continue
        pair = [row] + [other for other in rows
                        if (other.local, other.peer) == (row.peer, row.local)][:1]
        pair.sort(key=lambda end: end.port() != view.port)
        for sign, end in zip(("", "  and "), pair):
            done.add(id(end))
            screen.item(sign + end.local, f"{end.state}  {end.says()}".strip(), view.whose(end))
        if len(pair) == 1:
            screen.item("  and " + row.peer, "this end is nowhere on this host")


def show(view):
    screen = Screen()
    sentence = view.port_sentence()
    screen.block(f"Port {view.port}", f'ss -tanpo "sport = :{view.port}"')
    for line in (sentence or f"Nobody has {view.host}:{view.port}.").splitlines():
        print(textwrap.fill(line, WIDTH, initial_indent="  ", subsequent_indent="  ",
                            break_on_hyphens=False))
    listening = [row for row in view.rows if row.state == "LISTEN"]
    if listening:
        screen.block("Who listens", "ss -tlnp")
    for row in listening:
        since = [p.since() for p in view.holders(row)[:1]]
        screen.item(row.local, view.whose(row), "; ".join([*since, row.says()]))
    show_connections(screen, view)
    waiting = [row for row in view.rows if row.state == "TIME-WAIT"]
    if waiting:
        screen.block("In TIME-WAIT: ended, the kernel remembers", "ss -tano state time-wait")
    for row in waiting[:8]:
        screen.item(row.local, f"with {row.peer}, {row.says()}")
    if len(waiting) > 8:
        screen.item("", f"and {len(waiting) - 8} more")
    if view.bare:
        screen.block("Only descriptors: in no table of ss", "lsof +c 15 -p PID")
    for d in view.bare:
        screen.item(f"fd {d.fd}, {d.protocol}", d.process.words(),
                    f"{d.process.since()}; {d.says()}")
    show_rest(screen, view, listening or view.bare or view.rows, sentence)


def show_rest(screen, view, anything, sentence):
    away = [p for p in view.everyone.values() if p.lab and not p.here()]
    stopped = [p for p in view.everyone.values() if p.lab and p.state == "T" and p.here()
               and f"pid {p.pid}," not in (sentence or "")]
    if not anything:
        print("\n  No program of the lab has a socket just now. Start one, and look again from"
              "\n  another terminal: build/steps/03_listen, or: make run-03")
    if stopped:
        screen.block("To end what is stopped", "jobs")
    for p in stopped:
        screen.item(p.name, p.to_end_it())
    if away:
        print(f"\n  Not shown: {len(away)} program(s) of the lab in a network namespace of"
              " their own.")
    print()


def main():
    parser = argparse.ArgumentParser(description="What the lab's sockets are doing just now.")
    parser.add_argument("--port", type=int, default=4444)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--apart", type=int, default=0)
    parser.add_argument("--reuse", action="store_true")
    args = parser.parse_args()
    if not 0 < args.port < 65536:
        parser.error(f"there is no port {args.port}; PORT is a number from 1 to 65535")
    view = View(args.port, args.host, args.apart, args.reuse)
    if not args.brief:
        return show(view)
    sentence = view.port_sentence()
    if sentence:
        Screen()
        print(sentence)
    return 0 if sentence else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # whoever read this has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
