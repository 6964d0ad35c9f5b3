# SPDX-License-Identifier: MIT
"""Grades in the form in which a learning platform takes them back (report.py).

    csv      points.csv                    a line a person, for any other place
    moodle   moodle-grades.csv             the grading worksheet
             moodle-feedback.zip           each student's page, as a feedback file
    canvas   canvas-grades.csv             the gradebook, with its header rows

SHEET in the environment is the worksheet or the gradebook as the platform gave
it: then its own lines are filled in, and only those of this class. ASSIGNMENT is
Canvas's name of the column. A person is known by the ID only; who has none, or
one with somebody else, is told and left out, and so is who has no verdict yet:
nobody gets an empty cell for a 0, or a 0 for an empty cell.
"""
import collections
import csv
import io
import os
import re
import unicodedata
import zipfile

from tests.grading import formats, intake
from tests.grading.formats import clean, total

WORKSHEET = ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade",
             "Grade can be changed", "Last modified (submission)", "Last modified (grade)",
             "Feedback comments"]
GRADEBOOK = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]


class Wrong(Exception):
    """It can't be written; the text says why."""


def cell(value):
    """A spreadsheet takes = + - @ at the beginning for a formula, their wide
    forms too, and where ; parts the columns, after it: quote them."""
    text = clean(value)
    plain = unicodedata.normalize("NFKC", text)
    return "'" + text if re.search(r"(^|[;\t])\s*[=+\-@]|^\t", plain) else text


def table(lines):
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue()


def people(rows, with_id=True):
    """([(name, ID, row)] with a verdict, a person each, [who is left out and why])"""
    found, left = [], []
    for row in rows:
        person = row.get("person") or {}
        name = person.get("name") or row["entry"]
        if row["outcome"] in formats.UNGRADED and not row.get("by_hand"):
            left.append(f"{name}: has no verdict")
            continue
        for one, number in [(name, person.get("sid") or "")] if not person.get("others") else \
                [(name.split(" and ")[0], person.get("sid") or ""), *map(tuple, person["others"])]:
            if with_id and not number:
                left.append(f"{one}: has no ID; names.csv can give one")
            else:
                found.append((one, number, row))
    count = collections.Counter(number for _, number, _ in found)
    if with_id:
        left += [f"{name}: somebody else has the ID {number}, too" for name, number, _ in found
                 if count[number] > 1]
        found = [one for one in found if count[one[1]] == 1]
    return found, left


def remark(row):
    """What stands beside the grade."""
    words = [row["by_hand"]["note"]] if row.get("by_hand") else []
    if row["outcome"] != "graded":
        words.append(f"{row['outcome']}: {row.get('reason')}")
    return clean("; ".join(filter(None, words)))


def sheet():
    """The platform's own table: (header, lines); None without one."""
    path = os.environ.get("SHEET", "")
    if not path:
        return None
    text = intake.text_of(path)
    lines = list(csv.reader(io.StringIO(text, newline=""))) if text else []
    if not lines:
        raise Wrong(f"SHEET={path}: it can't be read")
    return lines[0], lines[1:]


def column(header, name, path):
    for number, title in enumerate(header):
        if title.strip() == name:
            return number
    raise Wrong(f"SHEET={path}: it has no column '{name}'; it has {', '.join(header[:8])}")


# ------------------------------------------------------------------------ moodle

def feedback_name(name, number):
    """Moodle cuts at _: who, the participant's number, the plug-in, the rest."""
    name = "".join(c for c in clean(name).replace("_", " ") if c.isprintable() and
                   c not in '/\\:*?"<>|').strip() or "student"
    return f"{name[:80]}_{number}_assignfeedback_file_socket-lab.html"


def scaled(row, most):
    got, of = total(row)
    try:
        most = float(str(most).replace(",", "."))
    except ValueError:
        most = of
    return formats.points(got * most / of if of and most != of else got, row)


def moodle(folder, rows):
    found, left = people(rows)
    # Other learning platforms' IDs are no participants of Moodle's.
    left += [f"{name}: {number} is no participant's number" for name, number, _ in found
             if not number.isdigit()]
    by_id = {number: (name, row) for name, number, row in found if number.isdigit()}
    given = sheet()
    if given is None:
        lines = [WORKSHEET] + [
            [f"Participant {number}", cell(name), cell((row.get("person") or {}).get("email")),
             "Submitted for grading", formats.points(total(row)[0], row),
             formats.points(total(row)[1], row), "Yes", "-", "-", cell(remark(row))]
            for number, (name, row) in by_id.items()]
    else:
        header, lines = given
        path = os.environ["SHEET"]
        at = {name: column(header, name, path) for name in ("Identifier", "Grade")}
        most = header.index("Maximum Grade") if "Maximum Grade" in header else None
        words = header.index("Feedback comments") if "Feedback comments" in header else None
        seen = set()
        for line in lines:
            number = "".join(c for c in line[at["Identifier"]] if c.isdigit())
            if number not in by_id:
                continue
            seen.add(number)
            row = by_id[number][1]
            line[at["Grade"]] = scaled(row, line[most] if most is not None else "")
            if words is not None and remark(row):
                line[words] = remark(row)
        left += [f"{by_id[number][0]}: {number} is not in {path}" for number in by_id
                 if number not in seen]
        lines = [header, *lines]
    formats.write(folder / "moodle-grades.csv", table(lines))
    with zipfile.ZipFile(folder / "moodle-feedback.zip.new", "w", zipfile.ZIP_DEFLATED) as out:
        for number, (name, row) in by_id.items():
            page = folder / "students" / f"{row['id']}.html"
            if page.exists():
                out.writestr(zipfile.ZipInfo(feedback_name(name, number), (2026, 1, 1, 0, 0, 0)),
                             page.read_bytes(), zipfile.ZIP_DEFLATED)
    os.replace(folder / "moodle-feedback.zip.new", folder / "moodle-feedback.zip")
    return ["moodle-grades.csv", "moodle-feedback.zip"], left


# ------------------------------------------------------------------------ canvas

def canvas(folder, rows):
    found, left = people(rows)
    by_id = {number: (name, row) for name, number, row in found}
    wanted = os.environ.get("ASSIGNMENT", "") or "Socket lab"
    given = sheet()
    if given is None:
        of = next((formats.points(total(row)[1], row) for _, row in by_id.values()), "100")
        lines = [[*GRADEBOOK, wanted], ["    Points Possible", "", "", "", "", of]] + [
            [cell(name), number, "", "", "", formats.points(total(row)[0], row)]
            for number, (name, row) in by_id.items()]
    else:
        header, old = given
        path = os.environ["SHEET"]
        keep = [column(header, name, path) for name in GRADEBOOK[:2]]
        keep += [header.index(name) for name in GRADEBOOK[2:] if name in header]
        which = [i for i, title in enumerate(header) if title.strip() == wanted or
                 title.startswith(f"{wanted} (")]
        if len(which) > 1:
            raise Wrong(f"SHEET={path}: {len(which)} columns begin with '{wanted}'")
        number_at = keep[1]
        lines, seen, most = [[header[i] for i in keep] +
                             [header[which[0]] if which else wanted]], set(), ""
        for line in old:
            line += [""] * (len(header) - len(line))
            name, number = line[keep[0]].strip(), line[number_at].strip()
            value = line[which[0]] if which else ""
            if name == "Points Possible":
                most = value = value or next(
                    (formats.points(total(row)[1], row) for _, row in by_id.values()), "")
            elif number in by_id:
                seen.add(number)
                value = scaled(by_id[number][1], most)
            lines.append([line[i] for i in keep] + [value])
        left += [f"{by_id[number][0]}: {number} is not in {path}" for number in by_id
                 if number not in seen]
    formats.write(folder / "canvas-grades.csv", table(lines))
    return ["canvas-grades.csv"], left


def plain(folder, rows):
    found, left = people(rows, with_id=False)
    lines = [["name", "id", "email", "points", "of", "late", "attempt", "outcome", "remark"]]
    for name, number, row in found:
        person = row.get("person") or {}
        lines.append([cell(name), cell(number), cell(person.get("email")),
                      *(formats.points(n, row) for n in total(row)),
                      "yes" if person.get("late") else "", person.get("attempt") or "",
                      row["outcome"], cell(remark(row))])
    formats.write(folder / "points.csv", "\ufeff" + table(lines))
    return ["points.csv"], left


FORMATS = {"moodle": moodle, "canvas": canvas, "csv": plain}
