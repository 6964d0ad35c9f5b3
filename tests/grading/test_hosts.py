# SPDX-License-Identifier: MIT
"""A class graded on other machines, which are two sshd of our own: each on
127.0.0.1, in processes, /run and /root of its own, with throw-away keys."""
import csv
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

BUILD = os.environ.get("BUILD", "build")
MISSING = [name for name in ("/usr/sbin/sshd", "ssh", "ssh-keygen", "rsync", "parallel", "bwrap")
           if shutil.which(name) is None]

# A machine: it ends with everything in it when its first process is killed.
MACHINE = """mount -t tmpfs none /run && mkdir /run/sshd && mount -t tmpfs none /root &&
exec /usr/sbin/sshd -D -e -f "$1" """
SERVER = """Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/key.pub
StrictModes no
UsePAM no
PidFile none
PermitRootLogin prohibit-password
PasswordAuthentication no
"""
CLIENT = """Host {name}
  HostName 127.0.0.1
  Port {port}
  IdentityFile {folder}/key
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {folder}/known
  StrictHostKeyChecking accept-new
  LogLevel ERROR
"""


def wait_for(what, seconds=30):
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def answers(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@unittest.skipUnless(os.geteuid() == 0, "a machine of its own for sshd needs root")
@unittest.skipIf(MISSING, f"missing: {', '.join(MISSING)}; run: make setup-grade, and "
                          "apt-get install openssh-server")
class Hosts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hosts")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.machines = {}
        for name in ("key", "host"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                            str(self.folder / name)], check=True, timeout=60)
        self.of = self.folder / f"class_{os.getpid()}"
        for name in ("ann", "bob", "cee", "dee", "eve", "fay"):
            (self.of / name).mkdir(parents=True)
            shutil.copy("steps/01_socket.c" if name == "dee" else "solutions/01_socket.c",
                        self.of / name)
        self.out = Path(BUILD, "class", self.of.name)
        self.addCleanup(shutil.rmtree, self.out, ignore_errors=True)

    def machine(self, name):
        port = free_port()
        words = {"name": name, "port": port, "folder": self.folder}
        (self.folder / f"{name}.sshd").write_text(SERVER.format(**words))
        with open(self.folder / "config", "a") as config:
            config.write(CLIENT.format(**words))
        with open(self.folder / "hosts", "a") as hosts:
            hosts.write(f"ssh -F {self.folder}/config {name}\n")
        log = open(self.folder / f"{name}.log", "w")
        self.addCleanup(log.close)
        self.machines[name] = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
             MACHINE, "sh", str(self.folder / f"{name}.sshd")], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log)
        self.addCleanup(self.end, name)
        self.assertTrue(wait_for(lambda: answers(port)),
                        (self.folder / f"{name}.log").read_text())

    def end(self, name):
        self.machines[name].kill()
        self.machines[name].wait()

    def grade(self, **more):
        return subprocess.Popen(
            ["make", "--no-print-directory", "grade", f"BUILD={BUILD}", f"CLASS={self.of}",
             *(f"{key}={value}" for key, value in more.items())],
            env=dict(os.environ, MAKEFLAGS="", MAKELEVEL="1"), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def totals(self):
        with open(self.out / "grades.csv", encoding="utf-8-sig", newline="") as file:
            return {row["entry"]: (row["total"], row["outcome"]) for row in csv.DictReader(file)}

    def grades_here(self, name):
        """Whether that machine is at a submission, seen from outside."""
        top = todo = [self.machines[name].pid]
        while todo:
            pid, *todo = todo
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
                if b"\0tests.grading.grade_one\0" in line:
                    return pid not in top
                todo += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            except OSError:
                pass
        return False

    def test_a_host_that_dies_midway_loses_nothing(self):
        self.machine("one")
        self.machine("two")
        run = self.grade(HOSTS=self.folder / "hosts", JOBS=1)
        self.addCleanup(run.kill)
        self.assertTrue(wait_for(lambda: self.grades_here("one") or run.poll() is not None, 60))
        self.end("one")
        said, _ = run.communicate(timeout=120)
        self.assertEqual(run.returncode, 0, said)
        self.assertIn("on 2 of 2 hosts", said)
        self.assertEqual(self.totals(), {name: ("0" if name == "dee" else "6", "graded") for name
                                         in ("ann", "bob", "cee", "dee", "eve", "fay")}, said)
        log = (self.out / "joblog").read_text()
        self.assertEqual(log.count("/config two"), 6, log)
        left = subprocess.run(["ssh", "-F", f"{self.folder}/config", "two",
                               "ls -A .cache/socket-lab"], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(left.stdout, "", "nothing stays on a host")

    def test_hosts_that_cannot_grade_are_named(self):
        with open(self.folder / "hosts", "a") as hosts:
            hosts.write(f"# a comment\nssh -p {free_port()} 127.0.0.1\n")
        for hosts, words in ((self.folder / "hosts", "Connection refused"),
                             (self.folder / "none", "No such file"),
                             ("/dev/null", "a line a host")):
            said, _ = self.grade(HOSTS=hosts).communicate(timeout=120)
            self.assertIn(words, said)
            self.assertNotIn("Traceback", said)
        self.assertFalse((self.out / "grades.csv").exists())


if __name__ == "__main__":
    unittest.main()
