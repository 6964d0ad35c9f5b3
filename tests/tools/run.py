#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a step by hand, with its other end if it needs one: `make run-06`.

    run.py [--make MAKE] --programs build/steps STEP [-- HOST PORT ...]

The table tests/steps says who the other end is, if there is one; two programs
of one number run together. The other end is the student's own
program too; while its gaps are open nc(1) stands in. Every command is shown as
it could be typed, and every line bears the name of its program. The client is
started when the server has said `listening on`, with the address it has said.

What is typed goes to the step's program (to the server, where there are two).
When the step's programs have ended, the other end gets the end of stdin.
Ctrl-C ends what this has started, and nothing else; Ctrl-Z stops it.
Status 0 if the step's programs ended with 0, else 1.
"""
import argparse
import ctypes
import os
import re
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap

from tests.tools import look
from tests.tools.steps import STEPS, find_or_exit
from tests.tools.trace.scenes import is_server, says_hello

QUIET_S = 2  # after so long without an event, say what is still running
GRACE_S = 2  # what was told to end and has not is killed after so long
COLOURS = {"client": 36, "server": 33}
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LIBC = ctypes.CDLL(None)


class Stop(Exception):
    """Ctrl-C, or somebody asked us to end."""


class Child:
    """A program that runs: its output comes in lines, its end as an event."""

    def __init__(self, name, command, colour):
        self.name, self.colour, self.text, self.rest = name, colour, "", b""
        self.host, self.port = "127.0.0.1", 4444
        if len(command) > 2 and command[2].isdigit():
            self.host, self.port = command[1:3]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, bufsize=0,
            preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        os.set_blocking(self.process.stdout.fileno(), False)
        self.pidfd = os.pidfd_open(self.process.pid)
        self.ended = self.told = self.dismissed = False

    def type(self, data):
        try:
            self.process.stdin.write(data)
        except OSError:
            pass  # it has closed its stdin

    def end_stdin(self):
        try:
            self.process.stdin.close()
        except OSError:
            pass

    def signal(self, number):
        if not self.ended:
            self.process.send_signal(number)
            self.process.send_signal(signal.SIGCONT)


def printable(line):
    """A line of a program, so that no byte of it plays tricks with the terminal."""
    text = line.decode("utf-8", "backslashreplace").expandtabs()
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def ending(status):
    if status >= 0:
        return f"ended with status {status}"
    return f"was killed by {signal.Signals(-status).name}"


class Show:
    """The programs, their lines, and what is typed."""

    def __init__(self, programs, own):
        self.programs, self.own, self.children = programs, own, []
        self.screen = look.Screen()
        self.select = selectors.DefaultSelector()
        self.width = max(map(len, own))
        self.typed = True
        try:
            self.select.register(0, selectors.EVENT_READ, (self.read_stdin, None))
        except (OSError, ValueError):  # a file: epoll takes none; or there is no stdin
            self.typed = False

    def say(self, text):
        print(self.screen.paint(2, text), flush=True)

    def start(self, name, command, colour, shown=None):
        print(self.screen.paint(1, "$ " + (shown or shlex.join(command))), flush=True)
        child = Child(name, command, colour)
        self.children.append(child)
        self.select.register(child.process.stdout, selectors.EVENT_READ, (self.read, child))
        self.select.register(child.pidfd, selectors.EVENT_READ, (self.ended, child))
        if not self.typed:
            child.end_stdin()
        return child

    def line(self, child, line):
        child.text += line.decode("utf-8", "replace") + "\n"
        mark = self.screen.paint(COLOURS[child.colour], f"{child.name.ljust(self.width)} |")
        print(f"{mark} {printable(line)}".rstrip(), flush=True)

    def read(self, child):
        data = b"" if child.ended else child.process.stdout.read(65536)
        if data == b"":
            self.forget(child.process.stdout)
        *lines, child.rest = (child.rest + (data or b"")).split(b"\n")
        for line in lines:
            self.line(child, line)
        return bool(data)

    def forget(self, file):
        if file in self.select.get_map():
            self.select.unregister(file)

    def ended(self, child):
        self.forget(child.pidfd)
        os.close(child.pidfd)
        status = child.process.wait()
        while self.read(child):
            pass
        self.flush(child)
        child.ended = True
        self.forget(child.process.stdout)
        self.say(f"{child.name} {'is no longer needed' if child.dismissed else ending(status)}")
        if "Address already in use" in child.text:
            told = look.View(int(child.port), child.host, os.getpid()).port_sentence()
            for line in (told or f"Nobody has port {child.port} now: try again.").splitlines():
                print(textwrap.fill(line, look.WIDTH, break_on_hyphens=False), flush=True)

    def flush(self, child):
        """What has no newline at its end is shown all the same."""
        if child.rest:
            self.line(child, child.rest)
            child.rest = b""

    def read_stdin(self, _):
        data = os.read(0, 65536)
        running = [child for child in self.children if not child.ended]
        if not data:
            self.typed = False
            self.forget(0)
            for child in running:
                child.end_stdin()
            return
        # The step's own first, in the order in which they stand.
        for child in sorted(running, key=lambda c: c.name not in self.own)[:1]:
            child.type(data)

    def until(self, done):
        """Pass on what comes until done() is true."""
        quiet = 0
        while not done():
            events = self.select.select(0.25)
            quiet = 0 if events else quiet + 0.25
            for key, _ in events:
                react, child = key.data
                react(child)
            running = [child for child in self.children if not child.ended]
            for child in running if not events else ():
                self.flush(child)
            if quiet == QUIET_S:
                self.remind(running)

    def remind(self, running):
        new = [child for child in running if not child.told]
        for child in new:
            child.told = True
            for_enter = self.typed and "press Enter" in child.text
            self.say(f"({child.name}, pid {child.process.pid}, waits{' for Enter' * for_enter})")
        if new:
            self.say("(Ctrl-C ends it; make look, in another terminal, shows its sockets)")

    def all_ended(self, names=None):
        return all(child.ended for child in self.children if names is None or child.name in names)

    def finish(self, number):
        """End what still runs: politely, then not."""
        for sign in (number, signal.SIGKILL):
            for child in self.children:
                child.dismissed |= number == signal.SIGTERM and child.name not in self.own
                child.signal(sign)
            tries = iter(range(int(GRACE_S / 0.25)))
            self.until(lambda: self.all_ended() or next(tries, None) is None)
        adopted = f"/proc/self/task/{os.getpid()}/children"
        if os.path.exists(adopted):  # what they have started and left behind
            with open(adopted, encoding="ascii") as file:
                for pid in map(int, file.read().split()):
                    os.kill(pid, signal.SIGKILL)


def run_alone(show, stem, args):
    show.start(stem, [f"{show.programs}/{stem}", *args], "server")
    show.until(show.all_ended)


def started(show, child, word):
    """Wait until a program has said a word, or ended. Whether it has said it."""
    show.until(lambda: child.ended or re.search(word, child.text, re.I))
    return re.search(word, child.text, re.I)


def open_gaps(show, child):
    """Whether the other end is not written yet, so that nc has to stand in."""
    if not child.ended or "TODO(" not in child.text:
        return False
    if shutil.which("nc") is None:
        show.say(f"{child.name} has open gaps, and there is no nc to stand in; run: make setup")
        return False
    show.say(f"{child.name} has open gaps: nc stands in")
    return True


def run_both(show, server, client, args, missing):
    listener = None
    if server not in missing:
        listener = show.start(server, [f"{show.programs}/{server}", *args[:2]], "server")
        said = started(show, listener, r"listening on ([\d.]+):(\d+)")
    if server not in show.own and (listener is None or open_gaps(show, listener)):
        at = (args + ["127.0.0.1", "4444"][len(args):])[:2]
        listener = show.start("nc", ["nc", "-n", "-v", "-l", *at], "server")
        said = started(show, listener, r"listening on ([\d.]+) (\d+)")
    if not said:
        show.say(f"{client} was not started: nobody listens")
        return
    at = list(said.groups())
    if not args and at == ["127.0.0.1", "4444"]:
        at = []
    caller = None
    if client not in missing:
        caller = show.start(client, [f"{show.programs}/{client}", *at, *args[2:]], "client")
        show.until(lambda: caller.ended or "connected to" in caller.text)
    if client in show.own and server not in show.own:
        pass  # the step itself is what the gaps are in
    elif caller is None or open_gaps(show, caller):
        address = at or ["127.0.0.1", "4444"]
        if says_hello(server):
            line = f"echo 'Hello friend' | nc -n -N {shlex.join(address)}"
            show.start("nc", ["sh", "-c", line], "client", line)
        else:
            show.start("nc", ["nc", "-n", *address], "client")
    show.until(lambda: show.all_ended(show.own))
    for child in show.children:
        child.end_stdin()
    tries = iter(range(int(GRACE_S / 0.25)))
    show.until(lambda: show.all_ended() or next(tries, None) is None)


def compile_all(make, programs, own, needed):
    """Build what is needed. What of the other end doesn't compile is missing."""
    missing = []
    for stem in needed:
        run = subprocess.run([*shlex.split(make), "-s", "--no-print-directory",
                              f"{programs}/{stem}"],
                             stdin=subprocess.DEVNULL, check=False, close_fds=False,
                             **({} if stem in own else {"capture_output": True}))
        if run.returncode and stem in own:
            sys.exit(f"{stem} doesn't compile: mend what stands above, then again")
        if run.returncode:
            print(f"{stem} doesn't compile: nc stands in")
            missing.append(stem)
    return missing


def ends(stem):
    """Its own programs (both, where two are one step), the server, the client."""
    step = STEPS[stem]
    server, client = (stem, step.other) if is_server(stem) else (step.other, stem)
    return ([server, client] if step.pair else [stem],
            *((server, client) if step.other else (None, None)))


def stop(*_):
    raise Stop


def main():
    parser = argparse.ArgumentParser(description="Run a step, with its other end.")
    parser.add_argument("--make", default="make")
    parser.add_argument("--programs", required=True)
    parser.add_argument("step")
    parser.add_argument("args", nargs="*")
    options = parser.parse_args()
    own, server, client = ends(find_or_exit(options.step, "run-06")[0])
    missing = compile_all(options.make, options.programs, own,
                          [server, client] if server else own)
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    show = Show(options.programs, own)
    try:
        if server:
            run_both(show, server, client, options.args, missing)
        else:
            run_alone(show, own[0], options.args)
        show.finish(signal.SIGTERM)
    except Stop:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        show.finish(signal.SIGINT)
        return 130
    ours = [child for child in show.children if child.name in own]
    return 0 if len(ours) == len(own) and not any(c.process.returncode for c in ours) else 1


if __name__ == "__main__":
    sys.exit(main())
