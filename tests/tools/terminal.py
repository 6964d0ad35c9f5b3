# SPDX-License-Identifier: MIT
"""A terminal of one's own, in which the tests run `make watch` and look at it."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

DEADLINE_S = 20  # far above anything seen; a test that waits so long has failed


class Pty:
    """A program in a terminal. Its screen is what it drew last."""

    def __init__(self, command, columns=80, rows=24, **env):
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.slave)
        self.raw = b""
        whole = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **env}
        for name in "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "NO_COLOR", "STEPS", "BUILD":
            if name not in env:
                whole.pop(name, None)
        self.process = subprocess.Popen(
            command, env=whole, stdin=self.slave, stdout=self.slave, stderr=self.slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys.encode())

    def screen(self):
        """The text of the last whole drawing, and of what follows it."""
        frames = self.raw.decode("utf-8", "replace").split("\033[H")
        return re.sub(r"\033[\[(][0-9;?]*[a-zA-Z]", "", frames[-1]).replace("\r", "")

    def read(self, timeout):
        if select.select([self.master], [], [], timeout)[0]:
            try:
                self.raw += os.read(self.master, 1 << 16)
            except OSError:
                return False
            return True
        return False

    def until(self, *texts, gone=()):
        """Wait until all of the texts are on the screen, and none of those gone."""
        end = time.monotonic() + DEADLINE_S
        while True:
            while self.read(0):
                pass
            screen = " ".join(self.screen().split())
            if all(t in screen for t in texts) and not any(t in screen for t in gone):
                return self.screen()
            if time.monotonic() > end or self.process.poll() is not None and not self.read(0):
                raise AssertionError(f"{texts} did not appear, {gone} did not go:\n{self.screen()}")
            self.read(0.05)

    def ended(self):
        """Wait for the end, and return the status. The terminal stays readable."""
        end = time.monotonic() + DEADLINE_S
        while self.process.poll() is None:
            self.read(0.02)
            if time.monotonic() > end:
                raise AssertionError(f"it does not end:\n{self.screen()}")
        while self.read(0):
            pass
        return self.process.returncode

    def attributes(self):
        return termios.tcgetattr(self.slave)

    def hang_up(self):
        """Close the window."""
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = None

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.ended()  # it may have something to say yet
            except (AssertionError, TypeError):  # or has no terminal any more
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for fd in self.master, self.slave:
            if fd is not None:
                os.close(fd)
