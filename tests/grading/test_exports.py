# SPDX-License-Identifier: MIT
"""Grades on their way back. Moodle's rules are those of its importziplib.php (a
name is cut at _: who, the participant's number, the plug-in) and of its offline
grading worksheet; Canvas's those of its gradebook's export."""
import csv
import io
import os
import tempfile
import unittest
import zipfile
from pathlib import Path
from unittest import mock

from tests.grading import exports, formats

GRADEBOOK = """Student,ID,SIS User ID,SIS Login ID,Section,Quiz (7),Socket lab (23),Final Score
    Points Possible,,,,,10,50,(read only)
"Lee, Ann",12347,S1,alee,TCP-1,9,,90
"Zoe, Not Here",12399,S2,zoe,TCP-1,8,33,80
"""
WORKSHEET = """Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,\
Last modified (submission),Last modified (grade),Feedback comments
Participant 12347,Ann Lee,ann@example.edu,Submitted,,50.00,Yes,-,-,
Participant 12399,Zoe,zoe@example.edu,,33.00,50.00,Yes,-,-,kept
"""


def row(name, sid, points, **more):
    person = {**formats.NOBODY, "name": name, "sid": sid, **more.pop("person", {})}
    return {**formats.EMPTY, "id": name.replace(" ", "_"), "entry": name, "person": person,
            "results": {"points": points, "of": 100.0, "steps": []}, **more}


class Exports(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "students").mkdir()
        self.rows = [row("Ann_Lee", "12347", 74.897), row("=HYPERLINK(1)", "12348", 0.0,
                                                           outcome="refused", reason="empty"),
                     row("no id", "", 5), row("not yet", "9", 0, outcome="not graded"),
                     row("one", "5", 1), row("other", "5", 2)]
        for one in self.rows:
            (self.folder / f"students/{one['id']}.html").write_text(one["entry"])

    def write(self, name, sheet=None, **variables):
        if sheet is not None:
            (self.folder / "sheet.csv").write_text(sheet)
            variables["SHEET"] = str(self.folder / "sheet.csv")
        with mock.patch.dict(os.environ, {"SHEET": "", "ASSIGNMENT": "", **variables}):
            files, self.left = exports.FORMATS[name](self.folder, self.rows)
        text = (self.folder / files[0]).read_text(encoding="utf-8-sig")
        return list(csv.reader(io.StringIO(text, newline="")))

    def left_out(self):
        for words in ("no id: has no ID", "not yet: has no verdict",
                      "one: somebody else has the ID 5", "other: somebody else has the ID 5"):
            self.assertTrue(any(words in text for text in self.left), (words, self.left))

    def test_canvas_has_its_header_rows_and_nobody_by_guess(self):
        lines = self.write("canvas")
        self.assertEqual([exports.GRADEBOOK + ["Socket lab"],
                          ["    Points Possible", "", "", "", "", "100"],
                          ["Ann_Lee", "12347", "", "", "", "74.8"],
                          ["'=HYPERLINK(1)", "12348", "", "", "", "0"]], lines)
        self.left_out()

    def test_canvas_s_own_gradebook_is_filled_in_and_others_keep_their_points(self):
        lines = self.write("canvas", GRADEBOOK)
        self.assertEqual([[*exports.GRADEBOOK, "Socket lab (23)"],
                          ["    Points Possible", "", "", "", "", "50"],
                          ["Lee, Ann", "12347", "S1", "alee", "TCP-1", "37.4"],
                          ["Zoe, Not Here", "12399", "S2", "zoe", "TCP-1", "33"]], lines)
        with self.assertRaisesRegex(exports.Wrong, "no column 'Student'"):
            self.write("canvas", "Name,ID\nx,1\n")

    def test_moodle_s_worksheet_new_or_its_own(self):
        lines = self.write("moodle")
        self.assertEqual(exports.WORKSHEET, lines[0])
        self.assertEqual(("Participant 12347", "74.8", "100"),
                         (lines[1][0], lines[1][4], lines[1][5]))
        self.assertEqual("refused: empty", lines[2][-1])
        self.left_out()
        lines = self.write("moodle", WORKSHEET)
        self.assertEqual(["37.4", "33.00"], [line[4] for line in lines[1:]])
        self.assertEqual("kept", lines[2][-1])

    def test_moodle_takes_every_name_in_the_feedback_zip(self):
        self.write("moodle")
        with zipfile.ZipFile(self.folder / "moodle-feedback.zip") as file:
            names = {name: file.read(name).decode() for name in file.namelist()}
        self.assertEqual(2, len(names))
        for name, content in names.items():
            who, number, kind, plugin, rest = name.split("_", 4)  # as Moodle does it
            self.assertEqual(("assignfeedback", "file", "socket-lab.html"), (kind, plugin, rest))
            self.assertIn((number, content), {("12347", "Ann_Lee"), ("12348", "=HYPERLINK(1)")})
            self.assertNotIn("/", who)

    def test_a_pair_has_a_line_each_and_a_mark_by_hand_counts(self):
        self.rows = [row("A and B", "1", 10, person={"others": [("B", "2")]},
                         by_hand={"points": 50.0, "note": "oral"})]
        self.assertEqual([["A", "1", "", "50", "100"], ["B", "2", "", "50", "100"]],
                         [line[:5] for line in self.write("csv")[1:]])
        self.assertEqual("oral", self.write("csv")[1][-1])


if __name__ == "__main__":
    unittest.main()
