# SPDX-License-Identifier: MIT
"""What the student's tools share: the road, the last verdicts, what the pages
say, and how a text gets to the terminal. Nothing here keeps a state: a verdict
is what the last check wrote, and it holds while the file is as it was then.
"""
import functools
import json
import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.tools import console
from tests.tools.steps import STEMS, STEPS, find_or_exit

# ------------------------------------------------------------------- the road


class Road:
    """The programs in their order, and how far the student is."""

    def __init__(self, folder, programs):
        self.folder = folder            # as the student calls it: "steps"
        self.programs = Path(programs)  # what the checks made of it
        self.stems = STEMS

    @functools.cached_property
    def worth(self):
        """What each is worth, by the policy of this check: only the check reads policies."""
        run = subprocess.run([f"{os.environ.get('BUILD', 'build')}/check", "--list", "--points",
                              os.environ.get("POLICY", "")], capture_output=True, check=False)
        return {step["step"]: step["of"] for step in json.loads(run.stdout)["steps"]}

    def source(self, stem):
        return Path(self.folder) / f"{stem}.c"

    def content(self, stem):
        """What the file says now; None: there is none."""
        try:
            return self.source(stem).read_bytes()
        except OSError:
            return None

    def verdict(self, stem):
        """The last one, as report.c writes it; None: not checked yet."""
        try:
            return json.loads((self.programs / f"{stem}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def judged(self, stem):
        """Whether that verdict is on what the file says now."""
        try:
            checked = (self.programs / f"{stem}.c").read_bytes()
        except OSError:
            checked = None
        return self.verdict(stem) is not None and self.content(stem) == checked

    def done(self, stem):
        return self.judged(stem) and whole(self.verdict(stem))

    def points(self):
        return sum((self.verdict(stem) or {}).get("points", 0) for stem in self.stems)

    def next(self):
        """The first program that isn't done; None: all are."""
        return next((stem for stem in self.stems if not self.done(stem)), None)

    def number(self, stem):
        """As in `make check-02`: the whole stem where two have one number."""
        return stem if STEPS[stem].pair else STEPS[stem].number

    def command(self, what, stem):
        """What to type for it here."""
        other = "" if self.folder == "steps" else f" STEPS={shlex.quote(self.folder)}"
        return f"make {what}-{self.number(stem)}{other}"

    def find(self, name):
        """The stem of 2, 02 or 02_bind. Of two, the one that isn't done yet."""
        stems = find_or_exit(name, "hint-02")
        return next((stem for stem in stems if not self.done(stem)), stems[0])


def whole(verdict):
    return verdict["points"] == verdict["of"]


def show_points(points):
    """With one decimal where they need it, never rounded up (as report.c)."""
    tenths = int(points * 10 + 1e-6)
    return f"{tenths / 10:.1f}" if tenths % 10 else f"{tenths // 10}"


# ------------------------------------------------------------------ the pages


class Page:
    """A step's page: its hints, what was learned, the question."""

    def __init__(self, stem):
        self.path = Path(f"docs/{stem}.md")
        text = self.path.read_text(encoding="utf-8")
        text = re.sub(r"^@teach$.*?^@endteach$|^ *@answer$.*?^ *@endanswer\n", "", text, flags=re.M | re.S)
        self.title = re.match(r"# (.*?)(?: \{#.*\})?\n", text)[1]
        self.hints = re.findall(r"^@hint\{([^}\n]*)\}\n(.*?)^@endhint$", text, re.M | re.S)
        learned = re.search(r"^@learned\n(.*?)^@endlearned$", text, re.M | re.S)
        self.learned = learned[1] if learned else ""
        question = re.search(r"^1\. (.*?)(?=^\d+\. |^$)",
                             text.partition("\n## Questions\n")[2], re.M | re.S)
        self.question = question[1] if question else ""


def plain(markdown, width):
    """Markdown as lines for a terminal. Code keeps its lines."""
    lines = []
    for number, part in enumerate(re.split(r"^```.*\n", markdown, flags=re.M)):
        if number % 2:
            lines += ["    " + line for line in part.splitlines()] + [""]
            continue
        part = re.sub(r'@ref \w+ "([^"]*)"', r"\1", part)
        part = re.sub(r"@ref (\w+)", r"\1", part)
        part = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", part)
        part = re.sub(r"`([^`]*)`|\*\*(.*?)\*\*|(?<!\w)\*([^*\s][^*]*)\*",
                      lambda m: next(group for group in m.groups() if group is not None), part)
        for paragraph in re.split(r"\n\s*\n", part.strip()):
            lines += textwrap.wrap(" ".join(paragraph.split()), max(width, 20)) + [""]
    while lines and not lines[-1]:
        lines.pop()
    return lines


# --------------------------------------------------------------- the terminal

class Terminal(console.Terminal):
    """A terminal that has a size. `make watch` says to its tools, whose stdout is
    a pipe, that they may paint: FORCE_COLOR."""

    def __init__(self):
        super().__init__(force=os.environ.get("FORCE_COLOR"))
        self.colour = self.colour and os.environ.get("TERM", "dumb") != "dumb"

    def size(self):
        """Columns and rows. Tiny ones count as a little more: nothing breaks."""
        try:
            columns, rows = os.get_terminal_size(sys.stdout.fileno())
        except OSError:
            columns, rows = 0, 0
        columns = columns or int(os.environ.get("COLUMNS") or 80)
        return max(columns, 20), max(rows or 24, 4)

    def encode(self, text):
        """The text as this terminal can show it."""
        return self.plain(text).encode("utf-8", "replace")

    def say(self, *lines):
        sys.stdout.flush()
        sys.stdout.buffer.write(self.encode("\n".join(lines) + "\n"))
        sys.stdout.buffer.flush()


GREEN, RED, BOLD, FAINT = "32", "31", "1", "2"
COLOURS = re.compile(r"(\033\[[0-9;]*m)")


def fold(line, width):
    """A painted line as lines that are no wider, broken between words."""
    lines, now, room, active = [], "", width, ""
    for part in COLOURS.split(line.expandtabs()):
        if COLOURS.fullmatch(part):
            now += part
            active = "" if part in ("\033[0m", "\033[m") else active + part
            continue
        while len(part) > room:
            cut = part.rfind(" ", room // 2, room + 1)
            cut = room if cut == -1 else cut
            lines.append(now + part[:cut] + ("\033[0m" if active else ""))
            now, part, room = active, part[cut:].removeprefix(" "), width
        now += part
        room -= len(part)
    return lines + [now]


def harmless(text):
    """Without control characters but colours: what a program or a file says is
    not obeyed."""
    return "".join(part if COLOURS.fullmatch(part) else
                   re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "?", part)
                   for part in COLOURS.split(text))
