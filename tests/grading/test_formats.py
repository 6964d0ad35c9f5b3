# SPDX-License-Identifier: MIT
"""Each format is read by a reader that isn't ours, at its edges too."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree as xml

from tests.grading import formats

try:
    import jsonschema
except ImportError:
    jsonschema = None

HERE = os.path.dirname(os.path.abspath(__file__))
HOSTILE = "\x1b[2J\0 ]]> <b>&amp;</b> \ud800 \u202e \ufffe # not ok\r\n  ---\n```"


def test(name="bind/closes_its_socket", status="passed", **more):
    return {"test": name, "sentence": name.split("/")[1].replace("_", " "), "status": status, "points": 0.0,
            "of": 1.0, "given": False, "seconds": 0.25, **more}


def verdict(*tests, compiles=True, compiler=None, **more):
    step = {"step": "02_bind", "points": 0.0, "of": 10.0, "compiles": compiles,
            "tests": list(tests)}
    if compiler is not None:
        step["compiler"] = compiler
    return {"folder": "steps", "seed": 1, "points": 0.0, "of": 10.0,
            "steps": [step], **more}


def failure(saw, look="steps/02_bind.c"):
    return {"about": "end", "expected": "it ends", "saw": saw, "stdout": ['"x"'], "stderr": [],
            "calls": [], "calls_made": 0, "reason": None, "in_use": None, "look": [look],
            "ran": "02_bind"}


EDGES = {
    "no tests": verdict(),
    "no steps": {**verdict(), "steps": []},
    "all pass": verdict(test(points=1.0)),
    "all fail": verdict(*(test(f"bind/t{i}", "failed", failure=failure("nothing"))
                          for i in range(30))),
    "not compiled": verdict(test(status="failed", why="the program did not compile"),
                            compiles=False, compiler=HOSTILE),
    "skipped": verdict(test(status="skipped", why="no IPv6 here")),
    "not run": verdict(test(status="lab", why="the test did not report")),
    "no message": verdict(test(status="failed")),
    "timed out": verdict(test(status="timeout", failure=failure("it did not end; it still ran"))),
    "hostile": verdict(test(status="failed", failure=failure(HOSTILE))),
    "1 MB": verdict(test(status="failed", why="x" * (1 << 20))),
    "killed": {"id": "a", "entry": "ann " + HOSTILE, "outcome": "killed", "flags": ["x"],
               "reason": "memory: " + HOSTILE, "results": None, "seconds": 3.2},
}


class Formats(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def row(self, content):
        path = os.path.join(self.folder.name, "results.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file)
        return formats.read_row(path)

    def written(self, name, text):
        path = os.path.join(self.folder.name, name)
        formats.write(path, text)
        return path

    def every(self):
        for name, content in EDGES.items():
            with self.subTest(edge=name):
                yield name, self.row(content)

    @unittest.skipUnless(shutil.which("xmllint"), "xmllint is missing; run: make setup-grade")
    def test_junit_holds_to_what_jenkins_and_gitlab_read(self):
        for _, row in self.every():
            path = self.written("junit.xml", formats.junit(row))
            run = subprocess.run(["xmllint", "--noout", "--schema", f"{HERE}/junit.xsd", path],
                                 capture_output=True, text=True, timeout=60)
            self.assertEqual(run.returncode, 0, run.stderr)

    @unittest.skipUnless(shutil.which("xmllint"), "xmllint is missing; run: make setup-grade")
    def test_the_schema_refuses_what_they_do_not(self):
        good = formats.junit(self.row(EDGES["all fail"]))
        for old, new in ((' classname="sockets.02_bind"', ""), ('name="t1"', 'name="t2"'),
                         ("</failure>", '</failure><failure message="again"/>'),
                         ('tests="30"', 'tests="many"')):
            bad = self.written("junit.xml", good.replace(old, new, 1))
            self.assertNotEqual(good, good.replace(old, new, 1))
            run = subprocess.run(["xmllint", "--noout", "--schema", f"{HERE}/junit.xsd", bad],
                                 capture_output=True, text=True, timeout=60)
            self.assertNotEqual(run.returncode, 0, new)

    def test_junit_counts_what_it_has(self):
        for _, row in self.every():
            for suite in xml.fromstring(formats.junit(row)):
                for key, tag in (("tests", "testcase"), ("failures", "testcase/failure"),
                                 ("errors", "testcase/error"), ("skipped", "testcase/skipped")):
                    self.assertEqual(int(suite.get(key)), len(suite.findall(tag)), key)

    def test_a_time_out_is_an_error_and_a_wrong_answer_a_failure(self):
        for edge, tag in (("timed out", "error"), ("not run", "error"), ("killed", "error"),
                          ("hostile", "failure"), ("not compiled", "failure")):
            self.assertEqual(len(list(xml.fromstring(
                formats.junit(self.row(EDGES[edge]))).iter(tag))), 1, edge)

    @unittest.skipUnless(shutil.which("prove"), "prove is missing: it comes with perl")
    def test_prove_reads_the_tap(self):
        expected = {"all pass": 0, "no tests": 0, "no steps": 0, "skipped": 0}
        for name, row in self.every():
            path = self.written("results.tap", formats.tap(row))
            run = subprocess.run(["prove", "--nocolor", "-e", "cat", path],
                                 capture_output=True, text=True, timeout=60)
            self.assertEqual(run.returncode == 0, name in expected, run.stdout)
            self.assertNotIn("Parse errors", run.stdout)
            wrong = len(re.findall(r"^not ok", formats.tap(row), re.M))
            if wrong:
                self.assertIn(f"Failed: {wrong})", run.stdout)

    @unittest.skipUnless(jsonschema, "python3-jsonschema is missing; run: make setup-grade")
    def test_gradescope_gets_its_own_form(self):
        with open(f"{HERE}/gradescope.schema.json") as file:
            schema = json.load(file)
        jsonschema.Draft7Validator.check_schema(schema)
        for name, row in self.every():
            results = json.loads(formats.gradescope(row))
            jsonschema.validate(results, schema)
            self.assertLess(len(formats.gradescope(row)), 1 << 19)
        self.assertIn("killed: memory", results["output"], "a reason for the 0")

    def test_the_policy_hides_the_tests_on_gradescope(self):
        content = {**EDGES["all fail"], "policy": {"gradescope": "after_due_date"}}
        seen = {t["visibility"] for t in
                json.loads(formats.gradescope(self.row(content)))["tests"]}
        self.assertEqual(seen, {"after_due_date"})

    def test_nothing_that_plays_tricks_gets_through(self):
        for _, row in self.every():
            for name in ("junit", "tap", "gradescope", "markdown"):
                text = formats.FORMATS[name][1](row)
                self.assertIsNone(formats.UNFIT.search(text), name)
                text.encode("utf-8")
        self.assertNotIn("<b>", formats.markdown(self.row(EDGES["hostile"])))
        self.assertNotIn("<b>", formats.markdown(self.row(EDGES["killed"])))

    def test_the_folder_of_the_grader_is_not_told(self):
        secret = "/srv/exam/ann lee"
        row = self.row({**verdict(test(
            status="failed", failure=failure("nothing", f"{secret}/02_bind.c")),
            compiles=False, compiler=f"{secret}/02_bind.c:3: error: no"), "folder": secret})
        for name in ("junit", "tap", "gradescope", "markdown"):
            text = formats.FORMATS[name][1](row)
            self.assertNotIn("/srv", text, name)
            self.assertIn("steps/02_bind.c", text, name)

    def test_bad_input_gets_a_clear_error(self):
        path = self.written("results.json", "[]")
        for arguments, words in (([path, "junit"], "neither results.json"),
                                 ([path, "yaml"], "there are: junit, tap"),
                                 ([path + "x", "tap"], "No such file"), ([], "VERDICT")):
            run = subprocess.run([sys.executable, "-m", "tests.grading.formats", *arguments],
                                 capture_output=True, text=True, timeout=60)
            self.assertEqual(run.returncode, 1)
            self.assertIn(words, run.stderr)
            self.assertNotIn("Traceback", run.stderr)


if __name__ == "__main__":
    unittest.main()
