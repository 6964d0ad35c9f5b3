# SPDX-License-Identifier: MIT
"""Points are arithmetic: what the tests of a row have come to, and a policy.
Nothing is run again for another policy.

The check alone reads policies and computes points (tests/check/score.c); this
module asks it, and writes into a row what it says.
"""
import hashlib
import json
import subprocess


class WrongPolicy(Exception):
    """The text says what is wrong with it, with its line."""


def ask(check, policy, what, given=None):
    run = subprocess.run([check, what, "--points", policy], input=given, text=True,
                         capture_output=True, errors="replace", check=False)
    try:
        return json.loads(run.stdout)
    except ValueError:
        raise WrongPolicy(run.stderr.strip() or f"{policy}: the check says nothing") from None


def shares_of(check, policy):
    """All tests that there are, what each is worth, and what else the policy
    says: a verdict in which every test is still waiting."""
    expected = ask(check, policy, "--list")
    expected["folder"] = "steps"
    return expected


def digest_of(expected):
    """Two policies with the same one give the same points."""
    policy = {key: value for key, value in (expected.get("policy") or {}).items() if key != "file"}
    return hashlib.sha256(json.dumps([policy, [
        [step["step"], step["of"], [[t["test"], t["of"]] for t in step["tests"]]]
        for step in expected["steps"]]]).encode()).hexdigest()


def rescore(row, check, policy, expected):
    """Write into a row the points by this policy. Whether there was something to
    do. A step with other tests than the check's is left as it is: it was graded
    with another kit."""
    results, digest = row["results"], digest_of(expected)
    if row.get("scored") == digest:
        return False
    worth = {step["step"]: step for step in expected["steps"]}
    known = [step for step in results["steps"] if step["step"] in worth and
             {t["test"] for t in step["tests"]} ==
             {t["test"] for t in worth[step["step"]]["tests"]}]
    scored = ask(check, policy, "--score", json.dumps({**results, "steps": known}))
    new = {step["step"]: step for step in scored["steps"]}
    for step in known:
        tests = {test["test"]: test for test in new[step["step"]]["tests"]}
        for old, now in [(step, new[step["step"]]), *(
                (test, tests[test["test"]]) for test in step["tests"])]:
            for key in ("of", "points", "part", "same_as"):
                old.pop(key, None)
                if key in now:
                    old[key] = now[key]
    results["points"], results["of"] = (
        round(sum(step[key] for step in results["steps"] if step.get("part") != "beyond"), 6)
        for key in ("points", "of"))
    results["policy"] = expected.get("policy")
    row["scored"] = digest
    return True
