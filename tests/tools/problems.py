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

PARTS = re.compile(r"^(Expected|Saw|stdout|stderr|Calls|Likely|Look at|Ran) +", re.M)


def parts(message):
    """The labelled parts of a failure's message, each with its own lines."""
    found = list(PARTS.finditer(message))
    ends = [match.start() for match in found[1:]] + [len(message)]
    return {match[1]: message[match.end():end].rstrip() for match, end in zip(found, ends)}


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


def line_of_call(stem, part):
    """The line of the call that the message is about, from its list of calls."""
    calls = re.findall(rf"^\s*(\w+)\(.*?{re.escape(stem)}\.c:(\d+)", part.get("Calls", ""), re.M)
    failed = re.findall(rf"^\s*(\w+)\(.*= -1 .*{re.escape(stem)}\.c:(\d+)", part.get("Calls", ""),
                        re.M)
    about = part.get("Likely", "")
    if re.search(r"\bsin_|hton|inet_", about):
        about += " bind connect"  # where the address is handed over
    likely = [call for call in calls if re.search(rf"\b{call[0]}\b", about)]
    best = likely[-1:] or failed[-1:] or calls[-1:]
    return int(best[0][1]) if best else None


def finding(stem, source, message):
    """(line, words, essence) of one failure: what is alike is one finding."""
    part = parts(message)
    todo = re.search(r"TODO\(\d+\) is open[^\"]*", one_line(message))
    line = line_of_todo(source, todo[0]) if todo else None
    if line:
        return line, todo[0], "TODO"
    main = next((i + 1 for i, text in enumerate(source) if re.match(r"int main\b", text)), 1)
    words = ["expected " + part["Expected"]] if "Expected" in part else [message]
    words += [name.lower() + ": " + part[name] for name in ("Saw", "Likely") if name in part]
    essence = re.sub(r"(0x)?[\da-f]*\d[\da-f]*", "", words[-1])  # whatever its numbers
    return line_of_call(stem, part) or main, one_line("; ".join(words)), essence


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
        seen = {}
        for test in step["tests"]:
            if test["status"] in ("failed", "not run"):
                line, words, essence = finding(step["step"], source,
                                               test.get("message", "the test did not report"))
                if essence != "TODO":
                    words = test["test"].split("/")[1].replace("_", " ") + ": " + words
                seen.setdefault((line, essence), []).append(words)
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
