# SPDX-License-Identifier: MIT
"""make grade on small classes: marks that must not be lost, or be false. Each
student has one program, so that a class costs seconds."""
import csv
import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from tests.grading.test_grade import BUILD, ClassTest

ONE = ["01_socket"]
NO_WORDS = {"MAKEFLAGS": "", "MAKELEVEL": "0"}


class Small(ClassTest):
    def write(self, path, text):
        path = Path(self.folder, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def policy(self, points, *more):
        """tests/points with other points for the first step."""
        path = Path(self.top, f"policy-{points}")
        with open("tests/points", encoding="utf-8") as file:
            lines = [f"01_socket {points}\n" if line.startswith("01_socket") else line
                     for line in file]
        path.write_text("".join([*lines, *(f"{line}\n" for line in more)]))
        return path

    def grades(self):
        with open(f"{self.out}/grades.csv", encoding="utf-8-sig", newline="") as file:
            return {row["name"]: row for row in csv.DictReader(file)}

    def report(self, status=0, **variables):
        run = subprocess.run(
            ["make", "--no-print-directory", "report", f"BUILD={BUILD}", f"CLASS={self.folder}",
             *(f"{key}={value}" for key, value in variables.items())], text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False,
            env=dict(os.environ, **NO_WORDS))
        self.assertEqual(status, run.returncode, run.stdout + run.stderr)
        return run.stdout + run.stderr

    def test_another_policy_scores_anew_and_runs_and_loses_nothing(self):
        self.submit("ann", stems=ONE)
        self.submit("bob", stems=ONE)
        rows = self.grade()
        self.assertNotIn("last scored by", self.said)
        again = self.grade(POLICY=self.policy(60))
        self.assertRegex(self.said, r"last scored by POLICY=\S+, now by POLICY=\S+policy-60")
        self.assertIn("2 of 2 are as they were; 0 to grade", self.said)
        self.assertIn("2 have other points by ", self.said)
        for name, row in again.items():
            self.assertEqual((60, rows[name]["graded"]),
                             (row["results"]["points"], row["graded"]))
        self.assertEqual("60", self.grades()["ann"]["total"])
        self.report(POLICY=self.policy(30))
        self.assertEqual("30", self.grades()["ann"]["total"])
        self.report()
        self.assertEqual("6", self.grades()["ann"]["total"])
        said = self.report(2, POLICY=self.policy("ten"))
        self.assertIn("policy-ten:", said)
        self.assertIn("'ten' is no number of points", said)
        self.assertEqual(rows, self.grade())
        self.assertRegex(self.said, r"last scored by POLICY=\S+policy-60, now by ", "forgotten")
        self.grade()
        self.assertNotIn("last scored by", self.said)

    def test_one_graded_again_shows_before_and_now(self):
        self.submit("ann", stems=ONE)
        self.submit("bob", stems=ONE)
        seed = self.grade()["ann"]["seed"]
        shutil.copy("steps/01_socket.c", f"{self.folder}/ann")
        rows = self.grade()
        self.assertIn("1 of 2 are as they were; 1 to grade", self.said)
        self.assertIn("ann: 6 → 0 (01_socket 6 → 0)", self.said)
        self.assertEqual(seed, rows["ann"]["seed"])
        page = Path(self.out, "students/ann.html").read_text(encoding="utf-8")
        self.assertRegex(page, r"Graded before, [-0-9: ]+ UTC: 6 points")
        # Half of a class with nothing is seldom the students' fault.
        self.assertIn("1 of 2 have 0 points: 1 as handed out", self.said)
        self.assertIn("nothing was written", "".join(rows["ann"]["flags"]))
        self.assertIn("ann: nothing was written", self.said)

    def test_a_mark_set_by_hand_has_its_note_and_mistakes_have_their_line(self):
        self.submit("ann", stems=ONE)
        self.write("marks.csv", "student,points,note\nann,4.5,\"ill, see mail\"\n")
        self.grade()
        self.assertEqual(("4.5", "ill, see mail"),
                         (self.grades()["ann"]["total"], self.grades()["ann"]["note"]))
        self.assertIn("ill, see mail", Path(self.out, "students/ann.html").read_text())
        for line, words in (("zoe,4,", "marks.csv:2: zoe is nobody"),
                            ("ann,many,", "marks.csv:2: 'many' is no number of points")):
            self.write("marks.csv", f"student,points,note\n{line}\n")
            self.assertIn(words, self.report(2))

    def test_a_program_that_needs_a_header_is_the_same_in_check_and_in_grade(self):
        path = self.submit("ann", stems=ONE)
        Path(path, "net.h").write_text("#include <stdio.h>\n")
        source = Path(path, "01_socket.c")
        source.write_text('#include "net.h"\n' + source.read_text())
        words = "01_socket.c includes \"net.h\": each program stands alone"
        row = self.grade()["ann"]
        self.assertIn(words, row["results"]["steps"][0]["compiler"])
        run = subprocess.run(
            ["make", "--no-print-directory", "check-01", f"BUILD={BUILD}", f"STEPS={path}",
             f"RESULTS={self.top}/results.json"], stdin=subprocess.DEVNULL, text=True,
            capture_output=True, timeout=120, check=False, env=dict(os.environ, **NO_WORDS))
        self.assertIn(words, run.stdout)
        with open(f"{self.top}/results.json", encoding="utf-8") as file:
            self.assertEqual(row["results"]["points"], json.load(file)["points"])

    def test_who_is_recognised_is_said_before_anything_is_graded(self):
        for number in (1, 2):
            self.write(f"doe_12_{number}_0{number}_x.c", "")
        shutil.copy("solutions/01_socket.c", f"{self.folder}/lee_LATE_13_7_01_socket-1.c")
        self.write("names.csv", "entry,name\n13,Ann Lee\nzoe,Zoe\n")
        self.assertEqual({}, self.grade(WHO=1))
        for words in ("Ann Lee                  13           canvas, late, attempt 2, 1 of ",
                      "To be looked at (1):", "refused: none of the kit's programs is in it; it has 01_x.c",
                      "Nothing came from 1: Zoe", "2 students, 1 of them without a question"):
            self.assertIn(words, self.said)
        listed = Path(self.out, "names.csv").read_text(encoding="utf-8-sig")
        self.assertIn("lee_LATE_13_7_01_socket-1.c,Ann Lee,13,,yes,2", listed)

    def test_names_of_every_kind_get_their_row_and_write_nowhere_else(self):
        names = ["it's \"odd\"\n;touch x `y` $(z)", "=HYPERLINK(\"http:x\")", "rtl\u202emark", "-rf",
                 "café"]
        for name in names:
            self.submit(name, stems=ONE)
        before = sorted(str(path) for path in Path(self.folder).rglob("*"))
        rows = self.grade()
        self.assertEqual(len(names), len(rows))
        self.assertEqual(before, sorted(str(path) for path in Path(self.folder).rglob("*")))
        grades = self.grades()
        self.assertEqual({"6"}, {row["total"] for row in grades.values()})
        self.assertIn("'=HYPERLINK(\"http:x\")", grades)
        self.assertNotIn("\u202e", Path(self.out, "class.html").read_text(encoding="utf-8"))

    @unittest.skipUnless(os.geteuid() == 0, "a small disk needs root")
    def test_a_full_disk_costs_nobody_anything_and_is_tried_again(self):
        for name in ("ann", "bob"):
            self.submit(name, stems=ONE)
        os.makedirs(f"{self.out}/jobs")
        full = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c",
                'mount -t tmpfs -o size=100k,mode=755 none "$0" && exec "$@"', f"{self.out}/jobs"]
        self.assertEqual({}, self.grade(2, before=full))
        self.assertIn("2 of 2 have no verdict: trouble with this machine", self.said)
        self.assertIn("no space", self.said.lower())
        self.assertEqual({("", "not graded")}, {(row["total"], row["outcome"])
                                                for row in self.grades().values()})
        self.assertEqual([6, 6], [r["results"]["points"] for r in self.grade().values()])


del ClassTest  # or its tests would be found here, too

if __name__ == "__main__":
    unittest.main()
