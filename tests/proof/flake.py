#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Look for flakes: `make flake N=200`.

Repeats the suites on the solutions and on the variants, which are right, so
that any failure is the kit's own. Three ways in turn: alone, two checks at once,
and starved, beside a busy loop on each core. Prints each failure with its
seed, and whatever a check has left behind: processes, listening sockets, files.
"""
import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import time

from tests.tools import verdict


def programs_of(folder):
    """The graded programs of a folder, built as make check builds them."""
    env = dict(os.environ, MAKEFLAGS="", MAKELEVEL="1")
    made = subprocess.run(
        ["make", "--no-print-directory", "check", f"STEPS={folder}",
         f"BUILD={args.build}", f"CC={args.cc}",
         f"RESULTS={args.build}/flake/first.json"],
        env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=600)
    name = os.path.basename(folder)
    if folder != "solutions":
        there = os.path.realpath(folder)
        links = [link for link in glob.glob(f"{args.build}/folders/*")
                 if os.path.realpath(link) == there]
        name = os.path.basename(links[0])
    return f"{args.build}/graded/{name}", made


def start(programs, stems, number, way):
    """Start one check; it reports to a file of its own."""
    results = f"{args.build}/flake/{os.path.basename(programs)}-{number}-{way}"
    command = [f"{args.build}/check", "--programs", programs, "--results",
               f"{results}.json"]
    for stem in stems:
        command += ["--only", stem]
    run = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, errors="replace")
    return run, f"{results}.json"


def finish(run, results):
    """Wait for a check. Returns the texts of what went wrong."""
    try:
        output, _ = run.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        run.kill()
        return ["the check did not end within 300 s"]
    if run.returncode == 0:
        os.unlink(results)
        return []
    try:
        with open(results) as file:
            results = json.load(file)
    except (OSError, ValueError):
        return [f"no results, exit {run.returncode}: {output[-500:]}"]
    return [f"seed {results['seed']}: {t['test']}\n{verdict.text(t)}"
            for step in results["steps"] for t in verdict.failed(step)]


def left_behind():
    """Processes, listening sockets and shared files of the checks'."""
    left = []
    for stat in glob.glob("/proc/[0-9]*/exe"):
        try:
            exe = os.readlink(stat)
        except OSError:
            continue
        if exe.startswith(os.path.realpath(args.build) + "/") and \
                ("/graded/" in exe or exe.endswith("/check")):
            left.append(f"process {stat.split('/')[2]}: {exe}")
    for name in glob.glob("/tmp/criterion_*.sock"):
        owner = name[len("/tmp/criterion_"):-len(".sock")]
        try:
            if not os.path.exists(f"/proc/{owner}") and \
                    os.stat(name).st_mtime >= begun:
                left.append(f"file {name}")
        except OSError:
            pass  # somebody else's check has just ended
    return left


def main():
    shutil.rmtree(f"{args.build}/flake", ignore_errors=True)
    os.makedirs(f"{args.build}/flake")
    wrong = []

    # The variants as folders: the first of each step, the second of each …
    folders = [("solutions", [""])]
    by_step = [sorted(glob.glob(f"{d}/*.c"))
               for d in sorted(glob.glob("tests/variants/*"))]
    for i in range(max(map(len, by_step), default=0)):
        folder = f"{args.build}/flake/variants-{i}"
        os.makedirs(folder)
        stems = []
        for files in by_step:
            if i < len(files):
                stem = os.path.basename(os.path.dirname(files[i]))
                shutil.copy(files[i], f"{folder}/{stem}.c")
                stems.append(stem)
        folders.append((folder, stems))

    built = []
    for folder, stems in folders:
        programs, _ = programs_of(folder)
        built.append((programs, stems))

    ways = {"alone": 1, "two at once": 2, "starved": 1}
    for way, at_once in ways.items():
        count = args.n if way != "starved" else max(1, args.n // 4)
        burners = []
        if way == "starved":
            burners = [subprocess.Popen([sys.executable, "-c",
                                         "while True: pass"])
                       for _ in range(os.cpu_count())]
        before, checks = time.monotonic(), 0
        try:
            for number in range(0, count, at_once):
                # The solutions, and every fifth time one of the variants.
                chosen = [built[0]]
                turn = number // at_once
                if len(built) > 1 and turn % 5 == 0:
                    chosen.append(built[1 + turn // 5 % (len(built) - 1)])
                for programs, stems in chosen:
                    runs = [start(programs, stems, number + i, way.split()[0])
                            for i in range(at_once)]
                    for run, results in runs:
                        checks += 1
                        for text in finish(run, results):
                            wrong.append(text)
                            print(f"{way}, {programs}: {text}", flush=True)
        finally:
            for burner in burners:
                burner.kill()
                burner.wait()
        print(f"{way}: {checks} checks in {time.monotonic() - before:.0f} s, "
              f"{len(wrong)} failures so far", flush=True)

    for text in left_behind():
        wrong.append(text)
        print(f"left behind: {text}")
    print(f"{len(wrong)} wrong" if wrong else "no failure, nothing left behind")
    return 1 if wrong else 0


parser = argparse.ArgumentParser(description="look for flakes")
parser.add_argument("n", type=int, nargs="?", default=200)
parser.add_argument("--build", default="build")
parser.add_argument("--cc", default="cc")
args = parser.parse_args()
begun = time.time()
sys.exit(main())
