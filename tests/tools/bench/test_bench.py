# SPDX-License-Identifier: MIT
"""What `make bench` measures, refuses to measure, and draws. No number is
expected of this machine: only that there is one, or a reason."""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom
from pathlib import Path
from unittest import mock

from tests.tools.bench import bench

BUILD = os.environ.get("BUILD", "build")
MAKE = ["env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", "--no-print-directory",
        f"BUILD={BUILD}"]


def setUpModule():
    subprocess.run([*MAKE, "STEPS=solutions", f"{BUILD}/bench/pump", f"{BUILD}/bench/plain",
                    f"{BUILD}/solutions/06_echo_server"], check=True, stdout=subprocess.DEVNULL)


def options(**changes):
    return argparse.Namespace(**{"build": BUILD, "programs": f"{BUILD}/solutions", "rounds": 1,
                                 "ms": 2, "sizes": [1, 4096], "write": False, **changes})


class Bench(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="bench "))
        self.addCleanup(shutil.rmtree, self.folder)

    def bench(self, *args, programs=f"{BUILD}/solutions", env=None):
        """A tiny run, in a build folder of its own."""
        if not (self.folder / "bench").exists():
            shutil.copytree(f"{BUILD}/bench", self.folder / "bench")
            (self.folder / "solutions").mkdir()
            shutil.copy(f"{BUILD}/solutions/06_echo_server", self.folder / "solutions")
        return subprocess.run(
            [sys.executable, "-m", "tests.tools.bench.bench", "--build", str(self.folder), "--programs",
             str(programs), "--rounds", "1", "--ms", "2", *args], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=120,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}, check=False)

    def broken(self, old, new):
        """The solution's server with a mistake, compiled, in a folder."""
        text = Path("solutions/06_echo_server.c").read_text(encoding="utf-8")
        self.assertIn(old, text)
        folder = self.folder / "mistake"
        folder.mkdir(exist_ok=True)
        subprocess.run(["cc", "-w", "-xc", "-", "-o", folder / "06_echo_server"], check=True,
                       input=text.replace(old, new, 1), encoding="utf-8")
        return folder

    def reason(self, folder, **changes):
        """Why this server gets no numbers."""
        peer = bench.Peer("yours", [f"{folder}/06_echo_server", "127.0.0.1", "0"])
        bench.measure_all([peer], options(**changes))
        self.assertEqual(peer.results, {}, "it has numbers")
        return peer.broken

    def test_a_tiny_run_gives_a_complete_table_and_a_complete_file(self):
        run = self.bench("--sizes", "1,4096", programs=self.folder / "solutions")
        self.assertEqual(run.returncode, 0, run.stdout)
        data = json.loads((self.folder / "bench.json").read_text(encoding="utf-8"))
        names = [server["name"] for server in data["servers"]]
        for name in ("solution", "plain, 64 KiB", "plain, 1 KiB", "python, 1 KiB", "limit"):
            self.assertIn(name, names)
        for server in data["servers"]:
            self.assertIsNone(server["broken"], server)
            for size in ("1", "4096"):
                whats = server["results"][size]
                trips = {"trips"} if server["name"] != "limit" else set()
                self.assertEqual(set(whats), {"rate", "cpu"} | trips)
                for values in whats.values():
                    self.assertEqual(len(values), 1)
                    self.assertGreater(values[0], 0)
        for title in [title for _, title in bench.TABLES] + ["What it is made of", "1 B", "4 KiB"]:
            self.assertIn(title, run.stdout)
        for line in run.stdout.splitlines():
            self.assertLessEqual(len(line), 80)
        self.assertNotIn("yours", run.stdout)

    def test_without_utf_8_nothing_but_ascii_is_printed(self):
        self.assertTrue(self.bench("--sizes", "1", env={"LC_ALL": "C"}).stdout.isascii())

    def test_a_server_that_echoes_another_byte_is_named_and_has_no_number(self):
        folder = self.broken("for (ssize_t sent = 0;", "if (got > 9) buf[9] ^= 1;\n"
                             "for (ssize_t sent = 0;")
        self.assertEqual(self.reason(folder, sizes=[64]), "another byte came back at 9 (at 64 B)")

    def test_a_server_that_loses_bytes_hangs_and_is_named(self):
        folder = self.broken("(size_t)(got - sent), MSG_NOSIGNAL",
                             "(size_t)(got > 1 ? got - 1 : got), MSG_NOSIGNAL); n = got; (void)(0")
        self.assertRegex(self.reason(folder, sizes=[64]),
                         r"hangs: nothing moved for 4 s after byte")

    def test_a_server_that_crashes_is_named(self):
        folder = self.broken("int status = echo(conn_fd);", "__builtin_trap(); int status = 0;")
        self.assertRegex(self.reason(folder), "reset by peer|ends the stream after byte 0")

    def test_a_server_that_prints_for_debugging_is_measured(self):
        folder = self.broken("if (got == -1 && errno == EINTR)",
                             'printf("%0999d\\n", 1); if (got == -1 && errno == EINTR)')
        peer = bench.Peer("yours", [f"{folder}/06_echo_server", "127.0.0.1", "0"])
        bench.measure_all([peer], options(sizes=[64], ms=50))
        self.assertIsNone(peer.broken)

    def test_a_server_with_open_gaps_says_so_in_its_row_beside_the_others_numbers(self):
        folder = self.folder / "starter"
        folder.mkdir()
        subprocess.run(["cc", "-w", "steps/06_echo_server.c", "-o", folder / "06_echo_server"],
                       check=True)
        run = self.bench("--sizes", "1", programs=folder)
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertRegex(run.stdout, re.compile(r"^yours +TODO\(06\) is open", re.M))
        self.assertRegex(run.stdout, re.compile(r"^solution +\d", re.M))

    def test_a_server_that_is_not_there_is_named(self):
        self.assertIn("No such file", self.reason(self.folder / "nowhere"))

    def test_what_is_broken_is_not_measured_again(self):
        peer = bench.Peer("yours", ["/nowhere"])
        with mock.patch.object(bench, "measure", side_effect=bench.Broken("no")) as measure:
            bench.measure_all([peer], options(rounds=3))
        self.assertEqual(measure.call_count, 1)

    def test_without_socat_a_word_and_no_row(self):
        with mock.patch.object(shutil, "which", return_value=None), \
                mock.patch("builtins.print") as say:
            names = [peer.name for peer in bench.peers(options())]
        self.assertNotIn("socat, 4 KiB", names)
        self.assertIn("make setup", say.call_args[0][0])

    def test_the_python_server_is_the_handbook_s_own(self):
        text = Path("docs/examples/echo_server.py").read_text(encoding="utf-8")
        self.assertIn("docs/examples/echo_server.py", bench.PYTHON)
        self.assertIn("conn.recv(1024)", text)  # as its row says

    def test_arguments_out_of_range_are_refused(self):
        for args in (["--rounds", "0"], ["--sizes", "0"], ["--sizes", "a"], ["--ms", "0"]):
            self.assertEqual(self.bench(*args).returncode, 2)

    def test_nothing_is_left_running(self):
        self.bench("--sizes", "1")
        for path in Path("/proc").glob("[0-9]*/exe"):
            try:
                self.assertFalse(os.readlink(path).startswith(str(self.folder)), path)
            except OSError:
                continue

    def test_numbers_are_shown_with_three_digits_and_the_spread(self):
        for number, shown in ((0.5, "0.50"), (12.34, "12.3"), (999, "999"), (12340, "12.3k"),
                              (1e6, "1.00M")):
            self.assertEqual(bench.show_number(number), shown)
        self.assertEqual(bench.cell([90, 100, 110], "±"), "100 ±10%")
        self.assertEqual([bench.cell(values, "±") for values in ([], [5])], ["-", "5.00"])


class Plot(unittest.TestCase):
    """The figure, from numbers that are known."""

    def setUp(self):
        peer = bench.Peer("plain, 1 KiB", [])
        peer.results = {1: {"trips": [10.0, 20.0, 40.0]}, 1024: {"trips": [100.0]}}
        broken = bench.Peer("yours", [])
        broken.broken, broken.results = "hangs", {1: {"trips": [1.0]}}
        with mock.patch.object(bench, "machine", return_value="a machine"):
            self.text = bench.as_plot([peer, broken], options(sizes=[1, 1024]))

    def test_the_text_has_medians_and_ranges_and_nothing_of_who_is_broken(self):
        golden = Path(__file__).with_name("golden.plot").read_text(encoding="utf-8")
        self.assertEqual(self.text, golden)

    def test_the_drawing_is_well_formed_and_has_a_point_a_number(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "golden.plot"
            path.write_text(self.text, encoding="utf-8")
            subprocess.run([sys.executable, "-m", "tests.tools.draw", folder, path], check=True)
            svg = xml.dom.minidom.parse(f"{folder}/golden.svg").getElementsByTagName("svg")[0]
        self.assertEqual([child.tagName for child in svg.childNodes if child.nodeType == 1][:2],
                         ["title", "desc"])
        ranges = [path for path in svg.getElementsByTagName("path")
                  if "range" in path.getAttribute("class")]
        self.assertEqual(len(ranges), 2)
        words = [node.firstChild.data for node in svg.getElementsByTagName("text")]
        for word in ("plain, 1 KiB", "1 B", "1 KiB", "10", "100"):
            self.assertIn(word, words)

    def test_the_handbook_s_figure_and_table_are_of_one_measurement(self):
        table = Path("docs/examples/bench.txt").read_text(encoding="utf-8")
        plot = Path("docs/figures/bench.plot").read_text(encoding="utf-8")
        caption = re.search(r"caption Measured on: (.*)\. The bars", plot)[1]
        self.assertEqual(", ".join(table.splitlines()[:2]), caption)


if __name__ == "__main__":
    unittest.main()
