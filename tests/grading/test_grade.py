# SPDX-License-Identifier: MIT
"""make grade: classes as they are, and as they try to be. Each class is made
here, in a folder of its own; what comes out lies in $BUILD/class/."""
import glob
import io
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import tarfile
import tempfile
import unittest
import zipfile

BUILD = os.environ.get("BUILD", "build")
HERE = os.path.dirname(os.path.abspath(__file__))
from tests.tools import verdict
from tests.tools.steps import STEMS


def read(path):
    with open(path) as file:
        return file.read()


class ClassTest(unittest.TestCase):
    """A class folder that is removed afterwards, with what was made of it."""

    def setUp(self):
        scratch = os.path.abspath(f"{BUILD}/class-tests")
        os.makedirs(scratch, exist_ok=True)
        self.top = tempfile.mkdtemp(dir=scratch)
        self.folder = f"{self.top}/{os.path.basename(self.top)}"
        os.mkdir(self.folder)
        self.out = f"{BUILD}/class/{os.path.basename(self.top)}"
        self.addCleanup(shutil.rmtree, self.top)
        self.addCleanup(shutil.rmtree, self.out, ignore_errors=True)

    def submit(self, name, source="solutions", stems=STEMS):
        """A folder with these steps; returns its path."""
        path = f"{self.folder}/{name}"
        os.makedirs(path)
        for stem in stems:
            shutil.copy(f"{source}/{stem}.c", path)
        return path

    def command(self, **variables):
        words = [f"{key}={value}" for key, value in variables.items()]
        return ["make", "--no-print-directory", "grade", f"BUILD={BUILD}",
                f"CLASS={variables.pop('CLASS', self.folder)}", *words]

    def grade(self, expected_status=0, before=(), **variables):
        variables.setdefault("LIMIT", 30)
        run = subprocess.run(
            [*before, *self.command(**variables)], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=180, check=False,
            env=dict(os.environ, MAKEFLAGS="", MAKELEVEL="0"))
        self.said = run.stdout + run.stderr
        self.assertEqual(expected_status, run.returncode, self.said)
        self.assertNotIn("Traceback", self.said)
        return self.rows()

    def rows(self):
        rows = {}
        for path in glob.glob(f"{self.out}/rows/*.json"):
            row = json.loads(read(path))
            rows[row["entry"]] = row
        return rows


def points(row):
    return {s["step"]: s["points"] for s in row["results"]["steps"]}


def everything(row):
    """All words of a row, and those with which its failures are shown."""
    shown = [verdict.text(test) for step in (row["results"] or {}).get("steps", [])
             for test in step["tests"] if verdict.is_failure(test)]
    return re.sub(r"\s+", " ", json.dumps([row, shown])).replace(r"\n", " ")


class Hostile(ClassTest):
    def grade_hostile(self, folders, limit):
        """Grades these between two good ones; what line 1 promises must come."""
        for folder in folders:
            # The worst step, and one that is right, graded after it.
            shutil.copytree(folder, self.submit(
                os.path.basename(folder), stems=["02_bind"]),
                dirs_exist_ok=True)
        self.submit("00 good", stems=STEMS[:3])
        self.submit("zz good", stems=STEMS[:3])
        rows = self.grade(LIMIT=limit, MEMORY=700)
        for name in ("00 good", "zz good"):
            self.assertEqual({6.0, 10.0, 12.0, 0.0},
                             set(points(rows[name]).values()), name)
        for folder in folders:
            name = os.path.basename(folder)
            with self.subTest(name):
                row = rows[name]
                outcome, words = re.match(
                    r"// Outcome: ([\w ]+): (.*)\n",
                    read(f"{folder}/01_socket.c")).groups()
                self.assertEqual(outcome, row["outcome"], row["reason"])
                self.assertTrue(words in everything(row),
                                f"{words!r} is not in {row['flags']}, "
                                f"{row['results']['steps'][0]}")
                self.assertEqual(10.0, points(row)["02_bind"])
                self.assertLess(points(row)["01_socket"], 2)
                self.assertEqual(row["outcome"] == "graded",
                                 row["reason"] == "")
                self.assertEqual(set(STEMS), set(points(row)))

    def test_each_hostile_submission_fails_alone_and_says_why(self):
        folders = sorted(glob.glob(f"{HERE}/hostile/*"))
        self.assertGreaterEqual(len(folders), 20)
        self.grade_hostile([f for f in folders if not f.endswith("_spin")], 40)

    def test_what_never_ends_is_cut_off_at_the_limit(self):
        # Alone: with a limit that others need, a fast machine grades it whole.
        self.grade_hostile([f"{HERE}/hostile/01_spin"], 10)


class Classes(ClassTest):
    def test_a_class_of_every_form_is_graded_and_only_what_changed_again(self):
        only = STEMS[:1]
        self.submit("plain", stems=only)
        os.makedirs(f"{self.folder}/copy of the kit")
        for name in ("steps", "solutions", "tests"):
            shutil.copytree(self.submit("moved", stems=only),
                            f"{self.folder}/copy of the kit/{name}")
            shutil.rmtree(f"{self.folder}/moved")
        quoted = "it's \"odd\"\n;touch x `y` $(z) ünï"
        self.submit(quoted, stems=only)
        with tarfile.open(f"{self.folder}/ada.tar.gz", "w:gz") as archive:
            archive.add("solutions/01_socket.c", "deep/er/01_socket.c")
        with zipfile.ZipFile(f"{self.folder}/ada.zip", "w") as archive:
            archive.write("steps/01_socket.c", "01_socket.c")
        os.mkdir(f"{self.folder}/moodle")
        shutil.copy(f"{self.folder}/ada.tar.gz", f"{self.folder}/moodle/")
        self.repository("bare.git", only)
        rows = self.grade()
        self.assertEqual(
            {"plain": 6, "copy of the kit": 6, "ada.tar.gz": 6, "ada.zip": 0,
             "moodle": 6, "bare.git": 6, quoted.replace("\n", "\\n"): 6},
            {name: row["results"]["points"] for name, row in rows.items()})
        self.assertIn("another entry has this name: ada.tar.gz",
                      rows["ada.zip"]["flags"])
        self.assertFalse(os.path.exists("x"))
        again = self.grade()
        self.assertIn("7 of 7 are as they were", self.said)
        self.assertEqual(rows, again)
        shutil.copy("steps/01_socket.c", f"{self.folder}/plain")
        shutil.rmtree(f"{self.folder}/moodle")
        rows = self.grade()
        self.assertIn("5 of 6 are as they were; 1 to grade", self.said)
        self.assertEqual(0, rows["plain"]["results"]["points"])
        self.assertNotIn("moodle", rows)

    def repository(self, name, stems):
        """A bare repository whose configuration and hooks would run a command."""
        work = f"{self.top}/work"
        os.makedirs(f"{work}/steps")
        for stem in stems:
            shutil.copy(f"solutions/{stem}.c", f"{work}/steps")
        with open(f"{work}/.gitattributes", "w") as file:
            file.write("* filter=evil\n")
        evil = f"touch {self.top}/evil"

        def git(*args):
            subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@y",
                            *args], check=True, capture_output=True)
        git("init", "-q", work)
        git("-C", work, "add", "-A")
        git("-C", work, "commit", "-qm", "x")
        git("clone", "-q", "--bare", work, f"{self.folder}/{name}")
        for key in ("filter.evil.smudge", "core.fsmonitor", "core.sshCommand",
                    "tar.tar.command", "uploadpack.packObjectsHook"):
            git("-C", f"{self.folder}/{name}", "config", key, evil)
        self.addCleanup(lambda: self.assertFalse(
            os.path.exists(f"{self.top}/evil")))

    def test_what_cannot_be_taken_has_a_row_that_says_why(self):
        os.mkdir(f"{self.folder}/empty")
        os.symlink("/etc", f"{self.folder}/link")
        os.mkfifo(f"{self.folder}/fifo")
        with open(f"{self.folder}/notes.txt", "w"):
            pass
        with open(f"{self.folder}/broken.zip", "wb") as file:
            file.write(b"PK\3\4 no more")
        with open(f"{self.folder}/huge.tar", "wb") as file:
            file.truncate(1 << 30)
        with tarfile.open(f"{self.folder}/bomb.tar.gz", "w:gz") as archive:
            big = tarfile.TarInfo("01_socket.c.old")
            big.size = 300 << 20
            archive.addfile(big, Zeros(big.size))
        rows = self.grade()
        for name, words in (
                ("empty", "none of the kit's programs is in it; it has no file at all"),
                ("link", "it is a symbolic link"),
                ("fifo", "neither a folder nor a file"),
                ("notes.txt", "neither a folder nor an archive"),
                ("broken.zip", "the archive can't be read"),
                ("huge.tar", "the archive has 1 GiB"),
                ("bomb.tar.gz", "unpacks to more than 256 MiB")):
            with self.subTest(name):
                self.assertEqual("refused", rows[name]["outcome"])
                self.assertIn(words, rows[name]["reason"])
                self.assertEqual(0, rows[name]["results"]["points"])

    def test_an_interrupted_class_goes_on_where_it_was(self):
        for number in range(6):
            self.submit(f"s{number}", stems=STEMS[:1])
        with subprocess.Popen(
                self.command(JOBS=1, LIMIT=30), stdin=subprocess.DEVNULL, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                start_new_session=True,
                env=dict(os.environ, MAKEFLAGS="", MAKELEVEL="0")) as make:
            for line in make.stdout:
                if line.startswith("graded 2 of 6"):
                    os.killpg(make.pid, signal.SIGINT)
                    break
            self.assertIn("interrupted", make.stdout.read())
        self.assertLess(len(self.rows()), 6)
        rows = self.grade()
        self.assertRegex(self.said, r"[2345] of 6 are as they were")
        self.assertEqual([6] * 6, [r["results"]["points"]
                                   for r in rows.values()])

    def test_without_namespaces_it_stops_or_says_what_is_open(self):
        self.submit("ada", stems=STEMS[:1])
        there_are_none = ["bwrap", "--dev-bind", "/", "/", "--proc", "/proc",
                          "--unshare-user", "--unshare-pid", "--uid", "1000",
                          "--disable-userns"]
        self.grade(2, before=there_are_none)
        self.assertIn("no sandbox on this machine: bwrap: ", self.said)
        self.assertEqual({}, self.rows())
        rows = self.grade(UNSAFE=1, before=there_are_none)
        self.assertIn("end everything\n       that is yours", self.said)
        self.assertEqual(6, rows["ada"]["results"]["points"])
        self.assertFalse(rows["ada"]["contained"])
        rows = self.grade()
        self.assertTrue(rows["ada"]["contained"])

    def test_what_is_no_class_is_told_in_words(self):
        self.grade(2)
        self.assertIn("the folder is empty", self.said)
        self.grade(2, CLASS=f"{self.top}/nowhere")
        self.assertIn("there is no such folder", self.said)
        self.grade(2, CLASS="")
        self.assertIn("which class?", self.said)
        self.grade(2, CLASS=".")
        self.assertIn("this is one submission, not a class", self.said)
        self.submit("ada", stems=STEMS[:1])
        self.grade(2, JOBS="many")
        self.assertIn("JOBS=many: it is a whole number", self.said)


class Zeros(io.RawIOBase):
    def __init__(self, size):
        self.left = size

    def read(self, size=-1):
        size = min(size, self.left)
        self.left -= size
        return bytes(size)


class Taking(unittest.TestCase):
    """submission.py alone."""

    def setUp(self):
        from tests.grading import submission
        self.submission = submission
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = folder.name
        self.entry = f"{self.top}/entry"
        os.mkdir(self.entry)

    def put(self, path, text="x"):
        os.makedirs(os.path.dirname(f"{self.entry}/{path}"), exist_ok=True)
        with open(f"{self.entry}/{path}", "w") as file:
            file.write(text)

    def take(self, entry=None):
        return self.submission.take(entry or self.entry, f"{self.top}/to",
                                    STEMS)

    def taken(self, stem):
        return read(f"{self.top}/to/{stem}.c")

    def test_steps_are_preferred_to_anything_with_the_same_names(self):
        self.put("01_socket.c", "top")
        self.put("kit/steps/01_socket.c", "mine")
        self.put("kit/solutions/01_socket.c", "theirs")
        self.put("kit/tests/02_bind.c", "a suite")
        about = self.take()
        self.assertEqual("mine", self.taken("01_socket"))
        self.assertIsNone(about["files"]["02_bind"])
        self.assertIn("kit/steps/ was taken, and there is other work in 01_socket.c, "
                      "kit/solutions/01_socket.c", about["flags"])

    def test_what_one_folder_lacks_comes_from_the_others(self):
        self.put("week1/01_socket.c", "one")
        self.put("week2/02_bind.c", "two")
        about = self.take()
        self.assertEqual("two", self.taken("02_bind"))
        self.assertEqual(["from week2/: 02_bind"], about["flags"])

    def test_links_devices_and_giants_are_not_taken(self):
        self.put("01_socket.c")
        os.symlink("/etc/passwd", f"{self.entry}/02_bind.c")
        os.mkfifo(f"{self.entry}/03_listen.c")
        with open(f"{self.entry}/04_accept.c", "wb") as file:
            file.truncate(1 << 30)
        os.symlink("/", f"{self.entry}/root")
        about = self.take()
        self.assertEqual(["01_socket"], [s for s in STEMS
                                         if about["files"][s] is not None])
        self.assertEqual(["02_bind.c is a link or a device: not taken",
                          "03_listen.c is a link or a device: not taken",
                          "04_accept.c is larger than 1 MiB (1 GiB): not taken"],
                         about["flags"])

    def test_no_path_of_an_archive_leads_anywhere(self):
        path = f"{self.top}/a.tar"
        with tarfile.open(path, "w") as archive:
            for name in ("/01_socket.c", "../02_bind.c", "a/../../03_listen.c",
                         "ok/04_accept.c"):
                info = tarfile.TarInfo(name)
                info.size = 2
                archive.addfile(info, io.BytesIO(b"hi"))
            for name, kind in (("05_connect.c", tarfile.SYMTYPE),
                               ("06_echo_client.c", tarfile.LNKTYPE),
                               ("07_refused.c", tarfile.CHRTYPE)):
                info = tarfile.TarInfo(name)
                info.type, info.linkname = kind, "/etc/passwd"
                archive.addfile(info)
        about = self.take(path)
        self.assertEqual(["04_accept"], [s for s in STEMS
                                         if about["files"][s] is not None])
        self.assertEqual(6, len(about["flags"]), about["flags"])
        self.assertEqual(["04_accept.c"], os.listdir(f"{self.top}/to"))

    def test_a_zip_may_lie_about_sizes_and_kinds(self):
        path = f"{self.top}/a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("01_socket.c", b"x" * (5 << 20))
            link = zipfile.ZipInfo("02_bind.c")
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, "/etc/passwd")
            archive.writestr("a\\steps\\03_listen.c", "fine")
        with open(path, "r+b") as file:
            data = file.read().replace((5 << 20).to_bytes(4, "little"),
                                       (5).to_bytes(4, "little"))
            file.seek(0)
            file.write(data)
        about = self.take(path)
        self.assertIsNone(about["files"]["02_bind"])
        text = json.dumps(about)
        self.assertTrue("can't be read" in text or "larger than" in text
                        or about["files"]["03_listen"], text)
        self.assertFalse(os.path.exists(f"{self.top}/to/02_bind.c"))

    def test_what_is_damaged_inside_is_told(self):
        path = f"{self.top}/a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("01_socket.c", bytes(range(256)) * 64)
        with open(path, "r+b") as file:
            file.seek(60)
            file.write(b"\xff" * 40)
        self.assertIn("the archive can't be read", self.take(path)["refused"])

    def test_another_users_file_by_a_hard_link_is_not_taken(self):
        if os.geteuid() != 0:
            self.skipTest("only root makes files of two users")
        self.put("02_bind.c", "mine")
        with open(f"{self.top}/theirs", "w") as file:
            file.write("theirs")
        os.chown(f"{self.top}/theirs", 61400, 61400)
        os.link(f"{self.top}/theirs", f"{self.entry}/01_socket.c")
        os.link(f"{self.entry}/02_bind.c", f"{self.entry}/02_bind.c.old")
        about = self.take()
        self.assertEqual(["02_bind"], [s for s in STEMS
                                       if about["files"][s] is not None])
        self.assertEqual(["01_socket.c is another user's file: not taken"],
                         about["flags"])

    def git(self, *args):
        return subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@y", *args],
            check=True, capture_output=True, text=True).stdout.strip()

    def bare(self, name="bare.git"):
        """A repository without a working tree that has one of the steps."""
        work = f"{self.top}/{name}.work"
        os.makedirs(work)
        with open(f"{work}/01_socket.c", "w") as file:
            file.write("mine")
        self.git("init", "-q", work)
        self.git("-C", work, "add", "-A")
        self.git("-C", work, "commit", "-qm", "x")
        self.git("clone", "-q", "--bare", "--no-local", work,
                 f"{self.top}/{name}")
        return f"{self.top}/{name}"

    def test_a_repository_has_its_own_commit_and_its_own_objects(self):
        whole = self.bare()
        self.assertIsNone(self.take(whole)["refused"])
        self.assertEqual("mine", self.taken("01_socket"))
        tree = self.git("-C", whole, "rev-parse", "HEAD^{tree}")
        for number, (name, harm, words) in enumerate((
                ("HEAD", lambda path: write(path, tree + "\n"),
                 "no commit in HEAD"),
                ("objects/info/alternates",
                 lambda path: write(path, f"{whole}/objects\n"), "elsewhere"),
                ("objects/info/http-alternates",
                 lambda path: write(path, f"{whole}/objects\n"), "elsewhere"),
                ("objects", lambda path: link(path, f"{whole}/objects"),
                 "objects is a link or a device"),
                ("objects/pack/pack-1.pack", os.mkfifo, "is a link or a device"),
                ("refs/heads/x", lambda path: link(path, "/etc/passwd"),
                 "is a link or a device"))):
            with self.subTest(name):
                path = self.bare(f"{number}.git")
                harm(f"{path}/{name}")
                about = self.take(path)
                self.assertIn(words, about["refused"] or "it was taken")
                self.assertIsNone(about["files"]["01_socket"])


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def link(path, to):
    if os.path.isdir(path):
        shutil.rmtree(path)
    os.symlink(to, path)


if __name__ == "__main__":
    unittest.main()
