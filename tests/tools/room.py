# SPDX-License-Identifier: MIT
"""A network of the tests' own, in which port 4444 is free and no socket is.

`Room.enter()` is what stands before a command that is to run in it. It needs
no root; where namespaces are forbidden the tests are skipped, and say so.
"""
import os
import shutil
import subprocess
import sys
import unittest

BUILD = os.environ.get("BUILD", "build")


def skip(reason):
    """Skip a test, loudly."""
    print(f"skipped: {reason}", file=sys.stderr)
    raise unittest.SkipTest(reason)


class Room:
    def __init__(self):
        user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
        if shutil.which("unshare") is None or shutil.which("nsenter") is None:
            skip("no unshare or nsenter here: nothing of look and run is proved")
        self.keeper = subprocess.Popen(
            ["unshare", *user, "--net", "sh", "-c", "ip link set lo up && echo open && read end"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = self.keeper.stdout.readline().strip()
        if said != "open":
            self.close()
            skip(f"no network namespace here ({said}): nothing of look and run is proved")
        self.user = [] if os.getuid() == 0 else ["--user", "--preserve-credentials"]

    def enter(self, *command):
        return ["nsenter", "--target", str(self.keeper.pid), *self.user, "--net", *command]

    def run(self, *command, **options):
        options = {"stdin": subprocess.DEVNULL, "timeout": 60, **options}
        return subprocess.run(self.enter(*command), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, **options)

    def start(self, *command):
        return subprocess.Popen(self.enter(*command), stdin=subprocess.PIPE, bufsize=0,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def close(self):
        self.keeper.communicate()


def build_solutions():
    subprocess.run(["make", "--no-print-directory", "programs", "STEPS=solutions",
                    f"BUILD={BUILD}"], check=True, stdout=subprocess.DEVNULL,
                   env=dict(os.environ, MAKEFLAGS="", MAKELEVEL="1"))
