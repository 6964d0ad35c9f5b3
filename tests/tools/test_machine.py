# SPDX-License-Identifier: MIT
"""Tests of what stands in tests/tools: make selftest-tools ONLY=machine."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

BUILD = os.environ.get("BUILD", "build")
HERE = Path("tests/tools")
LIMIT_S = 120
STUDENT = 47110  # an ordinary user; not nobody, whom other tests use and whose processes they end
NETWORK = ["unshare", "-Urn"]
QUIET = {**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "MAKEFLAGS": "", "MAKELEVEL": "0"}


def run(*words, **options):
    options.setdefault("env", QUIET)
    return subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          errors="replace",
                          timeout=LIMIT_S, check=False, **{"stdin": subprocess.DEVNULL, **options})


def make(*words, **options):
    return run("make", "--no-print-directory", *words, **options)


def needs(*programs):
    absent = [name for name in programs if not shutil.which(name)]
    return unittest.skipIf(absent, f"not here: {', '.join(absent)}")


def needs_namespace():
    return unittest.skipUnless(run(*NETWORK, "ip", "link", "set", "lo", "up").returncode == 0,
                               "this machine allows no namespaces")


class WithFolder(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def script(self, name, text):
        """A program in a bin/ of this test's own."""
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def only(self, *names):
        """A PATH with these programs and the scripts of this test."""
        path = self.folder / "bin"
        path.mkdir(exist_ok=True)
        for name in names:
            if shutil.which(name) and not (path / name).exists():
                (path / name).symlink_to(shutil.which(name))
        return {**QUIET, "PATH": str(path)}


# ------------------------------------------------------------------ make setup


class Setup(WithFolder):
    SYSTEMS = {"dnf": (2, "rpm", "install -y"), "pacman": (3, "pacman", "-S --needed --noconfirm"),
               "apk": (4, "apk", "add")}
    BASE = ("sh", "awk", "dirname", "tail", "env")

    @staticmethod
    def table():
        return [line.split()
                for line in (HERE / "packages").read_text(encoding="utf-8").splitlines()
                if line and not line.startswith("#")]

    def names(self, command, column):
        return [name for row in self.table() if row[0] == command and row[column] != "-"
                for name in row[column].split(",")]

    def setup_with(self, manager, installed, uid=0, works=True):
        """Run setup where only this manager is there; what it was asked to do."""
        said = self.folder / "said"
        said.write_text("")
        query = self.SYSTEMS[manager][1]
        asks = {"rpm": "-q", "pacman": "-Q", "apk": "info"}[query]
        answer = f'[ "$1" = {asks} ] && exit {0 if installed else 1}\n'
        self.script(query, answer)
        self.script(manager, (answer if query == manager else "") +
                    f'echo "$0 $*" >>{said}\nexit {0 if works else 1}\n')
        self.script("id", f"echo {uid}\n")
        self.script("sudo", f'echo "sudo $*" >>{said}\nshift\nexec "$@"\n')
        done = run("sh", HERE / "setup.sh", "setup", self.folder, env=self.only(*self.BASE))
        return done, said.read_text()

    def test_each_row_of_the_table_has_five_columns_and_stands_once(self):
        self.assertEqual([row for row in self.table() if len(row) != 5], [])
        rows = [tuple(row[:2]) for row in self.table()]
        self.assertEqual(len(rows), len(set(rows)))

    def test_each_set_up_command_of_the_makefile_has_rows(self):
        asked = set(re.findall(r"setup\.sh (setup[\w-]*)",
                               Path("Makefile").read_text(encoding="utf-8")))
        self.assertEqual(asked, {row[0] for row in self.table()})

    def test_asks_each_system_for_its_own_names(self):
        for manager, (column, _, how) in self.SYSTEMS.items():
            with self.subTest(manager):
                done, said = self.setup_with(manager, installed=False)
                want = [name for name in self.names("setup", column)
                        if not shutil.which(name, path=str(self.folder / "bin"))]
                self.assertEqual(said.split("/")[-1].strip(), f"{manager} {how} {' '.join(want)}")
                self.assertEqual(done.returncode, 0, done.stdout)
                shutil.rmtree(self.folder / "bin")

    def test_says_what_a_system_has_no_package_of(self):
        done, _ = self.setup_with("apk", installed=False)
        self.assertIn("no package of: libcriterion-dev", done.stdout)
        self.assertIn("docs/machines.md", done.stdout)

    def test_installs_nothing_where_nothing_is_missing(self):
        for manager in self.SYSTEMS:
            with self.subTest(manager):
                done, said = self.setup_with(manager, installed=True)
                self.assertEqual((said, done.returncode), ("", 0))
                self.assertIn("Nothing is missing", done.stdout)

    def test_an_ordinary_user_installs_by_sudo_without_a_password(self):
        _, said = self.setup_with("dnf", installed=False, uid=1000)
        self.assertIn("sudo -n dnf install", said)

    def test_says_what_to_type_where_installing_fails(self):
        done, _ = self.setup_with("dnf", installed=False, works=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Run as root: dnf install -y gcc", done.stdout)

    def test_names_debians_packages_on_an_unknown_system(self):
        done = run("sh", HERE / "setup.sh", "setup", self.folder, env=self.only(*self.BASE, "id"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("libcriterion-dev", done.stdout)


# ----------------------------------------------------------------- make doctor


class Doctor(WithFolder):
    def doctor(self, *before, steps="steps", build=None, cc="cc", env=None):
        return run(*before, sys.executable, "-m", "tests.tools.doctor", build or self.folder / "build",
                   steps, cc, "v1",
                   env={**(env or QUIET), "PYTHONCOERCECLOCALE": "0"})

    def test_a_machine_that_can_grade_is_good_enough(self):
        done = self.doctor()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("✔ compiler", done.stdout)
        self.assertIn("You can work.", done.stdout)

    def test_fits_into_80_columns_of_ascii(self):
        done = self.doctor(env={**QUIET, "LC_ALL": "C"})
        self.assertTrue(done.stdout.isascii())
        self.assertEqual([line for line in done.stdout.splitlines() if len(line) > 80], [])

    def test_a_missing_compiler_is_to_be_mended(self):
        done = self.doctor(cc="no-such-compiler")
        self.assertEqual(done.returncode, 1)
        self.assertIn("✘ compiler     there is no no-such-compiler", done.stdout)

    def test_a_compiler_without_sanitizers_is_to_be_mended(self):
        cc = self.script("cc", 'case "$*" in *-fsanitize*) echo "cannot find -lasan" >&2; exit 1;; '
                         'esac; exec gcc "$@"\n')
        done = self.doctor(cc=str(cc))
        self.assertEqual(done.returncode, 1)
        self.assertIn("without AddressSanitizer", done.stdout)
        self.assertIn("cannot find -lasan", done.stdout)

    def test_a_missing_library_is_to_be_mended(self):
        cc = self.script("cc", 'case "$*" in *-lcriterion*) exit 1;; esac; exec gcc "$@"\n')
        done = self.doctor(cc=str(cc))
        self.assertEqual(done.returncode, 1)
        self.assertIn("✘ Criterion", done.stdout)
        self.assertIn("✔ Jansson", done.stdout)

    def test_missing_tools_cost_no_more_than_they_do(self):
        done = self.doctor(env=self.only("cc", "as", "ld", "unshare", "ip", "git", "stat"))
        self.assertEqual(done.returncode, 0, done.stdout)
        for what in ("gdb", "looking", "nc", "doxygen"):
            self.assertRegex(done.stdout, rf"○ {what} +not here")

    def test_a_missing_step_is_named(self):
        shutil.copytree("steps", self.folder / "mine")
        (self.folder / "mine/02_bind.c").unlink()
        done = self.doctor(steps=self.folder / "mine")
        self.assertEqual(done.returncode, 1)
        self.assertIn("02_bind", done.stdout)
        self.assertIn("make reset-02_bind", done.stdout)

    def test_a_file_from_the_future_is_named(self):
        shutil.copytree("steps", self.folder / "mine")
        os.utime(self.folder / "mine/05_connect.c", (time.time() + 9000,) * 2)
        done = self.doctor(steps=self.folder / "mine")
        self.assertRegex(done.stdout, r"○ clock .*05_connect\.c")

    def test_a_build_folder_that_cannot_be_written_to_is_to_be_mended(self):
        (self.folder / "file").write_text("")
        done = self.doctor(build=self.folder / "file/build")
        self.assertEqual(done.returncode, 1)
        self.assertIn("✘ build", done.stdout)

    @needs_namespace()
    def test_a_network_without_loopback_is_to_be_mended(self):
        done = self.doctor(*NETWORK)
        self.assertEqual(done.returncode, 1)
        self.assertIn("✘ loopback", done.stdout)
        self.assertIn("ip link set lo up", done.stdout)

    @needs_namespace()
    def test_sees_that_there_is_no_ipv6(self):
        done = self.doctor(*NETWORK, "sh", "-c", 'ip link set lo up && '
                           'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 && exec "$@"', "-")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("○ IPv6", done.stdout)

    @needs_namespace()
    def test_sees_that_namespaces_are_not_allowed(self):
        done = self.doctor("unshare", "-Ur", "sh", "-c", 'for kind in user net; do '
                           'echo 0 >/proc/sys/user/max_${kind}_namespaces; done; exec "$@"', "-")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"○ namespaces +not allowed")

    @needs_namespace()
    @needs("ss")
    def test_says_who_has_the_port_of_the_lab(self):
        holds = "import socket, subprocess, sys; s = socket.create_server(('127.0.0.1', 4444)); " \
                "sys.exit(subprocess.run(sys.argv[1:]).returncode)"
        done = self.doctor(*NETWORK, "sh", "-c", 'ip link set lo up && exec "$@"', "-",
                           sys.executable, "-c", holds)
        self.assertRegex(done.stdout,
                         r"○ port 4444 +Address already in use: python3[.\d]*, pid \d+, has it")


# --------------------------------------------------------------------- editors


class Editors(WithFolder):
    def steps(self, **changes):
        """A folder of steps: starters, but for what is given as 02_bind="text"."""
        mine = self.folder / "mine"
        shutil.copytree("steps", mine)
        for stem, text in changes.items():
            (mine / f"{stem[1:]}.c").write_text(text, encoding="utf-8")
        return mine

    def problems(self, step, mine):
        done = make(f"problems-{step}", f"STEPS={mine}", f"BUILD={BUILD}",
                    f"RESULTS={self.folder}/results.json")
        found = [re.match(r"(\S.*?):(\d+)(?::\d+)?: error: (.*)", line)
                 for line in done.stdout.splitlines()]
        return done.returncode, [match.groups() for match in found if match]

    @staticmethod
    def line(path, words):
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        return str(next(i for i, line in enumerate(lines, 1) if words in line))

    def test_an_open_gap_is_found_at_its_comment(self):
        mine = self.steps()
        status, found = self.problems("02", mine)
        self.assertNotEqual(status, 0)
        path = f"{mine}/02_bind.c"
        self.assertEqual([match[:2] for match in found],
                         [(path, self.line(path, "/* TODO(02): a stream socket"))])
        self.assertTrue(found[0][2].startswith("TODO(02) is open: make the socket"), found)

    def test_a_mistake_is_found_at_the_call_that_it_is_about(self):
        good = Path("solutions/02_bind.c").read_text(encoding="utf-8")
        mine = self.steps(_02_bind=good.replace("htons((in_port_t)port)", "(in_port_t)port"))
        status, found = self.problems("02", mine)
        self.assertNotEqual(status, 0)
        self.assertEqual(found[0][:2],
                         (f"{mine}/02_bind.c", self.line(mine / "02_bind.c", "bind(fd,")))
        self.assertIn("htons", found[0][2])

    def test_a_program_that_does_not_compile_is_found_where_the_compiler_says(self):
        mine = self.steps(_01_socket="int main(void)\n{\n    return nothing;\n}\n")
        _, found = self.problems("01", mine)
        self.assertEqual(found[0][:2], (f"{mine}/01_socket.c", "3"))
        self.assertIn("nothing", found[0][2])

    def test_a_missing_file_is_said(self):
        mine = self.steps()
        (mine / "01_socket.c").unlink()
        self.assertEqual(self.problems("01", mine)[1],
                         [(f"{mine}/01_socket.c", "1", "there is no such file")])

    def test_a_step_that_there_is_not_has_no_problems_from_before(self):
        mine = self.steps()
        self.problems("01", mine)
        status, found = self.problems("99", mine)
        self.assertNotEqual(status, 0)
        self.assertEqual(found, [])

    def test_a_right_program_has_no_problem(self):
        mine = self.steps(_01_socket=Path("solutions/01_socket.c").read_text(encoding="utf-8"))
        self.assertEqual(self.problems("01", mine), (0, []))

    def test_the_files_of_vs_code_fit_together_and_to_the_makefile(self):
        tasks = json.loads(Path(".vscode/tasks.json").read_text(encoding="utf-8"))["tasks"]
        launch = json.loads(Path(".vscode/launch.json").read_text(encoding="utf-8"))
        launch = launch["configurations"][0]
        self.assertIn(launch["preLaunchTask"], [task["label"] for task in tasks])
        self.assertTrue(os.access(launch["miDebuggerPath"].replace("${workspaceFolder}", "."),
                                  os.X_OK))
        targets = re.findall(r"^([\w%-]+):.*##", Path("Makefile").read_text(encoding="utf-8"), re.M)
        for task in tasks:
            for target in task.get("args", []):
                if target == "watch" and not Path("tests/tools").is_dir():
                    continue  # it comes with that folder
                self.assertIn(target.replace("${fileBasenameNoExtension}", "%"), targets)
        matcher = next(task["problemMatcher"]["pattern"] for task in tasks
                       if task["label"] == "Check this step")
        line = "steps/02_bind.c:45: error: TODO(02) is open: bind descriptor 3"
        match = re.match(matcher["regexp"], line)
        self.assertEqual([match[matcher[part]] for part in ("file", "line", "severity", "message")],
                         ["steps/02_bind.c", "45", "error", "TODO(02) is open: bind descriptor 3"])
        self.assertIsNone(re.match(matcher["regexp"],
                                   "    steps/02_bind.c:61:5: error: as the report has it"))

    def test_the_devcontainer_builds_the_containerfile_that_is_there(self):
        device = json.loads(Path(".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
        text = Path(".devcontainer", device["build"]["dockerfile"]).read_text(encoding="utf-8")
        self.assertIn(f"useradd --create-home --uid 1000 --shell /bin/bash {device['remoteUser']}",
                      text)
        for name in re.search(r"^COPY (.*) /opt", text, re.M)[1].split():
            self.assertTrue(Path(name).is_file(), name)

    def test_the_compilation_database_has_every_program(self):
        make("programs", f"BUILD={BUILD}")
        entries = json.loads(Path(BUILD, "compile_commands.json").read_text(encoding="utf-8"))
        files = {entry["file"] for entry in entries}
        self.assertLessEqual({str(path)
                              for path in (*Path("steps").glob("*.c"),
                                           *Path("tests/lab").glob("*.c"))}, files)
        self.assertEqual({entry["directory"] for entry in entries}, {os.getcwd()})

    @needs("clangd")
    def test_clangd_finds_no_error_in_a_header_of_the_lab(self):
        make("programs", f"BUILD={BUILD}")
        done = run("clangd", f"--compile-commands-dir={BUILD}", "--check=tests/lab/lab.h")
        self.assertIn("All checks completed, 0 errors", done.stdout + done.stderr)


# ------------------------------------------------------------------ make debug


@needs("gdb")
class Debug(WithFolder):
    def test_a_server_is_called_by_a_peer(self):
        done = make("debug-06", "STEPS=solutions", f"BUILD={BUILD}", "ARGS=127.0.0.1 0",
                    "GDBFLAGS=-batch -ex continue")
        self.assertIn("Breakpoint 1, main", done.stdout)
        self.assertIn("Connected by 127.0.0.1:", done.stdout)
        self.assertIn("exited normally", done.stdout)
        self.assertIn("peer: sent 'Hello friend'", done.stderr)

    @needs_namespace()
    def test_a_client_finds_a_peer(self):
        make("programs", "STEPS=solutions", f"BUILD={BUILD}")
        done = run(*NETWORK, "sh", "-c", 'ip link set lo up && exec "$@"', "-", "make",
                   "debug-06_echo_client",
                   "STEPS=solutions", f"BUILD={BUILD}", "GDBFLAGS=-batch -ex continue")
        self.assertIn('Received "Hello friend"', done.stdout)
        self.assertIn("peer: sent 12 bytes back", done.stderr)

    def test_an_editor_gets_nothing_but_what_gdb_says(self):
        done = run(HERE / "debug.sh", "--peer=04_accept", "-q", "-nx", "--interpreter=mi",
                   input="-gdb-exit\n",
                   stdin=None)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("^exit", done.stdout)

    def test_a_missing_gdb_is_said(self):
        done = run(sys.executable, "-m", "tests.tools.debug", "--peer=04_accept", env=self.only("sh"))
        self.assertEqual((done.returncode, done.stderr), (1, "gdb is missing; run: make setup\n"))

    def test_a_step_that_there_is_not_is_said(self):
        done = make("debug-09", f"BUILD={BUILD}")
        self.assertEqual(done.returncode, 2)
        self.assertIn("There is no step 09. There are: 01_socket", done.stderr)


# -------------------------------------------------------- make student-archive


@needs("git")
class Archive(WithFolder):
    def archive(self, folder="."):
        done = make("student-archive", f"BUILD={self.folder}/build", cwd=folder)
        found = list(self.folder.glob("build/*.tar.gz"))
        return done, found[0] if found else None

    def clone(self, **changes):
        """A kit of its own, in which these files are changed and committed."""
        kit = self.folder / "kit"
        run("git", "clone", "-q", os.getcwd(), kit)
        for name, text in changes.items():
            path = kit / name.replace("__", "/")
            path = path.with_suffix(".md")
            path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
        run("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "changed",
            cwd=kit)
        return kit

    def as_student(self, *words, cwd):
        """Run make there as an ordinary user."""
        user = ["setpriv", f"--reuid={STUDENT}", f"--regid={STUDENT}",
                "--clear-groups"] if os.geteuid() == 0 else []
        return run(*user, "make", "--no-print-directory", *words, cwd=cwd,
                   env={**QUIET, "HOME": str(cwd)})

    def unpack(self):
        done, archive = self.archive()
        self.assertIsNotNone(archive, done.stderr)
        there = self.folder / "a student's folder"
        there.mkdir()
        run("tar", "xf", archive, "-C", there)
        if os.geteuid() == 0:
            self.folder.chmod(0o755)
            run("chown", "-R", f"{STUDENT}:{STUDENT}", there)
        return next(there.iterdir())

    def test_a_student_can_work_with_it_from_nothing_to_all_points(self):
        kit = self.unpack()
        done = self.as_student("check", cwd=kit)
        self.assertIn("\n0 of 100 points", done.stdout, done.stderr)
        for path in Path("solutions").glob("*.c"):
            (kit / "steps" / path.name).write_bytes(path.read_bytes())
        done = self.as_student("check", cwd=kit)
        self.assertIn("\n100 of 100 points", done.stdout, done.stderr)
        self.assertEqual(done.returncode, 0)
        for path in (kit / "steps").glob("*.c"):
            self.assertEqual((kit / "tests/starters" / path.name).read_bytes(),
                             Path("steps", path.name).read_bytes())
        for path in Path("steps").glob("*.c"):
            (kit / "steps" / path.name).write_bytes(path.read_bytes())
        done = self.as_student("docs", cwd=kit)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(self.as_student("doctor", cwd=kit).stdout,
                         r"version \S+, the students' copy")

    def test_what_needs_the_whole_kit_says_so_in_a_line(self):
        kit = self.unpack()
        for target in ("selftest", "selftest-02", "lint", "docs-instructor", "student-archive",
                       "mutants"):
            done = self.as_student(target, cwd=kit)
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, rf"^Makefile:\d+: \*\*\* make {target} needs the whole "
                             r"kit; .*Stop\.\n$")

    def test_nothing_of_it_is_for_teachers(self):
        kit = self.unpack()
        there = {str(path.relative_to(kit)) for path in kit.rglob("*") if path.is_file()}
        for glob in ("solutions", "tests/broken", "tests/variants",
                     "docs/instructor.md", ".git/"):
            self.assertEqual([name for name in there if name.startswith(glob)], [])
        pages = "".join(path.read_text(encoding="utf-8") for path in kit.glob("docs/*.md"))
        self.assertNotIn("@teach", pages)
        self.assertNotIn("Answers to the questions", pages)
        self.assertIn("@hint", pages)
        targets = self.as_student("help", cwd=kit).stdout
        self.assertNotIn("selftest", targets)
        self.assertIn("make check-NN", targets)

    def test_the_same_commit_gives_the_same_bytes(self):
        first = self.archive()[1].read_bytes()
        kit = self.folder / "kit"
        run("git", "clone", "-q", os.getcwd(), kit)
        shutil.rmtree(self.folder / "build")
        self.assertEqual(self.archive(kit)[1].read_bytes(), first)

    def test_a_page_that_shows_a_solution_is_refused(self):
        lines = Path("solutions/02_bind.c").read_text(encoding="utf-8")
        done, archive = self.archive(self.clone(docs__tools=lines))
        self.assertNotEqual(done.returncode, 0)
        self.assertIsNone(archive)
        self.assertIn("gives", done.stderr)

    def test_a_sentence_that_leads_to_a_teachers_page_is_refused(self):
        done, archive = self.archive(self.clone(docs__tools="See @ref instructor for more.\n"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIsNone(archive)
        self.assertIn("docs/tools.md leads to a page that is not for students", done.stderr)


# ---------------------------------------------------------------------- make card


@needs("chromium", "doxygen")
class Card(WithFolder):
    def test_the_card_is_one_sheet_of_a4_with_every_program(self):
        done = make("card", f"BUILD={self.folder}")
        self.assertEqual(done.returncode, 0, done.stderr)
        pdf = (self.folder / "card.pdf").read_bytes()
        self.assertEqual(re.findall(rb"/Count (\d+)", pdf), [b"1"])
        self.assertEqual({tuple(round(float(n)) for n in box.split()) for box in
                          re.findall(rb"/MediaBox \[([^\]]*)\]", pdf)}, {(0, 0, 842, 595)})
        text = (self.folder / "docs/card.md").read_text(encoding="utf-8")
        for path in Path("steps").glob("*.c"):
            self.assertIn(f"`build/steps/{path.stem}", text)


if __name__ == "__main__":
    unittest.main()
