#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prove the kit: `make selftest`, or `make selftest-02` for one step.

The solutions get every point. The starters compile without a warning, end
politely, earn nothing, and differ from the solutions only in their gaps. Every
mistake in tests/broken is caught by the test, and with the words, that it
names. Every other way of writing in tests/variants passes everything.

A mistake is a patch against its solution, with these lines before the diff:

    Mistake: what is wrong, in a sentence
    Caught-by: bind/the_test_that_must_catch_it
    Says: words that its message must contain
    Reason: the rule (tests/lab/rules.c) that must explain it; or none
    Explain: how an instructor explains it, in a line or more

Ends with the plain line `N passed, N failed`, and status 0 if none has failed.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys

from tests.proof.catalogue import read_mistake, sentence
from tests.proof.whole import lacking, without_a_line
from tests.tools.steps import STEMS, STEPS, find_or_exit
from tests.tools.verdict import failed as failed_tests, flat, text

WARNINGS = "-std=c17 -Wall -Wextra -Wpedantic".split()
passed = failed = skipped = 0

# A mistake that needs a test which this machine can't run proves nothing here.
UNPROVEN = "its test is skipped on this machine: "


def verdict(name, problem, quiet=False):
    """Count one check, and print it unless it passed and is to be quiet."""
    global passed, failed, skipped
    if problem and problem.startswith(UNPROVEN):
        skipped += 1
        print(f"skipped {name}: {problem}", flush=True)
    elif problem:
        failed += 1
        print(f"FAILED  {name}: {problem}", flush=True)
    else:
        passed += 1
        if not quiet:
            print(f"passed  {name}", flush=True)


def grade(folder, stem, results):
    """Grade one step of a folder as `make check-NN` does: its part of
    results.json, or a text that says what went wrong."""
    env = dict(os.environ, MAKEFLAGS="", MAKELEVEL="1", LAB_DOUBT="1")
    run = subprocess.run(
        ["timeout", "300", "make", "--no-print-directory", f"check-{stem}",
         f"STEPS={folder}", f"BUILD={args.build}", f"CC={args.cc}",
         f"RESULTS={results}"],
        env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace")
    try:
        with open(results) as file:
            verdict_file = json.load(file)
            step = verdict_file["steps"][0]
    except (OSError, ValueError, IndexError):
        return f"no results: {run.stdout[-300:]}{run.stderr[-300:]}"
    # The exit status must say the same as the file.
    if (run.returncode == 0) != (not failed_tests(step)):
        return f"make check-{stem} exits {run.returncode}, against its results"
    step["doubts"] = [r for r in verdict_file["remarks"] if "the rule " in r]
    return step


def doubts(step):
    """Rules that speak of a right program, as a text; None if there is none."""
    return "\n".join(step["doubts"]) or None


def told(step):
    """The failures of a step, to be read."""
    return "\n".join(f"{t['test']}\n{text(t)}" for t in failed_tests(step))


# ------------------------------------------------------------------ solutions

def check_solution(stem):
    step = grade("solutions", stem, f"{args.build}/selftest/{stem}.json")
    if isinstance(step, str):
        return step
    for test in step["tests"]:
        if test["status"] == "skipped":
            print(f"skipped {test['test']}: {test['why']}")
    if failed_tests(step):
        return told(step)
    if step["points"] != step["of"]:
        return f"{step['points']} points"
    return doubts(step)


# ------------------------------------------------------------------- starters

def check_starter(stem):
    number = STEPS[stem].number
    for compiler in filter(shutil.which, ("gcc", "clang")):
        binary = f"{args.build}/selftest/{stem}.{compiler}"
        made = subprocess.run(
            [compiler, *WARNINGS, "-O2", f"steps/{stem}.c", "-o", binary],
            capture_output=True, text=True)
        if made.returncode != 0 or made.stderr:
            return f"{compiler}: {made.stderr}"
        try:
            ran = subprocess.run([binary], stdin=subprocess.DEVNULL, timeout=10,
                                 capture_output=True, text=True)
        except subprocess.TimeoutExpired:
            return "does not end"
        if ran.returncode != 1 or \
                not re.fullmatch(rf"TODO\({number}\) is open: .+\n", ran.stderr):
            return f"ends with {ran.returncode}, saying {ran.stderr!r}"
    step = grade("steps", stem, f"{args.build}/selftest/{stem}.starter.json")
    if isinstance(step, str):
        return step
    if step["points"] != 0:
        return f"earns {step['points']} points"
    given = [t for t in step["tests"] if t["status"] == "passed"]
    if not given or not all(t["given"] for t in given):
        return f"passes {[t['test'] for t in given]}: not only what is given"
    return None


# A gap: from the comment to the return or exit that ends the starter there.
GAP = re.compile(r"^ *+/\* TODO\((\d\d)\): .*?\*/.*?"
                 r'(?:fputs|fprintf)\([^;]*"TODO\(\1\) is open: [^;]*;\n'
                 r" *(?:return 1|exit\(1\));\n\n?", re.S | re.M)


def check_gaps(stem):
    """Outside its gaps a starter is its solution, to the letter."""
    with open(f"steps/{stem}.c") as file:
        starter = file.read()
    with open(f"solutions/{stem}.c") as file:
        solution = file.read()
    pieces = re.split(GAP.pattern, starter, flags=GAP.flags)[::2]
    if len(pieces) < 2:
        return "the starter has no gap"
    if "TODO" in solution or any("TODO" in piece for piece in pieces):
        return "a TODO outside the gaps"
    if not solution.startswith(pieces[0]):
        return "they differ before the first gap"
    at = len(pieces[0])
    for piece in pieces[1:-1]:
        found = solution.find(piece.strip("\n"), at)
        if found == -1:
            return f"the solution has no such piece: {piece.strip()[:200]!r}"
        at = found + len(piece.strip("\n"))
    last = pieces[-1].strip("\n")
    if not solution.strip("\n").endswith(last) or \
            len(solution.strip("\n")) - len(last) < at:
        return f"they differ after the last gap: {last[:200]!r}"
    return None


def gaps_of(stem):
    """A starter in parts: what stands outside the gaps, and for each gap what is in
    the starter, what is in the solution, and the words by which it calls itself."""
    with open(f"steps/{stem}.c") as file:
        starter = file.read()
    with open(f"solutions/{stem}.c") as file:
        solution = file.read()
    openings = [match[0] for match in re.finditer(GAP.pattern, starter, GAP.flags)]
    outside = re.split(GAP.pattern, starter, flags=GAP.flags)[::2]
    for i in reversed(range(1, len(openings))):  # nothing between two: they are one
        if not outside[i].strip():
            openings[i - 1:i + 1] = [openings[i - 1] + outside[i] + openings[i]]
            del outside[i]
    fillings, at = [], len(outside[0])
    for piece in outside[1:]:
        end = solution.rfind(piece.strip("\n")) if piece is outside[-1] else \
            solution.find(piece.strip("\n"), at)
        fillings.append(solution[at:end] + "\n")
        at = end + len(piece.strip("\n"))
    words = [re.search(r"TODO\(\d\d\) is open: [^%\\\"]*", opening)[0] for opening in openings]
    return outside, openings, fillings, words


def check_road(stem):
    """The gaps are filled one by one, each time the one that most messages name, as a
    student does. Points never fall on the way, and every message names a gap."""
    outside, openings, fillings, words = gaps_of(stem)
    still_open, before = list(range(len(openings))), 0
    folder = f"{args.build}/selftest/{stem}-road"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    while still_open:
        with open(f"{folder}/{stem}.c", "w") as file:
            file.write(outside[0])
            for i, piece in enumerate(outside[1:]):
                file.write((openings if i in still_open else fillings)[i] + piece)
        done = f"with {len(openings) - len(still_open)} of {len(openings)} gaps filled"
        step = grade(folder, stem, f"{folder}/results.json")
        if isinstance(step, str):
            return f"{done}: {step}"
        if not step["compiles"]:
            return f"{done} it does not compile: {step.get('compiler')}"
        if step["points"] < before - 1e-6:
            return f"{done} it has {step['points']} points, and had {before}"
        before = step["points"]
        named = {i: 0 for i in still_open}
        for test in failed_tests(step):
            said = json.dumps(test, ensure_ascii=False)
            names = [i for i in still_open if words[i].rstrip() in said]
            if not names:
                return f"{done} {test['test']} names no gap that is open: {said}"
            for i in names:
                named[i] += 1
        still_open.remove(max(named, key=named.get))
    return None


# ------------------------------------------------------ mistakes and variants

def check_mistake(path):
    """Returns (problem or None, tests that failed, fields)."""
    stem = os.path.basename(os.path.dirname(path))
    name = os.path.basename(path)[:-len(".patch")]
    fields = read_mistake(path)
    for key in ("Mistake", "Caught-by", "Says", "Explain"):
        if not fields.get(key):
            return f"{path} has no line {key}:", [], fields
    folder = f"{args.build}/selftest/{stem}-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    shutil.copy(f"solutions/{stem}.c", folder)
    patched = subprocess.run(
        ["patch", "--quiet", "--fuzz=0", "--no-backup-if-mismatch",
         f"{folder}/{stem}.c", path], capture_output=True, text=True)
    if patched.returncode != 0:
        return f"does not apply: {patched.stdout}", [], fields
    step = grade(folder, stem, f"{folder}/results.json")
    if isinstance(step, str):
        return step, [], fields
    if not step["compiles"]:
        return f"does not compile: {step.get('compiler')}", [], fields
    caught = {t["test"]: t for t in failed_tests(step)}
    names = list(caught)
    for test in caught.values():
        if test["status"] == "lab":
            return f"{test['test']} failed by itself: {test['why']}", names, fields
    by = caught.get(fields["Caught-by"])
    for test in step["tests"]:
        if test["test"] == fields["Caught-by"] and test["status"] == "skipped":
            return UNPROVEN + test["why"], names, fields
    if by is None:
        return f"not caught by {fields['Caught-by']}, but by {names}", \
            names, fields
    if fields["Says"] not in flat(by):
        return f"the message does not say {fields['Says']!r}:\n{text(by)}", \
            names, fields
    reason = ((by.get("failure") or {}).get("reason") or {}).get("id", "none")
    if reason != fields.get("Reason", reason):
        return f"explained by the rule {reason}, not {fields['Reason']}:\n" \
            f"{text(by)}", names, fields
    return None, names, fields


def check_variant(path):
    stem = os.path.basename(os.path.dirname(path))
    name = os.path.basename(path)[:-2]
    folder = f"{args.build}/selftest/{stem}-variant-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    shutil.copy(path, f"{folder}/{stem}.c")
    step = grade(folder, stem, f"{folder}/results.json")
    if isinstance(step, str):
        return step
    if not step["compiles"]:
        return f"does not compile: {step.get('compiler')}"
    if doubts(step):  # not yet a failure: some rules still speak of these
        print(f"doubt   {path}: {doubts(step)}", flush=True)
    return told(step)


def print_matrix(stem, rows):
    """Which mistake (a row) fails which tests (columns, in the suite's order)."""
    with open(f"tests/{stem}.c") as file:
        tests = re.findall(r"^TEST\((\w+), (\w+)", file.read(), re.M)
    tests = [f"{suite}/{test}" for suite, test in tests]
    print(f"\n{stem}: mistakes and the tests that they fail "
          f"(# is the one that must catch it)")
    for i, test in enumerate(tests):
        print(f"  {i + 1:2} {sentence(test.split('/')[1])}")
    print(" " * 36 + "".join(str((i + 1) // 10 or " ")
                             for i in range(len(tests))))
    print(" " * 36 + "".join(str((i + 1) % 10) for i in range(len(tests))))
    for name, names, wanted in rows:
        marks = "".join("#" if t == wanted and t in names else
                        "x" if t in names else "." for t in tests)
        print(f"  {name[:33]:33} {marks}")


def main():
    os.makedirs(f"{args.build}/selftest", exist_ok=True)
    stems = find_or_exit(args.only, "selftest-02") if args.only else STEMS

    for stem in stems:
        verdict(f"{stem} has all that a step has", "it lacks " + ", ".join(lacks)
                if (lacks := lacking(stem)) else None)
    verdict("every program, suite, page and catalogue has a line in tests/steps",
            ", ".join(without_a_line()) or None)
    if failed:
        sys.exit(1)  # the rest would only say so once more

    for stem in stems:
        verdict(f"solutions/{stem}.c gets every point", check_solution(stem))
        verdict(f"steps/{stem}.c ends politely and earns nothing",
                check_starter(stem))
        verdict(f"{stem}: starter and solution agree outside the gaps",
                check_gaps(stem))
        verdict(f"{stem}: points never fall while the gaps are filled",
                check_road(stem))

    caught = 0
    failing = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for stem in stems:
            mistakes = sorted(glob.glob(f"tests/broken/{stem}/*.patch"))
            variants = sorted(glob.glob(f"tests/variants/{stem}/*.c"))
            if not mistakes:
                verdict(f"tests/broken/{stem}", "has no mistake")
            rows = []
            for path, (problem, names, fields) in zip(
                    mistakes, pool.map(check_mistake, mistakes)):
                verdict(path, problem, quiet=True)
                rows.append((os.path.basename(path)[:-len(".patch")], names,
                             fields.get("Caught-by")))
                failing.append(len(names))
                caught += problem is None
            print_matrix(stem, rows)
            for path, problem in zip(variants,
                                     pool.map(check_variant, variants)):
                verdict(path, problem)

    print(f"\n{caught} of {len(failing)} mistakes caught by the named test "
          f"with the named words; {sum(failing) / max(1, len(failing)):.2f} "
          f"tests fail for a mistake on average")
    more = f", {skipped} skipped" if skipped else ""
    print(f"{passed} passed, {failed} failed{more}")
    return 1 if failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="prove the kit")
    parser.add_argument("--build", default="build")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--only", default="", help="a step: 02")
    args = parser.parse_args()
    sys.exit(main())
