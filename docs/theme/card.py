#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the page that is printed on one sheet: card.py PAGE DOCS STEPS

All of it stands elsewhere already: how to run a program, what it says and where
to look, in the commentary of the program; the calls and the first errors, on the
step's page. lab.css makes nine fields of it, and one sheet of A4 on paper.
"""
import re
import sys
from pathlib import Path

from tests.tools.steps import STEPS

ERRORS = 3
HEAD = """# The card {#card}

@htmlonly[block]<div class="sheet">@endhtmlonly

**Sockets, step by step**: nine programs on one sheet. `make` builds them, `make check-02` tests
a step. After each call: is it `-1`? Then `perror`, `close`, and end with 1. For paper: print this
page, or `make card`.

"""


def fields(program):
    """The list in the commentary at the top: {"Run it": [lines], ...}"""
    found, name = {}, None
    for line in program.split("*/")[0].splitlines():
        if match := re.match(r" \* ([A-Z][a-z ]+): +(.*)", line):
            name = match[1]
            found[name] = [match[2]]
        elif name:
            found[name].append(line[2:].strip())
    return found


def prototypes(page):
    calls = re.search(r"^## The calls\n(.*?)^## ", page, re.M | re.S)
    for block in re.findall(r"```c\n(.*?)```", calls[1] if calls else "", re.S):
        for proto in re.findall(r"^(?:[a-z_0-9]+ )+\**\w+\([^()]*\);", block, re.M):
            if not proto.startswith("void perror"):
                yield " ".join(proto.split())


def errors(page):
    """(what is seen, what to do) of the first errors that a call reports."""
    table = re.search(r"^## What goes wrong\n(.*?)^## ", page, re.M | re.S)[1]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()
            if line.startswith("| `")]
    known = [(row[0], row[3]) for row in rows if re.match(r"E[A-Z_]+", row[1])
             and row[3] != "the same"]
    return known[:ERRORS]


def prose(lines):
    return re.sub(r"<(?![^`]*`)", "&lt;", " ".join(lines))


def station(stem, page, program):
    title = re.search(r"^# Step (\d+) – (.*) \{#", page, re.M)
    about = fields(program)
    run, *rest = about["Run it"]
    command, comma, more = run.partition(", ")
    yield "@htmlonly[block]<section>@endhtmlonly\n"
    yield f"## {title[1]} {title[2]} {{#card_{stem}}}\n"
    yield f"`{command}`{comma}{prose([more, *rest])}\n"
    if signatures := list(prototypes(page)):
        yield "\n".join(["~~~{.c}", *signatures, "~~~\n"])
    yield "**See** " + "<br>".join(line if line.startswith("and ") else f"`{line}`"
                                   for line in about["You should see"]) + "\n"
    if "While it waits" in about:
        yield f"**Look** {prose(about['While it waits'])}\n"
    yield "".join(f"- {seen}: {do}\n" for seen, do in errors(page))
    yield "@htmlonly[block]</section>@endhtmlonly\n"


def main():
    target, docs, steps = map(Path, sys.argv[1:])
    out = [HEAD]
    for stem in (stem for stem, step in STEPS.items() if step.core):
        out += station(stem, (docs / f"{stem}.md").read_text(encoding="utf-8"),
                       (steps / f"{stem}.c").read_text(encoding="utf-8"))
    out.append("@htmlonly[block]</div>@endhtmlonly\n")
    target.write_text("\n".join(out), encoding="utf-8")


main()
