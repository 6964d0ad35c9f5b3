#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Grade one submission: compile it, check it, write its row.

    grade_one.py CLASS-FOLDER ID

grade.py calls it (through GNU parallel) for each submission; CLASS-FOLDER is
what it has made: build/class/NAME, with

    kit/         check, witness.o, points, and settings.json: the limits
    jobs/ID/     src/ with the programs, taken.json about them
    rows/ID.json the row: what this program is for

It always writes a row, ends within its limits, and then its status is 0. A row:

    id          its name as a file; entry: its name in the class folder
    kit, seed   the version of the kit, and what the random data is made of
    outcome     graded | did not compile | timed out | killed | refused
    reason      in words, where the outcome is not `graded`; else ""
    flags       what else is to be known: ["did not compile: 02_bind", …]
    contained   false: graded with UNSAFE=1
    digest      of the programs, the kit and the settings: the same, the same row
    seconds, memory_kib   what it took: all its processes together, at most
    files       {"02_bind": sha256, or null where there is none}
    results     as build/check writes it (tests/lab/report.c); a test that the
                run did not come to has failed and says so
"""
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import time

import sandbox

RECORD_MOST = 1 << 20  # bytes: one line of the check's
BEFORE = "the run was ended before this test"
NO_PROGRAM = "the program did not compile"


def write_json(path, value):
    """Whole or not at all."""
    with open(f"{path}.new", "w") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
    os.replace(f"{path}.new", path)


def digest(settings, files):
    text = json.dumps([settings["digest"], files], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


# -------------------------------------------------------------------- running

class Job:
    def __init__(self, folder, name):
        self.kit, self.path = f"{folder}/kit", f"{folder}/jobs/{name}"
        with open(f"{self.kit}/settings.json") as file:
            self.settings = json.load(file)
        with open(f"{self.path}/taken.json") as file:
            self.taken = json.load(file)
        self.user = sandbox.OwnUser()
        self.stems = self.settings["stems"]
        self.work = f"{self.path}/work"
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        if self.user.uid is not None:
            os.chown(self.work, self.user.uid, self.user.uid)

    def run(self, argv, env, wall, writable=False, as_user=True, **options):
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **env}
        if self.settings["unsafe"]:
            argv = sandbox.uncontained(argv, self.user if as_user else None,
                                       env)
            options["cwd"] = self.work
        else:
            argv = sandbox.contained(argv, self.kit, self.path, self.user, env,
                                     writable)
        return sandbox.run(argv, wall, self.settings["memory"], self.user,
                           **options)

    def place(self, name):
        """Where the command finds kit/ and src/."""
        if not self.settings["unsafe"]:
            return f"/{name}"
        return os.path.abspath(self.kit if name == "kit"
                               else f"{self.path}/{name}")

    def compile(self):
        env = {key: self.settings[key.lower()]
               for key in ("CC", "GRADED", "CHECKED")}
        env.update(SRC=self.place("src"), LC_ALL="C",
                   WITNESS=self.place("kit") + "/witness.o")
        return self.run(["sh", self.place("kit") + "/compile.sh", *self.stems],
                        env, wall=60, writable=True)

    def check(self):
        kit = self.place("kit")
        env = {"LAB_SHUT_IN": "1"}
        if self.settings["unsafe"]:
            env = {"LAB_UID": str(self.user.uid)} if self.user.uid else {}
        return self.run(
            [f"{kit}/check", "--steps", "steps", "--programs", ".",
             "--points", f"{kit}/points", "--seed", str(self.settings["seed"]),
             "--jobs", "16", "--stream", "STREAM"],
            env, wall=self.settings["limit"], stream=True, as_user=False)

    def compiled(self):
        """{stem: (whether there is a program, what the compiler said)}"""
        said = {}
        for stem in self.stems:
            path = f"{self.work}/{stem}"
            try:
                with open(f"{path}.log", errors="replace") as file:
                    log = file.read()
            except OSError:
                log = "error: it was not compiled: the time was over"
            said[stem] = (os.path.exists(f"{path}.checked") and
                          os.path.exists(f"{path}.plain"), log)
        return said


# -------------------------------------------------------------------- verdict

def read_stream(said):
    """The records of the tests that ended, and the verdict if it came."""
    records, end = {}, None
    for line in said.split(b"\n"):
        try:
            record = json.loads(line[:RECORD_MOST])
        except ValueError:
            continue
        if "steps" in record:
            end = record
        elif records.get(record["test"], {}).get("status") != "failed":
            records[record["test"]] = record
    return records, end


def pieced_together(expected, compiled, records):
    """The verdict of a run that did not come to its end: what has passed has
    passed, what has not been told has failed."""
    for step in expected["steps"]:
        step["compiles"], log = compiled.get(step["step"], (False, ""))
        if log:
            step["compiler"] = log
        earned = False
        for test in step["tests"]:
            record = records.get(test["test"], {
                "status": "failed",
                "message": BEFORE if step["compiles"] else NO_PROGRAM})
            test.pop("message", None)
            test.update(record)
            earned |= test["status"] == "passed" and not test["given"]
            if test["status"] == "skipped":
                test["of"] = 0.0
        count = sum(test["of"] for test in step["tests"])
        for test in step["tests"]:
            test["of"] *= step["of"] / count if count else 0
            counts = earned and test["status"] == "passed"
            test["points"] = test["of"] if counts else 0.0
        step["points"] = sum(test["points"] for test in step["tests"])
    expected["points"] = sum(step["points"] for step in expected["steps"])
    return expected


def source_flags(path, stems):
    """What a program wants of the compiler that no program here needs."""
    flags = []
    for stem in stems:
        try:
            with open(f"{path}/src/{stem}.c", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        for name in re.findall(r'^\s*#\s*include(?:_next)?\s*[<"](/[^>"\n]*)',
                               text, re.M):
            flags.append(f"tried to include {name[:80]} ({stem})")
        if ".incbin" in text:
            flags.append(f"tried to read a file with .incbin ({stem})")
    return flags


def judge(ran, settings, came_to_end):
    """(outcome, reason, flags) of the check."""
    if ran.ended == "time":
        return ("timed out", f"it still ran after {settings['limit']} s (LIMIT)"
                f" and was killed", ["timed out"])
    if ran.ended == "stopped":
        return ("timed out", "it sent SIGSTOP to the check, which was killed "
                f"after {settings['limit']} s", ["stopped the check"])
    if ran.ended == "memory":
        text = f"used more than {settings['memory']} MiB of memory"
        return "killed", f"it {text} (MEMORY) and was killed", [text]
    if ran.ended == "output":
        return "killed", "it said too much and was killed", ["output flood"]
    if came_to_end:
        return "graded", "", []
    match = re.search(r"killed by signal (\d+)", ran.errors)
    number = int(match[1]) if match else ran.status - 128
    if ran.status < 0:
        number = -ran.status
    if 0 < number < signal.NSIG:
        name = signal.Signals(number).name
        return ("killed", f"something in it killed the check with {name}",
                [f"the check was killed ({name})"])
    last = ran.errors.strip().splitlines()[-1:] or [f"status {ran.status}"]
    return "killed", f"the check ended without a verdict: {last[0][:200]}", []


def grade(folder, name):
    job = Job(folder, name)
    settings, taken = job.settings, job.taken
    begin = time.monotonic()
    with open(f"{folder}/kit/expected.json") as file:
        expected = json.load(file)
    expected["seed"] = settings["seed"]
    row = {"id": name, "entry": taken["entry"], "kit": settings["kit"],
           "seed": settings["seed"], "outcome": "refused", "reason": "",
           "flags": list(taken["flags"]), "contained": not settings["unsafe"],
           "digest": digest(settings, taken["files"]), "seconds": 0.0,
           "memory_kib": 0, "files": taken["files"]}
    if taken["refused"]:
        compiled = {stem: (False, "error: there is no such file in the "
                                  "submission") for stem in job.stems}
        return dict(row, reason=taken["refused"],
                    results=pieced_together(expected, compiled, {}))

    built = job.compile()
    compiled = job.compiled()
    row["flags"] += [f"there is no {stem}" if taken["files"][stem] is None
                     else f"did not compile: {stem}"
                     for stem, (there, _) in compiled.items() if not there]
    row["flags"] += source_flags(job.path, job.stems)
    if not any(there for there, _ in compiled.values()):
        outcome, reason, flags, end, records = (
            "did not compile", "none of its programs compiles", [], None, {})
        if built.ended:
            reason = f"the compiler went beyond a limit ({built.ended})"
        peak = built.peak
    else:
        ran = job.check()
        records, end = read_stream(ran.said)
        outcome, reason, flags = judge(ran, settings, end is not None)
        if ran.processes >= sandbox.LIMITS["nproc"] * 3 // 4:
            flags.append(f"had {ran.processes} processes at once")
        peak = max(built.peak, ran.peak)
    results = end or pieced_together(expected, compiled, records)
    for remark in sorted(results.get("remarks", [])):
        stem, _, what = remark.partition(": ")
        if what.startswith("tried to "):
            flags.append(f"{what} ({stem})")
    return dict(row, outcome=outcome, reason=reason, flags=row["flags"] + flags,
                seconds=round(time.monotonic() - begin, 2), memory_kib=peak,
                results=results)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, name = sys.argv[1:]
    os.umask(0o022)
    sandbox.adopt_orphans()
    row = grade(folder, name)
    os.makedirs(f"{folder}/rows", exist_ok=True)
    write_json(f"{folder}/rows/{name}.json", row)
    shutil.rmtree(f"{folder}/jobs/{name}/work", ignore_errors=True)
    print(json.dumps([name, row["results"]["points"], row["outcome"]]))


if __name__ == "__main__":
    main()
