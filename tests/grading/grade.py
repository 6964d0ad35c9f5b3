#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Grade a class: `make grade CLASS=dir`. docs/grading.md is about it.

    grade.py CLASS --build build      with GRADED, CHECKED, CC, and the user's
                                      variables (see settings()) in the environment

Recognises the students (roster.py), takes their programs, grades what is new or
has changed (grade_one.py, contained, several at a time through GNU parallel),
and leaves everything in build/class/NAME/. With WHO=1 it only says who was
recognised how. Ends with status 0 if each student has a row, whatever the
verdicts are; with 1 where this machine could not come to a verdict: such a
student has no row, and the same command tries again.
"""
import argparse
import collections
import fcntl
import glob
import hashlib
import json
import locale
import os
import re
import secrets
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import time

from tests.grading import (choose, grade_one, intake, report as reports, roster, sandbox,
                           scores, submission)
from tests.grading.formats import points
from tests.tools.steps import STEMS

HERE = os.path.dirname(os.path.abspath(__file__))
ODD_MOST = 20  # of those that have no plain verdict, in the terminal
HALT = 3  # submissions that this machine could not grade, one after another
NOUGHTS = 0.1  # of a class: more of them are told


class Trouble(Exception):
    """It can't be done; the text says what to do."""


def say(text=""):
    """Nothing of theirs can steer the terminal: names are escaped before."""
    if locale.nl_langinfo(locale.CODESET) != "UTF-8":
        text = text.replace("…", "...").encode("ascii", "replace").decode()
    print(text, flush=True)


def tell_user(text):
    print(f"grade: {text}", file=sys.stderr, flush=True)


def alone(folder):
    """Two at once would take away each other's files. Ends with this process."""
    lock = open(f"{folder}/of", "rb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Trouble(f"another make grade is at work in {folder}. Wait for it, "
                      "or: BUILD=elsewhere") from None
    alone.lock = lock  # open until this process ends


# ------------------------------------------------------------------- settings

def number(name, otherwise, least=1):
    text = os.environ.get(name, "").strip() or str(otherwise)
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise Trouble(f"{name}={text}: it is a whole number, {least} or more")
    return int(text)


def kit_digest():
    """Of all that a verdict depends on, but the submission itself. Points are no
    part of a verdict."""
    total = hashlib.sha256()
    paths = ([f"tests/{stem}.c" for stem in STEMS] + glob.glob("tests/lab/*.[ch]") +
             glob.glob("tests/check/*.[ch]") + ["tests/steps"] +
             [f"{HERE}/{name}" for name in
              ("grade_one.py", "sandbox.py", "compile.sh")])
    for path in sorted(paths):
        with open(path, "rb") as file:
            total.update(os.path.basename(path).encode() + b"\0" +
                         hashlib.sha256(file.read()).digest())
    return total.hexdigest()


def kit_version(digest):
    run = subprocess.run(
        ["git", "-c", "safe.directory=*", "describe", "--tags", "--always",
         "--dirty"], capture_output=True, text=True, check=False)
    return run.stdout.strip() if run.returncode == 0 else digest[:12]


def seed_of(folder):
    """The class's own: drawn once and kept, so that the name of its folder and
    the order of its students mean nothing."""
    path = f"{folder}/seed"
    try:
        with open(path) as file:
            kept = int(file.read())
    except (OSError, ValueError):
        kept = secrets.randbelow(1 << 24)
    seed = number("SEED", kept, 0)
    with open(f"{path}.new", "w") as file:
        file.write(f"{seed}\n")
    os.chmod(f"{path}.new", 0o600)
    os.replace(f"{path}.new", path)
    return seed


def settings(folder):
    if not os.path.isfile(os.environ["POLICY"]):
        raise Trouble(f"POLICY={os.environ['POLICY']}: there is no such file")
    cc = os.environ.get("CC", "cc")
    digest = kit_digest()
    values = {
        "cc": cc, "graded": os.environ["GRADED"],
        "checked": os.environ["CHECKED"],
        "limit": number("LIMIT", 120), "memory": number("MEMORY", 1024, 256),
        "seed": seed_of(folder),
        "unsafe": os.environ.get("UNSAFE", "") == "1",
        "stems": STEMS,
    }
    compiler = subprocess.run([*cc.split(), "--version"], text=True,
                              capture_output=True, check=False).stdout
    whole = json.dumps([digest, compiler.partition("\n")[0], values],
                       sort_keys=True)
    values["digest"] = hashlib.sha256(whole.encode()).hexdigest()
    values["kit"] = kit_version(digest)
    return values


def make_kit(folder, build, values):
    """kit/: all that grade_one needs, and nothing that a student may not have."""
    kit = f"{folder}/kit"
    shutil.rmtree(kit, ignore_errors=True)
    os.makedirs(kit)
    for path in (f"{build}/check", f"{build}/lab/witness.o",
                 f"{HERE}/compile.sh"):
        shutil.copy(path, kit)
    shutil.copy(os.environ["POLICY"], f"{kit}/points")
    for name, text in (("hosts", "127.0.0.1 localhost\n::1 localhost\n"),
                       ("nsswitch.conf", "hosts: files\n")):
        with open(f"{kit}/{name}", "w") as file:
            file.write(text)
    grade_one.write_json(f"{kit}/settings.json", values)
    try:
        expected = scores.shares_of(f"{kit}/check", f"{kit}/points")
    except scores.WrongPolicy as error:
        raise Trouble(str(error).replace(f"{kit}/points", os.environ["POLICY"])) from None
    grade_one.write_json(f"{kit}/expected.json", expected)
    for private in ("settings.json", "expected.json"):
        os.chmod(f"{kit}/{private}", 0o600)
    return expected


def look_for_sandbox(folder, values):
    if values["unsafe"]:
        tell_user("UNSAFE=1: only limits. The programs reach the network and "
                  "all files\n       that this user can read; tests that need "
                  "a network of their own are skipped.")
        if not sandbox.OwnUser().works():
            raise Trouble("root can't become another user here, and UNSAFE=1 "
                          "needs that. Grade as an\nordinary user, or give the "
                          "container more user ids than 0")
        if sandbox.out_of_reach(f"{folder}/kit/check", sandbox.OwnUser()):
            raise Trouble(f"{os.path.abspath(folder)} is closed to other users, "
                          "and UNSAFE=1 runs\nthe programs as one. Put it "
                          "elsewhere: BUILD=/var/tmp/grades")
        if os.geteuid() != 0:
            tell_user("Not as root: a program can also forge its verdict and "
                      "end everything\n       that is yours, the grader too; "
                      "a fork bomb is not stopped.")
    why = sandbox.trouble(f"{folder}/kit", f"{folder}/trial", values)
    shutil.rmtree(f"{folder}/trial", ignore_errors=True)
    if why and values["unsafe"]:
        raise Trouble(f"no program can be checked here: {why}")
    if why:
        raise Trouble(
            f"no sandbox on this machine: {why}\n"
            "Without one the programs of strangers would reach the network, "
            "your files\nand, unless you are root, the grader itself. Grade "
            "in a virtual machine, or where\nuser namespaces are allowed (see "
            "docs/grading.md). Only if you trust every\nprogram: "
            "make grade ... UNSAFE=1")


# ------------------------------------------------------------------ the class

def find_class(path, build):
    """(the class folder, the folder for what comes out)"""
    if not path:
        raise Trouble("which class? make grade CLASS=folder, in which each "
                      "entry is a submission")
    if os.path.isfile(path) and intake.ARCHIVE.search(path):
        raise Trouble(f"CLASS={submission.shown(path)}: unpack it into a folder first: "
                      "bsdtar -xf FILE -C FOLDER")
    if not os.path.isdir(path):
        raise Trouble(f"CLASS={submission.shown(path)}: there is no such folder")
    real = os.path.realpath(path)
    try:
        entries = sorted(entry for entry in os.listdir(os.fsencode(real))
                         if not entry.startswith(b".") and
                         os.fsdecode(entry).lower() not in intake.NOISE)
    except OSError as error:
        raise Trouble(f"CLASS={submission.shown(path)}: {error.strerror}")
    if not entries:
        raise Trouble(f"CLASS={submission.shown(path)}: the folder is empty. "
                      "Each entry is to be a submission: a folder, an archive")
    if any(os.fsdecode(e) in ("steps", "01_socket.c") for e in entries):
        raise Trouble(
            f"CLASS={submission.shown(path)}: this is one submission, not a "
            "class. Give the folder\nthat it lies in; or: make check "
            "STEPS=...")
    for inside in (os.getcwd(), real):
        if inside == "/usr" or inside.startswith("/usr/"):
            raise Trouble(f"{inside} is in /usr, which every program may read: "
                          "put it elsewhere")
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", os.path.basename(real)).lstrip(
        ".-") or "class"
    folder = f"{build}/class/{name}"
    try:
        with open(f"{folder}/of", "rb") as file:
            if file.read() != os.fsencode(real):
                folder += "-" + hashlib.sha256(os.fsencode(real)).hexdigest()[:8]
    except OSError:
        pass
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/of", "wb") as file:
        file.write(os.fsencode(real))
    # With UNSAFE=1, as root, the programs are another user's: not for them.
    for inside in ("jobs", "rows"):
        os.makedirs(f"{folder}/{inside}", exist_ok=True)
        os.chmod(f"{folder}/{inside}", 0o700)
    return real, folder


# --------------------------------------------------------------------- grading

def progress(text):
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K" + text)
        sys.stderr.flush()


def minutes(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def bar(done, total, begin):
    """23 of 500 [###------------] 4 min left"""
    spent = time.monotonic() - begin
    filled = 24 * done // total
    left = spent / done * (total - done) if done else 0
    return (f"graded {done} of {total} [{'#' * filled}{'-' * (24 - filled)}]"
            + (f" {minutes(left)} left" if done and done < total else ""))


def row_of(folder, name):
    try:
        with open(f"{folder}/rows/{name}.json") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def fresh(folder, name, taken, values):
    """Whether its row is still right."""
    row = row_of(folder, name)
    return row is not None and row["digest"] == grade_one.digest(values, taken["files"]) and \
        (row["reason"] if row["outcome"] == "refused" else None) == \
        taken["refused"]


def refresh(folder, name, taken, expected):
    """A row that is still right, with what may have changed besides: who it is,
    how the programs were found, and what the tests are worth."""
    row = row_of(folder, name)
    before = json.dumps(row, sort_keys=True)
    row["entry"], row["person"] = taken["entry"], taken["person"]
    row["path"] = taken["path"]
    row["flags"] = taken["flags"] + row["flags"][len(row.get("found", [])):]
    row["found"] = taken["flags"]
    was = row["results"]["points"]
    scores.rescore(row, f"{folder}/kit/check", f"{folder}/kit/points", expected)
    if json.dumps(row, sort_keys=True) != before:
        grade_one.write_json(f"{folder}/rows/{name}.json", row)
    return abs(was - row["results"]["points"]) > 1e-6


TRIAL = ("import json, sys; from tests.grading import sandbox; "
         "sys.exit(sandbox.trouble('kit', 'trial', "
         "json.load(open('kit/settings.json'))) or 0)")


def elsewhere(folder, hosts, values, env):
    """parallel's options for the machines of a file of hosts, and what tidies
    them up. A host gets kit/ and jobs/ID and gives rows/ID.json back. A status
    is never a verdict: it means trouble with the host, and another one grades
    the submission."""
    try:
        with open(hosts) as file:
            named = [line.strip() for line in file
                     if line.strip() and not line.startswith("#")]
    except OSError as error:
        raise Trouble(f"HOSTS={hosts}: {error.strerror}")
    if not named or ":" in named:
        raise Trouble(f"HOSTS={hosts}: a line a host, as ssh takes it: "
                      "user@host. (This machine is localhost)")
    os.makedirs(f"{folder}/kit/tests/grading")
    for name in ("__init__", "grading/grade_one", "grading/sandbox",
                 "grading/scores"):
        shutil.copy(f"{HERE}/../{name}.py", f"{folder}/kit/tests/{name}.py")
    place = hashlib.sha256(os.fsencode(os.path.abspath(folder))).hexdigest()
    place = f".cache/socket-lab/{place[:16]}"

    def on(host, *command):
        return subprocess.run(
            ["parallel", "--will-cite", "--nonall", "--sshlogin", host, *command],
            env=env, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", check=False)

    # Once on each: is there all that grading takes?
    good = []
    for host in named:
        on(host, f"rm -rf {place}")
        run = on(host, "--workdir", place, "--basefile", "kit", "PYTHONPATH=kit", "python3", "-Bc",
                 shlex.quote(TRIAL))
        if run.returncode == 0:
            good.append(host)
        else:
            why = run.stderr.strip().splitlines() or ["it does not answer"]
            tell_user(f"without {host}: {submission.shown(why[-1], 200)}")
    if not good:
        raise Trouble(f"HOSTS={hosts}: none of them can grade. Each needs this kit's "
                      "make setup setup-grade,\nand a login without a password")
    say(f"on {len(good)} of {len(named)} hosts")
    return [word for host in good for word in ("--sshlogin", host)] + [
        "--workdir", place, "--retries", "3", "--transferfile", "jobs/{}",
        "--return", "rows/{}.json", "PYTHONPATH=kit python3 -Bm tests.grading.grade_one . {}"], \
        lambda: [on(host, f"rm -rf {place}") for host in good]


def run_jobs(names, folder, jobs, values):
    """Through GNU parallel. What it prints, a line a submission, counts."""
    own = f"{os.path.abspath(folder)}/parallel"  # nothing goes into ~
    os.makedirs(own, exist_ok=True)
    hosts = os.environ.get("HOSTS", "")
    env = dict(os.environ, PARALLEL_HOME=own, TMPDIR=own, SHELL="/bin/sh")
    env["PYTHONPATH"] = os.path.abspath(f"{HERE}/../..")
    env.pop("PARALLEL", None)
    if hosts:
        where, leave = elsewhere(folder, hosts, values, env)
        jobs = os.environ.get("JOBS") or "200%"
    else:
        where = ["--quote", sys.executable, "-m", "tests.grading.grade_one", ".", "{}"]
        leave = lambda: None  # noqa: E731
    command = ["parallel", "--will-cite", "--line-buffer", "--joblog", "joblog",
               "--jobs", str(jobs), *([] if hosts else ["--retries", "2"]),
               "--halt", f"soon,fail={HALT}", *where]
    begin, told, ended, troubles = time.monotonic(), 0, set(), {}
    process = subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True,
                               start_new_session=True)
    try:
        process.stdin.write("".join(f"{name}\n" for name in names))
        process.stdin.close()
        progress(bar(0, len(names), begin))
        for line in process.stdout:
            name, outcome, why = read_line(line)
            if outcome is None:
                troubles[name] = why
                continue
            ended.add(name)
            troubles.pop(name, None)
            done = len(ended)
            progress(bar(done, len(names), begin))
            if not sys.stderr.isatty() and \
                    (10 * done // len(names) > told or done == len(names)):
                told = 10 * done // len(names)
                say(bar(done, len(names), begin))
        process.wait()
    except KeyboardInterrupt:
        # Twice, and it does not wait for its jobs but ends them.
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
        process.wait()
        progress("")
        raise
    progress("")
    leave()
    shutil.rmtree(own, ignore_errors=True)
    return time.monotonic() - begin, troubles


def read_line(line):
    """(name, outcome, why there is none) of what grade_one.py prints."""
    try:
        name, _, outcome, *why = json.loads(line)
        return name, outcome, (why or [""])[0]
    except (ValueError, TypeError):
        return "", None, line.strip()


# ---------------------------------------------------------------------- report

def called(row):
    """Who it is, in the terminal."""
    person = row.get("person") or {}
    name = person.get("name") or row["entry"]
    return name if name == row["entry"] or not person.get("sid") else f"{name} ({person['sid']})"


def say_some(lines, most=ODD_MOST):
    for line in lines[:most]:
        say(submission.shown(line, 110))
    if len(lines) > most:
        say(f"and {len(lines) - most} more: class.html has them all")


def say_changes(folder, names, rows):
    """What a second grading has changed, before and after."""
    lines = []
    for row in rows:
        if row["id"] not in names:
            continue
        try:
            with open(f"{folder}/before/{row['id']}.json") as file:
                before = json.load(file)
        except (OSError, ValueError):
            continue
        old = {s["step"]: s["points"] for s in before["results"]["steps"]}
        new = {s["step"]: s["points"] for s in row["results"]["steps"]}
        steps = [f"{step} {points(old.get(step, 0))} → {points(new[step])}" for step in new
                 if abs(new[step] - old.get(step, 0)) > 1e-6]
        lines.append(f"{called(row)}: {points(before['results']['points'])} → "
                     f"{points(row['results']['points'])}" +
                     (f" ({', '.join(steps)})" if steps else ", as before"))
    if lines:
        say(f"Graded again, before → now ({len(lines)}):")
        say_some(lines)


def say_policy(folder, policy):
    """A POLICY that was forgotten, or another one, is told."""
    path = f"{folder}/policy"
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            last = file.read()
    except FileNotFoundError:
        last = policy
    if last != policy:
        say(f"this class was last scored by POLICY={last}, now by POLICY={policy}")
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(policy)


def summary(rows, graded, seconds, seed):
    """In the terminal: what needs a look. All the rest is in the reports."""
    say_some([f"{called(row)}: {row['outcome']}: {row['reason']}"
              for row in rows if row["reason"]])
    flagged = [row for row in rows if row["flags"] and not row["reason"]]
    if flagged:
        say(f"Flags ({len(flagged)}):")
        say_some([f"  {called(row)}: {'; '.join(row['flags'])}" for row in flagged])
    if not rows:
        return
    totals = sorted(row["results"]["points"] for row in rows)
    counts = collections.Counter(row["outcome"] for row in rows)
    say(f"{len(rows)} submissions: " + ", ".join(
        f"{count} {outcome}" for outcome, count in counts.most_common()))
    noughts = [row for row in rows if row["results"]["points"] == 0]
    if len(noughts) > NOUGHTS * len(rows) and len(rows) > 1:
        say(why_noughts(noughts, len(rows)))
    middle = statistics.median_low(totals)
    say(f"points: {points(totals[0])} to {points(totals[-1])} of "
        f"{rows[0]['results']['of']:g}, median {points(middle)}; "
        f"seed {seed}" + (f"; {minutes(seconds)}" if graded else ""))


def why_noughts(noughts, count):
    """Many of them are more often a mistake on the way than one of theirs."""
    why = collections.Counter(reports.why_nought(row) for row in noughts)
    return (f"{len(noughts)} of {count} have 0 points: " +
            ", ".join(f"{n} {text}" for text, n in why.most_common(4)) +
            ".\nThat many are seldom the students' fault: make grade CLASS=… WHO=1 shows "
            "what was taken from where")


def main():
    parser = argparse.ArgumentParser(description="grade a class")
    parser.add_argument("folder", nargs="?",
                        default=os.environ.get("CLASS", ""))
    parser.add_argument("--build", default="build")
    args = parser.parse_args()
    os.umask(0o022)
    try:
        jobs_at_once = number("JOBS", 2 * len(os.sched_getaffinity(0)))
        root, folder = find_class(args.folder, args.build)
        alone(folder)
        values = settings(folder)
        expected = make_kit(folder, args.build, values)
        only_who = os.environ.get("WHO", "") not in ("", "0")
        if not os.environ.get("HOSTS") and not only_who:
            look_for_sandbox(folder, values)
        if shutil.which("parallel") is None:
            raise Trouble("GNU parallel is not installed; run: make setup-grade")
        if values["unsafe"]:
            os.environ["TAKE_UNSAFE"] = "1"
        found = intake.recognise(root, values["stems"])
        taken = roster.take_all(found.students, found.folder, folder, values, progress)
        roster.write_down(folder, found, taken, values)
        if only_who:
            roster.who(found, taken, say)
            say(f"{folder}/names.csv: to mend a name or an ID, copy it into the class folder")
            return 0
        todo = [name for name, about in taken
                if not fresh(folder, name, about, values)]
        keep_old_rows(folder, todo)
        rescored = sum(refresh(folder, name, about, expected)
                       for name, about in taken if name not in set(todo))
        if rescored:
            say(f"{rescored} have other points by {os.environ['POLICY']}; nothing was run for that")
        say_policy(folder, os.environ["POLICY"])
        if len(todo) < len(taken):
            say(f"{len(taken) - len(todo)} of {len(taken)} are as they were; "
                f"{len(todo)} to grade")
        if os.environ.get("PREPARE") == "1":
            with open(f"{folder}/todo", "w") as file:
                file.write("".join(f"{name}\n" for name in todo))
            say(f"{folder}/todo: {len(todo)} to grade elsewhere (docs/scale.md)")
            return 0
        seconds, troubles = run_jobs(todo, folder, jobs_at_once, values) if todo else (0, {})
    except (Trouble, intake.Wrong) as error:
        sys.exit(f"grade: {error}")
    except submission.Machine as error:
        sys.exit(f"grade: trouble with this machine: {error}\nNothing was graded wrong. "
                 "Mend it, and run the same command again")
    except OSError as error:
        if error.errno not in submission.MACHINE:
            raise
        sys.exit(f"grade: trouble with this machine: {error.strerror}: {error.filename}\n"
                 "What is graded is kept. Mend it, and run the same command again")
    except KeyboardInterrupt:
        sys.exit("\ninterrupted: what is graded is kept, and the same command "
                 "goes on")
    good = {name for name, about in taken if fresh(folder, name, about, values)}
    rows = [row for name, _ in taken if name in good and (row := row_of(folder, name))]
    say_changes(folder, set(todo), rows)
    summary(rows, len(todo), seconds, values["seed"])
    os.umask(0o077)  # grades are nobody else's business
    status = subprocess.run([sys.executable, "-m", "tests.grading.report",
                             f"{folder}/rows"], check=False).returncode
    left = [name for name, _ in taken if name not in good]
    if left:
        told = collections.Counter(filter(None, troubles.values())).most_common(1)
        tell_user(f"{len(left)} of {len(taken)} have no verdict: trouble with this machine" +
                  (f": {told[0][0]}" if told else "") + ".\nThey are: " +
                  choose.listed([dict(taken)[name]["person"]["name"] for name in left], 10) +
                  ".\nNothing was graded wrong. Mend it, and run the same command again")
        return 1
    return status


def keep_old_rows(folder, todo):
    """A row that will be replaced is kept beside, and stays until then."""
    os.makedirs(f"{folder}/before", mode=0o700, exist_ok=True)
    for name in todo:
        if os.path.exists(f"{folder}/rows/{name}.json"):
            shutil.copyfile(f"{folder}/rows/{name}.json", f"{folder}/before/{name}.json")


if __name__ == "__main__":
    sys.exit(main())
