# SPDX-License-Identifier: MIT
"""Targets of make's that run beside `make watch`."""
import json
import os
import select
import selectors
import signal
import subprocess
import time

GRACE_S = 1.0     # for what is told to end, before it is killed


class Job:
    """A target of make's that runs beside us, in a session of its own."""

    def __init__(self, bench, target, on_end, on_line=None, **variables):
        self.bench, self.on_end, self.on_line = bench, on_end, on_line
        self.began = time.monotonic()
        self.output = self.told = b""
        columns, rows = bench.terminal.size()
        env = dict(os.environ, COLUMNS=str(columns), LINES=str(rows))
        env["FORCE_COLOR" if bench.terminal.colour else "NO_COLOR"] = "1"
        env.pop("MAKELEVEL", None)
        # Of our own make's flags only what the user set: STEPS=, BUILD=, CC=.
        _, dashes, overrides = env.pop("MAKEFLAGS", "").partition("-- ")
        if dashes:
            env["MAKEFLAGS"] = dashes + overrides
        listen_fd, tell_fd = os.pipe()
        if on_line:
            variables["TELL"] = tell_fd
        try:
            self.process = subprocess.Popen(
                ["make", "--no-print-directory", target,
                 *(f"{k}={v}" for k, v in variables.items())],
                env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True, pass_fds=[tell_fd])
        except OSError:
            os.close(listen_fd)
            raise
        finally:
            os.close(tell_fd)
        self.pidfd = os.pidfd_open(self.process.pid)
        self.fds = {self.process.stdout.fileno(): self.hear_output,
                    listen_fd: self.hear_line, self.pidfd: self.end}
        for fd, heed in self.fds.items():
            os.set_blocking(fd, False)
            bench.selector.register(fd, selectors.EVENT_READ, heed)

    def hear_output(self, fd):
        self.output += self.read(fd)

    def hear_line(self, fd):
        self.told += self.read(fd)
        *lines, self.told = self.told.split(b"\n")
        for line in lines:
            self.on_line(json.loads(line))

    def read(self, fd):
        try:
            data = os.read(fd, 1 << 20)
        except BlockingIOError:
            return b""
        if not data:
            self.bench.selector.unregister(fd)
            self.fds[fd] = None
        return data

    def end(self, _=None):
        """It has ended by itself: take the rest, and pass it on."""
        for fd, heed in list(self.fds.items()):
            if heed and heed != self.end:
                heed(fd)
        self.close()
        self.on_end(self)

    def abandon(self):
        """End it, and with it all that it has started."""
        os.killpg(self.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        out = self.process.stdout  # each of them has it: it ends with the last
        while select.select([out], [], [], max(0.0, deadline - time.monotonic()))[0]:
            if not os.read(out.fileno(), 1 << 16):
                break
        # make hasn't been waited for, so nobody else has its number meanwhile.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.close()

    def close(self):
        for fd, heed in self.fds.items():
            if heed:
                self.bench.selector.unregister(fd)
            if fd != self.process.stdout.fileno():
                os.close(fd)
        self.fds = {}
        self.process.stdout.close()
        self.process.wait()
