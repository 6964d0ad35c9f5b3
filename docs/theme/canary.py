#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prove that a handbook gives no solution away: canary.py HTML STEPS SOLUTIONS

Two things betray a solution: a comment that only the solution has, and four of
its own lines in a row. Neither may stand anywhere under HTML, in a page or in a
plain text (the students' archive is looked through too). (Hints may quote
up to three.) With --present in front the opposite is asked, which proves that
this program can see: each solution must be there.
"""
import html
import re
import sys
from pathlib import Path

ROW = 4


def plain(page):
    """What a reader sees, without any blanks."""
    text = page.read_text(encoding="utf-8", errors="replace")
    if page.suffix in (".html", ".js", ".svg"):
        text = html.unescape(re.sub(r'<span class="lineno">.*?</span>|<[^>]*>', "", text))
    return re.sub(r"\s+", "", text)


def traces(starter, solution):
    """What only the solution has: its comments, and its lines by fours."""
    given = {line.strip() for line in starter}
    row = []
    for line in solution:
        line = line.strip()
        if line in given and len(line) > 3:
            row = []
            continue
        if line.startswith("//"):
            yield line
        if line:
            row.append(line)
        if len(row) >= ROW and sum(map(len, row[-ROW:])) > 60:
            yield " ".join(row[-ROW:])


def main():
    present = sys.argv[1] == "--present"
    folder, steps, solutions = map(Path, sys.argv[-3:])
    pages = {page: plain(page) for page in sorted(folder.rglob("*")) if page.is_file()}
    bad = 0
    for solution in sorted(solutions.glob("*.c")):
        starter = (steps / solution.name).read_text(encoding="utf-8").splitlines()
        own = list(traces(starter, solution.read_text(encoding="utf-8").splitlines()))
        if len(own) < 5:
            sys.exit(f"{solution}: too little tells it from its starter")
        found = [(page, trace) for trace in own for page, text in pages.items()
                 if re.sub(r"\s+", "", trace) in text]
        if present and not found:
            print(f"{folder} does not show {solution}", file=sys.stderr)
            bad += 1
        if not present:
            for page, trace in found:
                print(f"{page} gives {solution} away: {trace}", file=sys.stderr)
                bad += 1
    sys.exit(1 if bad or not pages else 0)


main()
