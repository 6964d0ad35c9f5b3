#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The student's tools for one step: make hint-02, diff-02, reset-02, open-02.

    tools.py hint|diff|reset|open NN --steps FOLDER --programs FOLDER

hint   shows the next of the page's hints, beginning at the one that speaks of
       what failed; how far it has come stands beside the program's last
       verdict. AGAIN=1 shows those up to there again.
diff   shows the program beside its solution, once the program passes as it is.
reset  brings the starter back. What was there is kept in .kept/, where
       `make clean` does not reach.
open   opens the program in $VISUAL or $EDITOR, and its page in the browser.
"""
import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.tools.steps import STEPS
from tests.tools.road import BOLD, FAINT, Page, Road, Terminal, plain

KEPT = Path(".kept")


# ----------------------------------------------------------------------- hint

def names_in(text):
    """The names of calls and constants in a text."""
    return set(re.findall(r"\b(?:[a-z_]+(?=\()|[a-z]+(?=\(2\))|[A-Z]+_[A-Z_]+|E[A-Z]{3,}|htons|ntohs|"
                          r"bind|listen|accept|connect|getsockname|getpeername|getsockopt|recv|send|"
                          r"shutdown|close|poll|perror|getchar)\b", text))


def first_hint(road, stem, page):
    """The number of the hint that has most in common with what failed first: none
    of the last, which tells nearly all. 0 where nothing is known."""
    try:
        tests = json.loads((road.programs / f"{stem}.json").read_text())["tests"]
        failure = next(t for t in tests if t.get("failure"))["failure"]
    except (OSError, ValueError, KeyError, StopIteration):
        return 0
    if any("TODO(" in line for line in failure["stderr"]):
        return 0  # at a gap: from the beginning
    wanted = names_in(f"{failure['expected']} {(failure['reason'] or {}).get('text', '')}")
    common = [len(wanted & names_in(" ".join(hint))) for hint in page.hints[:-1]]
    return common.index(max(common)) if common and max(common) > 0 else 0


def hint(road, stem, terminal):
    page = Page(stem)
    width = min(terminal.size()[0] - 4, 76)
    shown = road.programs / f"{stem}.hints"
    try:
        seen = min(int(shown.read_text()), len(page.hints))
    except (OSError, ValueError):
        seen = 0
    again = os.environ.get("AGAIN")
    if not again and seen == len(page.hints):
        terminal.say(f"Those were all {seen} hints of {stem}. {page.path} has the rest; "
                     f"{road.command('hint', stem)} AGAIN=1", "shows them again.")
        return 0
    if again and not seen:
        terminal.say(f"No hint of {stem} has been shown yet: {road.command('hint', stem)}")
        return 0
    if not again and seen == 0:
        seen = first_hint(road, stem, page)
    for number in range(0 if again else seen, seen if again else seen + 1):
        title, text = page.hints[number]
        terminal.say(terminal.paint(BOLD, f"{stem}, hint {number + 1} of {len(page.hints)}: "
                                          f"{' '.join(plain(title, 200))}"), "",
                     *(f"  {line}".rstrip() for line in plain(text, width)), "")
    if not again:
        shown.parent.mkdir(parents=True, exist_ok=True)
        shown.write_text(f"{seen + 1}\n")
        seen += 1
    left = len(page.hints) - seen
    more = (f"{road.command('hint', stem)} shows the next (in make watch: h)." if left
            else "There are no more.")
    terminal.say(terminal.paint(FAINT, more))
    return 0


# ----------------------------------------------------------------------- diff

def diff(road, stem, terminal):
    mine, solution = road.source(stem), Path(f"solutions/{stem}.c")
    if not solution.exists():
        return sorry("There are no solutions in this copy of the kit. Ask your instructor.")
    if not mine.exists():
        return sorry(f"There is no {mine}: {road.command('reset', stem)} brings the starter back.")
    if not os.environ.get("FORCE") and not road.done(stem):
        if not road.judged(stem):
            return sorry(f"{mine} has not been checked as it is now: "
                         f"{road.command('check', stem)} first.")
        return sorry(f"{mine} does not pass yet. The solution can be read beside it when it does:",
                     f"{road.command('check', stem)} says what is missing, "
                     f"{road.command('hint', stem)} helps.")
    if mine.read_bytes() == solution.read_bytes():
        terminal.say(f"{mine} is the solution, byte for byte.")
        return 0
    columns = terminal.size()[0]
    if columns >= 2 * 80 + 3:  # room for both beside each other
        how = ["--side-by-side", f"--width={columns}", "--expand-tabs"]
    else:
        how = ["--unified", "--label", f"{mine} (yours)", "--label", str(solution)]
        how += ["--color=always"] if terminal.colour else []
    sys.stdout.flush()
    return subprocess.run(["diff", *how, "--", mine, solution], check=False).returncode // 2


# ---------------------------------------------------------------------- reset

def git(*args):
    return subprocess.run(["git", *args], capture_output=True, check=False).stdout


def starter(stem):
    """The program as the kit has it; None: it can't be known here.

    An archive for students has a copy. Where there is git: as of the last
    commit to the kit itself, for students may commit their own steps.
    """
    copy = Path(f"tests/starters/{stem}.c")
    if copy.exists():
        return copy.read_bytes()
    if not shutil.which("git"):
        return None
    for commit in git("log", "--format=%H", "--", "Makefile", "docs", "tests").decode().split():
        text = git("show", f"{commit}:./steps/{stem}.c")
        if f"TODO({STEPS[stem].number}) is open".encode() in text:
            return text
    return None


def keep(source):
    """Copy a file to .kept/, under a name that nothing has yet."""
    KEPT.mkdir(exist_ok=True)
    now = time.strftime("%Y-%m-%d-%H%M%S")
    for turn in range(1, 1000):
        name = KEPT / f"{source.stem}-{now}{f'-{turn}' if turn > 1 else ''}.c"
        try:
            with open(name, "xb") as copy:
                copy.write(source.read_bytes())
                os.fsync(copy.fileno())
            return name
        except FileExistsError:
            continue
    raise OSError(f"{KEPT} has too many copies of this second")


def reset(road, stem, terminal):
    mine = road.source(stem)
    fresh = starter(stem)
    if fresh is None:
        return sorry(f"The starter of {stem} is not to be had here: this copy of the kit has",
                     "neither tests/starters/ nor a history that git reads (try git log).",
                     f"Take steps/{stem}.c from where you got the kit.")
    if mine.exists():
        if mine.read_bytes() == fresh:
            terminal.say(f"{mine} is the starter: nothing to do.")
            return 0
        terminal.say(f"Yours is kept: {keep(mine)}")
    target = mine.resolve()  # a link stays one
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    beside.write_bytes(fresh)
    if mine.exists():
        shutil.copymode(mine, beside)
    beside.replace(target)
    terminal.say(f"{mine} is the starter again.")
    return 0


# ----------------------------------------------------------------------- open

def show_page(stem, terminal):
    """Open the page in a browser, or say where it is."""
    page = Path(os.environ.get("BUILD", "build"), f"docs/html/step_{stem}.html").resolve()
    if not page.exists():
        terminal.say(f"Its page: docs/{stem}.md (make docs makes the handbook of it)")
        return
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    for browser in ["wslview", *["xdg-open"] * bool(screen)]:
        if shutil.which(browser):
            subprocess.Popen([browser, page], stdin=subprocess.DEVNULL, start_new_session=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            return
    terminal.say(f"Its page: {page.as_uri()}")


def open_step(road, stem, terminal):
    show_page(stem, terminal)
    mine = road.source(stem)
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    if not mine.exists():
        return sorry(f"There is no {mine}: {road.command('reset', stem)} brings the starter back.")
    if not editor:
        return sorry(f"Which editor shall open {mine}? Set EDITOR, for example:",
                     f"EDITOR=nano {road.command('open', stem)}")
    if not shutil.which(editor[0]):
        return sorry(f"There is no program {editor[0]}, which EDITOR (or VISUAL) names.")
    os.execvp(editor[0], [*editor, str(mine)])


# ----------------------------------------------------------------------- main

def sorry(*lines):
    """Say why not. Status 1."""
    sys.stdout.flush()
    sys.stderr.buffer.write(Terminal().encode("\n".join(lines) + "\n"))
    return 1


def main():
    what = {"hint": hint, "diff": diff, "reset": reset, "open": open_step}
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("what", choices=what)
    parser.add_argument("step")
    parser.add_argument("--steps", default="steps")
    parser.add_argument("--programs", default="build/graded/steps")
    args = parser.parse_args()
    road = Road(args.steps, args.programs)
    try:
        return what[args.what](road, road.find(args.step), Terminal())
    except OSError as error:
        return sorry(f"{error.filename or ''}: {error.strerror or error}")


if __name__ == "__main__":
    sys.exit(main())
