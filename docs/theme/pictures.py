#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Take the README's and the front page's pictures anew, of real runs: pictures.py BUILD

    docs/examples/check-02.txt       the front page shows it as a terminal
    docs/figures/check-failing.svg   the README: a step without htons
    docs/figures/check-passing.svg   and finished steps

`make pictures` does this, in a copy of what is committed. Do it when the report of
`make check` has changed.
"""
import html
import shutil
import subprocess
import sys
from pathlib import Path

WIDE, HIGH, LEFT, TOP = 7.83, 20, 22, 34  # a character of 13 px; the margins
COLOURS = ("#1b222b", "#e3e9ee", "#9ad0ff", "#7ec699", "#f4a09b")
GOOD, BAD = "✔", "✘"


CLEAN = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"}  # nothing of the make around us


def run(kit, target):
    """What `make TARGET` prints there, as a student sees it; make's own last line aside."""
    done = subprocess.run(["make", "--no-print-directory", target], cwd=kit, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                          env=CLEAN)
    lines = done.stdout.splitlines()
    first = next(at for at, line in enumerate(lines) if line.strip().startswith((GOOD, BAD, "○")))
    return [f"$ make {target}", *lines[first:]]


def draw(lines, title):
    """The lines as a terminal. SVG, so the words are sharp and small."""
    back, words, command, good, bad = COLOURS
    width = LEFT * 2 + WIDE * max(map(len, lines))
    rows = []
    for number, line in enumerate(lines):
        colour, weight = words, ""
        if line.startswith("$ "):
            colour, weight = command, ' font-weight="bold"'
        elif line.strip()[:1] == GOOD:
            colour = good
        elif line.strip()[:1] == BAD:
            weight = ' font-weight="bold"'
        text = html.escape(line, quote=False).replace(" ", "\u00a0")  # SVG swallows spaces
        text = text.replace(BAD, f'<tspan fill="{bad}">{BAD}</tspan>')
        if line.startswith("    Likely"):
            text = text.replace("Likely", '<tspan font-weight="bold">Likely</tspan>', 1)
        if line.strip():
            rows.append(f'<text x="{LEFT}" y="{TOP + HIGH * number}" fill="{colour}"{weight}>{text}</text>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {TOP + HIGH * len(lines)}" '
            f'width="{width:.0f}" role="img" font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" '
            f'font-size="13">\n<title>{html.escape(title)}</title>\n'
            f'<rect width="100%" height="100%" rx="9" fill="{back}"/>\n' + "\n".join(rows) + "\n</svg>\n")


def main():
    kit = Path(sys.argv[1], "pictures")
    shutil.rmtree(kit, ignore_errors=True)
    kit.mkdir(parents=True)
    packed = subprocess.run(["git", "archive", "HEAD"], check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x", "-C", kit], input=packed, check=True)
    for stem in ("01_socket", "02_bind"):
        shutil.copyfile(kit / f"solutions/{stem}.c", kit / f"steps/{stem}.c")
    subprocess.run(["patch", "--quiet", kit / "steps/02_bind.c", kit / "tests/broken/02_bind/no_htons.patch"], check=True)
    subprocess.run(["make", "-s", "build/check"], cwd=kit, check=True, stdout=subprocess.DEVNULL, env=CLEAN)
    Path("docs/examples/check-02.txt").write_text("\n".join(run(kit, "check-02")) + "\n", encoding="utf-8")
    Path("docs/figures/check-failing.svg").write_text(draw(
        run(kit, "check"), "make check on a step in which htons is missing"), encoding="utf-8")
    for solution in (kit / "solutions").glob("*.c"):
        shutil.copyfile(solution, kit / "steps" / solution.name)
    Path("docs/figures/check-passing.svg").write_text(draw(
        run(kit, "check"), "make check on finished steps: 100 of 100 points"), encoding="utf-8")
    shutil.rmtree(kit)


main()
