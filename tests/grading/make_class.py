#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A class of which the verdicts are known, and whether it gets them.

    make_class.py FOLDER N HOSTILE SEED     make N submissions, HOSTILE per cent
                                            of them from tests/grading/hostile
    make_class.py --compare FOLDER ROWS     compare, and say how fast it went
    make_class.py --trial N BUILD           all of it, with hostile ones and
                                            without, and without the sandbox

Each of the nine files is a solution (60 %), another right way of writing
(20 %), a classic mistake (15 %) or the untouched starter (5 %), and has a line
of its own, so that no two are the same. What they must get is in
FOLDER/.expected.json.
"""
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile

from tests.tools.steps import STEMS

HOSTILE = sorted(glob.glob("tests/grading/hostile/*/*.c"))


def read(path):
    with open(path) as file:
        return file.read()


def mistake(path):
    """(source, the test that must fail) of a patch in tests/broken."""
    stem = os.path.basename(os.path.dirname(path))
    run = subprocess.run(
        ["patch", "--quiet", "--fuzz=0", "--output=-", f"solutions/{stem}.c",
         path], capture_output=True, text=True, check=True)
    return run.stdout, re.search(r"^Caught-by: (\S+)", read(path), re.M)[1]


def program(stem, chance):
    """(source, the test that must fail, what it earns: "all", "less", 0)"""
    what = chance.random()
    variants = sorted(glob.glob(f"tests/variants/{stem}/*.c"))
    if what < 0.6 or (what < 0.8 and not variants):
        return read(f"solutions/{stem}.c"), None, "all"
    if what < 0.8:
        return read(chance.choice(variants)), None, "all"
    if what < 0.95:
        patches = sorted(glob.glob(f"tests/broken/{stem}/*.patch"))
        return *mistake(chance.choice(patches)), "less"
    return read(f"steps/{stem}.c"), None, 0


def pack(folder, form):
    """As a folder, an archive, a folder deep in another."""
    if form == "tar":
        with tarfile.open(f"{folder}.tar.gz", "w:gz") as archive:
            archive.add(folder, "steps")
    elif form == "zip":
        with zipfile.ZipFile(f"{folder}.zip", "w") as archive:
            for name in os.listdir(folder):
                archive.write(f"{folder}/{name}", f"lab/steps/{name}")
    elif form == "deep":
        shutil.move(folder, f"{folder}.x")
        os.makedirs(f"{folder}/a/b")
        shutil.move(f"{folder}.x", f"{folder}/a/b/steps")
    if form in ("tar", "zip"):
        shutil.rmtree(folder)


def make(folder, count, hostile, seed):
    chance, expected = random.Random(seed), {}
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    bad = set(chance.sample(range(count), count * hostile // 100))
    for number in range(count):
        name = f"student{number:04}"
        os.mkdir(f"{folder}/{name}")
        steps = {}
        for stem in STEMS:
            source, test, earns = program(stem, chance)
            if number in bad and stem == "01_socket":
                source, test, earns = read(HOSTILE[number % len(HOSTILE)]), \
                    None, "less"
            with open(f"{folder}/{name}/{stem}.c", "w") as file:
                file.write(f"{source}\n// {name}\n")
            steps[stem] = [test, earns]
        form = chance.choice(("folder", "folder", "tar", "zip", "deep"))
        pack(f"{folder}/{name}", form)
        name += {"tar": ".tar.gz", "zip": ".zip"}.get(form, "")
        expected[name] = steps
    with open(f"{folder}/.expected.json", "w") as file:
        json.dump(expected, file, indent=1)


def problem(step, test, earns):
    """What is not as it must be, or None."""
    whole = step["points"] == step["of"]
    if (earns == "all") != whole or (earns == 0 and step["points"] != 0):
        failed = [t["test"] for t in step["tests"] if t["status"] == "failed"]
        return f"{step['points']:.1f} of {step['of']:g}, must be {earns}: " \
               f"{failed[:3]}"
    for one in step["tests"]:
        if one["test"] == test and one["status"] == "passed":
            return f"{test} did not catch it"
    return None


def compare(folder, rows):
    """Prints what differs; returns how many rows do."""
    expected, wrong = json.loads(read(f"{folder}/.expected.json")), 0
    found = {}
    for path in glob.glob(f"{rows}/*.json"):
        row = json.loads(read(path))
        found[row["entry"]] = row
    for name, steps in expected.items():
        if name not in found:
            wrong += 1
            print(f"{name}: has no row")
            continue
        problems = [f"{name}: {step['step']}: {text}"
                    for step in found[name]["results"]["steps"]
                    if (text := problem(step, *steps[step["step"]]))]
        wrong += bool(problems)
        print("\n".join(problems), end="\n" if problems else "")
    seconds = sorted(row["seconds"] for row in found.values())
    memory = max(row["memory_kib"] for row in found.values()) >> 10
    print(f"{len(expected) - wrong} of {len(expected)} as they must be; "
          f"one takes {seconds[len(seconds) // 2]:.1f} s (median), "
          f"{seconds[-1]:.1f} s (longest), at most {memory} MiB")
    return wrong


def trial(count, build):
    wrong = 0
    for hostile, unsafe in ((0, ""), (5, ""), (0, "1")):
        folder = f"{build}/class-trial/{hostile}-of-100{unsafe and '-unsafe'}"
        make(folder, count, hostile, 7)
        shutil.rmtree(f"{build}/class/{os.path.basename(folder)}",
                      ignore_errors=True)
        begin = time.monotonic()
        run = subprocess.run(
            [sys.executable, "-m", "tests.grading.grade", folder, "--build", build],
            env=dict(os.environ, UNSAFE=unsafe), stdout=subprocess.DEVNULL,
            check=False)
        spent = time.monotonic() - begin
        print(f"\n{count} submissions, {hostile} % hostile, "
              f"{'without' if unsafe else 'in'} the sandbox: {spent:.0f} s, "
              f"{60 * count / spent:.0f} a minute", flush=True)
        differ = compare(folder, f"{build}/class/{os.path.basename(folder)}/rows")
        # Without the sandbox not everything can be seen: docs/grading.md.
        wrong += run.returncode != 0 or (differ and not unsafe)
    return wrong


if __name__ == "__main__":
    if len(sys.argv) == 5:
        make(sys.argv[1], *map(int, sys.argv[2:]))
    elif len(sys.argv) == 4 and sys.argv[1] == "--compare":
        sys.exit(compare(*sys.argv[2:]) > 0)
    elif len(sys.argv) == 4 and sys.argv[1] == "--trial":
        sys.exit(trial(int(sys.argv[2]), sys.argv[3]) > 0)
    else:
        sys.exit(__doc__)
