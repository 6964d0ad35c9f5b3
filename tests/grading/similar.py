#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Show which submissions of a class are alike: similar.py CLASS

Hands the programs that `make grade` has taken to sim_c (Debian's package
similarity-tester), step by step, and prints the pairs that are most alike;
similar.csv beside rows/ has all. Lines that the starter has are left out first:
everybody has those.

sim_c compares tokens, whatever the names, numbers and comments are. So short
right programs are alike by nature: the median says how much, and a pair means
something only far above it. It is a reason to look, not a proof.
"""
import csv
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.grading.report import KIT, cell, clean, class_folder, read_rows
from tests.tools.steps import STEMS, STEPS

SHOWN = 20
RUN = 12   # tokens in a row that count as the same
LEAST = 8  # lines of one's own: below, everything is alike
FOUND = re.compile(r"(\S+)\.c consists for (\d+) % of (\S+)\.c material")


def own_lines(program, stem):
    """What a student wrote: the lines that the starter doesn't have."""
    given = {line.strip() for line in
             (KIT / "steps" / f"{stem}.c").read_text(errors="replace").splitlines()}
    return [line for line in program.read_text(errors="replace").splitlines()
            if line.strip() not in given]


def compare(folder, stem):
    with tempfile.TemporaryDirectory() as work:
        return compare_in(Path(work), folder, stem)


def compare_in(work, folder, stem):
    """{(ID, ID): percent} of one step. A file is named by a number for sim_c,
    whatever its owner's name is."""
    names = {}
    for path in sorted(folder.glob(f"jobs/*/src/{stem}.c")):
        lines = own_lines(path, stem)
        if len(lines) >= LEAST:
            number = str(len(names))
            names[number] = path.parent.parent.name
            (work / f"{number}.c").write_text("\n".join(lines) + "\n")
    if len(names) < 2:
        return {}
    run = subprocess.run(["sim_c", "-p", "-e", "-T", "-t", "1", "-r", str(RUN), "-w", "200",
                          "-i"], cwd=work, text=True, capture_output=True, errors="replace",
                         input="".join(f"{number}.c\n" for number in names), timeout=3600)
    if run.returncode != 0:
        sys.exit(f"similar: sim_c: {run.stderr.strip()[-200:]}")
    pairs = defaultdict(int)
    for one, percent, other in FOUND.findall(run.stdout):
        pair = tuple(sorted((names[one], names[other])))
        pairs[pair] = max(pairs[pair], int(percent))
    # A pair that sim_c says nothing of has nothing in common.
    known = sorted(names.values())
    return {(a, b): pairs[a, b] for i, a in enumerate(known) for b in known[i + 1:]}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = class_folder(sys.argv[1])
    if shutil.which("sim_c") is None:
        sys.exit("similar: sim_c is missing; run: make setup-grade")
    entries = {row["id"]: row["entry"] for row in read_rows(folder)}
    pairs = defaultdict(dict)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda stem: compare(folder, stem), STEMS)
        for stem, alike in zip(STEMS, found):
            for pair, percent in alike.items():
                pairs[pair][stem] = percent
    if not pairs:
        sys.exit("similar: there are no two programs that are long enough to compare")
    mean = {pair: sum(steps.values()) / len(steps) for pair, steps in pairs.items()}
    order = sorted(pairs, key=lambda pair: (-mean[pair], pair))
    with open(folder / "similar.csv", "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\r\n")
        table.writerow(["one", "other", "percent", *STEMS])
        for a, b in order:
            table.writerow([cell(entries.get(a, a)), cell(entries.get(b, b)),
                            round(mean[a, b]),
                            *(pairs[a, b].get(stem, "") for stem in STEMS)])
    short = {stem: step.number + (stem.split("_")[-1][0] if step.pair else "")
             for stem, step in STEPS.items()}
    print("Alike, in percent of the lines that are not the starter's:\n")
    for a, b in order[:SHOWN]:
        steps = " ".join(f"{short[stem]}:{percent}"
                         for stem, percent in sorted(pairs[a, b].items()))
        names = " and ".join(clean(entries.get(name, name)).replace("\n", " ")[:28]
                             for name in (a, b))
        print(f"{mean[a, b]:4.0f} %  {names}\n        {steps}")
    print(f"\n{len(order)} pairs, half of them below {statistics.median(mean.values()):.0f} %: "
          "short right programs are alike.\nIt is a reason to look at both, not a proof. "
          f"All pairs:\n{folder}/similar.csv")


if __name__ == "__main__":
    main()
