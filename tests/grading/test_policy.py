# SPDX-License-Identifier: MIT
"""tests/points and what POLICY= makes of a verdict; errors are told by line."""
import json
import os
import subprocess
import tempfile
import unittest

BUILD = os.environ.get("BUILD", "build")
with open("tests/points") as points:
    STEPS = dict(line.split() for line in points if line[0].isdigit())


class Policy(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def check(self, policy, only="01"):
        """One step of programs that were never built: what is it worth?"""
        with open(self.path("policy"), "w") as file:
            file.write(policy)
        run = subprocess.run(
            [f"{BUILD}/check", "--programs", self.folder.name, "--only", only,
             "--results", self.path("results"), "--points", self.path("policy")],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=60)
        if run.returncode == 2:
            return run.stderr.replace(self.path("policy"), "FILE")
        with open(self.path("results")) as file:
            return json.load(file)

    @staticmethod
    def lines(*more, **steps):
        """tests/points with other points, and with lines of its own."""
        steps = {**STEPS, **{"0" + k[1:]: v for k, v in steps.items()}}
        return "".join(f"{k} {v}\n" for k, v in steps.items() if v) + \
            "\n".join(more)

    def refuses(self, policy, *words):
        said = self.check(policy)
        self.assertIsInstance(said, str, "it was taken")
        for word in words:
            self.assertIn(word, said)
        self.assertEqual(said.count("\n"), 1, "one line says it")

    def test_every_test_of_a_step_is_worth_the_same_unless_it_is_named(self):
        step = self.check(self.lines())["steps"][0]
        self.assertEqual({t["of"] for t in step["tests"]}, {0.6})

    def test_a_named_test_has_its_points_and_the_others_share_the_rest(self):
        name = "socket/makes_a_tcp_socket_for_stream"
        step = self.check(self.lines(f"{name} 1.5 # it matters", s1_socket=6)
                          )["steps"][0]
        worth = {t["test"]: t["of"] for t in step["tests"]}
        self.assertEqual(worth.pop(name), 1.5)
        self.assertEqual(set(worth.values()), {0.5})
        self.assertEqual(len(worth) * 0.5 + 1.5, step["of"])

    def test_a_test_and_a_step_may_be_worth_nothing(self):
        name = "socket/makes_a_tcp_socket_for_stream"
        step = self.check(self.lines(f"{name} 0"))["steps"][0]
        self.assertIn(0, [t["of"] for t in step["tests"]])
        self.assertAlmostEqual(sum(t["of"] for t in step["tests"]), 6, 4)
        step = self.check(self.lines(s1_socket="0"))["steps"][0]
        self.assertEqual((step["of"], step["points"]), (0, 0))

    def test_the_settings_stand_in_the_results(self):
        policy = self.check(self.lines("gradescope after_due_date",
                                       "seed hidden"))["policy"]
        self.assertEqual((policy["gradescope"], policy["seed"]),
                         ("after_due_date", "hidden"))

    def test_windows_lines_and_blanks_are_no_errors(self):
        policy = self.lines().replace("\n", "  \r\n") + "\r\n\t\r\n"
        self.assertEqual(self.check(policy)["of"], 6)

    def test_errors_are_told_with_the_line(self):
        for line, *words in (
                ("02_bind ten", "FILE:2:", "'ten'", "no number of points"),
                ("02_bind -1", "FILE:2:", "'-1'"),
                ("02_bind inf", "FILE:2:", "'inf'"),
                ("02_bind 0x10", "FILE:2:", "'0x10'"),
                ("02_bind 1e999", "FILE:2:"),
                ("02_bind", "FILE:2:", "name and its points"),
                ("02_bind 10 points", "FILE:2:", "name and its points"),
                ("01_socket 5", "FILE:2:", "line 1 already"),
                ("gradescope maybe", "FILE:2:", "after_published"),
                ("x" * 600, "FILE:2:", "too long"),
                ("09_sleep 4", "FILE:2:", "no step 09_sleep"),
                ("0 4", "FILE:2:", "no step 0"),
                ("socket/sings 1", "FILE:2:", "no test socket/sings")):
            with self.subTest(line=line):
                steps = self.lines(s1_socket=None)
                if line.startswith("02_bind"):
                    steps = self.lines(s1_socket=None, s2_bind=None)
                self.refuses(f"01_socket 6\n{line}\n{steps}", *words)

    def test_a_step_without_a_line_and_an_empty_file_are_errors(self):
        self.refuses(self.lines(s3_listen=None), "03_listen", "no points")
        self.refuses("# nothing\n", "no line such as")

    def test_the_points_of_tests_must_fit_those_of_their_step(self):
        test = "socket/makes_a_tcp_socket_for_stream"
        self.refuses(f"{test} 7\n" + self.lines(), "FILE:2:", "has 6", "have 7")
        names = [t["test"] for t in self.check(self.lines())["steps"][0]["tests"]]
        self.refuses(self.lines(*(f"{name} .5" for name in names)),
                     "FILE:1:", "has 6", f"have {len(names) / 2:g}")

    def test_a_file_that_is_not_there_or_no_file_is_an_error(self):
        for path, words in ((self.path("none"), "No such file"),
                            (self.folder.name, "directory")):
            run = subprocess.run([f"{BUILD}/check", "--points", path],
                                 capture_output=True, text=True, timeout=60)
            self.assertEqual(run.returncode, 2)
            self.assertIn(words, run.stderr)

    def test_a_compiler_that_quotes_latin_1_does_not_cost_the_verdict(self):
        with open(self.path("01_socket.log"), "wb") as file:
            file.write(b"01_socket.c:3: error: caf\xe9\n")
        step = self.check(self.lines())["steps"][0]
        self.assertEqual(step["compiler"], "01_socket.c:3: error: caf?\n")

    def test_points_that_were_earned_follow_the_policy(self):
        """Through make, as a user does it: one step of the solutions."""
        with open(self.path("policy"), "w") as file:
            file.write(self.lines(s1_socket="40"))
        run = subprocess.run(
            ["make", "--no-print-directory", "check-01", "STEPS=solutions",
             f"BUILD={BUILD}", f"POLICY={self.path('policy')}",
             f"RESULTS={self.path('results')}"], timeout=120,
            env=dict(os.environ, MAKEFLAGS="", MAKELEVEL="1"),
            stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("40 of 40", run.stdout)


if __name__ == "__main__":
    unittest.main()
