#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does the kit still say the same? Compare its verdicts before and after a change.

    same.py grade KIT OUT [--only 02] [--of PART/OF] [--programs KIT]
    same.py compare BEFORE AFTER

`grade` lets the kit in the folder KIT (a clone of any commit) check programs, at
one seed, and keeps each results.json as OUT/STEM/NAME.json: the solution, the
starter, each mistake and each variant of the step. They are taken from --programs
(else from KIT itself): name one kit for both sides when the programs themselves
have changed. --only takes one step; --of 1/4 every fourth program. What stands in
OUT is not graded again: so a baseline is made once, and an interrupted one goes on.

    git worktree add /tmp/before COMMIT
    tests/proof/same.py grade /tmp/before /tmp/said-before
    tests/proof/same.py grade . /tmp/said-after --programs /tmp/before --only 02
    tests/proof/same.py compare /tmp/said-before /tmp/said-after

`compare` takes what both have: outcomes, points, and each part of each failure,
as data. Results of version 1, whose failures are one wrapped text, are taken apart
first. Blanks, ports, process ids, times and the folder's name are no difference.
It prints what differs, and ends with status 1 if anything does. What hangs on time
(which of two calls came first) may differ by itself: grade these again, and if
they differ in the same way, it was you.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SEED = 13
LABELS = {"Expected": "expected", "Saw": "saw", "stdout": "stdout", "stderr": "stderr",
          "Calls": "calls", "Likely": "reason", "In use": "in_use", "Look at": "look",
          "Ran": "ran"}

# ------------------------------------------------------------------- grading


def programs(kit, only):
    """(stem, name, source, patch or None) of all that a kit has."""
    for solution in sorted((kit / "solutions").glob(f"{only}*.c")):
        stem = solution.stem
        yield stem, "solution", solution, None
        yield stem, "starter", kit / f"steps/{stem}.c", None
        for patch in sorted((kit / f"tests/broken/{stem}").glob("*.patch")):
            yield stem, f"broken-{patch.stem}", solution, patch
        for variant in sorted((kit / f"tests/variants/{stem}").glob("*.c")):
            yield stem, f"variant-{variant.stem}", variant, None


def grade(kit, out, stem, name, source, patch):
    """Keep what the kit says of one program; None, or what went wrong."""
    results = out / stem / f"{name}.json"
    if results.exists():
        return None
    folder = out / stem / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(source, folder / f"{stem}.c")
    if patch:
        subprocess.run(["patch", "--quiet", "--fuzz=0", "--no-backup-if-mismatch",
                        folder / f"{stem}.c", patch], check=True, stdout=subprocess.DEVNULL)
    new = folder / "results.json"
    run = subprocess.run(
        ["timeout", "600", "make", "--no-print-directory", "-C", kit, f"check-{stem}",
         f"STEPS={folder}", "BUILD=build", f"SEED={SEED}", f"RESULTS={new}"],
        env=dict(os.environ, MAKEFLAGS="", MAKELEVEL="1"), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="replace")
    if not new.exists():
        return f"{stem}/{name}: no results: {run.stdout[-300:]}{run.stderr[-300:]}"
    new.replace(results)
    shutil.rmtree(folder)
    return None


def grade_all(args):
    kit, out = args.kit.resolve(), args.out.resolve()
    part, of = map(int, args.of.split("/"))
    chosen = list(programs((args.programs or kit).resolve(), args.only))[part - 1::of]
    subprocess.run(["make", "--no-print-directory", "-C", kit, "BUILD=build", "build/check",
                    "build/lab/witness.o"], check=True, stdout=subprocess.DEVNULL)
    with ThreadPoolExecutor(args.jobs) as pool:
        troubles = list(filter(None, pool.map(lambda one: grade(kit, out, *one), chosen)))
    print(*troubles, f"{len(chosen)} programs, {len(troubles)} without results", sep="\n")
    return bool(troubles)


# ----------------------------------------------------------------- comparing

def parts_of(message):
    """A failure of version 1, which is one text with labels, in its parts."""
    parts, label = {}, None
    for line in message.splitlines():
        found = re.match(rf"({'|'.join(LABELS)}) +(?=\S)", line) if line[:1] != " " else None
        if found:
            label = LABELS[found[1]]
            parts[label] = line[found.end():]
        elif label:
            parts[label] += f" {line.strip()}"
        else:
            label, parts["why"] = "why", line
    return parts


def call_of(call):
    times = f"({call['times']} times)" if call["times"] > 1 else ""
    return f"{call['text']} {call['where']} {times}"


def parts_of_failure(failure):
    """The same parts of a failure of version 2."""
    parts = {key: failure.get(key) or "" for key in ("expected", "saw", "in_use", "ran")}
    parts |= {key: " ".join(failure.get(key) or []) for key in ("stdout", "stderr")}
    parts["calls"] = " ".join(map(call_of, failure.get("calls") or []))
    parts["reason"] = (failure.get("reason") or {}).get("text", "")
    parts["look"] = ", ".join(failure.get("look") or [])
    return parts


def masked(parts, folder):
    """Without what differs from run to run: the text of each part, without blanks."""
    whole = " ".join(parts.values())
    ports = {int(port) for port in re.findall(r"(?<=[.\d\]]):(\d{1,5})\b", whole)}
    ports |= {int(word) for word in parts.get("ran", "").split() if re.fullmatch(r"\d{4,5}", word)}
    ports |= {(port & 255) << 8 | port >> 8 for port in ports}  # without htons

    def mask(text):
        text = text.replace(folder, "steps")
        text = re.sub(r"\b\d+\b", lambda m: "PORT" if int(m[0]) in ports and int(m[0]) > 99
                      else m[0], text)
        text = re.sub(r"\b(pid|process) \d+", r"\1 PID", text)
        text = re.sub(r"\b\d+(\.\d+)? ?(ms|s)\b", "TIME", text)
        return "".join(text.split())
    return {key: mask(text) for key, text in parts.items() if text}


def verdicts(path):
    """A results.json: (test, what) -> what it says."""
    results = json.loads(path.read_text(encoding="utf-8"))
    said = {}
    for step in results["steps"]:
        said[step["step"], "compiles"] = step["compiles"]
        for test in step["tests"]:
            name = test["test"]
            said[name, "status"] = ("failed" if test["status"] in ("timeout", "lab")
                                    else test["status"])
            for key in "points", "of", "given", "sentence":
                said[name, key] = test[key]
            if test["status"] == "passed":
                continue
            if test.get("failure"):
                parts = parts_of_failure(test["failure"])
            elif "why" in test:
                parts = {"why": test["why"]}
            else:
                parts = parts_of(test.get("message", ""))
            for key, text in masked(parts, str(results["folder"])).items():
                said[name, key] = text
    return said


def compare(args):
    names = sorted(path.relative_to(args.before) for path in args.before.glob("*/*.json")
                   if (args.after / path.relative_to(args.before)).exists())
    different = 0
    for name in names:
        before, after = verdicts(args.before / name), verdicts(args.after / name)
        keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        different += bool(keys)
        for test, what in keys:
            print(f"{name}: {test}: {what}\n  - {before.get((test, what))}\n"
                  f"  + {after.get((test, what))}")
    print(f"{len(names)} programs compared, {different} differ")
    return 1 if different or not names else 0


def main():
    parser = argparse.ArgumentParser(description="does the kit still say the same?")
    commands = parser.add_subparsers(required=True)
    grading = commands.add_parser("grade")
    grading.add_argument("kit", type=Path)
    grading.add_argument("out", type=Path)
    grading.add_argument("--only", default="", help="a step: 02")
    grading.add_argument("--of", default="1/1", help="2/4: the second, sixth, … program")
    grading.add_argument("--programs", type=Path, help="the kit that the programs are of")
    grading.add_argument("--jobs", type=int, default=os.cpu_count())
    grading.set_defaults(do=grade_all)
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    comparing.set_defaults(do=compare)
    args = parser.parse_args()
    return args.do(args)


if __name__ == "__main__":
    sys.exit(main())
