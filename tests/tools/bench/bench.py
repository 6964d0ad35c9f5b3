#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure what an echo server can do, beside others: `make bench`.

    bench.py --build build --programs build/steps [--rounds 5] [--ms 50]
             [--sizes 1,64,...] [--write]

The student's server and the solution; the plainest loop in C (plain.c) with
the same buffer, and with one of 1024 bytes; the Python server of the handbook;
socat; and the limit, two processes that stream to each other and echo nothing.
Of each, at each size of message: round trips a second, MiB a second there and
back at the same time, and the server's CPU seconds per GiB echoed. They take
turns, ROUNDS times, so that a slow moment hits all of them; a number is the
median, ± half of the range. Each measurement starts the server anew. Who
echoes a wrong byte, ends or hangs gets the reason in place of numbers.

Prints tables, and writes BUILD/bench.json. --write also writes what the
handbook shows: docs/figures/bench.plot and docs/examples/bench.txt.
"""
import argparse
import json
import os
import platform
import re
import select
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.tools.console import Terminal

PATIENCE_S = 10  # the longest that a measurement may take
MIB, GIB = 2 ** 20, 2 ** 30

# The handbook's server as it is, but at a port that the kernel chooses, which
# it tells.
PYTHON = """
import runpy, socket
class Socket(socket.socket):
    def bind(self, address):
        super().bind((address[0], 0))
    def listen(self, *backlog):
        super().listen(*backlog)
        print("listening on %s:%d" % self.getsockname(), flush=True)
socket.socket = Socket
runpy.run_path("docs/examples/echo_server.py")
"""


class Broken(Exception):
    """Why a peer has no numbers."""


class Peer:
    def __init__(self, name, command, size_matters=False):
        self.name, self.command, self.size_matters = name, command, size_matters
        self.broken = None
        self.results = {}  # size: {what: [a number a round]}


def peers(options):
    build, echo = options.build, "06_echo_server"
    at = ["127.0.0.1", "0"]
    found = [Peer("yours", [f"{options.programs}/{echo}", *at])]
    if Path("solutions").is_dir():  # a student's copy may be without
        solution = Peer("solution", [f"{build}/solutions/{echo}", *at])
        if options.write or found[0].command == solution.command:
            found = []
        found.append(solution)
    found += [Peer("plain, 64 KiB", [f"{build}/bench/plain", "65536"]),
              Peer("plain, 1 KiB", [f"{build}/bench/plain", "1024"]),
              Peer("python, 1 KiB", [sys.executable, "-c", PYTHON])]
    if shutil.which("socat"):
        # More than 4096 bytes at once may block it for ever: it alone empties the pipe.
        found.append(Peer("socat, 4 KiB", ["socat", "-d", "-d", "-b", "4096",
                                           "TCP4-LISTEN:0,bind=127.0.0.1", "PIPE"]))
    else:
        print("socat is not installed and left out; for it: make setup")
    return [*found, Peer("limit", [f"{build}/bench/pump", "peer"], size_matters=True)]


# ------------------------------------------------------------------ measuring

def cpu_clock(pid):
    """The CPU time of a process, in seconds: what clock_getcpuclockid(3) means."""
    return time.clock_gettime(~pid << 3 | 2)


def wait_for_line(running, pattern):
    """The next line that has the pattern; what comes before is kept."""
    process, stream = running.process, running.process.stdout
    end, text = time.monotonic() + PATIENCE_S, ""
    while True:
        ready, _, _ = select.select([stream], [], [], max(0, end - time.monotonic()))
        data = os.read(stream.fileno(), 4096).decode(errors="replace") if ready else ""
        text += data
        if found := re.search(pattern, text):
            return found
        if not data:
            raise Broken(first_line(text) or ("says nothing" if not ready else how(process)))


def first_line(text):
    return next((line for line in text.splitlines() if line.strip()), "")[:60]


def how(process):
    try:
        status = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return "closed its output"
    return f"ended with status {status}" if status >= 0 else f"killed by signal {-status}"


def cores():
    """Where to run, so that chance moves nobody: in a round trip the two ends
    take turns, on one core; in a stream the server has a core of its own."""
    allowed = sorted(os.sched_getaffinity(0))
    return {allowed[-1]}, {allowed[0]}


class Running:
    """A process that is gone when the block is left; its output is one stream."""

    def __init__(self, command):
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0,
                                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                            preexec_fn=lambda: os.sched_setaffinity(0, cores()[0]))
        except OSError as error:
            raise Broken(error.strerror) from None

    def __enter__(self):
        self.drain = None
        return self

    def ignore_output(self):
        """It may print for debugging: nobody must make it wait for that."""
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)

    def __exit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()
        if self.drain:
            self.drain.wait()

    def measured_end(self):
        """Wait for its end; the CPU seconds of its whole life."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            pid, status, used = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                return used.ru_utime + used.ru_stime
            time.sleep(.001)
        raise Broken("does not end when its client does")


def pump(options, *args):
    return Running([f"{options.build}/bench/pump", *map(str, args)])


def numbers(running, word):
    found = wait_for_line(running, rf"(?m)^{word} (\d+) ([\d.]+)\n")
    return float(found[1]), float(found[2])


def port_of(running):
    return wait_for_line(running, r"listening on .*127\.0\.0\.1:(\d+)")[1]


def measure(peer, size, options):
    """One server, one client: {what: number}."""
    command = [*peer.command, str(size)] if peer.size_matters else peer.command
    with Running(command) as server:
        port = port_of(server)
        server.ignore_output()
        if peer.size_matters:
            os.sched_setaffinity(server.process.pid, cores()[1])
            with pump(options, "limit", port, size, options.ms) as client:
                moved, moving = numbers(client, "stream")
            cpu = server.measured_end()
            return {"rate": moved / MIB / moving, "cpu": cpu / moved * GIB}
        with pump(options, "echo", port, size, options.ms) as client:
            trips, took = numbers(client, "trips")
            os.sched_setaffinity(server.process.pid, cores()[1])
            before = cpu_clock(server.process.pid)
            client.process.stdin.write(b"go\n")
            moved, moving = numbers(client, "stream")
            cpu = cpu_clock(server.process.pid) - before
            client.process.stdin.write(b"end\n")
            client.process.wait(timeout=PATIENCE_S)
    return {"trips": trips / took, "rate": moved / MIB / moving, "cpu": cpu / moved * GIB}


def measure_all(everyone, options):
    total = options.rounds * len(options.sizes) * len(everyone)
    done = 0
    for _ in range(options.rounds):
        for size in options.sizes:
            for peer in everyone:
                done += 1
                if sys.stdout.isatty():
                    print(f"\rmeasuring {done} of {total}  ", end="", flush=True)
                if peer.broken:
                    continue
                try:
                    for what, number in measure(peer, size, options).items():
                        peer.results.setdefault(size, {}).setdefault(what, []).append(number)
                except (Broken, subprocess.TimeoutExpired, OSError) as reason:
                    peer.broken = f"{reason} (at {show_size(size)})"
    if sys.stdout.isatty():
        print("\r\033[K", end="")


def measure_costs(options):
    """What a system call costs, two switches, and Nagle with a delayed ACK."""
    found = {}
    for what in ("call", "switches"):
        with pump(options, "costs", options.ms) as client:
            count, took = numbers(client, what)
            found[f"{what}_us"] = took / count * 1e6
    for how_sent in ("whole", "halves", "halves-nodelay"):
        with pump(options, "answer", 64) as server:
            with pump(options, "ask", port_of(server), 64, how_sent, 25) as client:
                out, _ = client.process.communicate(timeout=PATIENCE_S)
        times = [float(line.split()[2]) for line in out.decode().splitlines()
                 if line.startswith("answer")]
        if len(times) != 25:
            raise Broken(first_line(out.decode()))
        found[how_sent + "_us"] = statistics.median(times) * 1e6
    return found


# -------------------------------------------------------------------- showing

TABLES = [
    ("trips", "Round trips a second: a message there, its echo back"),
    ("rate", "MiB a second, there and back at once"),
    ("cpu", "CPU seconds of the server per GiB that it echoes"),
]


def show_size(size):
    for unit, name in ((MIB, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} B"


def show_number(value):
    """Three digits, in eight columns' room or less."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            value, suffix = value / unit, name
            break
    else:
        suffix = ""
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f}{suffix}"


def spread(values):
    """Half of the range, in per cent of the median."""
    return (max(values) - min(values)) / 2 / statistics.median(values) * 100


def cell(values, sign):
    if not values:
        return "-"
    if len(values) == 1:
        return show_number(values[0])
    text = f"{show_number(statistics.median(values))} {sign}{min(999, spread(values)):.0f}%"
    return text if len(text) < 11 else text.replace(" ", "")  # a gap between columns


def table(title, what, everyone, sizes, sign, paint):
    lines = ["", paint(1, title)]
    lines.append(" " * 14 + "".join(show_size(size).rjust(11) for size in sizes))
    for peer in everyone:
        cells = [cell(peer.results.get(size, {}).get(what), sign) for size in sizes]
        if peer.broken:
            lines.append(f"{peer.name:14} {peer.broken}"[:80])
        elif set(cells) != {"-"}:  # the limit echoes nothing: it has no round trips
            lines.append(f"{peer.name:14}" + "".join(c.rjust(11) for c in cells))
    return lines


def median(peer, size, what):
    return statistics.median(peer.results[size][what])


def show_ratio(ratio):
    """7621 per cent is more easily read as times."""
    return f"{ratio:.0%}" if ratio < 10 else f"{ratio:.0f} times"


def comparison(everyone, sizes, paint):
    """A server in per cent of the others, size by size."""
    named = {peer.name: peer for peer in everyone if not peer.broken}
    lines = []
    for mine in [name for name in ("yours", "solution") if name in named]:
        lines += ["", paint(1, f"{mine.capitalize()}: how fast it is, in per cent of")]
        lines.append(" " * 14 + "".join(show_size(size).rjust(11) for size in sizes))
        for other, peer in named.items():
            what = "rate" if other == "limit" else "trips"
            if other in ("yours", "solution"):
                continue
            ratios = [median(named[mine], s, what) / median(peer, s, what) for s in sizes]
            lines.append(f"{other:14}" + "".join(show_ratio(r).rjust(11) for r in ratios))
    return lines + ["", "of the limit: MiB a second; of the others: round trips"] if lines else []


def machine(options):
    model = next((line.split(":", 1)[1].strip() for line in
                  Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
                  if line.startswith(("model name", "Model"))), platform.machine())
    busy = (f", while the machine had other work (load {options.load:.0f})"
            if options.load > os.cpu_count() / 2 else "")
    rounds = f"{options.rounds} round{'s' * (options.rounds != 1)} of {options.ms} ms"
    return (f"{' '.join(model.split())}, {os.cpu_count()} cores, Linux {platform.release()}, "
            f"median of {rounds}{busy}")


def report(everyone, costs, options, sign, paint):
    sizes = options.sizes
    lines = machine(options).split(", median ")
    lines[1] = "median " + lines[1]
    for what, title in TABLES:
        lines += table(title, what, everyone, sizes, sign, paint)
    lines += comparison(everyone, sizes, paint)
    us = "µs" if sign == "±" else "us"
    made_of = [("a system call that does nothing", "call_us"),
               ("a byte to another process and back, through pipes", "switches_us"),
               ("a question in one send, answered", "whole_us"),
               ("the same in two sends: Nagle waits, and the ACK", "halves_us"),
               ("the same in two sends, with TCP_NODELAY", "halves-nodelay_us")]
    return lines + ["", paint(1, "What it is made of")] + [
        f"  {words:50}{costs[what]:9.2f} {us}" for words, what in made_of]


def as_json(everyone, costs, options):
    return {"machine": machine(options), "sizes": options.sizes, "rounds": options.rounds,
            "costs": costs, "servers": [
                {"name": peer.name, "broken": peer.broken,
                 "results": {str(size): whats for size, whats in peer.results.items()}}
                for peer in everyone]}


def as_plot(everyone, options):
    """The figure's text: see tests/tools/draw.py."""
    lines = ["# Written by make bench WRITE=1: not to be edited.",
             "title Echo servers measured",
             "desc Three plots over the size of a message: round trips a second, MiB a second, and",
             " CPU seconds per GiB, of the servers that the table on this page has in numbers.",
             f"caption Measured on: {machine(options)}. The bars show the range of the rounds.",
             "x " + " | ".join(f"{size} {show_size(size)}" for size in options.sizes)]
    for what, title in TABLES:
        curves = []
        for peer in everyone:
            points = []
            for size in options.sizes:
                values = [] if peer.broken else peer.results.get(size, {}).get(what, [])
                if values:
                    points.append(f"{size} {statistics.median(values):.6g} "
                                  f"{min(values):.6g} {max(values):.6g}")
            if points:
                curves.append(f"line {peer.name} : " + " | ".join(points))
        lines += [f"panel {title}", *curves] if curves else []
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Measure echo servers side by side.")
    parser.add_argument("--build", default="build")
    parser.add_argument("--programs", default="build/steps")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ms", type=int, default=50, help="how long each is measured")
    parser.add_argument("--sizes", default="1,64,1024,16384,131072,1048576")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    try:
        options.sizes = sorted(int(size) for size in options.sizes.split(","))
    except ValueError:
        parser.error("--sizes takes numbers with commas between them")
    if not (1 <= options.rounds <= 99 and 1 <= options.ms <= 1000):
        parser.error("ROUNDS is 1 to 99, --ms is 1 to 1000")
    if not all(1 <= size <= MIB for size in options.sizes):
        parser.error("a size is 1 to 1048576 bytes")
    terminal = Terminal()
    sys.stdout.reconfigure(encoding="utf-8" if terminal.utf8 else "ascii", errors="replace")
    options.load = os.getloadavg()[0]
    everyone = peers(options)
    measure_all(everyone, options)
    costs = measure_costs(options)
    print("\n".join(report(everyone, costs, options, "±" if terminal.utf8 else "+-",
                           terminal.paint)))
    Path(f"{options.build}/bench.json").write_text(
        json.dumps(as_json(everyone, costs, options), indent=1) + "\n", encoding="utf-8")
    print(f"\nAll numbers: {options.build}/bench.json")
    if options.write:
        broken = [f"{peer.name}: {peer.broken}" for peer in everyone if peer.broken]
        if broken:
            sys.exit("Nothing is written to the handbook: " + "; ".join(broken))
        Path("docs/figures/bench.plot").write_text(as_plot(everyone, options), encoding="utf-8")
        text = report(everyone, costs, options, "±", lambda code, text: text)
        Path("docs/examples/bench.txt").write_text("\n".join(text) + "\n", encoding="utf-8")
        print("Written: docs/figures/bench.plot, docs/examples/bench.txt")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as problem:
        sys.exit(f"bench: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read this has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
