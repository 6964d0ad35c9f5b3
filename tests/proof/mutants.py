#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mutants that nobody wrote: `make mutants`, or `make mutants-02`.

Changes each solution in one small place at a time, through clang's syntax tree:
drops a statement, negates a condition, exchanges an operator, swaps two
arguments, changes a constant. The suite must notice ("killed"). A mutant that
survives is either as good as the solution, and then a line of
tests/proof/mutants.equivalent says why ("regular expression :: reason"), or a test
is missing; a missing test that is known says "known gap" there, and is counted
by itself.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys

from tests.tools import verdict
from tests.tools.steps import STEMS, find_or_exit

try:
    from clang.cindex import CursorKind, Index
except ImportError:
    sys.exit("python3-clang is missing; run: make setup-lint")

OPERATORS = {"==": "!=", "!=": "==", "<": "<=", ">": ">=", "<=": "<",
             ">=": ">", "&&": "||", "||": "&&", "+": "-", "-": "+",
             "+=": "-=", ">>": "<<"}
NAMES = {"AF_INET": "AF_INET6", "AF_UNSPEC": "AF_INET", "SOCK_STREAM":
         "SOCK_DGRAM", "SOCK_DGRAM": "SOCK_STREAM", "EINTR": "EAGAIN",
         "ECONNABORTED": "EAGAIN", "MSG_NOSIGNAL": "0", "MSG_WAITALL": "0",
         "SHUT_WR": "SHUT_RDWR", "SO_REUSEADDR": "SO_KEEPALIVE", "POLLOUT":
         "POLLIN", "ETIMEDOUT": "EPERM", "ECONNREFUSED": "EPERM",
         "EINPROGRESS": "EPERM", "O_NONBLOCK": "O_APPEND", "SO_ERROR":
         "SO_TYPE", "SO_TYPE": "SO_DOMAIN", "SO_DOMAIN": "SO_TYPE"}
LOOPS = (CursorKind.WHILE_STMT, CursorKind.DO_STMT)
DROPPED = (CursorKind.CALL_EXPR, CursorKind.BINARY_OPERATOR,
           CursorKind.COMPOUND_ASSIGNMENT_OPERATOR, CursorKind.UNARY_OPERATOR,
           CursorKind.RETURN_STMT, CursorKind.CONTINUE_STMT,
           CursorKind.BREAK_STMT)


def span(cursor):
    return cursor.extent.start.offset, cursor.extent.end.offset


def mutations(cursor, text):
    """Each change below this cursor: (start, end, replacement)."""
    children = list(cursor.get_children())
    if cursor.kind == CursorKind.COMPOUND_STMT or \
            cursor.kind == CursorKind.IF_STMT:
        body = children if cursor.kind == CursorKind.COMPOUND_STMT \
            else children[1:]
        for child in body:
            if child.kind in DROPPED:
                yield (*span(child), "")
    condition = {CursorKind.IF_STMT: 0, CursorKind.WHILE_STMT: 0,
                 CursorKind.DO_STMT: -1}.get(cursor.kind)
    if condition is not None:
        start, end = span(children[condition])
        yield start, end, f"!({text[start:end]})"
    if cursor.kind in (CursorKind.BINARY_OPERATOR,
                       CursorKind.COMPOUND_ASSIGNMENT_OPERATOR):
        _, left = span(children[0])
        right, _ = span(children[1])
        operator = text[left:right].strip()
        if operator in OPERATORS:
            yield left, right, f" {OPERATORS[operator]} "
    if cursor.kind == CursorKind.CALL_EXPR:
        given = [span(a) for a in cursor.get_arguments()]
        for (a, b), (c, d) in zip(given, given[1:]):
            if text[a:b] != text[c:d] and b <= c:
                yield a, d, text[c:d] + text[b:c] + text[a:b]
    if cursor.kind == CursorKind.INTEGER_LITERAL:
        start, end = span(cursor)
        word = text[start:end]
        if word in NAMES:
            yield start, end, NAMES[word]
        elif word.isdigit():
            yield start, end, str(int(word) + 1)
    elif cursor.kind == CursorKind.DECL_REF_EXPR and cursor.spelling in NAMES:
        yield (*span(cursor), NAMES[cursor.spelling])
    for child in children:
        yield from mutations(child, text)


def find_mutants(stem):
    path = f"solutions/{stem}.c"
    with open(path) as file:
        text = file.read()
    unit = Index.create().parse(path, args=["-std=c17"])
    found = []
    for cursor in unit.cursor.get_children():
        if cursor.location.file and cursor.location.file.name == path and \
                cursor.kind == CursorKind.FUNCTION_DECL:
            for change in mutations(cursor, text):
                if change not in found:
                    found.append(change)
    return text, found


def describe(text, start, end, new):
    """One line that names the mutant, and stays the same when lines move: the
    code before it, its line, and what has become of that."""
    before = [" ".join(line.split()) for line in text[:start].split("\n")[:-1]
              if line.strip() and not line.strip().startswith("//")]
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    old = " ".join(text[first:last].split())
    line = " ".join((text[first:start] + new + text[end:last]).split())
    if not line.strip("; "):
        line = "(dropped)"
    return f"{before[-1]} | {old}  =>  {line}"


def run_mutant(job):
    stem, number, mutant = job
    folder = f"{args.build}/mutants/{stem}-{number}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{stem}.c", "w") as file:
        file.write(mutant)
    env = dict(os.environ, MAKEFLAGS="", MAKELEVEL="1")
    subprocess.run(
        ["make", "--no-print-directory", f"check-{stem}", f"STEPS={folder}",
         f"BUILD={args.build}", f"RESULTS={folder}/results.json"],
        env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    with open(f"{folder}/results.json") as file:
        step = json.load(file)["steps"][0]
    shutil.rmtree(folder)
    if not step["compiles"]:
        return "stillborn"
    failed = verdict.failed(step)
    if any(test["status"] == "lab" for test in failed):
        return "lab failed"
    return "killed" if failed else "survived"


def main():
    stems = find_or_exit(args.only, "mutants-02") if args.only else STEMS
    with open("tests/proof/mutants.equivalent") as file:
        known = dict(line.rstrip("\n").split(" :: ", 1) for line in file
                     if " :: " in line)
    shutil.rmtree(f"{args.build}/mutants", ignore_errors=True)
    total = {}
    seen = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() + 1) as pool:
        for stem in stems:
            text, found = find_mutants(stem)
            jobs = [(stem, i, text[:a] + new + text[b:])
                    for i, (a, b, new) in enumerate(found)]
            count = {}
            for (a, b, new), fate in zip(found, pool.map(run_mutant, jobs)):
                name = f"{stem}: {describe(text, a, b, new)}"
                reasons = [r for r in known if re.search(r, name)]
                if fate == "survived" and reasons:
                    gap = "known gap" in known[reasons[0]]
                    fate = "known gap" if gap else "equivalent"
                    seen.update(reasons)
                count[fate] = count.get(fate, 0) + 1
                if fate in ("survived", "lab failed"):
                    print(f"{fate}: {name}", flush=True)
            print(stem, *(f"{n} {fate}" for fate, n in sorted(count.items())),
                  sep="  ", flush=True)
            for fate, n in count.items():
                total[fate] = total.get(fate, 0) + n
    if not args.only:
        for pattern in sorted(set(known) - seen):
            print(f"no such mutant (any longer): {pattern}")
    print("all", *(f"{n} {fate}" for fate, n in sorted(total.items())),
          sep="  ")
    bad = total.get("survived", 0) + total.get("lab failed", 0)
    print(f"{sum(total.values()) - bad} passed, {bad} failed")
    return 1 if bad else 0


parser = argparse.ArgumentParser(description="mutate the solutions")
parser.add_argument("--build", default="build")
parser.add_argument("--only", default="", help="a step: 02")
args = parser.parse_args()
sys.exit(main())
