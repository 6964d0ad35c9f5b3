#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the instructor's page of differences: differences.py PAGE STEPS SOLUTIONS

From the files as they are now, so it can't fall behind them.
"""
import difflib
import sys
from pathlib import Path

from tests.tools.steps import STEPS

page, steps, solutions = map(Path, sys.argv[1:])
out = ["# From starter to solution {#differences}", "", "@tableofcontents{HTML:1}", "",
       "What a student adds to each step (`+`), and what goes away with each gap (`-`). Made from `steps/` and",
       "`solutions/` when this handbook was built.", ""]
for solution in filter(Path.exists, (solutions / f"{stem}.c" for stem in STEPS)):  # a students' copy has none
    starter = steps / solution.name
    a, b = (file.read_text(encoding="utf-8").splitlines() for file in (starter, solution))
    changed = list(difflib.unified_diff(a, b, str(starter), str(solution), n=2, lineterm=""))
    added = sum(line.startswith("+") for line in changed[2:])
    gone = sum(line.startswith("-") for line in changed[2:])
    out += [f"## {solution.stem} {{#diff_{solution.stem}}}", "",
            f"{added} lines for {gone} that go. The whole program: @ref {solution.name} \"{solution}\".", "",
            "~~~{.txt}", *changed[2:], "~~~", ""]
page.write_text("\n".join(out), encoding="utf-8")
