# SPDX-License-Identifier: MIT
"""A verdict's tests, for whoever shows them (docs/maintainer.md has the form).
tests/check/print.c does the same in C: the same labels, the same order.
"""

PROSE = ("Expected", "Saw", "Likely", "In use", "Look at")  # broken where it suits
FIRST = ("", "Expected", "Saw", "Likely", "In use")  # what a screen begins with


def is_failure(test):
    """What passed or could not be tried is none; what has not ended is none yet."""
    return test["status"] in ("failed", "timeout", "lab")


def calls(failure):
    """The calls of a failure, a line each, beside them where they stand."""
    lines = []
    for call in failure["calls"]:
        text = call["text"] + (f" ({call['times']} times)" if call["times"] > 1 else "")
        lines.append(f"{text:<43} {call['where'].rpartition('/')[2]}".rstrip())
    told = sum(call["times"] for call in failure["calls"] if call["text"] != "…")
    if told < failure["calls_made"]:
        lines.append(f"{failure['calls_made']} calls in all")
    return lines or ["none to a socket"]


def parts(test):
    """What is to be said of a test that failed: (label, lines); without a failure
    there is one part, and its label is empty."""
    failure = test.get("failure")
    if not failure:
        return [("", [test.get("why") or "the test did not report"])]
    reason = failure["reason"] or {}
    told = [("Expected", [failure["expected"]]), ("Saw", [failure["saw"]]),
            ("Likely", [reason.get("text")]), ("In use", [failure["in_use"]]),
            ("stdout", failure["stdout"]), ("stderr", failure["stderr"]),
            ("Calls", calls(failure)), ("Look at", [", ".join(failure["look"])]),
            ("Ran", [failure["ran"]])]
    return [(label, "\n".join(lines).split("\n")) for label, lines in told if lines and lines[0]]


def open_todo(test):
    """What the program said of the gap that it has come to; "": nothing."""
    for line in (test.get("failure") or {}).get("stderr", []):
        said = line.strip('"')
        if said.startswith("TODO(") and ") is open: " in said:
            return said
    return ""
