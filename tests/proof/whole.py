# SPDX-License-Identifier: MIT
"""Is each step whole? What a line of the table tests/steps promises has to be
there, and nothing may be there that has no line."""
import re
from pathlib import Path

from tests.tools.steps import STEPS
from tests.tools.trace.scenes import SCENES

FILES = {"starter": "steps/{}.c", "solution": "solutions/{}.c", "suite": "tests/{}.c",
         "page": "docs/{}.md"}
FOLDERS = {"mistakes": "tests/broken/{}/*.patch", "variants": "tests/variants/{}/*.c"}


def lacking(stem):
    """What a step lacks: a list of words."""
    step, lacks = STEPS[stem], []
    for what, path in FILES.items():
        if not Path(path.format(stem)).is_file():
            lacks.append(f"the {what} {path.format(stem)}")
    for what, pattern in FOLDERS.items():
        if not list(Path().glob(pattern.format(stem))):
            lacks.append(f"{what} in {pattern.format(stem)}")
    if stem not in SCENES:
        lacks.append("a scene in tests/tools/trace/scenes.py")
    recipes = Path("tests/handbook/recipes").read_text(encoding="utf-8")
    if f"\npage {stem}\n" not in recipes:
        lacks.append(f"its terminals: 'page {stem}' in tests/handbook/recipes")
    page = Path(f"docs/{stem}.md")
    head = f"# Step {int(step.number)} – {step.title} {{#step_{stem}}}"
    if page.is_file() and page.read_text(encoding="utf-8").split("\n")[0] != head:
        lacks.append(f"the table's title on its page: {head}")
    if step.other and step.other not in STEPS:
        lacks.append(f"a line for its other end, {step.other}")
    return lacks


def without_a_line():
    """Files and folders of steps that the table does not know."""
    found = [path for pattern in (*FILES.values(), "tests/broken/{}", "tests/variants/{}")
             for path in Path().glob(pattern.format("[0-9][0-9]_*"))]
    return sorted(str(path) for path in found
                  if re.sub(r"\.\w+$", "", path.name) not in STEPS)
