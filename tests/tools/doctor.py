#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Say what this machine lacks, what that means, and what to do about it.

    doctor.py BUILD STEPS CC VERSION      (make doctor)

Nothing is guessed from names: what can be tried is tried. A cross is what no
student can work without, and makes the exit status 1; a ring costs what its
line says, and no more.
"""
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from tests.tools.console import Terminal
from tests.tools.steps import STEMS

BUILD, STEPS, CC, VERSION = sys.argv[1:5]
SETUP = "make setup"
GOOD, LACKS, BAD = "good", "lacks", "bad"
WIDTH, INDENT = 80, 17
LIMIT_S = 20  # the longest that one trial may take
ROOM_MIB = 100

MARKS = {GOOD: ("✔", "32"), LACKS: ("○", "33"), BAD: ("✘", "31")}
terminal = Terminal()
paint, plain = terminal.paint, terminal.plain
found = {GOOD: 0, LACKS: 0, BAD: 0}


def tell(mark, what, words, *more, do=None):
    """One line, and under it what it costs and the command that mends it."""
    found[mark] += 1
    sign, code = MARKS[mark]
    first, *rest = [line for text in (words, *more)
                    for line in textwrap.wrap(plain(text), WIDTH - INDENT)]
    print(f"  {paint(code, plain(sign))} {what:<{INDENT - 5}} {first}")
    for line in rest:
        print(f"{'':{INDENT}}{line}")
    if do:
        print(f"{'':{INDENT}}{plain('→')} {paint('1', plain(do))}")


def heading(words):
    print(("\n" if sum(found.values()) else "") + paint("1", words))


def run(*words):
    """(whether it went well, what it said); a program that isn't there didn't."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace",
                              timeout=LIMIT_S, stdin=subprocess.DEVNULL, check=False)
        return done.returncode == 0, (done.stdout + done.stderr).strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)


def first_line(text):
    return text.splitlines()[0] if text else ""


def compiles(folder, source, *options):
    """Compile and run a small program: (whether both went well, what was said)."""
    program = os.path.join(folder, "program")
    path = Path(folder, "program.c")
    path.write_text(source, encoding="ascii")
    well, said = run(*CC.split(), "-o", program, str(path), *options)
    return run(program) if well else (False, said)


# ------------------------------------------------------------- needed


def compiler(folder):
    main = "int main(void) { return 0; }\n"
    if not shutil.which(CC.split()[0]):
        tell(BAD, "compiler", f"there is no {CC}", do=f"{SETUP}, or say which: make CC=clang")
        return False
    name = first_line(run(*CC.split(), "--version")[1])
    if not compiles(folder, main)[0]:
        tell(BAD, "compiler", f"{name}: can't make a program of one line",
             "its headers are missing (libc6-dev)",
             do=SETUP)
        return False
    well, said = compiles(folder, main, "-fsanitize=address,undefined")
    if not well:
        tell(BAD, "compiler", f"{name}, without AddressSanitizer or UBSan", first_line(said)[:60],
             "every program is also checked with both: nothing can be graded", do=SETUP)
        return False
    tell(GOOD, "compiler", f"{name}, AddressSanitizer, UBSan")
    return True


def library(folder, what, header, *options, mark=BAD, costs="nothing can be graded"):
    well, _ = compiles(folder, f"#include <{header}>\nint main(void) {{ return 0; }}\n", *options)
    if well:
        tell(GOOD, what, "is there")
    else:
        tell(mark, what, "is missing: " + costs, do=SETUP)


def python():
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 9):
        tell(LACKS, "Python", f"{version}: the tools were written for 3.9 and later",
             do="install a newer python3")
    else:
        tell(GOOD, "Python", version)


def loopback():
    try:
        with socket.create_server(("127.0.0.1", 0)) as server, \
                socket.create_connection(server.getsockname(), timeout=5):
            tell(GOOD, "loopback", "127.0.0.1 answers")
    except OSError as error:
        tell(BAD, "loopback", f"127.0.0.1 does not answer: {error.strerror}",
             "every step needs it; in a namespace of your own:", do="ip link set lo up")


def scratch():
    for name in ("/tmp", "/dev/shm"):
        try:
            with tempfile.NamedTemporaryFile(dir=name):
                pass
        except OSError as error:
            tell(BAD, name, f"can't be written to: {error.strerror}",
                 "the tests of a step keep their state there",
                 do=f"as root: chmod 1777 {name}")


# -------------------------------------------------------------- this folder


def folder_of_steps():
    absent = [stem for stem in STEMS if not Path(STEPS, stem + ".c").is_file()]
    if absent:
        tell(BAD, "steps", f"missing in {STEPS}: " + ", ".join(absent),
             do=f"make reset-{absent[0]}")
    else:
        tell(GOOD, "steps", f"{len(STEMS)} programs in {STEPS}")
    late = [path for path in (*Path(STEPS).glob("*.c"), Path("Makefile"))
            if path.exists() and path.stat().st_mtime > time.time() + 2]
    if late:
        tell(LACKS, "clock", f"{late[0]} was changed in the future, it says",
             "make goes by the time of files and may build anew each time, or not at all",
             do=f"set the clock; then: touch {STEPS}/*.c Makefile")
    else:
        tell(GOOD, "clock", "no file is from the future")


def folder_of_build():
    try:
        os.makedirs(BUILD, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=BUILD):
            pass
    except OSError as error:
        tell(BAD, "build", f"{BUILD} can't be written to: {error.strerror}",
             "made by another user, perhaps root?",
             do=f"rm -rf {BUILD} as that user, or: make BUILD=/tmp/mine")
        return
    free = shutil.disk_usage(BUILD).free >> 20
    if free < ROOM_MIB:
        tell(LACKS, "disk", f"{free} MiB are free at {BUILD}: builds may break off",
             do="make clean")
    else:
        tell(GOOD, "build", f"{BUILD} can be written to, {free // 1024} GiB are free")


def file_system():
    kind = run("stat", "-f", "-c", "%T", STEPS)[1] or "unknown"
    remote = re.search(r"9p|v9fs|drvfs|nfs|fuse|smb|cifs|vboxsf", kind)
    if remote:
        tell(LACKS, "inotify",
             f"{STEPS} is on {kind}, which does not tell of changes made elsewhere",
             "make watch looks again and again instead, and all is slower",
             do="keep the kit in your home folder in Linux")
    elif not shutil.which("inotifywait"):
        tell(LACKS, "inotify", "there is no inotifywait: make watch looks again and again instead",
             do=SETUP)
    else:
        tell(GOOD, "inotify", f"{STEPS} is on {kind}, inotifywait is there")


def git():
    well, said = run("git", "status", "--porcelain", "--untracked-files=no")
    if Path(".version").is_file():
        tell(GOOD, "kit", f"version {VERSION}, the students' copy")
    elif not well:
        tell(LACKS, "kit", f"version {VERSION}; git says: {first_line(said).split(' (')[0]}",
             "starters can't be brought back from it",
             do="git clone it, or take a students' archive")
    else:
        changed = len(said.splitlines())
        tell(GOOD, "kit", f"version {VERSION}" + (f", {changed} files changed" if changed else ""))


# --------------------------------------------------------------- this machine


def port():
    try:
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", 4444))
            s.listen()
        tell(GOOD, "port 4444", "is free")
    except OSError as error:
        who = re.search(r'users:\(\("([^"]*)",pid=(\d+)', run("ss", "-Htlnp", "sport = :4444")[1])
        tell(LACKS, "port 4444",
             f"{error.strerror}" + (f": {who[1]}, pid {who[2]}, has it" if who else
                                                        ": who has it is not for you to see"),
             "make check is not disturbed; a step that you run by hand is. Another port does, too:",
             do="build/steps/03_listen 127.0.0.1 4445"
             + (f", or end it: kill {who[2]}" if who else ""))


def ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        tell(GOOD, "IPv6", "::1 is an address of this host")
    except OSError as error:
        tell(LACKS, "IPv6", f"there is none: {error.strerror}",
             "step 8 sees one address less; no points are lost")


def namespaces():
    for words in (("unshare", "-Urn"), ("unshare", "-n")):
        if run(*words, "ip", "link", "set", "lo", "up")[0]:
            break
    else:
        tell(LACKS, "namespaces", "not allowed here, as in most containers",
             "two tests of step 8 are skipped, without loss of points",
             "no packets in make trace, no make transcripts, no make grade")
        return
    if words[1] == "-n":
        tell(LACKS, "namespaces", "for root only",
             "two tests of step 8 are skipped, without loss of points")
    else:
        tell(GOOD, "namespaces", "user and network, for everybody")


def ptrace():
    pid = os.fork()
    if pid == 0:
        os._exit(1 if ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0) == -1
                 else 0)  # PTRACE_TRACEME
    if os.waitpid(pid, 0)[1] != 0:
        tell(LACKS, "ptrace",
             "not allowed here: no gdb (make debug) and no strace; grading needs neither")
    else:
        tell(GOOD, "ptrace", "allowed, for gdb and strace")


def signs():
    if terminal.utf8:
        tell(GOOD, "locale", "UTF-8")
    else:
        tell(LACKS, "locale", f"{terminal.charset}: signs are written in ASCII",
             do="export LC_ALL=C.UTF-8")


TOOLS = [  # what, its programs, what it costs that it is missing, what brings it
    ("addr2line", ["addr2line"], "messages name no lines of source", SETUP),
    ("looking", ["ss", "lsof", "netstat"], "the experiments of the pages ask them", SETUP),
    ("nc", ["nc"], "a peer by hand for steps 4 to 6", SETUP),
    ("gdb", ["gdb"], "no make debug", SETUP),
    ("strace", ["strace"], "one experiment of some pages", "make setup-docs"),
    ("tcpdump", ["tcpdump"], "one experiment of some pages, as root", "make setup-docs"),
    ("nftables", ["nft"], "two experiments of one page, as root", "make setup-docs"),
    ("doxygen", ["doxygen"], "no make docs; docs/*.md can be read as they are", SETUP),
    ("browser", ["chromium"], "no card as PDF; any other browser shows the handbook",
     "make setup-docs"),
    ("socat", ["socat"], "make bench has one server less to compare", SETUP),
    ("grading", ["bwrap", "parallel"], "no make grade for a whole class (instructors)",
     "make setup-grade"),
]


def tools():
    for what, names, costs, do in TOOLS:
        absent = [name for name in names
                  if not shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")]
        if absent:
            tell(LACKS, what, f"not here: {', '.join(absent)}: {costs}", do=do)
        else:
            tell(GOOD, what, ", ".join(names))
    if shutil.which("doxygen") and not Path("/usr/share/javascript/lunr").is_dir():
        tell(LACKS, "search", "not here: libjs-lunr: the handbook has no search", do=SETUP)


def where():
    kernel = os.uname()
    words = f"{kernel.sysname} {kernel.release}, {os.cpu_count()} processors"
    if "microsoft" in kernel.release.lower():
        words += ", WSL"
    if any(map(os.path.exists, ("/.dockerenv", "/run/.containerenv"))):
        words += ", in a container"
    tell(GOOD, "system", words)
    if os.geteuid() == 0:
        tell(LACKS, "user", "you are root: port 80 is not refused in step 2's experiments",
             "and lsof and ss show the programs of all users. No points are lost")


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    heading("Needed")
    with tempfile.TemporaryDirectory() as folder:
        if compiler(folder):
            library(folder, "Criterion", "criterion/criterion.h", "-lcriterion")
            library(folder, "Jansson", "jansson.h", "-ljansson")
            library(folder, "libpcap", "pcap/pcap.h", "-lpcap", mark=LACKS, costs="no make trace")
    python()
    loopback()
    scratch()
    heading("This folder")
    for check in (git, folder_of_steps, folder_of_build, file_system):
        check()
    heading("This machine")
    for check in (where, port, ipv6, namespaces, ptrace, signs):
        check()
    heading("Tools")
    tools()
    if found[BAD]:
        print(f"\n{paint('31', f'{found[BAD]} to mend')} before you can work, "
              f"{found[LACKS]} to know of.")
        sys.exit(1)
    print(f"\n{paint('32', 'You can work.')} {found[LACKS]} to know of; "
          "docs/machines.md says more.")


main()
