#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Grade one submission: compile it, check it, write its row.

    grade_one.py CLASS-FOLDER ID

grade.py calls it (through GNU parallel) for each submission; CLASS-FOLDER is
what it has made: build/class/NAME, with

    kit/         check, witness.o, points, and settings.json: the limits
    jobs/ID/     src/ with the programs, taken.json about them
    rows/ID.json the row: what this program is for

It ends within its limits. Its status is 0 if it has written a row; else this
machine could not do it (no space, no process, a compiler that does not compile
anything): then there is no row, and the last thing that it prints says why.

    id          its name as a file; entry: its name in the class folder
    person      name, sid (the platform's ID), email, late, attempt, form, others
    path        the folder in it that the programs are from
    kit, seed   the version of the kit, and what the random data is made of
    graded      when, in UTC
    outcome     graded | did not compile | timed out | killed | refused
    reason      in words, where the outcome is not `graded`; else ""
    flags       what else is to be known: ["did not compile: 02_bind", …]; the
                first of them, `found`, from taking the programs
    contained   false: graded with UNSAFE=1
    digest      of the programs, the kit and the settings: the same, the same row
    seconds, memory_kib   what it took: all its processes together, at most
    files       {"02_bind": sha256, or null where there is none}
    results     as build/check writes it (docs/maintainer.md); a test that the
                run did not come to has failed and says so
"""
import hashlib
import json
import os
import re
import shutil
import signal
import stat
import sys
import time

from tests.grading import sandbox, scores

RECORD_MOST = 1 << 20  # bytes: one line of the check's
COMPILE_S = 300  # for all programs; each has a limit of its own (compile.sh)
# What the compiler leaves of a program: bytes at most.
KINDS = {"plain": 64 << 20, "checked": 64 << 20, "log": 64 << 10}
STRIKES = 3  # steps that may use up their time
PROCESSES_ODD = 100  # at once; a check has 40
TOLD = ("status", "seconds", "why", "failure")  # of a test, as soon as it ends
BEFORE = "the run was ended before this test"
NO_PROGRAM = "the program did not compile"
SKIPPED = "what the test needs was taken away from it, twice"
MACHINE_STATUS = 75  # EX_TEMPFAIL: compile.sh's, and this program's
# What bubblewrap and others say where they could not start the check.
NOT_STARTED = ("bwrap:", "unshare:", "setpriv:", "prlimit:", "mount:", "check: fork",
               "check: /", "sh: ")


class Machine(Exception):
    """This machine can't come to a verdict; the text says why."""


def write_json(path, value):
    """Whole or not at all."""
    try:
        with open(f"{path}.new", "w") as file:
            json.dump(value, file, indent=1)
            file.write("\n")
    except OSError:
        os.unlink(f"{path}.new")
        raise
    os.replace(f"{path}.new", path)


def digest(settings, files):
    text = json.dumps([settings["digest"], files], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


# -------------------------------------------------------------------- running

class Job:
    def __init__(self, folder, name, settings):
        self.kit, self.path = f"{folder}/kit", f"{folder}/jobs/{name}"
        self.settings, self.stems = settings, settings["stems"]
        self.user = sandbox.OwnUser()
        # The compiler writes into work, as the programs' user. What is good of
        # it becomes ours in programs, where nobody else writes.
        self.work, self.programs = f"{self.path}/work", f"{self.path}/programs"
        for folder in (self.work, self.programs):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
        if self.user.uid is not None:
            os.chown(self.work, self.user.uid, self.user.uid)

    def run(self, argv, env, wall, compiling=False, **options):
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **env}
        work = self.work if compiling else self.programs
        if self.settings["unsafe"]:
            # The check itself stays root's: it gives each program its user.
            argv = sandbox.uncontained(argv, self.user if compiling else None,
                                       env)
            options["cwd"] = work
        else:
            argv = sandbox.contained(argv, self.kit, self.path, self.user, env,
                                     os.path.basename(work), compiling)
        return sandbox.run(argv, wall, self.settings["memory"], self.user,
                           **options)

    def place(self, name):
        """Where the command finds kit/ and src/, from work/."""
        if not self.settings["unsafe"]:
            return f"/{name}"
        return os.path.abspath(self.kit) if name == "kit" else "../src"

    def compile(self):
        env = {key: self.settings[key.lower()]
               for key in ("CC", "GRADED", "CHECKED")}
        env.update(SRC=self.place("src"), LC_ALL="C",
                   MEMORY=str(self.settings["memory"]),
                   WITNESS=self.place("kit") + "/witness.o")
        self.built = ran = self.run(["sh", self.place("kit") + "/compile.sh", *self.stems],
                                    env, wall=COMPILE_S, compiling=True)
        if ran.status == MACHINE_STATUS or not ran.ended and \
                ran.errors.startswith(NOT_STARTED):
            raise Machine((ran.errors.strip().splitlines() or ["no compiler"])[-1])
        for stem in self.stems:
            for kind, most in KINDS.items():
                self.bring(f"{stem}.{kind}", most)
        shutil.rmtree(self.work, ignore_errors=True)
        return ran

    def bring(self, name, most):
        """From work to programs, if it is a file of the compiler's: what runs
        as the programs' user could have put a link there."""
        try:
            fd = os.open(f"{self.work}/{name}",
                         os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return
        with open(fd, "rb") as file:
            about = os.fstat(fd)
            owner = os.geteuid() if self.user.uid is None else self.user.uid
            if not stat.S_ISREG(about.st_mode) or about.st_uid != owner or \
                    about.st_size > most:
                return
            data = file.read(most)
        with open(f"{self.programs}/{name}", "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), 0o755 if about.st_mode & 0o100 else 0o644)

    def check(self, stem):
        """One step in a sandbox of its own: what a program does to the check
        costs only its own step."""
        kit = self.place("kit")
        env = {"LAB_SHUT_IN": "1"}
        if self.settings["unsafe"]:
            env = {"LAB_UID": str(self.user.uid)} if self.user.uid else {}
        return self.run(
            [f"{kit}/check", "--steps", "steps", "--programs", ".",
             "--points", f"{kit}/points", "--seed", "-",
             "--only", stem, "--jobs", "8", "--results", "-", "--tell", "TELL"],
            env, wall=self.settings["limit"], tell=True,
            given=f"{self.settings['seed']}\n")  # /proc shows what argv is

    def compiled(self, stem):
        """(whether there is a program, what the compiler said)"""
        path = f"{self.programs}/{stem}"
        try:
            with open(f"{path}.log", errors="replace") as file:
                log = file.read()
        except OSError:
            if self.built.ended != "time":
                raise Machine("the compiler could write nothing") from None
            log = "error: the compiler had no time left for it"
        return (os.path.exists(f"{path}.checked") and
                os.path.exists(f"{path}.plain"), log)


# -------------------------------------------------------------------- verdict

def read_told(said):
    """The records of the tests that ended, and the verdict if it came."""
    records, end = {}, None
    for line in said.split(b"\n"):
        try:
            record = json.loads(line[:RECORD_MOST])
        except ValueError:
            continue
        if "steps" in record:
            end = record
        elif record.get("test") and \
                records.get(record["test"], {}).get("status") not in ("failed", "timeout", "lab"):
            records[record["test"]] = {key: record[key] for key in TOLD
                                       if key in record}
    return records, end


def pieced_together(step, records, before=BEFORE):
    """The verdict on a step whose run did not come to its end: what has passed
    has passed, what has not been told has failed."""
    for test in step["tests"]:
        test.update(records.get(test["test"],
                                {"status": "failed" if before == NO_PROGRAM else "lab",
                                 "why": before}))


# What no program here needs, and who has points without the work may. A flag
# is for a human: there may be a good reason.
ODD = (
    (r"__attribute\w*\s*\(\(.*?(constructor|ifunc|section)|\bpreinit|"
     r"\binit_array|__libc_start_main|\b_start\b",
     "runs something before main"),
    (r"\bLAB_[A-Z]|\bwitness\b|\brecord_slot\b", "names the lab's own things"),
    (r"\bsyscall\s*\(|\b__?asm(?:__)?\b|\basm\b",
     "makes system calls past libc"),
    (r"/proc/(?!net/dev\b)", "looks into /proc"),
    (r"^\s*#\s*define\s+(main|socket|bind|listen|accept4?|connect|recv\w*|"
     r"send\w*|read|write|close|exit|_exit)\b", "gives a call another meaning"),
    (r"\bdlsym\b|\bptrace\b|\bprocess_vm_|\bmemfd_create\b|\bfexecve\b",
     "uses what attacks are made of"),
    (r"\.incbin", "tried to read a file with .incbin"),
)
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\\n])*"|'
                     r"'(?:\\.|[^'\\\n])*')", re.S)


def source_flags(job, stems):
    """What is odd in the sources; what the compiler read besides them."""
    flags = {}
    for stem in stems:
        try:
            with open(f"{job.path}/src/{stem}.c", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        found = [f"tried to include {name[:80]}" for name in re.findall(
            r'^\s*#\s*include(?:_next)?\s*[<"](/[^>"\n]*)', text, re.M)]
        text = re.sub(r"\\\r?\n", "", text)
        text = COMMENT.sub(lambda match: match[1] or " ", text)
        found += [what for pattern, what in ODD
                  if re.search(pattern, text, re.M | re.S)]
        for what in dict.fromkeys(found):
            flags.setdefault(what, []).append(stem)
    return [f"{what}: {', '.join(which)}" for what, which in flags.items()]


def judge(ran, settings, came_to_end):
    """(outcome, reason, flag) of the check of one step."""
    limit, memory = settings["limit"], settings["memory"]
    if ran.ended == "time":
        return ("timed out", f"it still ran after {limit} s and was ended",
                "timed out")
    if ran.ended == "stopped":
        return ("timed out", "it sent SIGSTOP to the check, which was ended "
                f"after {limit} s", "stopped the check")
    if ran.ended == "memory":
        text = f"used more than {memory} MiB of memory"
        return "killed", f"it {text} and was ended", text
    if ran.ended == "output":
        return "killed", "it said too much and was ended", "flooded the check"
    if came_to_end:
        return "graded", "", ""
    match = re.search(r"killed by signal (\d+)", ran.errors)
    number = int(match[1]) if match else abs(ran.status) % 128
    if abs(ran.status) > 2 and number < signal.NSIG:
        name = signal.Signals(number).name
        return ("killed", f"something in it killed the check with {name}",
                f"the check was killed ({name})")
    last = ran.errors.strip().splitlines()[-1:] or [f"status {ran.status}"]
    return ("killed", f"the check ended without a verdict: {last[0][:200]}",
            "no verdict")


def by_nature(record):
    """Whether it was skipped for the way the program is built (expect.c)."""
    return "the program makes calls that can't be made to fail" in json.dumps(record)


def is_short(job, records):
    """Whether a test was skipped that can be run here."""
    return not job.settings["unsafe"] and any(
        record.get("status") == "skipped" and not by_nature(record)
        for record in records.values())


def check_steps(job, row):
    """Fill in the row's results, step by step."""
    results, strikes = row["results"], 0
    for number, step in enumerate(results["steps"]):
        stem = step["step"]
        if not step["compiles"]:
            pieced_together(step, {}, NO_PROGRAM)
            continue
        if strikes == STRIKES:
            pieced_together(step, {}, "not checked: other steps had used up "
                                      "the time")
            continue
        for _ in range(2):
            ran = job.check(stem)
            if ran.said or ran.ended or not ran.errors.startswith(NOT_STARTED):
                break
        else:
            raise Machine((ran.errors.strip().splitlines() or ["the check did not start"])[-1])
        records, end = read_told(ran.said)
        if is_short(job, records):
            # It was tried at the start that no test has to be skipped. So
            # something in it took away what the test needs; or not: once more.
            ran = job.check(stem)
            records, end = read_told(ran.said)
        short = is_short(job, records)
        for record in records.values():
            if short and record["status"] == "skipped" and not by_nature(record):
                record.update(status="failed", why=SKIPPED)
        outcome, reason, flag = judge(ran, job.settings, end is not None)
        if short:
            row["flags"].append(f"a test could not be run: {stem}")
        if end is not None and not ran.ended and not short:
            results["steps"][number] = end["steps"][0]
            results["remarks"] += end["remarks"]
        else:
            pieced_together(step, records)
        if ran.ended in ("time", "stopped"):
            strikes += 1
        if outcome != "graded":
            row["reason"] += f"{'; ' if row['reason'] else ''}{stem}: {reason}"
            row["flags"].append(f"{flag}: {stem}")
        if row["outcome"] != "timed out" and outcome != "graded":
            row["outcome"] = outcome
        if ran.processes >= PROCESSES_ODD:
            row["flags"].append(f"had {ran.processes} processes at once: "
                                f"{stem}")
        row["memory_kib"] = max(row["memory_kib"], ran.peak)
    for remark in sorted(results["remarks"]):
        stem, _, what = remark.partition(": ")
        if what.startswith(("tried to ", "uses its sockets past ")):
            row["flags"].append(f"{what}: {stem}")


def new_row(folder, name):
    """A row with nothing in it yet but what is known of the submission."""
    with open(f"{folder}/kit/settings.json") as file:
        settings = json.load(file)
    with open(f"{folder}/kit/expected.json") as file:
        expected = json.load(file)
    with open(f"{folder}/jobs/{name}/taken.json") as file:
        taken = json.load(file)
    expected["seed"] = settings["seed"]
    for step in expected["steps"]:
        step.pop("state", None)  # the student's bench asks for it
    return {"id": name, "entry": taken["entry"], "person": taken["person"],
            "path": taken["path"], "kit": settings["kit"], "seed": settings["seed"],
            "graded": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()), "outcome": "graded", "reason": "",
            "flags": list(taken["flags"]), "found": taken["flags"], "contained": not settings["unsafe"],
            "digest": digest(settings, taken["files"]), "seconds": 0.0,
            "memory_kib": 0, "files": taken["files"],
            "results": expected}, settings, taken


def fail_all(row, outcome, reason, compiler, message):
    """Nothing of it could be checked."""
    row.update(outcome=outcome, reason=reason)
    for step in row["results"]["steps"]:
        step.setdefault("compiler", compiler)
        pieced_together(step, {}, message)


def grade(folder, name):
    begin = time.monotonic()
    row, settings, taken = new_row(folder, name)
    if taken["refused"]:
        fail_all(row, "refused", taken["refused"],
                 "error: there is no such file in the submission", NO_PROGRAM)
        return row
    job = Job(folder, name, settings)
    built = job.compile()
    row["memory_kib"] = built.peak
    there, without = 0, {"there is no": [], "did not compile": []}
    for step in row["results"]["steps"]:
        stem = step["step"]
        step["compiles"], step["compiler"] = job.compiled(stem)
        there += step["compiles"]
        if not step["compiler"]:
            del step["compiler"]
        if not step["compiles"]:
            without["there is no" if taken["files"][stem] is None
                    else "did not compile"].append(stem)
    row["flags"] += [f"{what}: {', '.join(which)}"
                     for what, which in without.items() if which]
    row["flags"] += source_flags(job, job.stems)
    if there:
        check_steps(job, row)
    else:
        fail_all(row, "did not compile",
                 "none of its programs compiles", "", NO_PROGRAM)
    row["seconds"] = round(time.monotonic() - begin, 2)
    shutil.rmtree(job.programs, ignore_errors=True)
    return row


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, name = sys.argv[1:]
    os.umask(0o022)
    sandbox.adopt_orphans()
    sandbox.raise_limits()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.makedirs(f"{folder}/rows", exist_ok=True)
    try:
        row = grade(folder, name)
        with open(f"{folder}/kit/expected.json") as file:
            scores.rescore(row, f"{folder}/kit/check", f"{folder}/kit/points", json.load(file))
        write_json(f"{folder}/rows/{name}.json", row)
    except (Machine, OSError, scores.WrongPolicy) as error:
        shutil.rmtree(f"{folder}/jobs/{name}/work", ignore_errors=True)
        print(json.dumps([name, None, None, str(error)]), flush=True)
        sys.exit(MACHINE_STATUS)
    finally:
        sandbox.kill_descendants()
    print(json.dumps([name, row["results"]["points"], row["outcome"]]))


if __name__ == "__main__":
    main()
