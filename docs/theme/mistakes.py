#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the instructor's pages of classic mistakes: mistakes.py FOLDER

One page a step, and mistakes.md before them, all from tests/broken as it is now.
`make selftest` proves what they say: that each mistake is caught by the test,
and with the words, that stand there.
"""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
from tests.proof.catalogue import plain, read_mistake, sentence
from tests.tools.steps import STEPS

# To be expected first. Nobody has counted them: they are the mistakes that the
# pages of the steps warn of most. `make grade` counts those of your class.
FIRST = ["02_bind/no_htons", "02_bind/bind_not_checked", "02_bind/length_not_set", "02_bind/errno_overwritten",
         "03_listen/no_reuseaddr", "04_accept/wrong_descriptor", "06_echo_server/one_recv",
         "06_echo_server/whole_buffer", "06_echo_server/partial_send", "06_echo_client/one_recv"]

HEAD = """# Classic mistakes {{#mistakes}}

What students get wrong, how the kit tells them, and how to explain it: {number} wrong programs, each a small change
of a solution, one page a step. `make selftest` proves that each is caught by the test named there, in the words quoted
there. `make grade` tells which of them your class has made.

# Ten to expect first

Chosen by what the pages of the steps warn of most, not counted.

{first}

# By step

@cards{{stations}}
{steps}

@endcards
"""


def anchor(stem, name):
    return f"mistake_{stem}_{name}"


def entry(stem, path):
    fields = read_mistake(path)
    diff = path.read_text(encoding="utf-8").split("\n--- ", 1)[1].split("\n@@", 1)[1]
    lines = [line for line in diff.splitlines() if line[:1] in ("+", "-")]
    return "\n".join([
        f"## {plain(fields['Mistake'].rstrip('.'))} {{#{anchor(stem, path.stem)}}}", "", plain(fields["Explain"]), "",
        f"Caught by *{sentence(fields['Caught-by'].split('/')[1])}*, which says: “{plain(fields['Says'])}”.", "",
        "@fold{The difference}", "", "~~~{.txt}", *lines, "~~~", "", "@endfold", ""])


def main():
    folder, number, steps = Path(sys.argv[1]), 0, []
    stems = [stem for stem in STEPS if (ROOT / "tests/broken" / stem).is_dir()]
    for at, stem in enumerate(stems):
        paths = sorted((ROOT / "tests/broken" / stem).glob("*.patch"))
        number += len(paths)
        steps.append(f'- @ref mistakes_{stem} "{STEPS[stem].title}" {len(paths)} wrong programs')
        road = [f"- Before @ref {'mistakes_' + stems[at - 1] if at else 'mistakes'}"]
        if at + 1 < len(stems):
            road.append(f"- @ref mistakes_{stems[at + 1]}")
        (folder / f"mistakes_{stem}.md").write_text("\n".join([
            f"# Mistakes: {stem} {{#mistakes_{stem}}}", "",
            f"To the step: @ref step_{stem}. Its solution: @ref {stem}.c \"solutions/{stem}.c\".", "",
            *(entry(stem, path) for path in paths), "@road", *road, "", "@endroad", ""]), encoding="utf-8")
    first = []
    for rank, name in enumerate(FIRST, 1):
        stem, mistake = name.split("/")
        fields = read_mistake(ROOT / f"tests/broken/{name}.patch")
        title = fields["Mistake"].rstrip(".").replace('"', "'")  # between quotation marks nothing is escaped
        first.append(f'{rank}. @ref {anchor(stem, mistake)} "{title}" – {plain(fields["Explain"])}')
    (folder / "mistakes.md").write_text(
        HEAD.format(number=number, steps="\n".join(steps), first="\n".join(first)), encoding="utf-8")


main()
