# SPDX-License-Identifier: MIT
"""The steps, as the table tests/steps has them; C and make read it, too."""
import sys
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "steps"


@dataclass(frozen=True)
class Step:
    """A line of the table."""
    stem: str       # "06_echo_server"
    points: float   # where no policy says otherwise
    core: bool      # part of the 100; else beyond
    other: str      # the program at its other end; "": it runs alone
    title: str
    manuals: str

    @property
    def number(self):
        return self.stem.split("_")[0]

    @property
    def pair(self):
        """The other program of the same number; "": there is none."""
        return self.other if self.other.startswith(f"{self.number}_") else ""


def read():
    """The table: stem -> Step, in its order."""
    steps = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            stem, points, part, other, title, manuals = map(str.strip, line.split("|"))
            steps[stem] = Step(stem, float(points), part == "core", other.strip("-"), title,
                               manuals)
    return steps


STEPS = read()
STEMS = list(STEPS)


def find(name):
    """The stems that 2, 02, 02_bind or 06_echo mean; [] if there is none."""
    name = name.zfill(2) if name.isdigit() else name
    return [stem for stem in STEMS if stem == name] or \
        [stem for stem in STEMS if name.isdigit() and STEPS[stem].number == name] or \
        [stem for stem in STEMS if "_" in name and stem.startswith(name)]


def find_or_exit(name, command):
    """The same; if there is none, say what there is."""
    return find(name) or sys.exit(f"There is no step {name}; they are {STEPS[STEMS[0]].number} to "
                                  f"{STEPS[STEMS[-1]].number}, as in: make {command}")
