#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print the findings of the last check as a compiler prints its errors, so that
an editor can take the reader there: problems.py RESULTS

    steps/02_bind.c:61: error: reports the port that the kernel chose: expected …

The line is that of the open TODO; else that of the call which the explanation
names, or which failed, or which was the last; else that of main. What fails for
one reason at one line is one finding. RESULTS is the check's results.json.
"""
import json
import re
import sys
from pathlib import Path

from tests.tools.verdict import is_failure, open_todo


def one_line(text):
    return " ".join(text.split())


def line_of_todo(source, said):
    """Where the comment begins whose gap says this, or else the gap itself."""
    at = next((i for i, line in enumerate(source) if "is open" in line
               and said.startswith(re.split(r"[%\\\"]", line[line.find("TODO("):])[0].strip())),
              None)
    if at is None:
        return None
    above = (i for i in range(at, -1, -1) if re.search(r"/\* TODO\(\d+\):", source[i]))
    return next(above, at) + 1


def line_of_call(failure):
    """The line of the call that the failure is about, from its list of calls."""
    calls = [(call["text"].partition("(")[0], int(call["where"].rpartition(":")[2]),
              " = -1 " in call["text"]) for call in failure["calls"] if call["where"]]
    about = (failure["reason"] or {}).get("text", "")
    if re.search(r"\bsin_|hton|inet_", about):
        about += " bind connect"  # where the address is handed over
    likely = [call for call in calls if re.search(rf"\b{call[0]}\b", about)]
    best = likely or [call for call in calls if call[2]] or calls
    return best[-1][1] if best else None


def finding(source, test):
    """(line, words) of one failure."""
    todo, failure = open_todo(test), test.get("failure")
    line = line_of_todo(source, todo) if todo else None
    if line:
        return line, todo
    main = next((i + 1 for i, text in enumerate(source) if re.match(r"int main\b", text)), 1)
    if not failure:
        return main, f"{test['sentence']}: {one_line(test.get('why') or '')}"
    words = [f"expected {failure['expected']}", f"saw: {failure['saw']}"]
    if failure["reason"]:
        words.append(f"likely: {failure['reason']['text']}")
    return line_of_call(failure) or main, f"{test['sentence']}: {one_line('; '.join(words))}"


def compiler(path, said):
    """The compiler's own lines, with the folder as the user calls it."""
    for line in said.splitlines():
        match = re.match(rf"\S*?{re.escape(path.name)}:"
                         r"(\d+(?::\d+)?: (?:fatal )?(?:error|warning): .*)", line)
        if match:
            yield f"{path}:{match[1]}"


def problems(results):
    for step in results["steps"]:
        path = Path(results["folder"]) / f"{step['step']}.c"
        if not path.is_file():
            yield f"{path}:1: error: there is no such file"
            continue
        said = list(compiler(path, step.get("compiler", "")))
        yield from said
        if not step["compiles"]:
            if not said:  # the linker's words have no line
                yield f"{path}:1: error: {one_line(step.get('compiler', 'it does not compile'))}"
            continue
        source = path.read_text(encoding="utf-8", errors="replace").splitlines()
        seen = {}  # what is alike is one finding
        for test in filter(is_failure, step["tests"]):
            line, words = finding(source, test)
            seen.setdefault((line, test.get("same_as", test["test"])), []).append(words)
        for (line, _), group in sorted(seen.items(), key=lambda item: item[0][0]):
            more = f" (and {len(group) - 1} more for the same reason)" if len(group) > 1 else ""
            yield f"{path}:{line}: error: {group[0]}{more}"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: problems.py RESULTS")
    try:
        results = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        sys.exit(f"{sys.argv[1]} has no results of a check")
    for line in problems(results):
        print(line)


main()
