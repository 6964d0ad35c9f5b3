#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Grade a class: `make grade CLASS=dir`. docs/grading.md is about it.

    grade.py CLASS --build build      with GRADED, CHECKED, CC, and the user's
                                      variables (see settings()) in the environment

Takes the programs from each entry of the folder (submission.py), grades
what is new or has changed (grade_one.py, contained, several at a time through
GNU parallel), and leaves everything in build/class/NAME/. Ends with status 0
if each entry has its row, whatever the verdicts are.
"""
import argparse
import collections
import fcntl
import glob
import hashlib
import json
import locale
import multiprocessing
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time

from tests.grading import grade_one, sandbox, submission
from tests.tools.steps import STEMS

HERE = os.path.dirname(os.path.abspath(__file__))
TAKE_S = 60  # for reading one submission
TAKE_MEMORY = 1 << 30
ODD_MOST = 20  # of those that have no plain verdict, in the terminal


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
    return lock


# ------------------------------------------------------------------- settings

def number(name, otherwise, least=1):
    text = os.environ.get(name, "").strip() or str(otherwise)
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise Trouble(f"{name}={text}: it is a whole number, {least} or more")
    return int(text)


def kit_digest():
    """Of all that a verdict depends on, but the submission itself."""
    total = hashlib.sha256()
    paths = ([f"tests/{stem}.c" for stem in STEMS] + glob.glob("tests/lab/*.[ch]") +
             glob.glob("tests/check/*.[ch]") + ["tests/steps"] +
             [os.environ["POLICY"]] +
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


def settings(name):
    if not os.path.isfile(os.environ["POLICY"]):
        raise Trouble(f"POLICY={os.environ['POLICY']}: there is no such file")
    cc = os.environ.get("CC", "cc")
    digest = kit_digest()
    values = {
        "cc": cc, "graded": os.environ["GRADED"],
        "checked": os.environ["CHECKED"],
        "limit": number("LIMIT", 120), "memory": number("MEMORY", 1024, 256),
        "seed": number("SEED", int(hashlib.sha256(name.encode()).hexdigest()
                                   [:6], 16), 0),
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
    # The verdict on nothing has all tests that there are.
    run = subprocess.run([f"{kit}/check", "--programs", f"{kit}/none",
                          "--points", f"{kit}/points", "--results",
                          f"{kit}/all.json"], stdout=subprocess.DEVNULL,
                         stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                         text=True, check=False)
    if not os.path.exists(f"{kit}/all.json"):
        raise Trouble(run.stderr.strip().replace(f"{kit}/points",
                                                 os.environ["POLICY"]))
    with open(f"{kit}/all.json") as file:
        expected = json.load(file)
    expected["folder"] = "steps"
    os.remove(f"{kit}/all.json")
    grade_one.write_json(f"{kit}/expected.json", expected)
    for private in ("settings.json", "expected.json"):
        os.chmod(f"{kit}/{private}", 0o600)


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

def safe_name(raw, taken):
    """A name as a file's, for the whole class unique."""
    text = os.fsdecode(raw)
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", text).lstrip("._-")[:60]
    if name != text or name in taken:
        name = f"{name or 'entry'}-{hashlib.sha256(raw).hexdigest()[:8]}"
    return name


def find_class(path, build):
    """(entries as bytes, the folder for what comes out)"""
    if not path:
        raise Trouble("which class? make grade CLASS=folder, in which each "
                      "entry is a submission")
    if not os.path.isdir(path):
        raise Trouble(f"CLASS={submission.shown(path)}: there is no such folder")
    real = os.path.realpath(path)
    try:
        entries = sorted(entry for entry in os.listdir(os.fsencode(real))
                         if not entry.startswith(b"."))
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
    return [os.path.join(os.fsencode(real), e) for e in entries], folder


def take_in_limits(entry, job, stems):
    """In a process of its own: what an archive asks for is not known."""
    resource.setrlimit(resource.RLIMIT_AS, (TAKE_MEMORY, TAKE_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (TAKE_S, TAKE_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.setpgid(0, 0)  # git, too, is ended by the alarm
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(0, signal.SIGKILL))
    signal.alarm(TAKE_S)
    os.environ["TAKE_TEMP"] = job
    os.dup2(os.open(os.devnull, os.O_RDWR), 2)  # it may die of its limits
    grade_one.write_json(f"{job}/taken.json",
                         submission.take(entry, f"{job}/src", stems))


def take(raw, folder, name, stems):
    """jobs/ID/src and taken.json. Returns what taken.json says."""
    job = f"{folder}/jobs/{name}"
    shutil.rmtree(job, ignore_errors=True)
    os.makedirs(job)
    child = multiprocessing.get_context("fork").Process(
        target=take_in_limits, args=(os.fsdecode(raw), job, stems))
    child.start()
    try:
        child.join(2 * TAKE_S)
    finally:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # nothing of it is left
        child.join()
    try:
        with open(f"{job}/taken.json") as file:
            taken = json.load(file)
    except (OSError, ValueError):
        os.makedirs(f"{job}/src", exist_ok=True)
        taken = {"files": {stem: None for stem in stems}, "flags": [],
                 "refused": "reading it takes more time or memory than is "
                            "allowed"}
    taken["entry"] = submission.shown(os.fsdecode(os.path.basename(raw)), 200)
    grade_one.write_json(f"{job}/taken.json", taken)
    return taken


def take_all(entries, folder, values):
    """[(ID, taken)] of all entries, and what there was before and is no more
    is removed."""
    jobs, names = [], set()
    stems = {}
    for raw in entries:
        plain = submission.ARCHIVE.sub("", os.fsdecode(os.path.basename(raw)))
        stems.setdefault(plain, []).append(raw)
    for count, raw in enumerate(entries, 1):
        name = safe_name(os.path.basename(raw), names)
        names.add(name)
        progress(f"reading {count} of {len(entries)}")
        taken = take(raw, folder, name, values["stems"])
        plain = submission.ARCHIVE.sub("", os.fsdecode(os.path.basename(raw)))
        for other in stems[plain]:
            if other != raw:
                taken["flags"].append("another entry has this name: " +
                                      submission.shown(os.fsdecode(
                                          os.path.basename(other))))
        if len(stems[plain]) > 1:
            grade_one.write_json(f"{folder}/jobs/{name}/taken.json", taken)
        jobs.append((name, taken))
    for sub in ("rows", "jobs"):
        for old in os.listdir(f"{folder}/{sub}"):
            if old.removesuffix(".json") not in names:
                path = f"{folder}/{sub}/{old}"
                shutil.rmtree(path) if sub == "jobs" else os.remove(path)
    progress("")
    return jobs


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
    return row is not None and row["entry"] == taken["entry"] and \
        row["digest"] == grade_one.digest(values, taken["files"]) and \
        (row["reason"] if row["outcome"] == "refused" else None) == \
        taken["refused"]


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
    for name in ("__init__", "grading/grade_one", "grading/sandbox"):
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
               "--jobs", str(jobs), *where]
    begin, done, told = time.monotonic(), 0, 0
    process = subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True,
                               start_new_session=True)
    try:
        process.stdin.write("".join(f"{name}\n" for name in names))
        process.stdin.close()
        progress(bar(0, len(names), begin))
        for _ in process.stdout:
            done += 1
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
    return time.monotonic() - begin


def lost_row(folder, name):
    """The grader of this submission did not live to write a row."""
    row, _, _ = grade_one.new_row(folder, name)
    row["digest"] = ""  # the next run tries again
    grade_one.fail_all(row, "killed", "its grader was ended from outside: run "
                       "make grade again", "", grade_one.BEFORE)
    grade_one.write_json(f"{folder}/rows/{name}.json", row)


# ---------------------------------------------------------------------- report

def summary(rows, graded, seconds, seed):
    """In the terminal: what needs a look. All the rest is in the reports."""
    odd = [row for row in rows if row["reason"]]
    for row in odd[:ODD_MOST]:
        say(submission.shown(f"{row['entry']}: {row['outcome']}: "
                             f"{row['reason']}", 80))
    if len(odd) > ODD_MOST:
        say(f"and {len(odd) - ODD_MOST} more")
    totals = sorted(row["results"]["points"] for row in rows)
    counts = collections.Counter(row["outcome"] for row in rows)
    say(f"{len(rows)} submissions: " + ", ".join(
        f"{count} {outcome}" for outcome, count in counts.most_common()))
    say(f"points: {totals[0]:.4g} to {totals[-1]:.4g} of "
        f"{rows[0]['results']['of']:g}, median {totals[len(totals) // 2]:.4g}; "
        f"seed {seed}" + (f"; {minutes(seconds)}" if graded else ""))


def main():
    parser = argparse.ArgumentParser(description="grade a class")
    parser.add_argument("folder", nargs="?",
                        default=os.environ.get("CLASS", ""))
    parser.add_argument("--build", default="build")
    args = parser.parse_args()
    os.umask(0o022)
    try:
        jobs_at_once = number("JOBS", 2 * len(os.sched_getaffinity(0)))
        entries, folder = find_class(args.folder, args.build)
        _lock = alone(folder)
        values = settings(os.path.basename(folder))
        make_kit(folder, args.build, values)
        if not os.environ.get("HOSTS"):
            look_for_sandbox(folder, values)
        if shutil.which("parallel") is None:
            raise Trouble("GNU parallel is not installed; run: make setup-grade")
        taken = take_all(entries, folder, values)
        todo = [name for name, about in taken
                if not fresh(folder, name, about, values)]
        for name in todo:
            if os.path.exists(f"{folder}/rows/{name}.json"):
                os.remove(f"{folder}/rows/{name}.json")
        if len(todo) < len(taken):
            say(f"{len(taken) - len(todo)} of {len(taken)} are as they were; "
                f"{len(todo)} to grade")
        if os.environ.get("PREPARE") == "1":
            with open(f"{folder}/todo", "w") as file:
                file.write("".join(f"{name}\n" for name in todo))
            say(f"{folder}/todo: {len(todo)} to grade elsewhere (docs/scale.md)")
            return 0
        seconds = run_jobs(todo, folder, jobs_at_once, values) if todo else 0
    except Trouble as error:
        sys.exit(f"grade: {error}")
    except KeyboardInterrupt:
        sys.exit("\ninterrupted: what is graded is kept, and the same command "
                 "goes on")
    for name, _ in taken:
        if row_of(folder, name) is None:
            lost_row(folder, name)
    rows = [row_of(folder, name) for name, _ in taken]
    summary(rows, len(todo), seconds, values["seed"])
    os.umask(0o077)  # grades are nobody else's business
    return subprocess.run([sys.executable, "-m", "tests.grading.report",
                           f"{folder}/rows"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
