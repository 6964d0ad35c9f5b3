# SPDX-License-Identifier: MIT
"""A verdict's tests, for whoever shows them (docs/maintainer.md has the form).
tests/check/print.c does the same in C: the same labels, the same order.
"""
import textwrap

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


def failed(step):
    """The tests of a step that failed, whatever the reason."""
    return [test for test in step["tests"] if is_failure(test)]


def text(test, width=80, label_width=10):
    """All of it as one text with labels, as `make check` prints it."""
    out = []
    for label, lines in parts(test):
        columns = label_width if label else 0
        if label in PROSE or not label:
            lines = [part for line in lines for part in textwrap.wrap(
                line, width - columns, break_long_words=False, break_on_hyphens=False) or [""]]
        out.append(f"{label:{columns}}" + f"\n{' ' * columns}".join(lines))
    return "\n".join(out)


def flat(test):
    """The same in one line: to search it for words."""
    return " ".join(" ".join([label, *lines]) for label, lines in parts(test))


def saw(test):
    """What was seen, in a sentence."""
    return (test.get("failure") or {}).get("saw") or parts(test)[0][1][0]


def by_reason(step):
    """The failures of a step as the check groups them: lists, the first told in full."""
    groups = {}
    for test in failed(step):
        groups.setdefault(test.get("same_as") or test["test"], []).append(test)
    return list(groups.values())
