# SPDX-License-Identifier: MIT
"""`make watch` in a real terminal: save, see, key by key. The student works in a
folder of its own, with the kit's starters."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from tests.tools.terminal import DEADLINE_S, Pty

BUILD = os.environ["BUILD"]
SWAPPED = ("htons((in_port_t)port)", "(in_port_t)port")


def children(pid):
    """The names of all that this process has started, by their pids."""
    found, parents = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = re.match(r"\d+ \((.*)\) . (\d+)", path.read_text()).groups()
        except (OSError, AttributeError):
            continue
        parents.setdefault(int(rest), []).append((int(path.parent.name), name))
    todo = [pid]
    while todo:
        for child, name in parents.get(todo.pop(), []):
            found[child] = name
            todo.append(child)
    return found


def until(condition):
    """Wait for something that is not on the screen."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        os.sched_yield()


class Watch(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="watch of a student ")
        self.addCleanup(shutil.rmtree, self.folder)
        for source in Path("steps").glob("*.c"):
            shutil.copy(source, self.folder)

    def graded(self):
        """Where the checks of this folder leave what they make."""
        return next(Path(BUILD, "graded", link.name) for link in Path(BUILD, "folders").iterdir()
                    if os.path.realpath(link) == os.path.realpath(self.folder))

    def programs(self):
        """The student's programs that run now, whoever is their parent."""
        running = []
        for link in Path("/proc").glob("[0-9]*/exe"):
            try:
                running.append(os.readlink(link))
            except OSError:
                continue
        return [exe for exe in running if f"/graded/{self.graded().name}/" in exe]

    def terminal(self, command, **options):
        terminal = Pty(command, **options)
        self.addCleanup(terminal.close)
        return terminal

    def watch(self, *variables, target="watch", **options):
        return self.terminal(["make", target, f"STEPS={self.folder}", f"BUILD={BUILD}",
                              *variables], **options)

    def path(self, stem):
        return Path(self.folder, f"{stem}.c")

    def save(self, stem, text):
        """As many editors do: the file is made empty and written."""
        self.path(stem).write_text(text, encoding="utf-8")

    def save_by_rename(self, stem, text):
        """As the others do: a new file takes the name."""
        beside = Path(self.folder, ".new")
        beside.write_text(text, encoding="utf-8")
        beside.rename(self.path(stem))

    @staticmethod
    def solution(stem, *mistake):
        text = Path(f"solutions/{stem}.c").read_text(encoding="utf-8")
        if mistake:
            assert mistake[0] in text
            text = text.replace(*mistake)
        return text

    def test_each_save_is_checked_and_a_step_that_is_done_leads_to_the_next(self):
        w = self.watch()
        w.until("Step 1 ", "✘ makes a tcp socket", "3 gaps open", "Read docs/01_socket.md",
                f"Write next: {self.folder}/01_socket.c, line 43", "0 of 100 points")
        w.type("n")
        w.until("n goes on when this step is done")
        self.save("01_socket", self.solution("01_socket", "close(fd)", "(void)fd"))
        w.until("checked at", "close", gone=["TODO(01)"])
        self.save_by_rename("01_socket", self.solution("01_socket"))
        w.until("01_socket is done: 6 points", "6 of 100 points", "Learned", "Think",
                "n goes on: Step 2", gone=["✘"])
        w.type("n")
        w.until("✔1 ▸2", "Step 2 ", "✘ binds to the port", "TODO(02) is open")
        w.type("q")
        self.assertEqual(w.ended(), 0)
        self.assertIn("6 of 100 points. make watch goes on with 02_bind.", w.screen())
        self.assertEqual(w.attributes(), w.before)

    def test_the_keys_do_what_the_targets_of_make_do(self):
        w = self.watch()
        w.until("✘ makes a tcp socket")
        w.type("h")
        w.until("hint 1 of 5: Where to begin")
        w.type("h")
        w.until("hint 2 of 5", gone=["hint 1"])
        w.type("\033")
        w.until("✘ makes a tcp socket", gone=["Where to begin"])
        w.type("h")
        w.until("hint 1 of 5", "hint 2 of 5")
        w.type("d")
        w.until("does not pass yet")
        w.type("l")
        w.until("01_socket 0 of 6", "08_loopback 0 of 8 not checked yet")
        w.type("?")
        w.until("the next screenful")
        w.type("r")
        w.until("✘ makes a tcp socket", "checked at", gone=["screenful"])
        w.type("\033[A\033[B")  # arrows are no keys of ours
        self.save("01_socket", self.solution("01_socket") + "// mine\n")
        w.until("01_socket is done")
        w.type("d")
        w.until("// mine", "solutions/01_socket.c")
        w.type("t")
        w.until("socket() = 3", "ended with status 0", "build/trace/", gone=["// mine"])

    def test_what_is_longer_than_the_screen_is_read_with_space(self):
        w = self.watch(rows=12)
        w.until("✘ makes a tcp socket", "more lines: space")
        w.type(" ")
        w.until("Likely", gone=["✘"])
        while "beginning again" not in w.until("space"):
            w.raw = b""
            w.type(" ")
        w.type(" ")
        w.until("✘ makes a tcp socket")

    def test_a_program_that_does_not_compile_shows_what_the_compiler_says(self):
        w = self.watch()
        w.until("✘ makes a tcp socket")
        self.save("01_socket", "int main(void) { return nonsense; }\n")
        w.until("It does not compile", f"{self.folder}/01_socket.c:1:", "nonsense")

    def test_a_file_that_is_deleted_is_missed_and_can_come_back(self):
        w = self.watch()
        w.until("✘ makes a tcp socket")
        self.path("01_socket").unlink()
        w.until("There is no file", "make reset-01 STEPS=")
        subprocess.run(["make", "reset-01", f"STEPS={self.folder}", f"BUILD={BUILD}"], check=True,
                       capture_output=True)
        w.until("✘ makes a tcp socket", gone=["There is no file"])

    def test_another_steps_program_is_gone_to_when_it_is_saved(self):
        w = self.watch()
        w.until("Step 1 ")
        self.save("02_bind", self.solution("02_bind", *SWAPPED))
        w.until("Step 2 ", "✘ binds to the port", "bytes of the port are swapped")

    def test_what_is_known_is_shown_while_a_slow_test_is_still_at_work(self):
        w = self.watch()
        w.until("✘ makes a tcp socket")
        self.save("07_refused", self.solution("07_refused"))
        w.until("Step 7 ", "Still at work: ")
        w.until("07_refused is done")

    def test_a_save_during_a_check_ends_it_and_is_what_the_verdict_is_about(self):
        w = self.watch()
        w.until("✘ makes a tcp socket")
        lived = Path(self.folder, "lived")
        self.save("01_socket", "#include <fcntl.h>\n#include <time.h>\nint main(void)\n{\n"
                  "    struct timespec nap = {0, 100000000};\n"
                  "    for (int i = 0; i < 80; i++)\n        nanosleep(&nap, 0);\n"
                  f'    return creat("{lived}", 0600) == -1;\n}}\n')
        w.until("0 of 10 tests pass. Still at work:")
        self.save("01_socket", Path("steps/01_socket.c").read_text(encoding="utf-8"))
        w.until("TODO(01) is open", "checked at")
        until(lambda: not self.programs())
        self.assertFalse(lived.exists(), "the check was not ended, but awaited")

    def test_many_saves_in_a_row_leave_one_verdict_and_nothing_else(self):
        w = self.watch()
        w.until("✘ makes a tcp socket")
        for turn in range(12):
            self.save("01_socket", self.solution("01_socket", "close(fd)", "(void)fd")
                      + f"// {turn}\n")
            w.until("checking")
        self.save("01_socket", self.solution("01_socket"))
        w.until("01_socket is done")
        self.assertEqual(sorted(p.name for p in self.graded().iterdir()),
                         [f"01_socket.{end}" for end in ("c", "checked", "json", "log", "plain")]
                         + ["results.json"])

    def test_two_watches_of_one_folder_see_the_same(self):
        one, other = self.watch(), self.watch()
        one.until("✘ makes a tcp socket")
        other.until("✘ makes a tcp socket")
        self.save("01_socket", self.solution("01_socket"))
        one.until("01_socket is done")
        other.until("01_socket is done")
        one.type("q")
        self.assertEqual(one.ended(), 0)
        self.save("01_socket", "nonsense\n")
        other.until("It does not compile")

    def test_without_inotify_the_files_are_looked_at(self):
        tools = Path(self.folder, "tools")
        tools.mkdir()
        for tool in Path("/usr/bin").iterdir():
            if tool.name != "inotifywait":
                (tools / tool.name).symlink_to(tool)
        windows = Path(self.folder, "windows")  # one of its drives in WSL
        windows.mkdir()
        (windows / "stat").write_text("#!/bin/sh\necho v9fs\n")
        (windows / "stat").chmod(0o755)
        for how in ({"PATH": str(tools)}, {"POLL": "1"},
                    {"PATH": f"{windows}:{os.environ['PATH']}"}):
            self.save("01_socket", Path("steps/01_socket.c").read_text(encoding="utf-8"))
            w = self.watch(**how)
            w.until("✘ makes a tcp socket")
            self.assertNotIn("inotifywait", children(w.process.pid).values())
            self.save("01_socket", self.solution("01_socket"))
            w.until("01_socket is done")

    def test_every_way_out_leaves_the_terminal_as_it_was(self):
        for way in "\x03", signal.SIGTERM, signal.SIGHUP, signal.SIGKILL:
            w = self.watch()
            w.until("✘ makes a tcp socket")
            self.assertNotEqual(w.attributes(), w.before)
            started = children(w.process.pid)
            python = next(pid for pid, name in started.items() if name.startswith("python"))
            if way == "\x03":
                w.type(way)
            else:
                os.kill(python, way)
            w.ended()
            if way != signal.SIGKILL:  # nobody can do anything about that one
                self.assertEqual(w.attributes(), w.before)
                self.assertIn(b"\033[?1049l", w.raw)
            until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))

    def test_it_ends_with_its_terminal(self):
        w = self.watch()
        w.until("✘ makes a tcp socket")
        started = children(w.process.pid)
        w.hang_up()
        w.process.wait(DEADLINE_S)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))

    def test_ctrl_z_stops_it_and_fg_goes_on(self):
        w = self.terminal(["bash", "--norc", "--noprofile", "-i"], PS1="ready> ",
                          HISTFILE="/dev/null")
        w.until("ready>")
        w.type(f"make watch STEPS='{self.folder}' BUILD={BUILD}\n")
        w.until("✘ makes a tcp socket")
        ours = w.attributes()
        w.type("\x1a")
        w.until("Stopped", "ready>")
        self.assertNotEqual(w.attributes(), ours)
        w.type("fg\n")
        w.until("✘ makes a tcp socket", "q quit")
        self.save("01_socket", self.solution("01_socket"))
        w.until("01_socket is done")
        w.type("q")
        w.until("make watch goes on with 02_bind", "ready>")
        w.type("exit\n")
        w.ended()

    def test_a_terminal_of_any_size_will_do(self):
        w = self.watch()
        w.until("✘ makes a tcp socket")
        for columns, rows in (40, 12), (10, 3), (1, 1), (200, 60):
            w.raw = b""
            w.resize(columns, rows)
            w.until("space" if rows < 20 else "Step 1 ")
        w.type("q")
        self.assertEqual(w.ended(), 0)

    def test_in_a_locale_without_utf_8_all_is_ascii(self):
        w = self.watch(LC_ALL="C", NO_COLOR="1")
        w.until("X makes a tcp socket")
        self.save("01_socket", self.solution("01_socket"))
        w.until("01_socket is done", "ok1")
        w.type("dl?h")
        w.until("hint 1 of 5")
        w.type("q")
        w.ended()
        w.raw.decode("ascii")
        self.assertNotRegex(w.raw, rb"\033\[[0-9;]*m")

    def test_what_a_program_prints_is_not_obeyed_by_the_terminal(self):
        w = self.watch()
        w.until("✘ makes a tcp socket")
        self.save("01_socket", '#include <stdio.h>\nint main(void) '
                  '{ puts("fd \\033]0;owned\\007\\033[2J"); return 0; }\n')
        w.until("✘", "owned")
        self.assertNotIn(b"\033]0;", w.raw)

    def test_where_there_is_no_terminal_it_says_so(self):
        for how in {"stdin": subprocess.DEVNULL}, {"stdin": subprocess.PIPE}:
            run = subprocess.run(["make", "watch", f"STEPS={self.folder}", f"BUILD={BUILD}"],
                                 capture_output=True, text=True, check=False, **how)
            self.assertEqual(run.returncode, 2)
            self.assertIn("make watch wants a terminal", run.stderr)

    def test_a_check_that_is_cut_off_leaves_no_verdict_on_what_the_file_said_before(self):
        def make(target):
            return subprocess.run(["make", target, f"STEPS={self.folder}", f"BUILD={BUILD}"],
                                  capture_output=True, text=True, check=True).stdout
        self.save("01_socket", self.solution("01_socket"))
        make("check-01")
        self.assertRegex(make("list"), r"01_socket +6 of 6")
        self.save("01_socket", self.solution("01_socket", "return 0;", "return 9;"))
        make(self.graded() / "01_socket.log")  # so far had it come
        self.assertRegex(make("list"), r"01_socket +0 of 6 +not checked yet")

    def test_next_says_once_what_to_do_and_finds_lost_verdicts_again(self):
        def following():
            run = subprocess.run(["make", "next", f"STEPS={self.folder}", f"BUILD={BUILD}"],
                                 capture_output=True, text=True, check=True,
                                 env=dict(os.environ, LC_ALL="C.UTF-8"))
            return " ".join(run.stdout.split())
        self.save("01_socket", self.solution("01_socket"))
        self.save("02_bind", self.solution("02_bind"))
        said = following()
        self.assertIn("✔1 ✔2 ▸3", said)
        self.assertIn("TODO(03) is open", said)
        for stem in sorted(p.stem for p in Path("solutions").glob("*.c")):
            self.save(stem, self.solution(stem))
        said = following()
        self.assertIn("100 of 100 points", said)
        self.assertIn("You have written TCP, both ends", said)
        w = self.watch()
        w.until("08_loopback is done")
        w.type("n")
        w.until("what you know now", "A number: socket", "An address: bind")
        w.type("q")
        w.ended()
        self.assertIn("100 of 100 points. All is done.", w.screen())


if __name__ == "__main__":
    unittest.main()
