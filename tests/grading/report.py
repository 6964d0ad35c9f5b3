#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the reports of a class from its rows: report.py CLASS [FORMAT...]

CLASS is what was graded, or the folder under build/class/ that `make grade` has
made of it: with rows/ in it, a file a submission (see grade_one.py), and
class.json, which says who is in the class (roster.py). POLICY in the environment
says what tests are worth, and marks.csv in the class folder which marks are set
by hand. Beside rows/ come

    grades.csv        a line a submission
    class.html        which step and which mistake stopped how many, and who
    students/ID.html  a page each, which may be handed out
    students/ID.*     the FORMATs (see formats.py), if any are asked for

What was written before is replaced; a row that can't be read is told, and has
its line too.
"""
import csv
import functools
import glob
import io
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.grading import exports, formats, intake, scores
from tests.grading.exports import cell
from tests.grading.formats import clean, here, points, steps_of, total
from tests.proof.catalogue import read_mistake
from tests.tools import draw, verdict
from tests.tools.steps import STEMS

HERE = Path(__file__).resolve().parent
KIT = HERE.parent.parent


# ---------------------------------------------------------------------- rows

def class_folder(path):
    """Where `make grade` has put what it found out about a class."""
    for folder in (Path(path), Path(path).parent):
        if (folder / "rows").is_dir():
            return folder
    for of in sorted(Path(os.environ.get("BUILD", "build")).glob("class/*/of")):
        if of.read_text(errors="surrogateescape") == os.path.realpath(path):
            return of.parent
    sys.exit(f"CLASS={clean(path)} is not graded yet; run: make grade CLASS='{clean(path)}'"
             if path else "which class? Give the folder: CLASS=dir")


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def read_rows(folder):
    """Everybody's row, scored by the policy, with what was set by hand. One that
    can't be read, that is missing, or that is about an earlier attempt says so:
    nobody is left out."""
    folder, rows = Path(folder), {}
    for path in folder.glob("rows/*.json"):
        try:
            row = formats.read_row(path)
        except (OSError, ValueError) as error:
            row = {**formats.EMPTY, "entry": path.stem, "outcome": "no row",
                   "reason": f"{path.name} can't be read: {error}"}
        row["id"] = path.stem  # a name that the file system has taken
        rows[path.stem] = row
    people = (read_json(folder / "class.json") or {}).get("students", [])
    for one in people:
        row = rows.setdefault(one["id"], {
            **formats.EMPTY, "id": one["id"], "outcome": "not graded", "flags": one["flags"],
            "reason": "there is no verdict yet: make grade again"})
        row.update(entry=one["entry"], person=one)
        if row.get("digest") not in (None, one["digest"]):
            row["flags"] = [*(row.get("flags") or []), "this verdict is about an earlier version "
                            "of the programs, or of the kit: make grade again"]
        row["before"] = read_json(folder / "before" / f"{one['id']}.json")
    score(folder, rows.values())
    set_by_hand(folder, rows.values())
    return sorted(rows.values(), key=lambda row: name_of(row).casefold())


def name_of(row):
    return str((row.get("person") or {}).get("name") or row["entry"])


def score(folder, rows):
    """By POLICY, where there is the check to ask; else as they are."""
    policy, check = os.environ.get("POLICY"), folder / "kit" / "check"
    if not policy or not check.exists():
        return
    try:
        expected = scores.shares_of(str(check), policy)
    except scores.WrongPolicy as error:
        sys.exit(f"report: {error}")
    for row in rows:
        if steps_of(row):
            scores.rescore(row, str(check), policy, expected)


def set_by_hand(folder, rows):
    """marks.csv in the class folder: student, points, note."""
    try:
        path = Path(folder, "of").read_text(errors="surrogateescape") + "/marks.csv"
    except OSError:
        return
    if not os.path.lexists(path):
        return
    known = {}
    for row in rows:
        person = row.get("person") or {}
        words = {row["entry"], row["id"], *(person.get(key) for key in ("name", "sid", "email"))}
        for word in words - {"", None}:
            known.setdefault(word, []).append(row)
    try:
        for line in intake.read_names(path, ("student", "points", "note"), "student"):
            those = known.get(line["student"], [])
            if len(those) != 1:
                raise intake.Wrong(f"{path}:{line['line']}: {line['student']} is "
                                   f"{'nobody' if not those else 'more than one student'}")
            if not re.fullmatch(r"\d{1,4}([.,]\d+)?", line.get("points", "")):
                raise intake.Wrong(f"{path}:{line['line']}: '{line.get('points', '')}' is no "
                                   "number of points")
            those[0]["by_hand"] = {"points": float(line["points"].replace(",", ".")),
                                   "note": line.get("note", "")}
    except intake.Wrong as error:
        sys.exit(f"report: {clean(error)}")


def stems_of(rows):
    """The steps in the order of the policy."""
    longest = max((steps_of(row) for row in rows), key=len, default=[])
    return [step["step"] for step in longest] or STEMS


# ----------------------------------------------------------------------- csv

def grades(rows):
    """RFC 4180, with the mark at its beginning by which Excel knows UTF-8. Points
    are numbers, so that a spreadsheet can add them; who has none yet has no 0."""
    stems = stems_of(rows)
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(["entry", "name", "id", "late", "attempt", *stems, "total", "of", "outcome",
                    "reason", "flags", "note", "path", "graded", "seed", "kit", "page"])
    for row in rows:
        got = {step["step"]: formats.points(step["points"], row) for step in steps_of(row)}
        person = row.get("person") or {}
        none = row["outcome"] in formats.UNGRADED and not row.get("by_hand")
        numbers = [*("" if none else got.get(stem, "0") for stem in stems),
                   *("" if none else formats.points(n, row) for n in total(row))]
        table.writerow([
            cell(row["entry"]), cell(name_of(row)), cell(person.get("sid")),
            "yes" if person.get("late") else "", person.get("attempt") or "", *numbers,
            cell(row["outcome"]), cell(row.get("reason")),
            cell("; ".join(row.get("flags") or [])), cell((row.get("by_hand") or {}).get("note")),
            cell(row.get("path")), cell(row.get("graded")), cell(row.get("seed")),
            cell(row.get("kit")), cell(row["id"])])
    return "\ufeff" + out.getvalue()


# ------------------------------------------------------------------ messages

def parts(test, results):
    """What is to be read of a failure as (label, text)."""
    return [(label, here((" " if label in verdict.PROSE else "\n").join(lines), results))
            for label, lines in verdict.parts(test)]


# ------------------------------------------------------------------ mistakes

@functools.cache
def catalogue(stem):
    """The mistakes of tests/broken; Gradescope's kit has none: they are changed solutions."""
    return [read_mistake(path) for path in sorted(glob.glob(f"{KIT}/tests/broken/{stem}/*.patch"))]


def fits(entry, test):
    """Whether this failure is what the catalogue says of the mistake: the test that
    must catch it, the words, and the rule that explains it."""
    rule = ((test.get("failure") or {}).get("reason") or {}).get("id", "none")
    return entry["Caught-by"] == test["test"] and entry["Says"] in verdict.flat(test) and \
        entry.get("Reason", rule) == rule


def known(stem, tests):
    """The mistake behind failures of one reason; None if none is known. Where some
    can't be told apart by what was seen, all are named; the most special words win."""
    fit = [entry for test in tests for entry in catalogue(stem) if fits(entry, test)]
    longest = max((len(entry["Says"]) for entry in fit), default=0)
    return ", or: ".join(sorted({entry["Mistake"].rstrip(".") for entry in fit
                                 if len(entry["Says"]) == longest})) or None


def stopped_by(step, results):
    """What stopped a submission at a step, in words; None if nothing did."""
    if not step["compiles"]:
        return "the file is missing" if formats.is_missing(step) else "it does not compile"
    reasons = verdict.by_reason(step)
    if not reasons:
        return None
    if verdict.open_todo(reasons[0][0]):
        return "not written yet"
    return known(step["step"], reasons[0]) or "fails: " + reasons[0][0]["sentence"]


def why_nought(row):
    """Why a submission has no points, in words that a human can act on."""
    if row["outcome"] != "graded":
        reason = (row.get("reason") or "no reason was told").partition(";")[0]
        return f"{row['outcome']} ({reason})"
    if any("nothing was written" in flag for flag in row.get("flags") or []):
        return "as handed out"
    steps = steps_of(row)
    if all(not step["compiles"] for step in steps):
        return "without a program that compiles"
    return "with tests that fail in every step"


# --------------------------------------------------------------------- pages

@functools.cache
def templates():
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    env = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True,
                      undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    env.filters.update(points=points, clean=clean)
    env.globals["colours"] = dict(zip(("light", "dark", "figure"), draw.colours(
        "figure|primary|terminal|page-secondary|tablehead")))
    return env


def student_page(row):
    """Nothing of others, no solution; the seed only if the policy shows it."""
    results = row.get("results") or {}
    steps = [{**step, "said": here(step.get("compiler"), results),
              "missing": formats.is_missing(step),
              "reasons": [(test["sentence"], parts(test, results), [o["sentence"] for o in others],
                           formats.status(test))
                          for test, *others in verdict.by_reason(step)],
              "others": [(t["sentence"], t["status"], t["points"])
                         for t in step["tests"] if t["status"] in ("passed", "skipped")]}
             for step in steps_of(row)]
    return templates().get_template("student.html").render(
        row=row, steps=steps, total=total(row), here=lambda text: here(text, results),
        name=name_of(row), before=before(row), how_to_save=how_to_save(row),
        none=row["outcome"] in formats.UNGRADED and not row.get("by_hand"),
        seed=None if formats.policy(row, "seed") == "hidden" else row.get("seed"))


def before(row):
    """The points of the grading before this one, if they were others."""
    old = row.get("before")
    if not old or old.get("graded") == row.get("graded"):
        return None
    return {"points": total({"results": old.get("results")})[0], "graded": old.get("graded"),
            "kit": old.get("kit")}


def how_to_save(row):
    """Whether its files have to be saved in another way."""
    return any(flag.startswith("saved as ") for flag in row.get("flags") or [])


def bars(name, title, desc, caption, lines):
    """A figure in tests/tools/draw.py's form: label, how many, of how many."""
    return name, "\n".join([f"title {title}", f"desc {desc}", f"caption {caption}", *(
        f"{label.replace('|', '/')} | {n} | {of}" for label, n, of in lines)]) + "\n"


def figures(rows):
    """Drawn by the handbook's own drawer, of those who have sent programs."""
    rows = [row for row in rows if row["outcome"] not in ("refused", *formats.UNGRADED)]
    count, stems = len(rows), stems_of(rows)
    whole, stopped, totals = Counter(), Counter(), Counter()
    for row in rows:
        for step in steps_of(row):
            why = stopped_by(step, row["results"])
            whole[step["step"]] += why is None
            if why:
                stopped[f"{step['step']}: {why}"] += 1
        got, of = total(row)
        if of:
            totals[int(10 * got / of + 1e-9)] += 1
    drawn = [
        bars("steps", "How many have each step",
             "; ".join(f"{stem}: {whole[stem]} of {count}" for stem in stems),
             f"Of {count}, so many pass every test of the step.",
             [(stem, whole[stem], count) for stem in stems]),
        bars("totals", "How the totals are distributed", "; ".join(
             f"{10 * i} %: {totals[i]}" for i in range(11)),
             "Totals in percent of all points, and how many have them.",
             [(f"{10 * i} to {10 * i + 9} %" if i < 10 else "100 %", totals[i], count)
              for i in range(10, -1, -1)])]
    if stopped:
        most = sorted(stopped.items(), key=lambda item: (-item[1], item[0]))
        drawn.append(bars(
            "mistakes", "What stopped how many", "; ".join(f"{k}: {n}" for k, n in most[:15]),
            "The first failure of each step, by the catalogue's name where it has one."
            + (f" The first 15 of {len(most)}." if len(most) > 15 else ""),
            [(label, n, count) for label, n in most[:15]]))
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for name, text in drawn:
            names.append(f"{folder}/{name}.bars")
            Path(names[-1]).write_text(text, encoding="utf-8")
        subprocess.run([sys.executable, "-m", "tests.tools.draw", folder, *names],
                       check=True, timeout=60)
        return [(text.split("\n")[0][len("title "):],
                 Path(folder, f"{name}.svg").read_text(encoding="utf-8")) for name, text in drawn]


def short(stems):
    """{stem: what stands above its column}: its number, and a letter where two
    programs have one."""
    numbers = Counter(stem[:2] for stem in stems)
    return {stem: stem[:2] + (" " + stem.split("_")[-1] if numbers[stem[:2]] > 1 else "")
            for stem in stems}


def runs(rows):
    """When it was graded, with which kit: [(kit, how many, first, last)]"""
    found = {}
    for row in rows:
        if row.get("graded"):
            found.setdefault(row.get("kit"), []).append(row["graded"])
    return [(kit, len(times), min(times), max(times)) for kit, times in found.items()]


def class_page(name, rows):
    graded = [total(row)[0] for row in rows if row["outcome"] == "graded"]
    return templates().get_template("class.html").render(
        name=name, rows=rows, stems=short(stems_of(rows)), figures=figures(rows), runs=runs(rows),
        count=len(graded), median=statistics.median_low(graded) if graded else None,
        got=lambda row: {step["step"]: step for step in steps_of(row)}, total=total,
        name_of=name_of, ungraded=formats.UNGRADED, why_nought=why_nought)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder = class_folder(sys.argv[1])
    rows = read_rows(folder)
    if not rows:
        sys.exit(f"report: there is no row in {folder}/rows; run: make grade CLASS=dir")
    everything = {**formats.FORMATS, **exports.FORMATS}
    unknown = [name for name in sys.argv[2:] if name not in everything]
    if unknown:
        sys.exit(f"FORMAT: there is no '{unknown[0]}'; "
                 f"there are: {', '.join(everything)}")
    students = folder / "students"
    students.mkdir(exist_ok=True)
    formats.write(folder / "grades.csv", grades(rows))
    written = set()
    try:
        for row in rows:
            for beside, form in (("html", student_page), *(
                    formats.FORMATS[name] for name in sys.argv[2:] if name in formats.FORMATS)):
                written.add(f"{row['id']}.{beside}")
                formats.write(students / f"{row['id']}.{beside}", form(row))
        formats.write(folder / "class.html", class_page(folder.name, rows))
    except ModuleNotFoundError as error:
        sys.exit(f"report: {folder}/grades.csv is written; for the pages "
                 f"{error.name} is missing; run: make setup")
    for old in os.listdir(students):  # of a submission that is no longer there
        if old not in written:
            os.unlink(students / old)
    for name in dict.fromkeys(sys.argv[2:]):
        if name in exports.FORMATS:
            try:
                files, left = exports.FORMATS[name](folder, rows)
            except exports.Wrong as error:
                sys.exit(f"report: {clean(error)}")
            print(", ".join(f"{folder}/{file}" for file in files))
            for text in left:
                print(f"  not in it: {clean(text)}")
    none = [row for row in rows if row["outcome"] in formats.UNGRADED and not row.get("by_hand")]
    if none:
        print(f"{len(none)} of {len(rows)} have no verdict yet: "
              + ", ".join(clean(name_of(row)) for row in none[:10]) + ": run make grade again")
    print(f"{folder}/grades.csv, class.html, and a page each in students/")


if __name__ == "__main__":
    main()
