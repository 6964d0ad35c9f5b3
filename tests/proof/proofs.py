#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prove the tools around the suites: proofs.py [--jobs N] FILE...

Each file is a tool's tests, tests/AREA/test_*.py, run by unittest in a process
of its own, a few at a time: most of their time is waiting. The output of one
that fails is printed whole; each skipped test with its reason. Ends with the
plain line `N passed, N failed`, and status 0 if none has failed.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import time

LIMIT_S = 1200  # a file that takes longer has failed: slow machines need some of it


def prove(path):
    began = time.monotonic()
    run = subprocess.run(["timeout", str(LIMIT_S), sys.executable, "-m", "unittest", "-v", path],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, errors="replace")
    return path, run.returncode, run.stdout, time.monotonic() - began


def count(output, word):
    found = re.search(rf"^(?:OK|FAILED) \(.*\b{word}=(\d+)", output, re.M)
    return int(found[1]) if found else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()

    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for path, status, output, seconds in pool.map(prove, args.files):
            ran = re.search(r"^Ran (\d+) tests?", output, re.M)
            number = int(ran[1]) if ran else 0
            bad = count(output, "failures") + count(output, "errors")
            if status != 0 or number == 0:
                bad = max(bad, 1)  # ended by force, or nothing was found to run
                print(output)
            gone = count(output, "skipped")
            passed += number - bad - gone if number else 0
            failed += bad
            skipped += gone
            print(f"{'FAILED ' if bad else 'passed '} {path}: {number} tests in {seconds:.0f} s",
                  flush=True)
            for test, why in re.findall(r"^(\w+) .*\.\.\. skipped (.*)$", output, re.M):
                print(f"skipped {path}: {test}: {why}", flush=True)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
