# SPDX-License-Identifier: MIT
"""The files for GitHub, GitLab, Slurm and Kubernetes: they are what they should
be, and their commands are run here, on a copy of the kit, as far as they don't
install anything."""
import glob
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

try:
    import yaml
except ImportError:
    yaml = None
try:
    import jinja2
except ImportError:
    jinja2 = None

BUILD = os.environ.get("BUILD", "build")
GITHUB, GITLAB = ".github/workflows/check.yml", "docs/examples/gitlab-ci.yml"


def load(path):
    with open(path) as file:
        return list(yaml.safe_load_all(file))


@unittest.skipUnless(yaml, "python3-yaml is missing; run: make setup-grade")
class Examples(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="examples")
        self.addCleanup(folder.cleanup)
        self.copy = Path(folder.name, "kit")

    def copy_kit(self, steps):
        """A student's repository, with what make has built already."""
        for name in ("Makefile", "tests", "docs", "steps"):
            copy = shutil.copytree if os.path.isdir(name) else shutil.copy2
            copy(steps if name == "steps" else name,
                 self.copy / name if os.path.isdir(name) else self.copy / name)
        for path in [f"{BUILD}/check", f"{BUILD}/flags", f"{BUILD}/compiler", f"{BUILD}/ready",
                     f"{BUILD}/lab/witness.o",
                     *glob.glob(f"{BUILD}/objects/**/*.*", recursive=True)]:
            to = self.copy / "build" / os.path.relpath(path, BUILD)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)

    def sh(self, command, **env):
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", command], cwd=self.copy, text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self.copy), **env},
            stdin=subprocess.DEVNULL, capture_output=True, timeout=180)

    def commands(self):
        """(file, command) of all that these files run."""
        for step in load(GITHUB)[0]["jobs"]["check"]["steps"]:
            if "run" in step:
                yield GITHUB, step["run"]
        check = load(GITLAB)[0]["check"]
        for command in check["before_script"] + check["script"]:
            yield GITLAB, command

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is missing; run: make setup-lint")
    def test_shellcheck_has_nothing_to_say(self):
        slurm = "docs/examples/slurm.sh"
        for path, command in [*self.commands(), (slurm, Path(slurm).read_text())]:
            run = subprocess.run(["shellcheck", "--shell=bash", "-"], input=command, text=True,
                                 capture_output=True, timeout=60)
            self.assertEqual(run.stdout, "", path)

    def test_the_workflow_may_only_read_and_always_shows(self):
        flow = load(GITHUB)[0]
        self.assertEqual(flow["permissions"], {"contents": "read"})
        self.assertIn("push", flow[True])  # YAML takes `on` for true; GitHub doesn't
        steps = flow["jobs"]["check"]["steps"]
        after = steps[[s.get("name") for s in steps].index("Check") + 1:]
        self.assertTrue(after and all(s["if"] == "always()" for s in after))

    @unittest.skipUnless(jinja2, "python3-jinja2 is missing; run: make setup")
    def test_what_is_run_passes_for_solutions_and_fails_for_starters(self):
        self.copy.mkdir()
        for steps, good in (("solutions", True), ("steps", False)):
            shutil.rmtree(self.copy)
            self.copy.mkdir()
            self.copy_kit(steps)
            summary = self.copy / "summary"
            summary.write_text("")
            for path, command in self.commands():
                if "setup" in command or "apt-get" in command or \
                        (path == GITLAB and not good):
                    continue
                run = self.sh(command, GITHUB_STEP_SUMMARY=str(summary))
                passes = good or "make check" not in command
                self.assertEqual(run.returncode == 0, passes, command + run.stdout + run.stderr)
            self.assertIn("## 100 of 100" if good else "## 0 of 100", summary.read_text())
            kept = load(GITHUB)[0]["jobs"]["check"]["steps"][-1]["with"]["path"].split()
            lab = load(GITLAB)[0]["check"]["artifacts"]
            for name in kept + lab["paths"] + [lab["reports"]["junit"]]:
                self.assertTrue((self.copy / name).is_file(), name)

    def test_the_job_of_kubernetes_has_no_rights(self):
        job, policy = load("docs/examples/kubernetes.yml")
        spec = job["spec"]
        pod = spec["template"]["spec"]
        self.assertEqual((spec["completionMode"], pod["restartPolicy"]), ("Indexed", "Never"))
        self.assertFalse(pod["automountServiceAccountToken"])
        self.assertIn("memory", pod["containers"][0]["resources"]["limits"])
        self.assertEqual(policy["spec"]["podSelector"]["matchLabels"],
                         spec["template"]["metadata"]["labels"])
        self.assertNotIn("egress", policy["spec"])

    @unittest.skipUnless(shutil.which("parallel") and shutil.which("bwrap") and os.geteuid() == 0,
                         "needs root and what `make setup-grade` installs")
    def test_a_task_of_slurm_grades_its_chunk_and_nothing_twice(self):
        of = Path(self.copy.parent, f"class_{os.getpid()}")
        out = Path(BUILD, "class", of.name)
        self.addCleanup(shutil.rmtree, out, ignore_errors=True)
        for name in ("ann", "bob", "cee"):
            (of / name).mkdir(parents=True)
            shutil.copy("solutions/01_socket.c", of / name)
        grade = ["make", "--no-print-directory", "grade", f"BUILD={BUILD}", f"CLASS={of}"]
        clean = dict(os.environ, MAKEFLAGS="", MAKELEVEL="1", UNSAFE="1")
        run = subprocess.run([*grade, "PREPARE=1"], env=clean, capture_output=True, text=True,
                             timeout=120)
        self.assertIn("3 to grade elsewhere", run.stdout, run.stderr)

        def task(number):
            subprocess.run(["docs/examples/slurm.sh", str(out)], check=True, timeout=120,
                           capture_output=True,
                           env=dict(clean, SLURM_ARRAY_TASK_ID=str(number), CHUNK="2"))
        task(1)
        self.assertEqual(os.listdir(out / "rows"), ["cee.json"])
        task(0)
        before = {p: p.stat().st_mtime_ns for p in (out / "rows").iterdir()}
        self.assertEqual(len(before), 3)
        task(0)
        run = subprocess.run(grade, env=clean, capture_output=True, text=True, timeout=120)
        self.assertIn("3 of 3 are as they were", run.stdout, run.stderr)
        self.assertEqual(before, {p: p.stat().st_mtime_ns for p in before})


if __name__ == "__main__":
    unittest.main()
