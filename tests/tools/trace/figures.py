#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The handbook's ladders are traces of the solutions: figures.py FILE...

A docs/figures/NAME.ladder with a line like

    # traced: 04_accept reset only=send,recv,close from=send

is recorded again (a program, its case, what is drawn of it), and what is drawn
then is compared with what stands there; WRITE=1 in the environment puts it
there. Title, desc and caption are written by hand and stay.

Compared are the calls of each side, its states, its notes and the segments,
each in their order: how these interleave is the timing of that run, and so is
the time that passes (~). A machine may be too busy for a quick answer, so a
scene is played up to five times until it is as it stands there.

    only=a,b      these calls          from=a       from the first call of this name
    acks=no       no pure ACKs         until=WORDS  until a call or a note has come, or
    data=yes      the bytes                         before a segment
    held=yes      the program receives after its peer has sent all
    numbers=1,2   the sequence numbers at which both begin
    peer=STEM            the other end, as in make trace
    sleeps=any           whether a call had to sleep is the timing of that run, too
    left= right=  names; _ is a space
"""
import os
import re
import sys
from pathlib import Path

from tests.tools.trace import record_step
from tests.tools.trace.ladder import Style, as_figure, events, is_note, rows
from tests.tools.trace.scenes import SCENES, first_case

TIMES = 5


def parse(text):
    """(program, case, options) of a file that is traced, else None."""
    found = re.search(r"^# traced: (.*)$", text, re.M)
    if not found:
        return None
    stem, *rest = found[1].split()
    options = dict(word.split("=", 1) for word in rest if "=" in word)
    case = next((word for word in rest if "=" not in word), first_case(stem))
    return stem, case, {key: value.replace("_", " ") for key, value in options.items()}


def clip(found, options):
    """From one event to another."""
    begin, until = options.get("from"), options.get("until")
    first = next((i for i, e in enumerate(found) if e.call and e.call["name"] == begin), 0)
    found, last = found[first:], len(found)
    for i, e in enumerate(found):
        if e.kind == "segment" and until == e.words:
            last = i
        elif e.kind == "note" and until == e.words or e.kind == "end" and until == e.call["name"]:
            last = i + 1
        if last < len(found):
            break
    # What begins and does not end in this part is not of it.
    ends = [id(e.call) for e in found[:last] if e.kind == "end"]
    return [e for e in found[:last] if last > len(found) or e.kind != "begin" or id(e.call) in ends]


def body_of(recording, options):
    only = options.get("only", "").split(",")
    style = Style(short=True, only=frozenset(filter(None, only)),
                  acks=options.get("acks") != "no", names=False, data="data" in options,
                  numbers=tuple(int(n) for n in options.get("numbers", "").split(",") if n),
                  acts=False, gap_ns=500_000_000)
    names = {"left": options.get("left", "client"), "right": options.get("right", "server")}
    return as_figure(rows(clip(events(recording, style), options)), names)


def lanes(body, options):
    """What is compared."""
    found = {}
    asleep = {}
    for line in body.splitlines():
        for column, cell in enumerate(cell.strip() for cell in line.split("|")):
            kind = "state" if cell[:1] == "[" else "call"
            if is_note(cell) and column != 1:
                kind = "note"
            if options.get("sleeps") == "any" and kind == "call" and column != 1:
                if cell.endswith(" ..."):
                    asleep[column], cell = cell[:-len(" ...")], ""
                elif cell[:1] == "=":
                    cell = f"{asleep[column]} {cell}"
            if "|" in line and cell and cell[0] != "~":
                found.setdefault((column, kind), []).append(cell)
    return found


def redraw(path):
    """Whether what stands there is what is recorded now; None: drawn by hand."""
    text = path.read_text(encoding="utf-8")
    asked = parse(text)
    if asked is None:
        if "# drawn by hand:" not in text:
            print(f"{path}: says neither \"# traced:\" nor \"# drawn by hand:\"")
            return False
        return None
    stem, case, options = asked
    head, _, old = text.partition("\n\n")
    solutions = record_step.Submission("solutions", record_step.BUILD / "graded/solutions")
    place = record_step.BUILD / f"trace/figure-{path.stem}.json"
    for _ in range(TIMES):
        recording = record_step.trace(solutions, stem, case, options.get("peer", "").replace(" ", "_"),
                                place, print, held="held" in options)
        new = body_of(recording, options)
        if lanes(new, options) == lanes(old, options):
            return True
        if os.environ.get("WRITE"):
            path.write_text(f"{head}\n\n{new}", encoding="utf-8")
            print(f"{path}: written anew")
            return True
    print(f"{path}: a trace of solutions/{stem}.c draws this now (WRITE=1 puts it there):\n\n{new}")
    return False


def main():
    os.environ.setdefault("OUT", str(record_step.BUILD / "graded/solutions"))
    os.environ["STEPS"] = "solutions"
    record_step.make_programs("solutions", *SCENES)
    results = [result for result in map(redraw, map(Path, sys.argv[1:])) if result is not None]
    print(f"{sum(results)} ladders are what the solutions do, {results.count(False)} are not")
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
