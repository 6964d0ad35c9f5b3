# SPDX-License-Identifier: MIT
"""The reports of a class: numbers, pages, the picture of what stopped whom."""
import csv
import html
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = os.path.dirname(os.path.abspath(__file__))
try:
    import jinja2
except ImportError:
    jinja2 = None
from tests.grading import report

TRICKY = "<script>alert(1)</script><img src=x onerror=y> {{ 70007*7 }} \x1b[31m\0\u202e\ud800"


def step(stem, *seen, of=10.0, compiles=True, compiler=None):
    """A step of whose tests this was seen; None: it passes."""
    tests = [{"test": f"suite/test_{i}", "sentence": f"test {i}",
              "status": "failed" if saw else "passed",
              "points": 0.0 if saw else of / len(seen), "of": of / len(seen),
              "given": False, "seconds": 0.1, **({"failure": failure(saw)} if saw else {})}
             for i, saw in enumerate(seen)]
    return {"step": stem, "points": sum(t["points"] for t in tests), "of": of,
            "compiles": compiles, "compiler": compiler, "tests": tests}


def failure(saw):
    return {"about": "line", "expected": "x", "saw": saw, "stdout": [], "calls": [],
            "stderr": [f'"{saw}"'] * saw.startswith("TODO"), "calls_made": 0, "reason": None,
            "in_use": None, "look": ["bind(2)"], "ran": "01_socket"}


def results(*steps, **policy):
    return {"folder": "/srv/in/x", "seed": 77001, "points": sum(s["points"] for s in steps),
            "of": sum(s["of"] for s in steps), "steps": list(steps),
            "policy": {"seed": "shown", **policy}}


GOOD = results(step("01_socket", None, None), step("02_bind", None))
HALF = results(step("01_socket", None, "y " + TRICKY),
               step("02_bind", None))


@unittest.skipUnless(jinja2, "python3-jinja2 is missing; run: make setup")
class Report(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="class with blanks ")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "rows").mkdir()

    def row(self, name, verdict=GOOD, entry=None, outcome="graded", **more):
        row = {"id": name, "entry": entry or name, "kit": "k1", "seed": 77001,
               "outcome": outcome, "flags": [], "results": verdict, **more}
        (self.folder / "rows" / f"{name}.json").write_text(json.dumps(row))

    def report(self, *formats):
        run = subprocess.run([sys.executable, "-m", "tests.grading.report", str(self.folder), *formats],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def read(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    def grades(self):
        with open(self.folder / "grades.csv", encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def test_grades_csv_has_a_row_a_student_with_every_number(self):
        self.row("a", entry='Ann "the one", Lee\nof row 2', flags=["tried to x", "y"])
        self.row("b", HALF)
        self.row("c", None, outcome="killed", reason="it used too much memory")
        self.report()
        a, b, c = self.grades()
        self.assertEqual(a["entry"], 'Ann "the one", Lee\nof row 2')
        self.assertEqual((a["01_socket"], a["total"], a["of"], a["seed"], a["kit"], a["flags"]),
                         ("10", "20", "20", "77001", "k1", "tried to x; y"))
        self.assertEqual((b["01_socket"], b["02_bind"], b["total"]), ("5", "10", "15"))
        self.assertEqual((c["outcome"], c["reason"], c["total"]),
                         ("killed", "it used too much memory", "0"))
        self.assertEqual((self.folder / "grades.csv").read_bytes().count(b"\r\n"), 4)

    def test_no_cell_is_a_formula(self):
        for i, name in enumerate(("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "ann;=1+2",
                                  "\uff1d1+1")):
            self.row(f"r{i}", entry=name, flags=[name], reason=name, outcome=name)
        self.report()
        for row in self.grades():
            for value in row.values():
                self.assertNotIn(value[:1] or "x", "=+-@\t\r\uff1d")
                self.assertNotRegex(value, r"^[^'].*;=")

    def test_a_page_tells_all_of_its_student_and_nothing_of_others(self):
        self.row("ann", HALF, entry="Ann Lee", flags=["flag of Ann"])
        self.row("bob", GOOD, entry="Bob Ray", flags=["flag of Bob"])
        self.report()
        page = self.read("students/ann.html")
        for words in ("Ann Lee", "15 of 20", "flag of Ann", "test 1", "77001", "k1"):
            self.assertIn(words, page)
        for words in ("Bob", "bob", "/srv"):
            self.assertNotIn(words, page)

    def test_nothing_that_a_student_wrote_is_markup(self):
        self.row("t", HALF, entry=TRICKY, flags=[TRICKY], outcome=TRICKY, reason=TRICKY)
        self.row("u", results(step("01_socket", "the program did not compile", compiles=False,
                                   compiler=TRICKY), step("02_bind", TRICKY)))
        self.report("html", "markdown", "junit")
        seen = []
        parser = html.parser.HTMLParser()
        parser.handle_starttag = lambda tag, attrs: seen.append((tag, dict(attrs)))
        for name in ("class.html", "students/t.html", "students/u.html"):
            page = self.read(name)
            parser.feed(page)
            self.assertNotIn("490049", page)  # a template would have computed it
            self.assertIsNone(report.formats.UNFIT.search(page))
        self.assertNotIn("script", [tag for tag, _ in seen])
        self.assertNotIn("img", [tag for tag, _ in seen])

    def test_a_page_needs_nothing_but_itself(self):
        self.row("a", HALF)
        self.report()
        for name in ("class.html", "students/a.html"):
            page = self.read(name).replace("&lt;img src=x", "")
            self.assertIsNone(re.search(r"<(script|link|iframe)|src=|url\(|https?://", page))

    def test_a_page_gives_no_solution_away(self):
        self.row("a", HALF)
        self.row("b", results(step("02_bind", "the program did not compile", compiles=False,
                                   compiler="02_bind.c:3: error: x\n  3 | y")))
        self.report()
        subprocess.run([sys.executable, "docs/theme/canary.py", str(self.folder / "students"),
                        "steps", "solutions"], check=True, timeout=60)

    def test_a_hidden_seed_is_the_instructors_only(self):
        self.row("a", {**HALF, "policy": {"seed": "hidden"}})
        self.report("junit", "tap", "gradescope", "markdown")
        for path in (self.folder / "students").iterdir():
            self.assertNotIn("77001", path.read_text(encoding="utf-8"), path.name)
        self.assertEqual(self.grades()[0]["seed"], "77001")

    def test_a_row_that_cannot_be_read_has_its_line(self):
        self.row("a")
        for name, content in (("cut", '{"id": "cu'), ("list", "[]"), ("empty", "")):
            (self.folder / "rows" / f"{name}.json").write_text(content)
        self.report()
        rows = {row["page"]: row for row in self.grades()}
        self.assertEqual(len(rows), 4)
        self.assertIn("cut.json can't be read", rows["cut"]["reason"])
        self.assertIn("can&#39;t be read", self.read("students/empty.html"))

    def test_a_page_of_a_submission_that_is_gone_goes_too(self):
        self.row("a")
        self.row("b")
        self.report()
        (self.folder / "rows/b.json").unlink()
        self.report()
        self.assertEqual(os.listdir(self.folder / "students"), ["a.html"])

    def test_the_same_rows_give_the_same_bytes(self):
        self.row("a", HALF)
        self.row("b", None, outcome="timed out", reason="60 s")
        self.report()
        first = {p: p.read_bytes() for p in self.folder.rglob("*") if p.is_file()}
        self.report()
        self.assertEqual(first, {p: p.read_bytes() for p in first})

    def test_no_rows_and_no_such_format_are_clear_errors(self):
        for formats, words in (([], "make grade CLASS=dir"), (["pdf"], "there are: junit")):
            run = subprocess.run([sys.executable, "-m", "tests.grading.report", str(self.folder), *formats],
                                 capture_output=True, text=True, timeout=60)
            self.assertEqual((run.returncode, words in run.stderr), (1, True), run.stderr)
            self.row("a")

    def test_the_picture_names_what_stopped_how_many(self):
        todo = "TODO(01) is open: make a socket"
        self.row("a", results(step("01_socket", todo), step("02_bind", None)))
        self.row("b", results(step("01_socket", todo), step(
            "02_bind", "the program did not compile", compiles=False, compiler="error: x")))
        self.row("c", results(step("01_socket", "y"), step(
            "02_bind", "x", compiles=False, compiler="error: there is no file 02_bind.c")))
        self.row("d", None, outcome="killed", reason="x")
        self.report()
        page = self.read("class.html")
        for words in ("01_socket: not written yet: 2", "02_bind: it does not compile: 1",
                      "02_bind: the file is missing: 1", "01_socket: fails: test 0: 1",
                      "01_socket: 0 of 4; 02_bind: 1 of 4", "4 submissions, 3 graded"):
            self.assertIn(words, page)

    def test_every_outcome_of_the_grader_has_its_reason_in_every_report(self):
        """On its samples, one real row of each."""
        shutil.copytree(f"{HERE}/samples", self.folder / "rows", dirs_exist_ok=True)
        self.report("junit", "tap", "gradescope", "markdown")
        rows = self.grades()
        self.assertGreater(len({row["outcome"] for row in rows}), 4)
        for row in rows:
            self.assertEqual(row["of"], "100")
            if row["outcome"] == "graded":
                continue
            self.assertTrue(row["reason"], row["page"])
            for ending in ("html", "gradescope.json", "summary.md"):
                told = html.unescape(self.read(f"students/{row['page']}.{ending}"))
                self.assertIn(row["reason"], told, ending)

    def test_every_mistake_of_the_catalogue_is_known_by_its_name(self):
        """Where several have one test, one rule and the same words, all are named."""
        count = 0
        for stem in report.STEMS:
            for entry in report.catalogue(stem):
                rule = entry.get("Reason", "none")
                seen = {**failure(entry["Says"]),
                        "reason": None if rule == "none" else {"id": rule, "text": "x"}}
                test = {"test": entry["Caught-by"], "status": "failed", "failure": seen}
                self.assertIn(entry["Mistake"].rstrip("."), report.known(stem, [test]))
                count += 1
        self.assertGreater(count, 200)


if __name__ == "__main__":
    unittest.main()
