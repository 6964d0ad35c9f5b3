# SPDX-License-Identifier: MIT
"""Which programs of a class are alike, by sim_c."""
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = os.path.dirname(os.path.abspath(__file__))
STEM = "06_echo_server"


@unittest.skipUnless(shutil.which("sim_c"), "sim_c is missing; run: make setup-grade")
class Similar(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="class with blanks ")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "rows").mkdir()

    def add(self, name, program):
        (self.folder / "rows" / f"{name}.json").write_text(
            f'{{"outcome": "graded", "entry": "{name} \\u001b[31m, Lee"}}')
        src = self.folder / "jobs" / name / "src"
        src.mkdir(parents=True)
        (src / f"{STEM}.c").write_text(program)

    def similar(self):
        return subprocess.run([sys.executable, "-m", "tests.grading.similar", str(self.folder)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120)

    def test_a_copy_with_other_names_stands_first_and_a_starter_nowhere(self):
        program = Path(f"tests/variants/{STEM}/epoll.c").read_text()
        self.add("ann", program)
        self.add("bob", "/* mine */\n" + re.sub(r"\bconn(_fd)?\b", "guest", program))
        self.add("cee", Path(f"tests/variants/{STEM}/stdio.c").read_text())
        for name in ("dee", "eve"):
            self.add(name, Path(f"steps/{STEM}.c").read_text())
        run = self.similar()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout.split("\n")[2], r"(9\d|100) %  ann .* and bob ")
        self.assertNotIn("dee", run.stdout)
        self.assertNotIn("\x1b", run.stdout)
        with open(self.folder / "similar.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 3)
        self.assertGreater(int(rows[0]["percent"]), 2 * int(rows[1]["percent"]))

    def test_a_class_with_nothing_to_compare_is_told(self):
        self.add("ann", Path(f"steps/{STEM}.c").read_text())
        run = self.similar()
        self.assertEqual(run.returncode, 1)
        self.assertIn("no two programs", run.stderr)


if __name__ == "__main__":
    unittest.main()
