# SPDX-License-Identifier: MIT
"""`make check` on a folder that wants something of it besides a verdict."""
import os
import shutil
import subprocess
import tempfile
import unittest

BUILD = os.environ.get("BUILD", "build")


def check(folder, *words):
    run = subprocess.run(
        ["make", "--no-print-directory", *(words or ("check-01",)),
         f"BUILD={BUILD}", f"STEPS={folder}"], stdin=subprocess.DEVNULL,
        capture_output=True, timeout=120, check=False,
        env=dict(os.environ, MAKEFLAGS="", MAKELEVEL="0"))
    return run.returncode, (run.stdout + run.stderr).decode(errors="replace")


class Attacks(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)
        self.program = f"{self.top}/01_socket.c"

    def put(self, text):
        with open(self.program, "w") as file:
            file.write(text)

    def test_a_folder_s_name_is_no_call(self):
        for name in ("$(shell touch pwned)", "`touch pwned`", "$$(touch pwned)"):
            folder = f"{self.top}/{name}"
            os.mkdir(folder)
            shutil.copy("solutions/01_socket.c", folder)
            with self.subTest(name):
                status, said = check(folder)
                self.assertEqual(0, status, said)
        said = check("$(shell touch pwned)", "grade", "CLASS=$(shell touch pwned)")
        self.assertIn("there is no such folder", said[1])
        self.assertFalse(os.path.exists("pwned"))

    def test_no_program_takes_the_solution_for_its_own(self):
        kit = os.path.abspath(".")
        for text in ('#include "/proc/self/cwd/solutions/01_socket.c"\n',
                     f'#define X "{kit}/solutions/01_socket.c"\n#include X\n',
                     f'#include "../../..{kit}/solutions/01_socket.c"\n'):
            with self.subTest(text):
                self.put(text)
                status, said = check(self.top)
                self.assertEqual(2, status, said)
                self.assertIn("0 of 6 points", said)
        os.remove(self.program)
        os.symlink(f"{kit}/solutions/01_socket.c", self.program)
        self.assertIn("0 of 6 points", check(self.top)[1])

    def test_a_step_is_a_file(self):
        os.mkfifo(self.program)
        self.assertIn("there is no file 01_socket.c", check(self.top)[1])
        os.remove(self.program)
        os.symlink("/dev/zero", self.program)
        self.assertIn("there is no file 01_socket.c", check(self.top)[1])

    def test_no_byte_of_a_source_steers_the_terminal(self):
        for text in ('#error "\033[2J\u202e\u009b"\n',
                     '#line 1 "\033]0;x\007.c"\nint main(void) { return x; }\n'):
            with self.subTest(text):
                self.put(text)
                said = check(self.top)[1]
                self.assertIn("\\x1b", said)
                for mark in "\033\u202e\u009b\007":
                    self.assertNotIn(mark, said)


if __name__ == "__main__":
    unittest.main()
