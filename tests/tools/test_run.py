# SPDX-License-Identifier: MIT
"""What `make run-NN` starts, shows and ends."""
import os
import pty
import re
import select
import shutil
import signal
import tempfile
import time
import unittest
from pathlib import Path

from tests.tools import room

WAIT_S = 20  # the longest that anything here may take


def setUpModule():
    global ROOM
    ROOM = room.Room()
    unittest.addModuleCleanup(ROOM.close)
    room.build_solutions()


def make(*args):
    return ["env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", f"BUILD={room.BUILD}", *args]


class Terminal:
    """A pseudoterminal in which somebody types."""

    def __init__(self, *command):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="", LC_ALL="C.UTF-8", TERM="dumb", HISTFILE="")
            command = ROOM.enter(*command)
            os.execvp(command[0], command)

    def until(self, pattern):
        end = time.monotonic() + WAIT_S
        while not (found := re.search(pattern, self.text)):
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            try:
                data = os.read(self.fd, 65536) if ready else b""
            except OSError:
                data = b""
            if not data:
                raise AssertionError(f"{pattern} did not come:\n{self.text}")
            self.text += data.decode(errors="replace").replace("\r", "")
        self.text = self.text[found.end():]
        return found

    def type(self, keys):
        os.write(self.fd, keys)

    def close(self):
        os.close(self.fd)  # SIGHUP to what still runs in it
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="my steps "))
        self.addCleanup(shutil.rmtree, self.folder)

    def run_step(self, step, *args, status=0, **options):
        run = ROOM.run(*make(f"run-{step}", *args), **options)
        self.assertEqual(run.returncode != 0, status != 0, run.stdout)
        return run.stdout

    def broken(self, stem, old, new, others=()):
        """A folder with a solution in which something is replaced, and others."""
        for name in others:
            shutil.copy(f"solutions/{name}.c", self.folder)
        text = Path(f"solutions/{stem}.c").read_text(encoding="utf-8")
        self.assertIn(old, text)
        (self.folder / f"{stem}.c").write_text(text.replace(old, new, 1), encoding="utf-8")
        return f"STEPS={self.folder}"

    def assert_order(self, text, *patterns):
        at = 0
        for pattern in patterns:
            found = re.compile(pattern, re.M).search(text, at)
            self.assertTrue(found, f"{pattern} is not in, or not after the others:\n{text}")
            at = found.end()

    def assert_gone(self, pid):
        """It ends, if it has not yet: what is killed takes a moment."""
        end = time.monotonic() + WAIT_S
        while os.path.exists(f"/proc/{pid}"):
            self.assertLess(time.monotonic(), end, f"{pid} still runs")
            time.sleep(.01)  # how often to look; what ends it is the state

    def test_the_two_programs_of_an_echo_run_together_and_each_line_is_marked(self):
        text = self.run_step("06", "STEPS=solutions")
        self.assert_order(text, r"^\$ \S+/06_echo_server$",
                          r"^06_echo_server \| listening on 127\.0\.0\.1:4444$",
                          r"^\$ \S+/06_echo_client$")
        for line in (r"^06_echo_server \| Connected by 127\.0\.0\.1:\d+$",
                     r'^06_echo_client \| Received "Hello friend"$',
                     r"^06_echo_server ended with status 0$",
                     r"^06_echo_client ended with status 0$"):
            self.assertRegex(text, re.compile(line, re.M))
        self.assertNotIn("warning", text)

    def test_arguments_go_to_both_ends_and_the_client_calls_the_port_that_was_told(self):
        text = self.run_step("6", "STEPS=solutions", "ARGS=127.0.0.2 0 'Hi you'")
        self.assert_order(text, r"listening on 127\.0\.0\.2:(\d+)",
                          r"06_echo_client 127\.0\.0\.2 \d+ 'Hi you'$", 'Received "Hi you"')

    def test_a_step_with_one_end_runs_alone_and_enter_ends_it(self):
        with ROOM.start(*make("run-03", "STEPS=solutions")) as run:
            while b"press Enter" not in (line := run.stdout.readline()):
                self.assertTrue(line)
            run.stdin.write(b"\n")
            self.assertEqual(run.stdout.read(), b"03_listen ended with status 0\n")

    def test_the_end_of_stdin_ends_what_waits_for_enter(self):
        with ROOM.start(*make("run-04", "STEPS=solutions")) as run:
            while b"05_connect | press Enter" not in (line := run.stdout.readline()):
                self.assertTrue(line)
            text = run.communicate()[0].decode()
        for name in ("04_accept", "05_connect"):
            self.assertIn(f"{name} ended with status 0", text)
        self.assertEqual(run.returncode, 0)

    def test_04_is_called_by_05_and_enter_closes_04_first(self):
        with ROOM.start(*make("run-04", "STEPS=solutions")) as run:
            text = ""
            while text.count("press Enter") < 2:
                text += (line := run.stdout.readline().decode())
                self.assertTrue(line)
            self.assertRegex(text, r"04_accept  ?\| Connected by")
            run.stdin.write(b"\n")
            self.assert_order(run.stdout.read().decode(), "04_accept ended with status 0",
                              "05_connect ended with status 0")

    def test_nc_stands_in_for_an_other_end_whose_gaps_are_open(self):
        shutil.copy("solutions/04_accept.c", self.folder)
        shutil.copy("steps/05_connect.c", self.folder)
        text = self.run_step("04", f"STEPS={self.folder}")
        self.assert_order(text, "05_connect has open gaps: nc stands in",
                          r"^\$ nc -n 127\.0\.0\.1 4444$", "Connected by",
                          "04_accept ended with status 0")

    def test_nc_listens_for_05_while_04_does_not_compile(self):
        shutil.copy("solutions/05_connect.c", self.folder)
        (self.folder / "04_accept.c").write_text("int main(void) { return }\n", encoding="utf-8")
        text = self.run_step("05", f"STEPS={self.folder}")
        self.assert_order(text, "04_accept doesn't compile: nc stands in",
                          r"^\$ nc -n -v -l 127\.0\.0\.1 4444$", "connected to 127.0.0.1:4444",
                          "05_connect ended with status 0")

    def test_open_gaps_say_so_themselves_and_nothing_hangs(self):
        text = self.run_step("06", "STEPS=steps", status=1)
        self.assert_order(text, r"06_echo_server \| TODO\(06\) is open",
                          "06_echo_client was not started: nobody listens")
        self.assert_order(self.run_step("05", "STEPS=steps", status=1),
                          "nc stands in", r"05_connect \| TODO\(05\) is open",
                          "nc is no longer needed")

    def test_a_program_that_does_not_compile_shows_the_compiler_s_words(self):
        steps = self.broken("03_listen", "int main(", "int man(")
        text = self.run_step("03", steps, status=1)
        self.assert_order(text, "undefined reference to `main'", "03_listen doesn't compile")

    def test_a_crash_is_told_in_words(self):
        steps = self.broken("06_echo_server", "int status = echo(conn_fd);",
                            "__builtin_trap(); int status = echo(conn_fd);", ["06_echo_client"])
        text = self.run_step("06", steps, status=1)
        self.assertRegex(text, "06_echo_server was killed by SIG(ILL|TRAP)")
        self.assertRegex(text, "06_echo_client ended with status 1")

    def test_a_program_that_hangs_is_named_and_ends_when_told(self):
        steps = self.broken("06_echo_server", "int listen_fd = listen_on(&addr);",
                            "for (;;) pause(); int listen_fd = listen_on(&addr);",
                            ["06_echo_client"])
        with ROOM.start(*make("run-06", steps)) as run:
            while not (found := re.search(rb"06_echo_server, pid (\d+), waits",
                                          line := run.stdout.readline())):
                self.assertTrue(line)
            parent = Path(f"/proc/{int(found[1])}/stat").read_text(encoding="ascii").split()[3]
            os.kill(int(parent), signal.SIGTERM)
            rest = run.stdout.read()
        self.assertIn(b"06_echo_server was killed by SIGINT", rest)
        self.assertNotEqual(run.returncode, 0)
        self.assert_gone(int(found[1]))

    def test_what_a_program_leaves_behind_is_ended_with_it(self):
        steps = self.broken("01_socket", "int main(int argc, char *argv[])\n{",
                            "int main(int argc, char *argv[])\n{ int left = fork(); if (left == 0)"
                            ' { setsid(); for (;;) pause(); } printf("left %d\\n", left);')
        found = re.search(r"left (\d+)", self.run_step("01", steps))
        self.assertTrue(found)
        self.assert_gone(int(found[1]))

    def test_a_taken_port_is_explained_by_who_has_it(self):
        holder = ROOM.start(f"{room.BUILD}/solutions/03_listen")
        self.addCleanup(holder.communicate)
        while b"press Enter" not in holder.stdout.readline():
            pass
        text = self.run_step("06", "STEPS=solutions", status=1)
        self.assert_order(text, "bind: Address already in use",
                          r"Port 4444 is held by your own earlier run: 03_listen, "
                          rf"pid\s+{holder.pid},",
                          "06_echo_client was not started")
        self.assertIsNone(holder.poll(), "run has ended it")

    def test_make_check_says_who_has_the_port_and_blames_nobody_for_its_own(self):
        steps = self.broken("03_listen", "htons((in_port_t)port)", "htons(4444)")
        check = make("check-03", steps, f"RESULTS={self.folder}/results.json")
        holder = ROOM.start(f"{room.BUILD}/solutions/03_listen")
        self.addCleanup(holder.communicate)
        while b"press Enter" not in holder.stdout.readline():
            pass
        told = rf"In use +Port 4444 is held by your own earlier run: 03_listen, pid\s+{holder.pid},"
        self.assertRegex(ROOM.run(*check).stdout, told)
        self.assertIsNone(holder.poll(), "the check has ended it")
        holder.communicate()
        text = ROOM.run(*check).stdout
        self.assertIn("4444", text)
        self.assertNotIn("is held by", text)

    def test_a_step_that_is_none_is_refused(self):
        self.assertIn("There is no step 09; they are 01 to 08", self.run_step("09", status=1))

    def test_bad_arguments_are_answered_by_the_program_s_usage(self):
        self.assertRegex(self.run_step("06", "STEPS=solutions", "ARGS=nonsense", status=1),
                         r"06_echo_server \| usage: ")

    def test_no_byte_of_a_program_reaches_the_terminal_raw(self):
        steps = self.broken("01_socket", "setvbuf(", 'printf("\\033[2J\\377\\n"); setvbuf(')
        text = self.run_step("01", steps, errors="surrogateescape")
        self.assertIn(r"01_socket | \x1b[2J\xff", text)

    def test_ctrl_c_ends_both_programs_and_leaves_none(self):
        terminal = Terminal(*make("run-04", "STEPS=solutions"))
        pids = []
        try:
            terminal.until(r"05_connect \|.* press Enter")
            for name in ("04_accept", "05_connect"):
                pids.append(int(terminal.until(rf"\({name}, pid (\d+), waits for Enter")[1]))
            terminal.type(b"\x03")
            terminal.until("04_accept was killed by SIGINT")
        finally:
            status = terminal.close()
        self.assertNotEqual(status, 0)
        for pid in pids:
            self.assert_gone(pid)

    def test_ctrl_z_stops_it_look_tells_so_and_fg_goes_on(self):
        terminal = Terminal("bash", "--norc", "--noprofile", "--noediting", "-i")
        try:
            terminal.type(" ".join(make("run-03", "STEPS=solutions")).encode() + b"\n")
            terminal.until(r"press Enter to close\n")
            terminal.type(b"\x1a")
            terminal.until("Stopped")
            terminal.type(" ".join(make("look")).encode() + b"\n")
            terminal.until(r"03_listen, pid \d+,")
            terminal.until("stopped\\s+by\\s+Ctrl-Z")
            terminal.type(b"fg\n")
            terminal.until("make.*run-03.*\n")
            terminal.type(b"\n")
            terminal.until("03_listen ended with status 0")
        finally:
            terminal.close()

    def test_colours_are_for_a_terminal_without_no_color(self):
        command = make("run-07", "STEPS=solutions")
        for extra, coloured in (([], True), (["NO_COLOR=1"], False)):
            terminal = Terminal("env", "-u", "NO_COLOR", *extra, *command)
            try:
                shown = terminal.until(r"[^$]*ended with status 1")[0]
                self.assertEqual("\033[" in shown, coloured)
            finally:
                terminal.close()


if __name__ == "__main__":
    unittest.main()
