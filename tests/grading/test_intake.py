# SPDX-License-Identifier: MIT
"""A class as platforms hand it out: who is who, and which file is which program.
Nothing is graded here; test_class.py grades such a class."""
import io
import os
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile
import zlib
from pathlib import Path

from tests.grading import intake, roster, submission

STEMS = sorted(path.stem for path in Path("solutions").glob("*.c"))
STARTERS = {stem: Path(f"steps/{stem}.c").read_bytes() for stem in STEMS}
KNOWN = roster.known_texts(STEMS)


def work(stem, more=""):
    """A program that is neither the starter nor the kit's solution."""
    return f"/* my own {stem} {more}*/\nint main(void) {{ return 0; }}\n".encode()


class Folders(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="class 'x' ")
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name, "in")
        self.top.mkdir()
        self.to = Path(folder.name, "to")

    def put(self, path, data=b"x"):
        path = self.top / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path


class Who(Folders):
    """intake.py: {name: (ID, late, attempt, form)}"""

    def students(self):
        self.found = intake.recognise(str(self.top), STEMS)
        return {one.name: one for one in self.found.students}

    def table(self):
        return {name: (one.sid, one.late, one.attempt, one.form)
                for name, one in self.students().items()}

    def test_canvas_gives_loose_files_late_ones_and_second_attempts(self):
        for number, stem in enumerate(STEMS):
            self.put(f"doejane_12347_67890{number}_{stem}.c")
        self.put("doejane_12347_678999_01_socket-1.c")
        self.put("leeann_LATE_12348_678950_steps.zip")
        self.put("rayb_12349_text.html")
        self.put("12350_678960_01_socket.c")
        self.assertEqual({"doejane": ("12347", False, 2, "canvas"),
                          "leeann": ("12348", True, 1, "canvas"),
                          "rayb": ("12349", False, 1, "canvas"),
                          "student 12350": ("12350", False, 1, "canvas")}, self.table())
        doe = self.students()["doejane"]
        self.assertEqual(sorted(f"{stem}.c" for stem in STEMS), [rest for _, rest in doe.parts])
        self.assertIn(("doejane_12347_678999_01_socket-1.c", "01_socket.c"), doe.parts)
        self.assertEqual(["older, not taken: doejane_12347_678900_01_socket.c"], doe.flags)

    def test_moodle_gives_a_folder_for_files_and_one_for_text(self):
        self.put("Ann Lee_1234_assignsubmission_file_/01_socket.c")
        self.put("Ann Lee_1234_assignsubmission_onlinetext_/onlinetext.html")
        self.put("Bob O'Ray_99_assignsubmission_file/a/b/01_socket.c")
        self.put("Ünal, Çağ_7_assignsubmission_file_01_socket.c")
        self.assertEqual({"Ann Lee": ("1234", False, None, "moodle"),
                          "Bob O'Ray": ("99", False, None, "moodle"),
                          "Ünal, Çağ": ("7", False, None, "moodle")}, self.table())
        self.assertEqual([("Ünal, Çağ_7_assignsubmission_file_01_socket.c", "01_socket.c")],
                         self.students()["Ünal, Çağ"].parts)

    GRADESCOPE = """---
submission_11:
  :submitters:
  - :name: Pair One
    :sid: '0200'
    :email: one@example.edu
  - :name: Pair Two
    :sid: 201
  :created_at: 2026-10-05 14:30:12.000000000 Z
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests: []
  :history:
  - :id: 10
submission_12:
  :submitters:
  - :name: No
    :sid: 007
submission_13:
  :submitters:
  - :name: Gone Away
    :sid: '300'
"""

    def test_gradescope_tells_names_in_its_own_file_and_pairs(self):
        export = "assignment_5_export"
        self.put(f"{export}/submission_metadata.yml", self.GRADESCOPE)
        for number in (11, 12, 14):
            self.put(f"{export}/submission_{number}/01_socket.c")
        self.assertEqual({"Pair One and Pair Two": ("0200", False, 2, "gradescope"),
                          "No": ("007", False, 1, "gradescope"),
                          "Gone Away": ("300", False, 1, "gradescope"),
                          "submission_14": ("", False, None, "gradescope")}, self.table())
        students = self.students()
        self.assertEqual([("Pair Two", "201")], students["Pair One and Pair Two"].others)
        self.assertEqual(["submission_metadata.yml names it, and there is no such folder"],
                         students["Gone Away"].flags)
        self.assertEqual(str(self.top / export), self.found.folder)

    def test_a_metadata_file_that_runs_or_is_broken_does_neither_harm(self):
        self.put("submission_metadata.yml",
                 "submission_1: !!python/object/apply:os.system ['touch evil']\n")
        self.put("submission_1/01_socket.c")
        self.assertEqual(["submission_1"], list(self.students()))
        self.assertFalse(os.path.exists("evil"))
        self.put("submission_metadata.yml", "a: b: c\n")
        with self.assertRaisesRegex(intake.Wrong, "submission_metadata.yml:1: "):
            self.students()

    def test_blackboard_gives_attempts_with_dates_and_a_text_beside(self):
        lab = "Socket_Lab 1"
        self.put(f"{lab}_alee_attempt_2026-10-05-14-30-12_01_socket.c", "old")
        self.put(f"{lab}_alee_attempt_2026-10-06-09-00-00_01_socket.c", "new")
        self.put(f"{lab}_alee_attempt_2026-10-06-09-00-00.txt",
                 "Name: Ann Lee (alee)\nAssignment: Socket Lab 1\n")
        self.assertEqual({"Ann Lee": ("alee", False, 2, "blackboard")}, self.table())
        self.assertEqual([(f"{lab}_alee_attempt_2026-10-06-09-00-00_01_socket.c", "01_socket.c")],
                         self.students()["Ann Lee"].parts)

    def test_autolab_gives_versions_and_submitty_says_which_is_active(self):
        for version in (1, 2, 10):
            self.put(f"ann@example.edu_{version}_handin.tar")
        for version in (1, 2, 3):
            self.put(f"bob/{version}/01_socket.c")
        self.put("bob/user_assignment_settings.json", '{"active_version": 2}')
        self.put("cee/1/01_socket.c")
        self.put("cee/user_assignment_settings.json", '{"active_version": 0}')
        self.assertEqual({"ann": ("ann@example.edu", False, 10, "autolab"),
                          "bob": ("bob", False, 2, "submitty"),
                          "cee": ("cee", False, 1, "submitty")}, self.table())
        students = self.students()
        self.assertEqual([("bob/2", "")], students["bob"].parts)
        self.assertEqual([("ann@example.edu_10_handin.tar", "handin.tar")], students["ann"].parts)

    def test_github_classroom_gives_clones_that_begin_alike(self):
        for user in ("ann", "anna-k", "bob"):
            self.put(f"tcp-lab-{user}/.git/HEAD")
        self.put("classroom_roster.csv", "identifier,github_username,github_id,name\n"
                                         "77001,Bob,1,Bob Ray\n")
        self.assertEqual({"ann": ("ann", False, None, "github"),
                          "anna-k": ("anna-k", False, None, "github"),
                          "Bob Ray": ("77001", False, None, "github")}, self.table())

    def test_brightspace_and_sakai_have_folders_that_say_who(self):
        self.put("12345-678 - Ann Lee - Oct 5, 2026 230 PM/01_socket.c")
        self.put("12345-678 - Ann Lee - Oct 15, 2026 1105 AM/01_socket.c")
        self.put("index.html")
        self.put("Ray, Bob(bray)/Submission attachment(s)/01_socket.c")
        self.put("Ray, Bob(bray)/timestamp.txt")
        self.assertEqual({"Ann Lee": ("12345", False, 2, "brightspace"),
                          "Ray, Bob": ("bray", False, None, "sakai")}, self.table())
        self.assertEqual("12345-678 - Ann Lee - Oct 15, 2026 1105 AM",
                         self.students()["Ann Lee"].entry)

    def test_plain_folders_archives_and_loose_files_with_names(self):
        for path in ("ann/01_socket.c", "bob.tar.gz", "cee.7z", "bob.zip", "dee lee_01_socket.c",
                     "dee lee_02_bind.c", "it's \"odd\"\n$(x)\u202e/01_socket.c",
                     "=HYPERLINK(\"x\")/01_socket.c"):
            self.put(path)
        for noise in (".DS_Store", "__MACOSX/._ann", "Thumbs.db", "desktop.ini", "~$notes.docx"):
            self.put(noise)
        self.found = intake.recognise(str(self.top), STEMS)
        self.assertEqual(["=HYPERLINK(\"x\")", "ann", "bob.tar.gz", "bob.zip", "cee.7z", "dee lee_*",
                          "it's \"odd\"\n$(x)\u202e"], sorted(one.entry for one in self.found.students))
        self.assertEqual({".DS_Store", "__MACOSX", "Thumbs.db", "desktop.ini", "~$notes.docx"},
                         set(self.found.left_out))
        flags = {one.entry: one.flags for one in self.found.students}
        self.assertEqual(["another entry has this name: bob.tar.gz"], flags["bob.zip"])

    def test_a_class_of_one_is_a_class(self):
        self.put("ann/steps/01_socket.c")
        self.assertEqual({"ann": ("", False, None, "plain")}, self.table())

    def test_five_hundred_entries_are_five_hundred_students(self):
        for number in range(500):
            self.put(f"Student {number}_{4000 + number}_assignsubmission_file_/01_socket.c")
        self.assertEqual(500, len(self.students()))

    def test_two_entries_with_one_id_are_two_rows_that_say_so(self):
        self.put("a_5_1_01_socket.c")
        self.put("ann_5_assignsubmission_file_/01_socket.c")
        flags = {one.name: one.flags for one in self.students().values()}
        self.assertEqual(["another entry has the ID 5: ann_5_assignsubmission_file_"], flags["a"])

    def test_names_csv_mends_what_cannot_be_guessed(self):
        for name in ("ann", "b0b", "draft", "cee"):
            self.put(f"{name}/01_socket.c")
        self.put("names.csv", "\ufeffentry;name;id;late;attempt;take;skip\r\n"
                              "b0b;Bob Ray;0042;yes;3;work;\r\ndraft;;;;;;yes\r\nzoe;Zoe Y;9;;;;\r\n")
        self.assertEqual({"ann": ("", False, None, "plain"), "cee": ("", False, None, "plain"),
                          "Bob Ray": ("0042", True, 3, "plain")}, self.table())
        self.assertEqual("work", self.students()["Bob Ray"].take)
        self.assertEqual(["Zoe Y"], self.found.absent)

    def test_names_csv_tells_its_mistakes_with_the_line(self):
        self.put("ann/01_socket.c")
        for text, words in (("who,name\nann,x\n", "names.csv:1: there is no column 'who'"),
                            ("name\nx\n", "names.csv:1: the column 'entry' is missing"),
                            ("entry,attempt\nann,two\n", "names.csv:2: attempt: 'two'"),
                            ("entry\nann,x\n", "names.csv:2: it has more cells")):
            self.put("names.csv", text)
            with self.assertRaises(intake.Wrong) as told:
                self.students()
            self.assertIn(words, str(told.exception))


class Which(Folders):
    """submission.py and choose.py: which file is which program."""

    def take(self, parts=None, wanted="", known=KNOWN):
        parts = parts or [(str(self.top), "")]
        shutil.rmtree(self.to, ignore_errors=True)
        self.about = submission.take(parts, str(self.to), STEMS, known, wanted)
        return {path.stem: path.read_bytes() for path in self.to.glob("*.c")}

    def flagged(self, *words):
        for text in words:
            self.assertTrue(any(text in flag for flag in self.about["flags"]),
                            f"{text!r} is not in {self.about['flags']}")

    def test_finished_work_beside_untouched_steps_is_taken(self):
        for place in ("my_work", "solutions", "Desktop/lab/done"):
            with self.subTest(place):
                for stem in STEMS:
                    self.put(f"kit/steps/{stem}.c", STARTERS[stem].replace(b"\n", b"\r\n"))
                    self.put(f"{place}/{stem}.c", work(stem))
                self.assertEqual({stem: work(stem) for stem in STEMS}, self.take())
                self.flagged(f"{place}/ was taken: as it was handed out is kit/steps/")
                shutil.rmtree(self.top / place.split("/")[0])

    def test_the_kits_own_solutions_are_nobodys_work(self):
        for stem in STEMS:
            self.put(f"steps/{stem}.c", STARTERS[stem])
            self.put(f"solutions/{stem}.c", Path(f"solutions/{stem}.c").read_bytes())
            self.put(f"tests/{stem}.c", f'#include "lab/lab.h"\n// {stem}\n')
        self.assertEqual(STARTERS, self.take())
        self.flagged("nothing was written: every program is as it was handed out")
        shutil.rmtree(self.top / "steps")
        self.take()
        self.flagged("solutions/01_socket.c is the kit's own solution")

    def test_steps_come_first_and_lacking_ones_from_elsewhere_with_a_flag(self):
        self.put("steps/01_socket.c", work("01", "steps"))
        self.put("old/01_socket.c", work("01", "old"))
        self.put("old/02_bind.c", work("02", "old"))
        taken = self.take()
        self.assertEqual(work("01", "steps"), taken["01_socket"])
        self.assertEqual(work("02", "old"), taken["02_bind"])
        self.flagged("steps/ was taken, and there is other work in old/01_socket.c")
        self.assertEqual(work("01", "old"), self.take(wanted="old")["01_socket"])

    def test_names_that_are_nearly_right_are_taken_where_one_file_fits(self):
        names = {"01_socket (1).c": "01_socket", "bind.c": "02_bind", "03_Listen.c": "03_listen",
                 "04_ACCEPT.C": "04_accept", "05_connect.c.txt": "05_connect",
                 "06-echo client.c": "06_echo_client", "echo_server_final.c": "06_echo_server",
                 "07-refused.c": "07_refused", "step8.c": "08_loopback"}
        for name, stem in names.items():
            self.put(name, work(stem))
        self.assertEqual({stem: work(stem) for stem in STEMS}, self.take())
        for name, stem in names.items():
            self.flagged(f"{name} was taken as {stem}.c")

    def test_where_two_files_fit_the_row_names_them_and_takes_none(self):
        self.put("bind (1).c", work("02", "a"))
        self.put("bind (2).c", work("02", "b"))
        self.put("06.c", work("06"))
        self.put("01_socket.c", work("01"))
        self.assertEqual(["01_socket"], list(self.take()))
        self.flagged("02_bind is missing, and bind (1).c and bind (2).c may be it: not taken",
                     "06.c may be 06_echo_client or 06_echo_server: not taken")

    def test_a_copy_with_work_is_preferred_to_the_starter_with_the_right_name(self):
        self.put("steps/01_socket.c", STARTERS["01_socket"])
        self.put("steps/01_socket (1).c", work("01"))
        self.put("steps/02_bind.c", work("02"))
        self.assertEqual(work("01"), self.take()["01_socket"])

    def test_every_encoding_of_an_editor_is_read_as_what_it_is(self):
        text = 'int main(void) { return 0; } /* naïve café */\n'
        for name, data, words in (
                ("01_socket", text.encode("utf-16"), "saved as UTF-16"),
                ("02_bind", text.encode("utf-16-be"), "saved as UTF-16"),
                ("03_listen", text.encode("utf-8-sig"), None),
                ("04_accept", text.encode("latin-1"), "saved as Latin-1"),
                ("05_connect", text.replace("\n", "\r\n").encode(), None),
                ("06_echo_client", text.replace("\n", "\r").encode(), "saved as CR for line ends"),
                ("07_refused", text.encode("utf-32"), "saved as UTF-32")):
            self.put(f"{name}.c", data)
        taken = self.take()
        self.assertEqual({text.encode()}, set(taken.values()))
        self.assertEqual(7, len(taken))
        self.flagged("saved as UTF-16, and read as that: 01_socket.c, 02_bind.c",
                     "saved as Latin-1, and read as that: 04_accept.c", "UTF-32")
        self.assertEqual(4, len(self.about["flags"]), self.about["flags"])

    def archive(self, name, files, when=None):
        path = self.top / name
        if name.endswith(".zip"):
            with zipfile.ZipFile(path, "w") as out:
                for inner, data in files.items():
                    out.writestr(inner, data)
        elif name.endswith(".rar"):
            path.write_bytes(rar(files))
        elif name.endswith(".7z"):
            with tempfile.TemporaryDirectory() as folder:
                for inner, data in files.items():
                    Path(folder, inner).write_bytes(data)
                subprocess.run(["bsdtar", "-cf", str(path), "--format=7zip", "-C", folder,
                                *files], check=True)
        else:
            with tarfile.open(path, "w" if name.endswith("r") else "w:xz") as out:
                for inner, data in files.items():
                    about = tarfile.TarInfo(inner)
                    about.size = len(data)
                    out.addfile(about, io.BytesIO(data))
        if when:
            os.utime(path, (when, when))
        return path

    def test_of_two_archives_the_newer_one_and_what_it_lacks_from_the_other(self):
        self.archive("lab.zip", {"steps/01_socket.c": work("01", "new")}, 2000000)
        self.archive("lab-old.zip", {"steps/01_socket.c": work("01", "old"),
                                     "steps/02_bind.c": work("02", "old")}, 1000000)
        taken = self.take()
        self.assertEqual(work("01", "new"), taken["01_socket"])
        self.assertEqual(work("02", "old"), taken["02_bind"])
        self.flagged("2 archives: lab.zip is the newest", "from lab-old.zip/steps/: 02_bind")

    @unittest.skipUnless(shutil.which("bsdtar") and shutil.which("bwrap"),
                         "bsdtar or bwrap is missing; run: make setup-grade")
    def test_7z_and_rar_are_read(self):
        for name in ("a.7z", "b.rar", "c.tar.xz"):
            with self.subTest(name):
                path = self.archive(name, {"01_socket.c": work("01")})
                self.assertEqual({"01_socket": work("01")}, self.take([(str(path), "")]),
                                 self.about)
                data = path.read_bytes()
                path.write_bytes(data[:len(data) // 2])
                self.assertEqual({}, self.take([(str(path), "")]))
                self.assertIn("the archive can't be read", self.about["refused"])
                path.unlink()

    def test_a_folder_in_a_folder_in_a_zip_and_an_archive_in_an_archive(self):
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as out:
            out.writestr("lab/lab/steps/01_socket.c", work("01"))
            out.writestr("__MACOSX/lab/lab/steps/._01_socket.c", b"\0\5\x16\7")
            out.writestr("lab/.DS_Store", b"\0\0\0\1Bud1")
        plain = self.put("plain.zip", inner.getvalue())
        self.assertEqual({"01_socket": work("01")}, self.take([(str(plain), "")]))
        self.assertEqual([], self.about["flags"])
        for name in ("outer.zip", "outer.tar"):
            outer = self.archive(name, {"Abgabe/x.zip": inner.getvalue()})
            self.assertEqual({"01_socket": work("01")}, self.take([(str(outer), "")]), name)

    def test_who_sent_something_else_is_told_what_was_seen(self):
        for name in ("report.pdf", "screen.png", "a.out"):
            self.put(f"x/{name}")
        self.assertEqual({}, self.take())
        self.assertEqual("none of the kit's programs is in it; it has a.out, report.pdf, screen.png",
                         self.about["refused"])
        self.archive("y.zip", {"notes.txt": b"x"})
        self.take([(str(self.top / "y.zip"), "")])
        self.assertEqual("none of the kit's programs is in it; it has notes.txt", self.about["refused"])

    def test_a_full_disk_is_nobodys_fault(self):
        self.put("01_socket.c", work("01"))
        with tempfile.TemporaryDirectory() as folder:
            full = f"{folder}/full"
            os.mkdir(full)
            trial = subprocess.run(
                ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                 'mount -t tmpfs -o size=4k none "$1" && head -c 4096 /dev/zero >"$1/x" && '
                 'exec "$2" -c "import sys; sys.path.insert(0, sys.argv[1])\n'
                 'from tests.grading import submission\n'
                 'try: print(submission.take(sys.argv[2], sys.argv[3], [sys.argv[4]]))\n'
                 'except submission.Machine as error: print(error)" "$3" "$4" "$1/to" 01_socket',
                 "sh", full, sys.executable, os.getcwd(), str(self.top)],
                capture_output=True, text=True, check=False)
        if "unshare" in trial.stderr or "mount" in trial.stderr:
            self.skipTest("no namespace for a small disk")
        self.assertIn("No space left on device", trial.stdout, trial.stderr)
        self.assertNotIn("refused", trial.stdout)


def rar(files):
    """RAR 4 without compression; no free program writes one."""
    def block(kind, flags, rest=b"", data=b""):
        head = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
        return struct.pack("<H", zlib.crc32(head) & 0xffff) + head + data
    out = b"Rar!\x1a\x07\x00" + block(0x73, 0, bytes(6))
    for name, data in files.items():
        about = struct.pack("<IIBIIBBHI", len(data), len(data), 3, zlib.crc32(data), 0x5945_0000,
                            29, 0x30, len(name), stat.S_IFREG | 0o644)
        out += block(0x74, 0x8000, about + name.encode(), data)
    return out + block(0x7b, 0x4000)


if __name__ == "__main__":
    unittest.main()
