# SPDX-License-Identifier: MIT
"""hint, diff, reset, open and list, in a small copy of the kit."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.tools.road import Page, Road, Terminal, fold, plain

BUILD = os.path.abspath(os.environ["BUILD"])
KIT = Path.cwd()
STEMS = ["01_socket", "02_bind", "03_listen", "04_accept", "05_connect",
         "06_echo_server", "06_echo_client", "07_refused", "08_loopback"]


class Tools(unittest.TestCase):
    def setUp(self):
        self.kit = Path(tempfile.mkdtemp(prefix="copy of the kit "))
        self.addCleanup(shutil.rmtree, self.kit)
        for folder in "steps", "solutions", "docs":
            shutil.copytree(KIT / folder, self.kit / folder)
        (self.kit / "tests").mkdir()
        shutil.copy(KIT / "tests/points", self.kit / "tests/points")
        (self.kit / "Makefile").touch()
        self.graded = self.kit / "build/graded/steps"

    def tool(self, what, step, status=0, **env):
        """Run a tool; what it said."""
        clean = {k: v for k, v in os.environ.items()
                 if k not in ("VISUAL", "EDITOR", "DISPLAY", "WAYLAND_DISPLAY", "AGAIN", "FORCE")}
        run = subprocess.run(
            [sys.executable, "-m", "tests.tools.hints", what, step], cwd=self.kit, text=True,
            capture_output=True, check=False, encoding="utf-8", stdin=subprocess.DEVNULL,
            env={**clean, "LC_ALL": "C.UTF-8", "COLUMNS": "80", "PYTHONPATH": str(KIT), "BUILD": "build", **env})
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return " ".join((run.stdout + run.stderr).split())

    def git(self, *args):
        subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@localhost", *args],
                       cwd=self.kit, check=True, capture_output=True)

    def mine(self, stem="02_bind"):
        return self.kit / f"steps/{stem}.c"

    def passes(self, stem):
        """As a check leaves it that everything has passed."""
        self.graded.mkdir(parents=True, exist_ok=True)
        (self.graded / f"{stem}.json").write_text('{"points": 10, "of": 10}')
        shutil.copy(self.mine(stem), self.graded / f"{stem}.c")

    def kept(self):
        return sorted(p.read_text() for p in (self.kit / ".kept").glob("*"))

    # ---- hints

    def test_every_page_has_hints_what_was_learned_and_a_question(self):
        for stem in STEMS:
            page = Page(stem)
            self.assertGreaterEqual(len(page.hints), 4, stem)
            self.assertEqual(page.hints[-1][0], "Nearly all")
            self.assertGreater(len(page.learned), 40, stem)
            self.assertRegex(page.question, r"\?")
            for text in (page.learned, page.question, *(text for _, text in page.hints)):
                shown = "\n".join(plain(text, 76))
                self.assertNotRegex(shown, r"@|`|\*\*|</?[a-z]+>", stem)
                self.assertLessEqual(max(map(len, shown.split("\n"))), 80, stem)

    def test_each_call_shows_one_hint_more_until_there_are_no_more(self):
        page = Page("02_bind")
        for number, (title, _) in enumerate(page.hints, 1):
            said = self.tool("hint", "2")
            self.assertIn(f"hint {number} of {len(page.hints)}: {title}", said)
            self.assertEqual(said.count("02_bind, hint"), 1)
        self.assertIn("There are no more", said)
        said = self.tool("hint", "02")
        self.assertIn("docs/02_bind.md", said)
        self.assertNotIn("02_bind, hint", said)
        self.assertEqual(self.tool("hint", "02", AGAIN="1").count("02_bind, hint"), 5)

    def test_hints_begin_again_when_build_is_deleted(self):
        self.tool("hint", "02")
        self.tool("hint", "02")
        shutil.rmtree(self.kit / "build")
        self.assertIn("hint 1 of", self.tool("hint", "02"))

    def test_the_answers_for_the_instructor_are_no_hints(self):
        for stem in STEMS:
            for _ in Page(stem).hints:
                self.assertNotIn("Answers to the questions", self.tool("hint", stem))
            self.assertNotIn("Answers to the questions", self.tool("hint", stem, AGAIN="1"))

    def test_of_two_programs_of_one_number_it_is_the_one_that_is_not_done(self):
        self.assertIn("06_echo_server, hint 1", self.tool("hint", "6"))
        self.passes("06_echo_server")
        self.assertIn("06_echo_client, hint 1", self.tool("hint", "06"))
        self.assertIn("06_echo_server, hint 2", self.tool("hint", "06_echo_server"))

    def test_a_step_that_there_is_not_is_named(self):
        for name in "9", "00", "bind":
            self.assertIn(f"There is no step {name}", self.tool("hint", name, status=1))

    # ---- diff

    def test_the_solution_is_shown_only_beside_a_program_that_passes_as_it_is(self):
        secret = "getsockname(fd, (struct sockaddr *)&bound"
        self.assertIn("has not been checked", self.tool("diff", "02", status=1))
        self.mine().write_text("/* mine */\n" + (self.kit / "solutions/02_bind.c").read_text())
        self.passes("02_bind")
        said = self.tool("diff", "02")
        self.assertIn("-/* mine */", said)
        (self.graded / "02_bind.json").write_text('{"points": 9, "of": 10}')
        said = self.tool("diff", "02", status=1)
        self.assertIn("does not pass yet", said)
        self.passes("02_bind")
        self.mine().write_text("/* edited */\n")
        said = self.tool("diff", "02", status=1)
        self.assertIn("make check-02 first", said)
        self.assertNotIn(secret, said)
        self.assertIn(secret, self.tool("diff", "02", FORCE="1"))

    def test_a_wide_terminal_shows_them_beside_each_other(self):
        self.mine().write_text("/* mine */\n" + (self.kit / "solutions/02_bind.c").read_text())
        self.passes("02_bind")
        self.assertIn("/* mine */ <", self.tool("diff", "02", COLUMNS="170"))

    def test_without_solutions_there_is_no_difference_to_show(self):
        shutil.rmtree(self.kit / "solutions")
        self.assertIn("no solutions in this copy", self.tool("diff", "02", status=1, FORCE="1"))

    # ---- reset

    def test_reset_keeps_every_version_aside_and_brings_the_starter_of_the_archive(self):
        starter = self.mine().read_text()
        shutil.copytree(self.kit / "steps", self.kit / "tests/starters")
        for mine in "one\n", "two\n", "three\n":  # within one second, too
            self.mine().write_text(mine)
            said = self.tool("reset", "02")
            self.assertEqual((self.kit / said.split("kept: ")[1].split()[0]).read_text(), mine)
            self.assertEqual(self.mine().read_text(), starter)
        self.assertEqual(self.kept(), ["one\n", "three\n", "two\n"])
        self.assertIn("nothing to do", self.tool("reset", "02"))
        self.mine().unlink()
        self.assertIn("is the starter again", self.tool("reset", "02"))
        self.assertEqual(len(self.kept()), 3)

    @unittest.skipUnless(shutil.which("git"), "there is no git")
    def test_reset_takes_the_kits_starter_from_git_and_not_what_a_student_committed(self):
        starter = self.mine().read_text()
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-qm", "the kit")
        self.mine().write_text("mine, and committed\n")
        self.git("commit", "-qam", "step 2")
        (self.kit / "docs/notes.md").write_text("mine, too\n")
        self.git("add", "-A")
        self.git("commit", "-qm", "notes")
        self.tool("reset", "02")
        self.assertEqual(self.mine().read_text(), starter)
        self.assertEqual(self.kept(), ["mine, and committed\n"])

    def test_where_there_is_no_starter_reset_says_so_and_touches_nothing(self):
        self.mine().write_text("mine\n")
        said = self.tool("reset", "02", status=1, GIT_CEILING_DIRECTORIES=str(self.kit.parent))
        self.assertIn("not to be had here", said)
        self.assertEqual(self.mine().read_text(), "mine\n")

    def test_what_cannot_be_kept_is_not_overwritten(self):
        shutil.copytree(self.kit / "steps", self.kit / "tests/starters")
        (self.kit / ".kept").touch()  # a file where the folder should be
        self.mine().write_text("mine\n")
        self.assertIn(".kept", self.tool("reset", "02", status=1))
        self.assertEqual(self.mine().read_text(), "mine\n")

    # ---- open

    def editor(self, name):
        """A program that writes down with what it was called."""
        script = self.kit / name
        script.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name}" "$@" >>"{self.kit}/opened"\n')
        script.chmod(0o755)
        return script

    def opened(self):
        return (self.kit / "opened").read_text().split("\n")[:-1]

    def test_the_program_is_opened_in_the_editor_of_the_user(self):
        self.editor("an-editor")
        path = f"{self.kit}:{os.environ['PATH']}"
        self.tool("open", "02", VISUAL="an-editor -w", EDITOR="ed", PATH=path)
        self.assertEqual(self.opened(), ["an-editor", "-w", "steps/02_bind.c"])

    def test_without_an_editor_it_says_what_to_set(self):
        said = self.tool("open", "02", status=1)
        self.assertIn("EDITOR=nano make open-02", said)
        self.assertIn("docs/02_bind.md", said)
        self.assertIn("no program nonsense", self.tool("open", "02", status=1, EDITOR="nonsense"))

    def test_the_page_of_the_handbook_is_opened_in_a_browser(self):
        page = self.kit / "build/docs/html/step_02_bind.html"
        page.parent.mkdir(parents=True)
        page.touch()
        said = self.tool("open", "02", EDITOR="true", PATH="/usr/bin:/bin")
        if not shutil.which("wslview"):
            self.assertIn(page.as_uri(), said)
        os.mkfifo(self.kit / "opened")  # it is opened beside us: wait until it is
        self.editor("wslview")
        self.tool("open", "02", EDITOR="true", PATH=f"{self.kit}:{os.environ['PATH']}")
        self.assertEqual(self.opened(), ["wslview", str(page)])

    # ---- list

    def test_the_list_tells_what_was_edited_and_what_is_missing(self):
        shutil.copy(KIT / "solutions/01_socket.c", self.mine("01_socket"))
        make = ["make", "--no-print-directory", f"STEPS={self.kit}/steps",
                f"BUILD={os.environ['BUILD']}"]
        subprocess.run([*make, "check-01"], check=True, capture_output=True, cwd=KIT)
        self.mine().unlink()

        def listed():
            return subprocess.run([*make, "list"], check=True, capture_output=True, cwd=KIT,
                                  env={**os.environ, "LC_ALL": "C.UTF-8"}, text=True,
                                  encoding="utf-8").stdout
        said = listed()
        self.assertRegex(said, r"✔ 01_socket +6 of 6")
        self.assertRegex(said, r"02_bind .* there is no such file")
        self.assertRegex(said, r"03_listen .* not checked yet")
        self.assertIn("6 of 100 points. Next: ", said)
        with open(self.mine("01_socket"), "a", encoding="utf-8") as file:
            file.write("// more\n")
        self.assertRegex(listed(), r"○ 01_socket .* edited since it was checked")

    # ---- the screen

    def test_a_line_is_folded_between_words_and_keeps_its_colour(self):
        self.assertEqual(fold("one two three", 9), ["one two", "three"])
        self.assertEqual(fold("abcdefghij", 4), ["abcd", "efgh", "ij"])
        self.assertEqual(fold("\033[1mabcdef\033[0m", 4),
                         ["\033[1mabcd\033[0m", "\033[1mef\033[0m"])

    def test_points_and_road_are_those_of_the_check(self):
        road = Road(str(self.kit / "steps"), self.graded)
        self.assertEqual(road.stems, STEMS)
        self.assertEqual(sum(road.worth.values()), 100)
        self.assertEqual(road.next(), STEMS[0])
        self.passes(STEMS[0])
        self.assertEqual(road.next(), STEMS[1])

    def test_signs_have_a_form_in_ascii(self):
        terminal = Terminal()
        terminal.utf8 = False
        for page in map(Page, STEMS):
            for text in (page.title, page.learned, page.question, *(t for _, t in page.hints)):
                self.assertNotIn(b"??", terminal.encode(text))
                self.assertEqual(text.count("?"), terminal.encode(text).count(b"?"), text)


if __name__ == "__main__":
    unittest.main()
