# SPDX-License-Identifier: MIT
"""The autograder's archive, and a run of it where Gradescope's container would
be: root, no namespaces to be had, nothing but the system and /autograder."""
import json
import os
import shutil
import stat
import subprocess
import tempfile
import time
import unittest
import zipfile
from pathlib import Path

BUILD = os.environ.get("BUILD", "build")
ROOTED = os.geteuid() == 0 and shutil.which("bwrap") is not None
TOOLS = all(map(shutil.which, ("parallel", "git", "rsync", "sim_c")))


def make(*arguments, **options):
    return subprocess.run(["make", "--no-print-directory", f"BUILD={BUILD}", *arguments],
                          env=dict(os.environ, MAKEFLAGS="", MAKELEVEL="1"), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120, **options)


class Archive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = make("gradescope")

    def setUp(self):
        self.assertEqual(self.made.returncode, 0, self.made.stderr)
        self.archive = zipfile.ZipFile(f"{BUILD}/gradescope.zip")
        self.addCleanup(self.archive.close)

    def test_what_gradescope_runs_stands_at_the_top_and_can_be_run(self):
        for name in ("setup.sh", "run_autograder"):
            self.assertTrue(self.archive.getinfo(name).external_attr >> 16 & stat.S_IXUSR)
            self.assertTrue(self.archive.read(name).startswith(b"#!/usr/bin/env bash\n"))

    def test_it_gives_no_solution_away(self):
        names = self.archive.namelist()
        self.assertEqual([n for n in names if "solution" in n or "broken" in n
                          or "variants" in n or "/." in n or "mistakes" in n], [])
        texts = {self.archive.read(n) for n in names}
        for solution in Path("solutions").glob("*.c"):
            self.assertNotIn(solution.read_bytes(), texts)

    def test_the_same_sources_give_the_same_bytes(self):
        before = Path(BUILD, "gradescope.zip").read_bytes()
        make("gradescope")
        self.assertEqual(Path(BUILD, "gradescope.zip").read_bytes(), before)

    def test_a_policy_with_an_error_is_not_packed(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("01_socket many\n")
            file.flush()
            run = make("gradescope", f"POLICY={file.name}")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(f"{file.name}:1: 'many'", run.stderr)

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is missing; run: make setup-lint")
    def test_shellcheck_has_nothing_to_say(self):
        run = subprocess.run(["shellcheck", "tests/grading/gradescope/setup.sh",
                              "tests/grading/gradescope/run_autograder"],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(run.stdout, "")


@unittest.skipUnless(ROOTED and TOOLS, "needs root, as in Gradescope's container, and what "
                                       "`make setup-grade` installs")
class Container(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gradescope")
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)
        os.chmod(self.top, 0o755)
        with open("tests/points") as points, open(self.top / "policy", "w") as policy:
            policy.write(points.read() + "gradescope hidden\n")
        run = make("gradescope", f"POLICY={self.top}/policy")
        self.assertEqual(run.returncode, 0, run.stderr)
        with zipfile.ZipFile(f"{BUILD}/gradescope.zip") as archive:
            for entry in archive.infolist():
                path = archive.extract(entry, self.top / "source")
                os.chmod(path, entry.external_attr >> 16)
                old = time.mktime(entry.date_time + (0, 0, -1))
                os.utime(path, (old, old))
        # What make has built already; the sources are older, as unzip has them.
        shutil.copytree(BUILD, self.top / "build", ignore=lambda folder, names: [
            n for n in names if folder == BUILD and n != "lab" and
            not n.endswith(".o") and n not in ("check", "flags", "compiler", "ready")],
            copy_function=shutil.copy2)
        (self.top / "submission").mkdir()
        (self.top / "results").mkdir()

    def run_inside(self, *command):
        """The network is the host's: by a name in it two graders tell that they
        don't take the same user, and one ends all that its user has."""
        return subprocess.run(
            ["bwrap", "--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc",
             "--ro-bind", "/var/lib/dpkg", "/var/lib/dpkg", "--dev", "/dev", "--proc", "/proc",
             *(word for name in ("bin", "sbin", "lib", "lib64")
               for word in ("--symlink", f"usr/{name}", f"/{name}")),
             "--perms", "1777", "--tmpfs", "/tmp",
             "--bind", str(self.top), "/autograder", "--unshare-pid", "--unshare-ipc",
             "--cap-drop", "CAP_SYS_ADMIN", "--die-with-parent", "--chdir", "/autograder",
             "--clearenv", "--setenv", "PATH", os.defpath + ":/usr/sbin:/sbin", *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)

    def grade(self):
        run = self.run_inside("source/run_autograder")
        with open(self.top / "results/results.json") as file:
            return json.load(file), run.stdout + run.stderr

    def test_a_submission_is_graded_without_namespaces(self):
        for path in Path("solutions").glob("*.c"):
            shutil.copy(path, self.top / "submission")
        (self.top / "submission/05_connect.c").write_text(
            '#include <stdio.h>\nint main(void) { FILE *f = fopen('
            '"/autograder/results/results.json", "w"); if (f) fputs("{}", f); '
            'return fopen("/autograder/source/kit/Makefile", "r") != NULL; }\n')
        ready = self.run_inside("source/setup.sh")
        self.assertEqual(ready.returncode, 0, ready.stdout + ready.stderr)
        results, said = self.grade()
        self.assertIn("UNSAFE", said)
        self.assertTrue(results["tests"], said + results["output"])
        score = {}
        for test in results["tests"]:
            step = test["name"].split(":")[0]
            score[step] = score.get(step, 0) + test["score"]
        self.assertAlmostEqual(results["score"], sum(score.values()), 1)
        self.assertAlmostEqual(score["01_socket"], 6, 2, said + results["output"])
        self.assertEqual(score["05_connect"], 0)
        self.assertGreater(results["score"], 85, said)
        self.assertEqual({t["visibility"] for t in results["tests"]}, {"hidden"})

    def test_an_autograder_that_is_ended_leaves_a_reason(self):
        shutil.rmtree(self.top / "source/kit/tests/grading")
        results, _ = self.grade()
        self.assertEqual((results["score"], results["tests"]), (0, []))
        self.assertIn("ended before it came to a verdict", results["output"])

    def test_an_empty_submission_gets_its_reason(self):
        results, said = self.grade()
        self.assertEqual(results["score"], 0)
        self.assertIn("none of the kit's programs is in it", results["output"], said)


if __name__ == "__main__":
    unittest.main()
