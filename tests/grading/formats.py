#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write a verdict in the form that another program reads.

    formats.py VERDICT FORMAT[=FILE]...

VERDICT is the results.json of a `make check`, or a row of `make grade`. A
format without a FILE is written beside it, under the name given here:

    junit       junit.xml        GitLab, Jenkins: a suite a step, a case a test
    tap         results.tap      prove(1), and whatever reads TAP 13 or 14
    gradescope  gradescope.json  what Gradescope wants as results.json
    markdown    summary.md       for $GITHUB_STEP_SUMMARY
    html        report.html      a page for a browser; needs python3-jinja2

`make check FORMAT="junit html"` calls this. The exit status is about writing,
not about the verdict.
"""
import html
import json
import os
import re
import sys
from xml.etree import ElementTree as xml

from tests.tools import verdict

MOST = 20000  # characters of a message; results.json has it whole

# What no report should pass on: control characters, those that turn the
# direction of writing, lone surrogates. Illegal in XML, or a trick on a reader.
UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e"
                   "\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")


def clean(text):
    """A text with nothing in it that can't be seen."""
    text = str(text or "").replace("\r\n", "\n")
    text = UNFIT.sub(lambda c: f"\\x{ord(c[0]):02x}" if ord(c[0]) < 256
                     else f"\\u{ord(c[0]):04x}", text)
    if len(text) > MOST:
        text = text[:MOST] + f"\n... {len(text) - MOST} characters more"
    return text


def here(text, results):
    """A text of the check's, with the folder as the student calls it."""
    folder = (results.get("folder") or "steps").rstrip("/")
    text = clean(text)
    if folder != "steps":
        text = text.replace(folder, "steps")
    # A path begins after a blank or a quote: without that, a long word is slow.
    return re.sub(r"(?<![^\s'\"])[^\s'\"]+/(\d\d_\w+\.c)\b", r"steps/\1", text)


def points(number, row=None):
    """With as many decimals as the policy says, one without it, never rounded up
    (who lacks something never has the whole); as in the check's own report."""
    digits = int((row and policy(row, "decimals")) or 1)
    parts = int((number or 0) * 10 ** digits + 1e-6)
    text = f"{parts // 10 ** digits}.{parts % 10 ** digits:0{digits}}" if digits else str(parts)
    return text.rstrip("0").rstrip(".") if digits else text


UNGRADED = ("not graded", "no row")  # there is no verdict: no points, and no 0

# What every row has; grade.py tells what it means.
NOBODY = {"name": "", "sid": "", "email": "", "late": False, "attempt": None, "form": "",
          "others": []}
EMPTY = {"id": "", "entry": "", "person": NOBODY, "path": "", "kit": None, "seed": None,
         "graded": None, "outcome": "graded", "reason": None, "flags": [], "seconds": None,
         "results": None, "by_hand": None, "before": None}


def read_row(path):
    """A row; a plain results.json is one that was graded."""
    with open(path, encoding="utf-8", errors="replace") as file:
        row = json.load(file)
    if not isinstance(row, dict) or not ("steps" in row or "outcome" in row):
        raise ValueError("this is neither results.json nor a row")
    if "steps" in row:
        row = {"entry": row.get("folder"), "seed": row.get("seed"), "results": row}
    return {**EMPTY, **row, "person": {**NOBODY, **(row.get("person") or {})}}


def steps_of(row):
    return (row.get("results") or {}).get("steps") or []


def total(row):
    results = row.get("results") or {}
    got = row["by_hand"]["points"] if row.get("by_hand") else results.get("points") or 0
    return got, results.get("of") or 0


def policy(row, name):
    return ((row.get("results") or {}).get("policy") or {}).get(name)


def status(test):
    """passed, failed, skipped, or error: it was ended before it came to one."""
    return "error" if test["status"] in ("timeout", "lab") else test["status"]


def message(test, results):
    """The failure of a test as one text, with the folder as the student calls it."""
    return "" if test["status"] == "passed" else here(verdict.text(test), results)


def in_short(test, results):
    """What was seen, in a line."""
    return " ".join(here(verdict.saw(test), results).split())[:200]


def is_missing(step):
    """Whether there was no file: the Makefile and grade_one.py say so there."""
    return re.search("there is no (such )?file", step.get("compiler") or "") is not None


def failures(step):
    return [t for t in step["tests"] if status(t) in ("failed", "error")]


def about(row):
    """What is to be said of the whole submission, line by line."""
    lines = []
    if row["outcome"] != "graded":
        lines.append(f"{row['outcome']}: {row.get('reason') or 'no reason was told'}")
    lines += row.get("flags") or []
    for step in steps_of(row):
        if not step["compiles"]:
            said = here(step.get("compiler"), row["results"]).strip()
            lines.append(f"{step['step']}: {said}" if is_missing(step) else
                         f"{step['step']}.c does not compile:\n{said}")
    return [clean(line) for line in lines]


# --------------------------------------------------------------------- junit

def junit(row):
    """A case has at most one failure or error; the class is the step."""
    top = xml.Element("testsuites", name="sockets")
    for step in steps_of(row) or [None]:
        suite = xml.SubElement(top, "testsuite", name=step["step"] if step else "submission")
        count = {"failed": 0, "error": 0, "skipped": 0, "passed": 0}
        seconds = 0.0
        for test in step["tests"] if step else []:
            case = xml.SubElement(
                suite, "testcase", classname=f"sockets.{step['step']}",
                name=test["sentence"], time=f"{test['seconds']:.3f}")
            seconds += test["seconds"]
            what = status(test)
            count[what] += 1
            if what != "passed":
                tag = {"failed": "failure"}.get(what, what)
                told = xml.SubElement(case, tag, message=in_short(test, row["results"]))
                if what != "skipped":
                    told.set("type", "timed out" if what == "error" else "failed")
                    told.text = message(test, row["results"])
        if not step and row["outcome"] != "graded":
            case = xml.SubElement(suite, "testcase", classname="sockets.submission",
                                  name="the submission is graded", time="0.000")
            told = xml.SubElement(case, "error", type=clean(row["outcome"]),
                                  message=clean(row.get("reason")))
            told.text = "\n".join(about(row))
            count["error"] += 1
        if step and step.get("compiler"):
            xml.SubElement(suite, "system-err").text = here(step["compiler"], row["results"])
        suite.set("tests", str(sum(count.values())))
        for key, number in (("failures", count["failed"]), ("errors", count["error"]),
                            ("skipped", count["skipped"])):
            suite.set(key, str(number))
        suite.set("time", f"{seconds:.3f}")
    xml.indent(top)
    return xml.tostring(top, encoding="unicode", xml_declaration=True) + "\n"


# ----------------------------------------------------------------------- tap

def tap(row):
    """Version 13, since perl's prove knows no 14; readers of 14 take it."""
    tests = [(step, test) for step in steps_of(row) for test in step["tests"]]
    lines = ["TAP version 13"]
    if not tests and row["outcome"] != "graded":
        lines += ["1..1", "not ok 1 - the submission is graded"]
        lines += ["# " + line for words in about(row) for line in words.split("\n")]
    else:
        lines.append(f"1..{len(tests)}" + ("" if tests else " # SKIP there is no test"))
    for number, (step, test) in enumerate(tests, 1):
        what = status(test)
        name = f"{step['step']}: {test['sentence']}".replace("#", "\\#")
        skip = " # SKIP " + in_short(test, row["results"]) if what == "skipped" else ""
        good = "ok" if what in ("passed", "skipped") else "not ok"
        lines.append(f"{good} {number} - {name}{skip}")
        if what in ("failed", "error"):
            words = message(test, row["results"])
            lines += ["  ---", f"  severity: {what if what == 'error' else 'fail'}", "  message: |"]
            lines += ["    " + line for line in words.split("\n")]
            lines.append("  ...")
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------- gradescope

def gradescope(row):
    """Who sees the tests is the policy's; what doesn't compile all may see."""
    seen = policy(row, "gradescope") or "visible"
    tests = []
    for i, step in enumerate(steps_of(row), 1):
        for j, test in enumerate(step["tests"], 1):
            good = status(test) in ("passed", "skipped")
            tests.append({
                "name": f"{step['step']}: {test['sentence']}",
                "number": f"{i}.{j}", "score": round(test["points"], 4),
                "max_score": round(test["of"], 4),
                "status": "passed" if good else "failed",
                "output": message(test, row["results"]),
                "output_format": "text", "visibility": seen})
    out = {"score": round(total(row)[0], 4), "output": "\n".join(about(row)),
           "output_format": "text", "stdout_visibility": "hidden", "tests": tests}
    if row.get("seconds"):
        out["execution_time"] = round(row["seconds"])
    return json.dumps(out, indent=1, ensure_ascii=True) + "\n"


# ------------------------------------------------------------------ markdown

def markdown(row):
    """A table, and the first failure of each step; GitHub takes 1 MiB."""
    got, of = total(row)
    out = [f"## {points(got)} of {points(of)} points\n"]
    out += [f"<pre>{html.escape(line)}</pre>\n" for line in about(row)]
    if steps_of(row):
        out.append("| step | points | tests |\n| --- | --- | --- |")
    for step in steps_of(row):
        good = sum(t["status"] == "passed" for t in step["tests"])
        out.append(f"| {step['step']} | {points(step['points'])} of {points(step['of'])} "
                   f"| {good} of {len(step['tests'])} |")
    for step in steps_of(row):
        if step["compiles"] and failures(step):
            first = failures(step)[0]
            words = html.escape(message(first, row["results"]))
            out.append(f"\n### {step['step']}: {first['sentence']}\n\n"
                       f"<pre>{words}</pre>")
    return "\n".join(out) + "\n"


def page(row):
    from tests.grading.report import student_page  # needs Jinja2, and only here
    return student_page(row)


FORMATS = {"junit": ("junit.xml", junit), "tap": ("results.tap", tap),
           "gradescope": ("gradescope.json", gradescope),
           "markdown": ("summary.md", markdown), "html": ("report.html", page)}


def write(path, text):
    """Whole or not at all."""
    beside = f"{path}.{os.getpid()}"
    with open(beside, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    os.replace(beside, path)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    verdict = sys.argv[1]
    for wanted in sys.argv[2:]:
        name, _, path = wanted.partition("=")
        if name not in FORMATS:
            sys.exit(f"FORMAT: there is no '{name}'; there are: {', '.join(FORMATS)}")
        beside, form = FORMATS[name]
        path = path or os.path.join(os.path.dirname(verdict), beside)
        try:
            write(path, form(read_row(verdict)))
        except (OSError, ValueError) as error:
            sys.exit(f"formats: {verdict}: {error}")
        except ModuleNotFoundError as error:
            sys.exit(f"formats: {error.name} is missing; run: make setup")


if __name__ == "__main__":
    main()
