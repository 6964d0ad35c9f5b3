# SPDX-License-Identifier: MIT
"""What `make look` says of sockets that the tests have made."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from tests.tools import look, room

LOOK = ("-m", "tests.tools.look")
# A Python program in the room: its last line is "ready", and Enter ends it.
SCENE = "import socket\n{}\nprint('ready', flush=True)\ninput()\n"


def setUpModule():
    global ROOM
    ROOM = room.Room()
    unittest.addModuleCleanup(ROOM.close)
    room.build_solutions()


class Look(unittest.TestCase):
    def start(self, word, *command):
        """A program in the room that has said a word."""
        child = ROOM.start(*command)
        self.addCleanup(child.communicate)
        self.addCleanup(child.kill)
        lines = []
        while word not in (line := child.stdout.readline().decode()):
            lines.append(line)
            self.assertNotEqual(line, "", f"{command} ended: {lines}")
        return child

    def step(self, word, stem, *args):
        return self.start(word, f"{room.BUILD}/solutions/{stem}", *args)

    def scene(self, code):
        return self.start("ready", sys.executable, "-c", SCENE.format(code))

    def look(self, *args, before=(), **env):
        run = ROOM.run(*before, sys.executable, *LOOK, *args,
                       env={**os.environ, "LC_ALL": "C.UTF-8", **env})
        return run.stdout

    def assert_says(self, pattern, text):
        """The pattern is found, however the screen breaks its lines."""
        self.assertRegex(" ".join(text.split()), pattern)

    def test_nothing_there_is_said_with_what_to_try(self):
        self.assert_says(r"Nobody has 127\.0\.0\.1:4444\..*No program of the lab has a socket "
                         r"just now.*make run-03", self.look())
        self.assertEqual(self.look("--brief"), "")

    def test_a_listener_is_shown_with_its_process_and_its_queue(self):
        server = self.step("press", "03_listen")
        self.scene("a = socket.create_connection(('127.0.0.1', 4444))")
        text = self.look()
        self.assert_says(rf"Who listens ss -tlnp 127\.0\.0\.1:4444 03_listen, pid {server.pid}, "
                         r"running since [\d:]+ \(\d+ s\); accept queue: 1 of 16", text)
        self.assert_says(r"ESTAB nobody: waits to be accepted and 127.0.0.1:\d+ ESTAB python3",
                         text)
        self.assert_says(rf"held by your own earlier run: 03_listen, pid {server.pid},.* "
                         rf"It is running\. To end it, .*kill {server.pid}\b", text)

    def test_a_listener_at_another_port_and_address_is_found_by_its_program(self):
        self.step("press", "03_listen", "127.0.0.2", "0")
        self.assert_says(r"Nobody has .*Who listens .* 127\.0\.0\.2:\d+ 03_listen", self.look())

    def test_a_pair_is_shown_with_both_ends_and_what_is_unread(self):
        server = self.step("listening", "04_accept")
        client = self.scene("a = socket.create_connection(('127.0.0.1', 4444)); a.send(b'Hello')")
        self.assertIn(b"Connected", server.stdout.readline())
        self.assert_says(rf"127\.0\.0\.1:4444 ESTAB 5 bytes unread 04_accept, pid {server.pid}, "
                         rf"running and 127\.0\.0\.1:\d+ ESTAB python3, pid {client.pid}",
                         self.look())

    def test_a_stopped_process_is_named_with_what_ends_it(self):
        server = self.step("press", "03_listen")
        server.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, server.pid, os.WSTOPPED | os.WNOWAIT)
        text = self.look("--brief")
        self.assert_says(rf"your own earlier run: 03_listen, pid {server.pid}, since .*"
                         r"stopped by Ctrl-Z and still has its sockets", text)
        self.assertIn(f"fg, then Ctrl-C; or anywhere: kill -9 {server.pid}\n", text)
        self.assertIsNone(server.poll(), "look has ended it")

    def test_a_socket_that_is_only_bound_is_found(self):
        server = self.step("press", "02_bind")
        self.assert_says(rf"02_bind, pid {server.pid}, since .*; it is bound to 127\.0\.0\.1:4444, "
                         "does not listen", self.look("--brief"))
        self.assert_says(r"Only descriptors.* fd 3, TCP 02_bind", self.look())

    def test_where_the_kernel_hides_the_address_the_arguments_are_told(self):
        with mock.patch.object(look, "bound_to", return_value=None):
            socket = look.Descriptor(look.process(os.getpid()), 3, "TCP")
        self.assertRegex(socket.says(), "called with: .")

    def test_time_wait_is_told_with_the_seconds_that_are_left(self):
        self.addCleanup(self.forget_time_wait)
        self.scene("l = socket.create_server(('127.0.0.1', 4444))\n"
                   "c = socket.create_connection(('127.0.0.1', 4444)); a = l.accept()[0]\n"
                   "a.close(); c.recv(1); c.close(); l.close()")
        text = self.look()
        self.assert_says(r"held by no process: .* is in TIME-WAIT for \d\d s more\. SO_REUSEADDR",
                         text)
        self.assert_says(r"In TIME-WAIT.* 127\.0\.0\.1:4444 with 127\.0\.0\.1:\d+, \d\d s left",
                         text)
        self.assertEqual(self.look("--brief", "--reuse"), "")

    def test_with_reuseaddr_time_wait_is_in_the_way_of_who_had_not_set_it_before(self):
        self.addCleanup(self.forget_time_wait)
        self.scene("l = socket.socket(); l.bind(('127.0.0.1', 4444)); l.listen()\n"
                   "c = socket.create_connection(('127.0.0.1', 4444)); a = l.accept()[0]\n"
                   "a.close(); c.recv(1); c.close(); l.close()")
        self.assert_says(r"TIME-WAIT for \d\d s more\. SO_REUSEADDR is set now, but the run before",
                         self.look("--brief", "--reuse"))

    @staticmethod
    def forget_time_wait():
        """The next tests get a new network: nothing else ends TIME-WAIT."""
        global ROOM
        ROOM.close()
        ROOM = room.Room()

    def test_ipv6_is_shown_and_stands_in_the_way_of_ipv4_where_it_does(self):
        try:
            self.scene("l = socket.create_server(('::', 4444), family=socket.AF_INET6,"
                       " dualstack_ipv6=True)")
        except AssertionError as error:
            room.skip(f"no IPv6 here: {error}")
        self.assert_says(r"a program of yours: python3, .*it listens at \*:4444", self.look())

    def test_another_address_is_not_in_the_way(self):
        self.step("press", "03_listen", "127.0.0.2", "4444")
        self.assertEqual(self.look("--brief"), "")
        self.assertIn("03_listen", self.look("--brief", "--host", "0.0.0.0"))

    def test_what_a_check_has_started_itself_is_left_apart(self):
        self.step("press", "03_listen")
        self.assertEqual(self.look("--brief", "--apart", str(os.getpid())), "")

    def test_a_program_of_another_check_is_told_as_that(self):
        with tempfile.TemporaryDirectory() as folder:
            program = f"{folder}/03_listen.checked"
            shutil.copy(f"{room.BUILD}/solutions/03_listen", program)
            self.start("press", program)
            self.assert_says(r"held by another make check that runs now \(03_listen.checked",
                             self.look("--brief"))

    def test_another_user_s_socket_is_told_as_hidden_with_what_to_type(self):
        if os.getuid() != 0:
            room.skip("needs root, to be two users")
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if ROOM.run(*nobody, "test", "-r", os.path.abspath("tests/tools/look.py")).returncode:
            room.skip("nobody can't read this folder")
        server = self.step("press", "03_listen")
        self.assert_says(r"held by a process of user root, which you may not see .*sudo make look",
                         self.look("--brief", before=nobody))
        self.assertIsNone(server.poll())

    def test_root_sees_whose_it_is_and_does_not_call_it_its_own(self):
        if os.getuid() != 0:
            room.skip("needs root, to be two users")
        self.start("ready", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                   sys.executable, "-c",
                   SCENE.format("l = socket.create_server(('127.0.0.1', 4444))"))
        self.assert_says(r"somebody else's program \(user nobody\): python3", self.look("--brief"))

    def test_without_ss_it_says_what_to_install(self):
        with mock.patch.object(shutil, "which", return_value=None):
            with self.assertRaisesRegex(SystemExit, "ss is missing .*make setup"):
                look.sockets()

    def test_where_ss_is_refused_it_says_so(self):
        refused = subprocess.CompletedProcess([], 1, "", "Cannot open netlink socket")
        with mock.patch.object(subprocess, "run", return_value=refused):
            with self.assertRaisesRegex(SystemExit, "Cannot open netlink.*\n.*netstat"):
                look.sockets()

    def test_a_port_that_is_none_is_refused(self):
        self.assertIn("there is no port 0", self.look("--port", "0"))

    def test_no_line_is_wider_than_80_and_none_is_coloured_or_accented(self):
        self.step("press", "03_listen", "127.101.102.103", "4444")
        for line in self.look("--host", "0.0.0.0", LC_ALL="C").splitlines():
            self.assertLessEqual(len(line), 80)
            self.assertTrue(line.isascii() and line.isprintable(), line)

    def test_the_timers_of_ss_are_read_in_all_their_forms(self):
        for text, want in (("59sec", 59), ("480ms", .48), ("2.080ms", 2.08), ("1min42sec", 102)):
            self.assertEqual(look.seconds(text), want)

    def test_rows_of_ss_are_read(self):
        row = look.Socket('SYN-SENT 0 1 127.0.0.1:50010 127.0.0.1:4444 '
                          'users:(("07_refused",pid=7,fd=3)) timer:(on,480ms,2) ino:5 sk:1')
        self.assertEqual((row.pids, row.port(), row.says()),
                         ([7], 50010, "no answer to SYN yet, repeated 2 times"))
        self.assertTrue(re.match("5 bytes unack", look.Socket(
            "ESTAB 0 5 127.0.0.1:50010 127.0.0.1:4444").says()))


if __name__ == "__main__":
    unittest.main()
