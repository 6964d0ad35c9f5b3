# SPDX-License-Identifier: MIT
"""The students of a class: recognised (intake.py), their programs taken
(submission.py), and who they are written down in class.json and names.csv."""
import csv
import glob
import io
import json
import multiprocessing
import os
import re
import resource
import shutil
import signal
import subprocess
import hashlib

from tests.grading import choose, grade_one, submission
from tests.grading.submission import shown

TAKE_S = 60  # for reading one submission
TAKE_MEMORY = 1 << 30
MACHINE_STATUS = 75  # EX_TEMPFAIL: of a child that this machine let down
PERSON = ("entry", "name", "sid", "email", "late", "attempt", "form", "others")


def safe_name(text, taken):
    """A name as a file's, for the whole class unique."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", text).lstrip("._-")[:60]
    if name != text or name in taken:
        name = f"{name or 'entry'}-{hashlib.sha256(os.fsencode(text)).hexdigest()[:8]}"
    while name in taken:
        name += "x"
    return name


# ------------------------------------------------------------ what was handed out

def known_texts(stems):
    """What every version of the kit had in steps/ and solutions/, for choose.py:
    a student's may be older than ours."""
    known = {"starters": {}, "solutions": {}}
    kinds = {"steps": "starters", "solutions": "solutions"}
    blobs = {}
    git = ["git", "-c", "safe.directory=*"]
    log = subprocess.run([*git, "log", "--format=", "--raw", "--no-abbrev", "--no-renames", "--",
                          "steps", "solutions"], capture_output=True, text=True, check=False)
    for new, folder, stem in re.findall(
            r"^:\d+ \d+ [0-9a-f]+ ([0-9a-f]+) [AM]\t(steps|solutions)/(\w+)\.c$", log.stdout, re.M):
        blobs[new] = (kinds[folder], stem)
    cat = subprocess.run([*git, "cat-file", "--batch"], input="\n".join(blobs).encode() + b"\n",
                         capture_output=True, check=False).stdout if blobs else b""
    while cat:
        head, _, rest = cat.partition(b"\n")
        words = head.split()
        if len(words) != 3:
            break
        size = int(words[2])
        kind, stem = blobs[words[0].decode()]
        known[kind].setdefault(stem, set()).add(choose.essence(rest[:size]))
        cat = rest[size + 1:]
    for folder, kind in (*kinds.items(), ("tests/starters", "starters")):
        for path in glob.glob(f"{folder}/*.c"):
            stem = os.path.basename(path)[:-2]
            with open(path, "rb") as file:
                known[kind].setdefault(stem, set()).add(choose.essence(file.read()))
    return known


# --------------------------------------------------------------------- taking

def take_in_limits(parts, job, stems, known, wanted):
    """In a process of its own: what an archive asks for is not known."""
    resource.setrlimit(resource.RLIMIT_AS, (TAKE_MEMORY, TAKE_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (TAKE_S, TAKE_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.setpgid(0, 0)  # git, too, is ended by the alarm
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(0, signal.SIGKILL))
    signal.alarm(TAKE_S)
    os.environ["TAKE_TEMP"] = job
    os.dup2(os.open(os.devnull, os.O_RDWR), 2)  # it may die of its limits
    try:
        grade_one.write_json(f"{job}/taken.json",
                             submission.take(parts, f"{job}/src", stems, known, wanted))
    except submission.Machine as error:
        grade_one.write_json(f"{job}/machine.json", str(error))
        os._exit(MACHINE_STATUS)
    except OSError as error:
        if error.errno in submission.MACHINE:
            os._exit(MACHINE_STATUS)
        raise


def take(student, root, folder, name, stems, known):
    """jobs/ID/src and taken.json. Returns what taken.json says."""
    job = f"{folder}/jobs/{name}"
    shutil.rmtree(job, ignore_errors=True)
    os.makedirs(job)
    parts = [(f"{root}/{path}", rest) for path, rest in student.parts]
    child = multiprocessing.get_context("fork").Process(
        target=take_in_limits, args=(parts, job, stems, known, student.take))
    child.start()
    try:
        child.join(2 * TAKE_S)
    finally:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # nothing of it is left
        child.join()
    if child.exitcode == MACHINE_STATUS:
        try:
            with open(f"{job}/machine.json") as file:
                raise submission.Machine(json.load(file))
        except (OSError, ValueError):
            raise submission.Machine("no space, or no process, to read it") from None
    try:
        with open(f"{job}/taken.json") as file:
            taken = json.load(file)
    except (OSError, ValueError):
        os.makedirs(f"{job}/src", exist_ok=True)
        taken = {"files": {stem: None for stem in stems}, "flags": [], "path": "",
                 "untouched": [], "refused": "reading it takes more time or memory than is "
                                             "allowed"}
    taken["flags"] = [shown(flag, 300) for flag in student.flags] + taken["flags"]
    taken["person"] = {key: getattr(student, key) for key in PERSON}
    for key in ("entry", "name", "sid", "email"):
        taken["person"][key] = shown(taken["person"][key], 200)
    taken["entry"] = taken["person"]["entry"]
    grade_one.write_json(f"{job}/taken.json", taken)
    return taken


def take_all(students, root, folder, values, progress):
    """[(ID, taken)] of all students. Rows and jobs of who is no more in the class
    folder go to gone/: nothing that was graded is thrown away."""
    jobs, names = [], set()
    known = known_texts(values["stems"])
    for count, student in enumerate(students, 1):
        called = student.entry if student.form in ("plain", "submitty", "sakai") else \
            f"{student.name}_{student.sid}" if student.sid else student.name
        name = safe_name(called, names)
        names.add(name)
        progress(f"reading {count} of {len(students)}")
        jobs.append((name, take(student, root, folder, name, values["stems"], known)))
    for old in os.listdir(f"{folder}/jobs"):
        if old not in names:
            shutil.rmtree(f"{folder}/jobs/{old}")
    for old in os.listdir(f"{folder}/rows"):
        if old.removesuffix(".json") not in names:
            os.makedirs(f"{folder}/gone", mode=0o700, exist_ok=True)
            os.replace(f"{folder}/rows/{old}", f"{folder}/gone/{old}")
    progress("")
    return jobs


# -------------------------------------------------------------------- writing down

def write_down(folder, found, jobs, values):
    """class.json: who is in the class, with what their rows must be about. And
    names.csv, to be copied into the class folder and mended."""
    people = [{"id": name, **taken["person"], "path": taken["path"], "flags": taken["flags"],
               "refused": taken["refused"],
               "digest": grade_one.digest(values, taken["files"])} for name, taken in jobs]
    grade_one.write_json(f"{folder}/class.json", {
        "students": people, "absent": [shown(name) for name in found.absent],
        "left_out": [shown(name) for name in found.left_out], "kit": values["kit"]})
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(["entry", "name", "id", "email", "late", "attempt"])
    for one in found.students:
        if "\n" not in one.entry:
            table.writerow([safe_cell(cell) for cell in (
                one.entry, one.name, one.sid, one.email, "yes" if one.late else "",
                one.attempt or "")])
    with open(f"{folder}/names.csv", "w", encoding="utf-8-sig", newline="",
              errors="backslashreplace") as file:
        file.write(out.getvalue())


def safe_cell(value):
    """A spreadsheet takes = + - @ at the beginning for a formula: quote them."""
    text = str(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def who(found, jobs, say):
    """Who was recognised how: to be read in a minute, what is odd last."""
    def line(taken):
        person, files = taken["person"], taken["files"]
        count = sum(digest is not None for digest in files.values())
        facts = [person["form"], "late" if person["late"] else "",
                 f"attempt {person['attempt']}" if (person["attempt"] or 1) > 1 else "",
                 f"{count} of {len(files)}" + (f" from {taken['path']}/" if taken["path"] else "")]
        return (f"{person['name'][:24]:24} {person['sid'][:12]:12} "
                f"{', '.join(f for f in facts if f)}")
    plain = [taken for _, taken in jobs if not taken["flags"] and not taken["refused"]]
    odd = [taken for _, taken in jobs if taken["flags"] or taken["refused"]]
    for taken in plain:
        say(f"  {line(taken)}")
    if odd:
        say(f"\nTo be looked at ({len(odd)}):")
    for taken in odd:
        say(f"  {line(taken)}")
        if taken["person"]["entry"] not in (taken["person"]["name"], ):
            say(f"      {shown(taken['person']['entry'], 100)}")
        for flag in ([f"refused: {taken['refused']}"] if taken["refused"] else []) + \
                taken["flags"]:
            say(f"      {shown(flag, 200)}")
    if found.absent:
        say(f"\nNothing came from {len(found.absent)}: "
            f"{choose.listed([shown(name) for name in found.absent], 20)}")
    if found.left_out:
        say(f"\nNobody's, left out: {choose.listed([shown(n) for n in found.left_out], 10)}")
    say(f"\n{len(jobs)} students, {len(plain)} of them without a question")
