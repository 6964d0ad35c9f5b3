#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a step and its other end, record both, and draw the ladder:
record_step.py NN (make trace-NN does this, and builds first what is needed)

The environment says the rest: STEPS, OUT (where its graded programs are),
BUILD; PEER, CASE, COMPARE as typed. The ladder goes to the terminal, and with
the lines of source to BUILD/trace/NN.html, which is one file and needs nothing
else. NN.json is the recording.
"""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

from tests.tools.steps import STEPS, find_or_exit
from tests.tools.trace import compare, page
from tests.tools.trace.ladder import Look, Row, events, rows, show_text
from tests.tools.trace.scenes import SCENES, first_case, usual

BUILD = Path(os.environ.get("BUILD", "build"))
LINES_MOST = 240  # of a ladder
LIMIT_S = 60  # for one recording; it has limits of its own, far below


class Trouble(Exception):
    """What the user has to know, in words; nothing was recorded."""


# ------------------------------------------------------------------ programs

class Submission:
    """A folder with steps, and where its graded programs are."""

    def __init__(self, name, out):
        self.name, self.out = name, Path(out)

    def source(self, stem):
        """What was built: the copy beside it."""
        path = self.out / f"{stem}.c"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def program(self, stem):
        return self.out / f"{stem}.plain"

    def has_gaps(self, stem):
        return re.search(r"TODO\(\d+\) is open", self.source(stem)) is not None

    def must_compile(self, stem):
        if self.program(stem).exists():
            return
        log = (self.out / f"{stem}.log").read_text(encoding="utf-8", errors="replace").strip()
        lines = log.splitlines()[:12]
        raise Trouble(f"{self.name}/{stem}.c does not compile, so there is nothing to trace:\n  " +
                      "\n  ".join(lines) +
                      f"\nMend that first; make check-{STEPS[stem].number} says the same.")


def lab_peer(scene):
    mode, *words = scene.peer
    return {"name": "the lab's " + ("server" if scene.side == "left" else "client"),
            "binary": str(BUILD / "lab/peer"), "args": [mode, "127.0.0.1", "PORT", *words],
            "side": "left" if scene.side == "right" else "right", "lab": True}


def student(submission, stem, scene):
    submission.must_compile(stem)
    args = ["127.0.0.1", "PORT"] * scene.address + list(scene.more)
    return {"name": stem, "binary": str(submission.program(stem)), "args": args, "held": scene.held,
            "holds": scene.enter, "side": scene.side, "source": submission.source(stem),
            "lab": False}


def other_end(submission, stem, scene, case, peer, say):
    """Who is at the other end; None: nobody."""
    side = "left" if scene.side == "right" else "right"
    partner = STEPS[stem].pair
    first = case == first_case(stem)
    if not scene.peer and not peer or scene.side == "both":
        return None
    if peer in ("", "lab"):
        if peer == "lab" or not partner or not first:
            return lab_peer(scene)
        if submission.has_gaps(partner) or not submission.program(partner).exists():
            say(f"{submission.name}/{partner}.c is not ready; the lab plays its part.")
            return lab_peer(scene)
        peer = partner
    if peer == "solution":
        if not partner:
            raise Trouble(f"PEER=solution: step {STEPS[stem].number} has one program; leave PEER out for "
                          "the lab's own other end")
        if not Path("solutions").is_dir():
            raise Trouble("PEER=solution needs the folder solutions/, which is not here; "
                          "try PEER=lab")
        make_programs("solutions", partner)
        submission, peer = Submission("solutions", BUILD / "graded/solutions"), partner
    if peer in SCENES:
        theirs = usual(peer)
        if theirs.side != side:
            raise Trouble(f"PEER={peer}: that is no {'client' if side == 'left' else 'server'}, "
                          f"and the other end of {stem} is one")
        make_programs(submission.name, peer)
        return student(submission, peer, theirs)
    command = shlex.split(peer)
    found = shutil.which(command[0]) if command else None
    if not found:
        raise Trouble(f"PEER={peer}: no such step, and no such program. Give lab, solution, a step "
                      "(05_connect), or a command that takes HOST and PORT last (nc)")
    return {"name": Path(found).name, "binary": found, "args": command[1:] + ["127.0.0.1", "PORT"],
            "side": side, "lab": False}


def make_programs(steps, *stems):
    """Let make build graded programs of another folder."""
    name = Path(steps).name
    command = [os.environ.get("MAKE", "make"), "--no-print-directory",
               f"STEPS={steps}", f"BUILD={BUILD}"]
    out = BUILD / "graded" / name
    if str(steps) == os.environ.get("STEPS", "steps"):
        out = Path(os.environ["OUT"])
    command += [f"{out}/{stem}.log" for stem in stems]
    done = subprocess.run(command, capture_output=True, text=True,
                          timeout=LIMIT_S * 2, check=False)
    if done.returncode != 0:
        raise Trouble(f"{steps} can't be built:\n{done.stdout}{done.stderr}")


# -------------------------------------------------------------------- record

def acts_of(scene, them):
    """What is done, and in which order. The program is 0, its other end 1."""
    if them is None:
        return [["start", 0], ["settle"]] + [["enter", 0]] * scene.enter + [["finish"]]
    if scene.side == "right":
        acts = [["start", 0], ["settle"], ["start", 1], ["settle"]]
    else:
        acts = [["start", 1], ["settle"]] + [["mark"]] * (scene.peer[:1] == ("full",)) + \
            [["start", 0], ["settle"]]
    acts += [["release", 0]] * scene.held + [["enter", 0]] * scene.enter
    return acts + [["settle"], ["enter", 1]] * them.get("holds", False) + [["finish"]]


def record(programs, acts, path, on_host=False):
    """Run the scene; returns the recording, which is at path too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = f"{path.stem}.{os.getpid()}"  # two at once do not meet
    scenario, recording = path.with_name(mine + ".scenario"), path.with_name(mine + ".recording")
    try:
        scenario.write_text(json.dumps({"programs": programs, "acts": acts}), encoding="utf-8")
        command = [str(BUILD / "lab/record"), str(scenario), str(recording)] + ["host"] * on_host
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        if done.returncode != 0:
            raise Trouble(f"the recorder failed: {done.stderr.strip()}")
        result = json.loads(recording.read_text(encoding="utf-8"))
        for program, about in zip(result["programs"], programs):
            for key in ("side", "lab", "source"):
                program[key] = about.get(key, "")
        recording.write_text(json.dumps(result, indent=1), encoding="utf-8")
        recording.replace(path)
        return result
    finally:
        scenario.unlink(missing_ok=True)
        recording.unlink(missing_ok=True)


def trace(submission, stem, case, peer, path, say, held=False):
    scene = SCENES[stem][case]
    scene = replace(scene, held=scene.held or held)
    them = other_end(submission, stem, scene, case, peer, say)
    programs = [student(submission, stem, scene)] + [them] * (them is not None)
    return record(programs, acts_of(scene, them), path)


# ----------------------------------------------------------------- what came

def last_call(program):
    calls = program["calls"]
    if not calls:
        return "before its first socket call"
    call = calls[-1]
    line = (call.get("line") or "").partition(":")[2]
    where = f"{call['name']}({call['args']})" + (f", line {line}" if line else "")
    return f"in {where}" if call["returned"] is None else f"after {where}"


def ending(program):
    """How it ended, in words."""
    end = program["end"]
    if isinstance(end, int):
        if program["stderr"].find("is open: ") >= 0:
            return "ended at a gap that is still open"
        return f"ended with status {end}"
    if end.startswith("SIG"):
        return f"crashed: killed by {end} {last_call(program)}"
    if not program["source"]:
        return "was still there, and was ended"
    if end == "running":
        return f"hung: it computed without end {last_call(program)}"
    if program["calls"] and program["calls"][-1]["returned"] is None:
        return f"hung: it still waited {last_call(program)}"
    return f"hung: it slept in no socket call, {last_call(program)} (sleep? reading stdin?)"


def report(recording):
    """Lines under the ladder: how the programs ended and what they said."""
    quiet = not any(program["calls"] for program in recording["programs"])
    out = ["No socket call was made."] * quiet
    for program in recording["programs"]:
        if program["end"] == "not started":
            continue  # the program before it has failed already
        if program.get("lab") and program["end"] in (0, "asleep") and not program["stderr"]:
            continue
        out.append(f"{program['name']} {ending(program)}")
        if program.get("made", 0) > len(program["calls"]):
            out.append(f"    It made {program['made']} calls; the first and the last are drawn.")
        for line in (program["stdout"] + program["stderr"]).splitlines()[:6]:
            # What it printed may play no tricks with the terminal.
            out.append("    " + "".join(c if c.isprintable() else "?" for c in line)[:200])
    if not recording["own_network"]:
        out.append(f"This machine allows no network namespace (unshare: {recording['denied']}), "
                   f"so this ran on the host's own lo, at port {recording['port']}.")
    if recording.get("blind"):
        out.append("No segments: nothing may be captured here without root "
                   f"({recording['blind'].splitlines()[0]}). The calls of both sides, and what "
                   "the kernel said of their sockets, are all there is.")
    if recording["missed"]:
        out.append(f"{recording['missed']} more segments are not drawn.")
    return out


def wrap(lines):
    """Each line broken at 80 columns, with its indent."""
    out = []
    for line in lines:
        indent = "    " if line.startswith("    ") else ""
        out += textwrap.wrap(line.strip(), 80, initial_indent=indent, subsequent_indent=indent)
    return out


def shorten(table):
    """Nobody reads thousands of lines: the first and the last are enough."""
    if len(table) <= LINES_MOST:
        return table
    first, last = table[:LINES_MOST * 3 // 4], table[-LINES_MOST // 4:]
    return first + [Row(last[0].t, wire=f"~ {len(table) - LINES_MOST} lines")] + last


def choose(only, case):
    """The program that is traced, and the case."""
    stem = find_or_exit(only, "trace-01")[0]
    if not case:
        return stem, first_case(stem)
    if case not in SCENES[stem]:
        raise Trouble(f"CASE={case}: step {only} has " + ", ".join(SCENES[stem]))
    return stem, case


def run(only):
    case, peer = os.environ.get("CASE", ""), os.environ.get("PEER", "")
    mine = Submission(os.environ.get("STEPS", "steps"), os.environ["OUT"])
    stem, case = choose(only, case)
    if STEPS[stem].pair and only == stem and not peer:
        peer = "lab"  # one of the two by its name: that one alone
    notes = []
    name = only if case == first_case(stem) else f"{only}-{case}"
    if mine.name != "steps":
        name = re.sub(r"\W+", "-", Path(mine.name).name) + f"-{name}"
    path = BUILD / "trace" / f"{name}.json"
    recording = trace(mine, stem, case, peer, path, notes.append)

    look, table = Look(), shorten(rows(events(recording)))
    out, against = [], None
    if os.environ.get("COMPARE"):
        against, words = compare_with_solution(stem, case, peer, path, recording, table, look)
        out = [words]  # it has marked rows of the table
    if table:
        out.insert(0, show_text(recording, table, look))
    facts = notes + report(recording)
    if mine.has_gaps(stem):
        facts.append(f"{mine.name}/{stem}.c: fill the gap, and this ladder grows; "
                     f"docs/{stem}.md helps.")
    html = path.with_suffix(".html")
    page.write(html, f"make trace-{only}" + (f" CASE={case}" if name.endswith(f"-{case}") else ""),
               recording, table, facts, against)
    print("\n".join(out + [look.plain(line) for line in wrap(facts)] + ["", str(html)]))


def compare_with_solution(stem, case, peer, path, recording, table, look):
    if not Path("solutions").is_dir():
        raise Trouble("COMPARE=1 needs the folder solutions/, which is not here: "
                      "it is the instructor's")
    stems = [stem, *filter(None, [STEPS[stem].pair])]
    make_programs("solutions", *stems)
    theirs = trace(Submission("solutions", BUILD / "graded/solutions"), stem, case, peer,
                   path.with_name(path.stem + "-solution.json"), lambda note: None)
    their_table = shorten(rows(events(theirs)))
    pairs = compare.pairs(recording, theirs)
    compare.mark(table, their_table, pairs)
    return (theirs, their_table), compare.show(pairs, look)


def main():
    try:
        run(sys.argv[1] if len(sys.argv) > 1 else "")
        sys.stdout.flush()
    except Trouble as trouble:
        sys.exit(str(trouble))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # make trace-06 | head
    except subprocess.TimeoutExpired:
        sys.exit(f"the recorder did not end within {LIMIT_S} s")


if __name__ == "__main__":
    main()
