#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The step you are at, checked again each time you save: make watch.

    watch.py [--once] --steps FOLDER --programs FOLDER

Everything is done by make's own targets, run beside this program: check-NN for
the verdict, hint-NN, diff-NN, trace-NN and list for the keys. This program only
waits for a save, a key, or one of them, and draws. --once draws and ends: that
is make next. POLL=1 looks at the files again and again, as it is done where
there is no inotifywait or the file system (WSL's drives, NFS) has no inotify.
"""
import argparse
import functools
import os
import re
import selectors
import signal
import sys
import termios
import textwrap
import time

from tests.tools.jobs import Job
from tests.tools.road import (BOLD, FAINT, GREEN, RED, Page, Road, Terminal, fold, harmless,
                              plain, show_points, whole)
from tests.tools.saves import Files
from tests.tools.steps import STEPS
from tests.tools.verdict import FIRST, PROSE, is_failure, open_todo, parts

DRAW_S = 0.7      # a check that takes longer is drawn while it goes on

KEYS = {"h": "hint", "n": "next", "t": "trace", "d": "diff", "l": "list", "r": "run again",
        "q": "quit", "?": "help"}
# What the students' copy has nothing for is not offered there.
for key, needs in (("t", "tests/tools/trace"), ("d", "solutions")):
    if not os.path.exists(needs):
        del KEYS[key]
HELP = """\
Save a program in your editor, and it is checked at once. You see its first
failure. Saving another step's program goes to that step.

  h      a hint for what has failed, and with each further h the next one
  n      the next step, once this one is done
  t      your program's calls and packets (make trace-NN)
  d      your program beside the solution, once it passes
  l      the list of all programs, with your points
  r      run the check again
  space  the next screenful, where a text is longer than the screen
  q      quit; nothing is lost, make watch goes on where you are

Ctrl-Z stops this, fg goes on. Each key has a target of make's that does the
same: make help lists them.
"""


# ------------------------------------------------------------------ the screen

class Screen:
    """The terminal while it is ours: one key at a time, a screen of our own."""

    def __init__(self, terminal):
        self.terminal = terminal
        self.before = termios.tcgetattr(sys.stdin)

    def enter(self):
        mode = termios.tcgetattr(sys.stdin)
        mode[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, mode)
        self.write("\033[?1049h\033[?25l")

    def leave(self):
        try:
            self.write("\033[?25h\033[?1049l")
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self.before)
        except (OSError, termios.error):
            pass  # the terminal itself is gone

    def write(self, text):
        data = self.terminal.encode(text)
        while data:
            data = data[os.write(sys.stdout.fileno(), data):]

    def draw(self, lines):
        self.write("\033[H" + "\r\n".join(f"\033[2K{line}" for line in lines))


class Bench:
    """Where the student works: one step, its verdict, perhaps a text over it."""

    def __init__(self, args):
        self.road = Road(args.steps, args.programs)
        self.terminal = Terminal()
        self.selector = selectors.DefaultSelector()
        self.stem = None         # the step we are at
        self.verdict = None      # on it, or what is known of it so far
        self.trouble = ""        # why there is no verdict
        self.check = None        # the check that runs
        self.soon = None         # what it has told so far
        self.remarks = []        # and beside the tests
        self.greeted = None      # the program that a newcomer was greeted with
        self.walking = True      # looking for the first step that isn't done
        self.took, self.at = 0.0, ""
        self.over = None         # a text over the verdict, its name first
        self.side = None         # the job that makes it
        self.note = ""           # an answer to the last key
        self.offset = 0
        self.signals = []
        self.running = True

    # ---- checking

    def go_to(self, stem):
        self.stem, self.verdict, self.trouble = stem, None, ""
        self.start_check()

    def start_check(self):
        if self.check:
            self.verdict = None  # it is on what the file said two saves ago
        self.stop_jobs()
        self.over, self.note, self.offset = None, "", 0
        self.soon = None
        try:
            self.check = Job(self, f"check-{self.stem}", self.checked, self.told,
                             RESULTS=self.road.programs / "results.json")
        except OSError as error:
            self.verdict, self.trouble = None, f"{error.strerror}. r tries again."

    def told(self, news):
        """A line of `check --tell`: first the step, then tests, last the results."""
        if "test" not in news:
            self.soon = news["steps"][0] if "steps" in news else news
            self.remarks = list(dict.fromkeys(news.get("remarks", [])))
            return
        for number, test in enumerate(self.soon["tests"]):
            if test["test"] == news["test"]:
                self.soon["tests"][number] = news

    def checked(self, job):
        self.check = None
        self.took, self.at = time.monotonic() - job.began, time.strftime("%H:%M:%S")
        self.verdict, self.trouble = self.soon, ""
        if self.verdict is None or job.process.returncode not in (0, 2):
            self.verdict = None
            self.trouble = harmless(job.output.decode("utf-8", "replace"))
        if self.walking:
            onward = self.verdict and whole(self.verdict) and self.road.next()
            self.walking = bool(onward)
            if onward:
                self.go_to(onward)

    def stop_jobs(self):
        for job in self.check, self.side:
            if job:
                job.abandon()
        self.check = self.side = None

    # ---- keys

    def key(self, key):
        self.note = ""
        if key in "q\x03\x04\x1c":
            self.running = False
        elif key == "\x1a":
            self.signals.append(signal.SIGTSTP)
        elif key == " ":
            self.offset += self.room
        elif key == "\x1b":
            self.over, self.offset = None, 0
        elif key == "r":
            self.start_check()
        elif key == "n":
            self.next_step()
        elif key == "?":
            self.put_over("help", "".join(
                line for line in HELP.splitlines(keepends=True)
                if not re.match(r"  [a-z] ", line) or line[2] in KEYS))
        elif key in "dtlh" and key in KEYS:
            self.ask(KEYS[key])

    def next_step(self):
        if self.check or not self.verdict or not whole(self.verdict):
            self.note = "n goes on when this step is done."
        elif self.road.next():
            self.go_to(self.road.next())
        else:
            self.put_over("end", "\n".join(self.end()))

    def ask(self, what):
        """Show what a target of make's prints, unless it is shown already."""
        shown, self.offset = self.over and self.over[0], 0
        if shown == what != "hint":
            self.over = None
            return
        target = what if what == "list" else f"{what}-{self.road.number(self.stem)}"
        # A hint that has been shown is shown again before there is another.
        again = what == "hint" and shown != "hint" and \
            (self.road.programs / f"{self.stem}.hints").exists()
        if self.side:
            self.side.abandon()
        self.note = f"make {target} …"
        try:
            self.side = Job(self, target, lambda job: self.answered(what, target, job),
                            AGAIN=1 if again else "")
        except OSError as error:
            self.side, self.note = None, f"make {target}: {error.strerror}"

    def answered(self, what, target, job):
        self.side, self.note = None, ""
        text = harmless(job.output.decode("utf-8", "replace"))
        if f"No rule to make target '{target}'" in text:
            text = f"This copy of the kit has no make {target}."
        own = re.sub(r"^make: \*\*\* .*\n?", "", text, flags=re.M)
        self.put_over(what, own or text)

    def put_over(self, what, text):
        self.over, self.offset = (what, text.rstrip("\n").split("\n")), 0

    # ---- drawing

    def draw(self, screen):
        columns, rows = self.terminal.size()
        head, foot = self.head(columns), self.foot(columns)
        if len(head) + len(foot) + 3 > rows:
            head, foot = head[-1:], []
        body = [part for line in self.body(columns) for part in fold(line, columns)]
        self.room = rows - len(head) - len(foot)
        if len(body) > self.room:
            self.room -= 1
            if self.offset >= len(body):
                self.offset = 0
            left = len(body) - self.offset - self.room
            body = body[self.offset:self.offset + self.room]
            body += [""] * (self.room - len(body))
            body += [self.faint(f"… {left} more line{'s' * (left > 1)}: space" if left > 0
                                else "… the beginning again: space")]
        body += [""] * (rows - len(head) - len(foot) - len(body))
        screen.draw(head + body + foot)

    def points(self):
        return f"{show_points(self.road.points())} of {sum(self.road.worth.values()):g} points"

    def faint(self, text):
        return self.terminal.paint(FAINT, text)

    def bold(self, text):
        return self.terminal.paint(BOLD, text)

    def head(self, width):
        road, paint = self.road, self.terminal.paint
        signs = [paint(GREEN, f"✔{STEPS[stem].number.lstrip('0')}") if road.done(stem) else
                 paint(BOLD, f"▸{STEPS[stem].number.lstrip('0')}") if stem == self.stem else
                 paint(FAINT, f"○{STEPS[stem].number.lstrip('0')}") for stem in road.stems]
        tail = self.points()
        sign = 2 if self.terminal.utf8 else 3
        room = width - (sign + 1) * len(signs) - len(tail) - 4
        bar = ""
        if room >= 8:
            full = int(road.points() / sum(road.worth.values()) * room)
            bar = f"  {paint(GREEN, '━' * full)}{paint(FAINT, '─' * (room - full))}"
        lines = [fold(f"{' '.join(signs)}{bar}  {tail}", width)[0], ""]
        if self.stem is None:
            return lines
        state = (f"checking {self.progress()}" if self.check else
                 f"checked at {self.at} in {self.took:.1f} s" if self.took else "")
        if gaps := len(self.gaps()):
            state = f"{gaps} gap{'s' * (gaps > 1)} open, {state}"
        title = Page(self.stem).title
        if len(title) + len(state) + 2 <= width:
            state = " " * (width - len(title) - len(state)) + state
        else:
            title, state = title[:width], ""
        return lines + [self.bold(title) + self.faint(state), ""]

    def progress(self):
        if not self.soon:
            return "…"
        tests = self.soon["tests"]
        return f"{sum(t['status'] != 'waiting' for t in tests)} of {len(tests)}"

    def foot(self, width):
        keys = {k: v for k, v in KEYS.items() if k != "n" or self.at_end()}
        line = "  ".join(f"{key} {word}" for key, word in keys.items())
        if len(line) > width:
            line = " ".join(keys)
        return ["", self.note[:width] if self.note else self.faint(line[:width])]

    def at_end(self):
        return not self.check and self.verdict and whole(self.verdict)

    def body(self, width):
        if self.over:
            return self.over[1]
        if self.trouble:
            return ["The check could not be done:", "", *self.trouble.splitlines()]
        verdict = self.verdict
        if self.check and self.soon:
            verdict = verdict if self.to_wait_s() else self.soon
        if verdict is None:
            return [self.faint("checking …" if self.check else "")]
        if self.check and verdict is self.soon:
            return self.body_so_far(width)
        if whole(verdict):
            return self.body_done(verdict, width)
        return self.body_failing(verdict, width)

    def to_wait_s(self):
        """How long until the check that runs is drawn, if it still runs then."""
        return max(0.0, self.check.began + DRAW_S - time.monotonic()) if self.check else 0.0

    def body_so_far(self, width):
        """Of a check that takes its time: what is known already."""
        tests = self.soon["tests"]
        if any(map(is_failure, tests)):
            return self.body_failing(self.soon, width)
        waiting = [t["sentence"] for t in tests if t["status"] == "waiting"]
        good = sum(t["status"] == "passed" for t in tests)
        return [f"{good} of {len(tests)} tests pass. Still at work:",
                *(f"  {name}" for name in waiting)]

    def body_failing(self, verdict, width):
        source, paint = self.road.source(self.stem), self.terminal.paint
        command = functools.partial(self.road.command, stem=self.stem)
        if self.road.content(self.stem) is None:
            return [paint(RED, f"✘ There is no file {source}."), "",
                    f"  In another terminal: {command('reset')}",
                    "  brings the starter back.",
                    "  As soon as the file is there again, it is checked."]
        if not verdict["compiles"]:
            return [paint(RED, "✘ ") + self.bold("It does not compile. The compiler says:"), "",
                    *self.compiler(verdict)]
        failed = list(filter(is_failure, verdict["tests"]))
        if not failed:
            return ["No test of this step can run on this machine:", "",
                    *self.skipped(verdict, width)]
        first, lines = failed[0], []
        if gap := self.gap_of(first):
            lines = [*fold(f"Write next: {self.bold(f'{source}, line {gap}')}", width), ""]
        lines += fold(paint(RED, "✘ ") + self.bold(first["sentence"]), width)
        warning = self.compiler(verdict)
        for label, text in parts(first):
            if label not in FIRST:  # the warning may well be the cause
                lines += [*warning, ""] if warning else []
                warning = []
            lines += self.message_part(label, list(map(harmless, text)), width)
        lines += warning
        lines.append("")
        others = len(failed) - 1
        if others:
            lines += wrapped(f"and {others} more: {command('check')} shows all of them", width)
        content = self.road.content(self.stem)
        if not any(t["status"] == "passed" and not t["given"] for t in verdict["tests"]) and \
                self.greeted in (None, content):
            self.greeted = content  # once: until it is saved anew
            lines += wrapped(f"New here? Read docs/{self.stem}.md first, or open it and the "
                             f"program together: {command('open')}", width)
        return lines + self.remarked(width)

    def remarked(self, width):
        """What is worth a word though it costs nothing."""
        return [line for remark in self.remarks for line in
                ["", *wrapped(f"remark: {harmless(remark)}", width)]]

    def gaps(self):
        """The gaps that are open: the line of each, and what it prints."""
        lines = (self.road.content(self.stem) or b"").decode("utf-8", "replace").splitlines()
        found = [(number, re.search(r'"(TODO\(\d+\) is open: .*?)(\\n|")', line))
                 for number, line in enumerate(lines, 1)]
        return [(number, match[1]) for number, match in found if match]

    def gap_of(self, test):
        """The line of the gap that the program has come to, if it has come to one."""
        said = open_todo(test)
        for number, text in self.gaps() if said else []:
            # What is printed may have numbers where the source has %d.
            if re.fullmatch(re.sub(r"%\w+", ".*", re.escape(text)), said):
                return number
        return None

    def message_part(self, label, text, width):
        """One of the report's parts, folded under its text, not under its label."""
        room = max(width - 12, 10)
        if label in PROSE:
            text = [part for line in text for part in textwrap.wrap(line, room)]
        else:  # lines that are to stay as they are
            text = [part for line in text for part in fold(line, room)]
        label = (self.bold if label == "Likely" else self.faint)(f"{label:<10}")
        return [f"  {label}{text[0] if text else ''}", *(" " * 12 + part for part in text[1:])]

    def compiler(self, verdict):
        """What the compiler said, with the file as the student calls it."""
        says = harmless(verdict.get("compiler") or "")
        name = f"{self.stem}.c"
        says = re.sub(rf"^\S*/{re.escape(name)}:", f"{self.road.source(self.stem)}:", says,
                      flags=re.M)
        lines = [f"  {line}" for line in says.splitlines()]
        return ["", "  The compiler warns:", *lines] if lines and verdict["compiles"] else lines

    def body_done(self, verdict, width):
        page, paint, following = Page(self.stem), self.terminal.paint, self.road.next()
        passed = sum(t["status"] == "passed" for t in verdict["tests"])
        lines = [paint(GREEN, f"✔ {self.stem} is done: {verdict['of']:g} points, "
                              f"{passed} tests."), ""]
        for label, text in ("Learned", page.learned), ("Think", page.question):
            if text:
                first, *rest = plain(text, min(width - 12, 68))
                lines += [f"  {self.bold(label.ljust(9))} {first}",
                          *(" " * 12 + line for line in rest), ""]
        lines += self.skipped(verdict, width) + self.compiler(verdict) + self.remarked(width)
        lines += wrapped(f"Predict, then look: docs/{self.stem}.md has experiments for it.", width)
        if following:
            return lines + wrapped(f"{self.bold('n')} goes on: {Page(following).title}, "
                                   f"{self.road.source(following)}", width)
        return lines + ["", paint(GREEN, "  Everything works. You have written TCP, both ends."),
                        f"  {self.bold('n')} shows the way that you have come."]

    @staticmethod
    def skipped(verdict, width):
        return [line for t in verdict["tests"] if t["status"] == "skipped" for line in
                wrapped(f"skipped: {t['sentence']}: {harmless(t.get('why') or '')}", width)]

    def end(self):
        """All are done."""
        width = min(self.terminal.size()[0], 76)
        lines = [self.terminal.paint(GREEN, "You have written TCP, both ends, and this is what "
                                            "you know now:"), ""]
        for stem in self.road.stems:
            page = Page(stem)
            lines += [self.bold(page.title.partition(" – ")[2]), *wrapped(page.learned, width), ""]
        return lines + wrapped("Where to go from here: docs/reading.md. And explain one of the "
                               "programs to somebody else; it is the last step.", width)

    # ---- the loop

    def turn(self, files=None):
        """Wait for whatever comes first, and heed it."""
        waits = [files.wait_s()] if files else []
        if self.to_wait_s():
            waits.append(self.to_wait_s())
        for key, _ in self.selector.select(min(waits) if waits else None):
            # One may have closed what another is about.
            if key.fd in self.selector.get_map() and \
                    self.selector.get_key(key.fd).data == key.data:
                key.data(key.fd)
        changed = files.changed() if files else []
        if changed:
            self.walking = False
            if self.stem in changed:
                self.start_check()
            elif any(files.known[stem] is not None for stem in changed):
                self.go_to(next(s for s in changed if files.known[s] is not None))

    def begin(self):
        self.go_to(self.road.next() or self.road.stems[-1])


def wrapped(text, width):
    return [f"  {line}" for line in plain(text, width - 2)]


def once(bench):
    """make next: what is to be done now, and no keys."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        bench.begin()
        while bench.check:
            bench.turn()
    except KeyboardInterrupt:
        return 130
    finally:
        bench.stop_jobs()
    width = min(bench.terminal.size()[0], 80)
    bench.terminal.say(*bench.head(width), *(part for line in bench.body(width)
                                             for part in fold(line, width)))
    return 2 if bench.trouble else 0


def watch(bench):
    """make watch. Leaves the terminal as it found it, however it ends."""
    screen = Screen(bench.terminal)
    wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(woken)
    ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    for number in (*ending, signal.SIGTSTP, signal.SIGWINCH):
        signal.signal(number, lambda number, _: bench.signals.append(number))
    bench.selector.register(wake, selectors.EVENT_READ, lambda fd: os.read(fd, 4096))
    bench.selector.register(sys.stdin, selectors.EVENT_READ, lambda fd: heed_keys(bench, fd))
    files = Files(bench)
    status = 0
    screen.enter()
    try:
        bench.begin()
        while bench.running:
            bench.draw(screen)
            bench.turn(files)
            while bench.signals:
                number = bench.signals.pop(0)
                if number in ending:
                    status, bench.running = 128 + number, False
                elif number == signal.SIGTSTP:
                    stop(screen)
    finally:
        screen.leave()
        bench.stop_jobs()
        files.close()
    following = bench.road.next()
    bench.terminal.say(f"{bench.points()}. " + (
        f"make watch goes on with {following}." if following else "All is done."))
    return status


def heed_keys(bench, fd):
    try:
        data = os.read(fd, 1024).decode("utf-8", "replace")
    except OSError:
        data = ""
    if not data:  # the terminal is gone
        bench.running = False
    for key in re.sub(r"\033[\[O][0-9;]*.", "", data):  # arrows and the like: no keys of ours
        bench.key(key)


def stop(screen):
    """Ctrl-Z: the whole job stops, with the terminal as it was, until fg."""
    screen.leave()
    handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(0, signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, handler)
    screen.enter()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--steps", default="steps")
    parser.add_argument("--programs", default="build/graded/steps")
    args = parser.parse_args()
    if not args.once and not (sys.stdin.isatty() and sys.stdout.isatty()
                              and os.environ.get("TERM", "dumb") != "dumb"):
        print("make watch wants a terminal that it can draw on. make next says the same once.",
              file=sys.stderr)
        return 2
    bench = Bench(args)
    return once(bench) if args.once else watch(bench)


if __name__ == "__main__":
    sys.exit(main())
