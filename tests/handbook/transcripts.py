#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the handbook's terminals again and compares them with the pages.

    transcripts.py [--write] [--only PAGE] STAGE

tests/handbook/recipes says what has to be typed, in which terminal, so that a
page's blocks come about. Each scene of it is played in namespaces of its own
(network, processes, mounts): port 4444 is free, every table is empty, and
whatever was started ends with the scene. STAGE is a folder with the solutions
in build/steps/ and their sources in steps/, as the student's own would be.

A block of a page is a fenced one without a language whose first line is not
indented: commands after "$ ", each with what it printed, or only what an
earlier command went on to print. Pids, ports, inodes, times and the like are
masked in the comparison; the rows of ss and netstat may stand in any order.
--write puts a new recording in the place of each block that differs.
"""
import argparse
import difflib
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent.parent / "docs"
WAIT_S, SCENE_S = 10, 60                     # the longest that an event, a scene may take
PROMPT = "\x1e$ "                            # \x1e: told from a "$ " that a program prints
PROMPT_BACK = re.escape(PROMPT) + r"\Z"
ROOM = ["unshare", "-rnmp", "--fork", "--kill-child", "--mount-proc"]
TOOLS = ["unshare", "ip", "nft", "ss", "lsof", "netstat", "strace", "pgrep", "cc"]
KEYS = {"Enter": b"\n", "^C": b"\x03", "^D": b"\x04", "^Z": b"\x1a"}

# ------------------------------------------------------ inside: a scene is played


class Terminal:
    """A bash at a pseudoterminal, in which somebody types."""

    def __init__(self):
        self.text = ""                       # what it has shown since the last command
        self.seen = 0                        # how much of that is in a chunk already
        pid, self.fd = pty.fork()
        if pid == 0:
            os.environ.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", PS1=PROMPT, TERM="dumb", LC_ALL="C.UTF-8", HISTFILE="")
            os.execvp("bash", "bash --norc --noprofile --noediting -i".split())
        os.set_inheritable(self.fd, False)
        self.until(prompt_is_back, "the prompt")

    def until(self, done, what):
        end = time.monotonic() + WAIT_S
        while not done(self.text):
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise TimeoutError(f"{what} did not come in {WAIT_S} s; on the screen:\n{self.text}")
            self.text += os.read(self.fd, 65536).decode(errors="replace").replace("\r", "")

    def type(self, command):
        self.text, self.seen = "", 0
        os.write(self.fd, command.encode() + b"\n")
        self.until(lambda text: "\n" in text, "the echo")
        self.text = self.text.split("\n", 1)[1]


def prompt_is_back(text):
    return re.search(PROMPT_BACK, text)


def clean(text):
    text = text.replace(PROMPT, "").strip("\n")
    text = re.sub(r"^lsof: WARNING: .*\n +Output information may be incomplete\.\n", "", text, flags=re.M)
    return [line.rstrip() for line in text.split("\n")] if text else []


def play(lines):
    """Returns the chunks: [command or None, lines that it printed]."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run("mount -t tmpfs tmpfs /tmp && cp -r . /tmp/lab", shell=True, check=True)
    os.chdir("/tmp/lab")                     # the stage may be below the /tmp that is hidden now
    subprocess.run("mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts; "
                   "echo 8000 >/proc/sys/kernel/ns_last_pid",
                   shell=True, stderr=subprocess.DEVNULL)     # not needed: tidier numbers
    chunks, of = [], {}
    terminals = {at: Terminal() for at in sorted({line[0] for line in lines} & set("123456789"))}
    for line in lines:
        at = line[0] if line[0].isdigit() else ""
        do, rest = line[len(at)], line[len(at) + 1:].strip()
        t = terminals.get(at)
        if do == "?" and not t:              # ? COMMAND ~ PATTERN: until it prints that
            command, pattern = rest.rsplit(" ~ ", 1)
            end = time.monotonic() + WAIT_S
            while not re.search(pattern, out := subprocess.getoutput(command), re.M):
                if time.monotonic() > end:
                    raise TimeoutError(f"{line}: not in {WAIT_S} s, but:\n{out}")
                time.sleep(.01)              # how often to look; what ends it is the state
        elif do in "$>.:":                   # a command: to its end ($ .) or begun (> :)
            t.type(rest)
            of[at] = [rest, ""]
            if do in "$>":                   # the others are never taken for a page's
                chunks.append(of[at])
            if do in "$.":
                t.until(prompt_is_back, f"the end of {rest}")
                of[at][1], t.seen = t.text, len(t.text)
        elif do == "<":                      # a key
            os.write(t.fd, KEYS[rest])
        elif do in "?!":                     # until it shows that, or its prompt: ! is a new block
            pattern = re.compile(rest or PROMPT_BACK, re.M)
            t.until(lambda text: pattern.search(text, t.seen), rest or "the prompt")
            end = pattern.search(t.text, t.seen).end()
            if do == "!":
                of[at] = [None, ""]
                chunks.append(of[at])
            of[at][1] += t.text[t.seen:end]
            t.seen = end
        else:
            raise ValueError(f"recipes: cannot read: {line}")
    return [[command, clean(text)] for command, text in chunks]


# ------------------------------------------------- outside: pages and recordings

STATES = "LISTEN|ESTAB|SYN-SENT|SYN-RECV|FIN-WAIT-[12]|CLOSE-WAIT|LAST-ACK|CLOSING|TIME-WAIT|UNCONN"
MASKS = [(re.compile(pattern), by) for pattern, by in [
    (r"\b((?:si_)?pid=)\d+", r"\1PID"),
    (r"^([\w-]+) +\d+ root ", r"\1 PID root "),                         # lsof
    (r"( \d+[urw] +(?:IPv[46]|sock|CHR|FIFO|REG)) .* 0t0 +(?:\d+ )?", r"\1 INODE "),
    (r"socket:\[\d+\]", "socket:[INODE]"), (r"\bpts/\d+", "pts/N"),
    (r"((?:\d|\]|\*):)\d{5}\b", r"\1PORT"), (r"htons\(\d{5}\)", "htons(PORT)"),
    (r"\b0x[0-9a-f]{6,}", "ADDRESS"),
    (r"\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d\b", "DATE"),
    (r"timer:\((\w+),[\d.a-z]+,", r"timer:(\1,TIME,"),
    (r"^(real|user|sys)\t(\d+m\d+)\.\d+s", r"\1 \2.TIMEs"),
    (r"^ +(\d+)\.\d{6} ", r"\1.TIME "),                                 # strace -r
    (rf"^({STATES}) +\d{{4,}} +\d+ ", r"\1 FULL FULL "),
    (rf"^({STATES}) +0 +\d{{5,}} ", r"\1 0 FULL "),
    (r'^(recvfrom\(\d+, "x+"\.\.\.,) .*', r"\1 PIECES"),
    (r"(127\.0\.0\.1\.)\d{5}\b", r"\1PORT"), (r"(seq|ack|val|ecr) \d{6,}", r"\1 NUMBER"),    # tcpdump
    (r"^ 00:00:(\d\d)\.\d{6} ", r"00:00:\1.TIME "), (r"^\t(0x\w{4}:) .*", r"\1 BYTES"),
    (r"\b\d+/(bash$|build/\S*$)", "PID/PROGRAM"), (r"from port \d{5}\b", "from port PORT"), (r"', \d{5}\)", "', PORT)"),
    (r'File "[^"]*/docs/', 'File ".../docs/'), (r"^\s+skmem:.*", " skmem:"),
    (r"^VmRSS:\s+\d+ kB", "VmRSS: SIZE"),
    (r"Port *Process", "Port Process"), (r"[ \t]+", " "), (r" $", "")]]
# Neighbours in any order: rows of a table; strace's last word and what wc counted.
ROW = re.compile(rf"({STATES}|tcp6?|udp6?|[\w-]+ PID root) |\+\+\+ exited|\d+$")


def mask(lines):
    out, rows = [], []
    for line in [*lines, ""]:
        for pattern, by in MASKS:
            line = pattern.sub(by, line)
        if ROW.match(line):
            rows.append(line)
        else:
            out, rows = [*out, *sorted(rows)], []
            if not (line.endswith(" PIECES") and line in out[-1:]):
                out.append(line)
    return out[:-1]


def blocks(page):
    """Yields (line number, lines) of the blocks that a terminal showed."""
    start, language = None, ""
    for number, line in enumerate(page):
        if line.startswith("```"):
            if start is None:
                start, language = number + 1, line[3:].strip()
            else:
                if not language and page[start][:1].strip():
                    yield start, page[start:number]
                start = None


def recipes():
    """The file as {page: {"scenes": [[name, lines]], "not": {first line: reason}}}."""
    pages = {}
    for line in (HERE / "recipes").read_text().splitlines():
        word, _, rest = line.partition(" ")
        if not line.strip() or word == "#":
            continue
        if word == "page":
            page = pages.setdefault(rest, {"scenes": [], "not": {}})
        elif word == "scene":
            page["scenes"].append([rest, []])
        elif word == "not":
            first, _, reason = rest.rpartition(" -- ")
            page["not"][first] = reason
        else:
            page["scenes"][-1][1].append(line)
    return pages


def record(name, lines, stage):
    try:
        run = subprocess.run([*ROOM, sys.executable, __file__, "--play"], input=json.dumps(lines),
                             capture_output=True, text=True, cwd=stage, timeout=SCENE_S)
    except subprocess.TimeoutExpired:
        return [], f"scene '{name}': not done in {SCENE_S} s"
    if run.returncode:
        return [], f"scene '{name}': " + run.stderr.strip().split("\nTimeoutError: ")[-1]
    return json.loads(run.stdout), None


def find(block, chunks, used):
    """The first unused run of chunks that is this block: same commands, or same first line."""
    commands = [line[2:] for line in block if line.startswith("$ ")]
    if not block[0].startswith("$ "):
        for at, (command, out) in enumerate(chunks):
            if at not in used and command is None and mask(out)[:1] == mask(block)[:1]:
                return [at]
        return None
    for at in range(len(chunks)):
        run = list(range(at, at + len(commands)))
        if not used & set(run) and [chunks[i][0] for i in run if i < len(chunks)] == commands:
            return run
    return None


def check(path, recipe, arguments):
    """Compares one page; returns how many blocks are (the same, different, not recorded)."""
    page = path.read_text().splitlines()
    chunks, counts, used, edits = [], [0, 0, 0], set(), []
    for name, lines in recipe["scenes"]:
        recorded, wrong = record(name, lines, arguments.stage)
        chunks += recorded
        if wrong:
            print(f"{path.name}: {wrong}")
            return 0, 1, 0
    for number, block in blocks(page):
        run = find(block, chunks, used)
        if run is None:
            known = recipe["not"].get(block[0])
            counts[2 if known else 1] += 1
            print(f"{path.name}:{number + 1}: {block[0]}\n    not recorded: "
                  + (known or "add it to tests/handbook/recipes, or a line 'not' with the reason"))
            continue
        used |= set(run)
        new = []
        for at in run:
            command, out = chunks[at]
            new += ([f"$ {command}"] if command is not None else []) + out
        if mask(new) == mask(block):
            counts[0] += 1
            continue
        counts[1] += 1
        edits.append((number, len(block), new))
        print(f"{path.name}:{number + 1}: the page shows something else (masked):")
        print("\n".join("    " + line for line in difflib.unified_diff(
            mask(block), mask(new), "page", "recording", lineterm="", n=1)))
    for at, (command, out) in enumerate(chunks):
        if command is None and at not in used:
            counts[1] += 1
            print(f"{path.name}: recorded, but nowhere on the page:\n    " + "\n    ".join(out))
    if arguments.write and edits:
        for number, length, new in reversed(edits):
            page[number:number + length] = new
        path.write_text("\n".join(page) + "\n")
        print(f"{path.name}: {len(edits)} blocks written. Read the text around them: it may quote them.")
    return counts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("stage")
    arguments = parser.parse_args()
    plan = recipes()
    pages = [path for path in sorted(DOCS.glob("*.md"))
             if (path.stem in plan or path.stem[0].isdigit()) and path.stem.startswith(arguments.only)]
    missing = [tool for tool in TOOLS if subprocess.call(["sh", "-c", f"command -v {tool} >/dev/null"])]
    if missing:
        sys.exit(f"{' '.join(missing)} missing; run: make setup setup-docs")
    room = subprocess.run([*ROOM, "ip", "link", "set", "lo", "up"], capture_output=True, text=True)
    if room.returncode:
        count = sum(len(list(blocks(path.read_text().splitlines()))) for path in pages)
        print(f"No namespaces here ({room.stderr.strip()}): nothing was compared.")
        print(f"0 the same, 0 different, 0 not recorded, {count} skipped")
        return 0
    total = [0, 0, 0]
    for path in pages:
        counts = check(path, plan.get(path.stem, {"scenes": [], "not": {}}), arguments)
        total = [a + b for a, b in zip(total, counts)]
    print("{} the same, {} different, {} not recorded, 0 skipped".format(*total))
    return 1 if total[1] and not arguments.write else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--play"]:
        print(json.dumps(play(json.load(sys.stdin))))
    else:
        sys.exit(main())
