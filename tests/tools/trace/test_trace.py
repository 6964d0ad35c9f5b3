# SPDX-License-Identifier: MIT
"""make trace: the drawer from known recordings, every step's solution live, and
what goes wrong. Run by make selftest-tools ONLY=trace."""
import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[2]
BUILD = Path(os.environ.setdefault("BUILD", "build"))
os.environ.setdefault("OUT", f"{BUILD}/graded/solutions")

from tests.tools import draw
from tests.tools.trace import compare, figures, record_step, scenes
from tests.tools.trace.ladder import Look, as_figure, events, names_of, rows, show_text

RECORDINGS = sorted((HERE / "recordings").glob("*.json"))
SOLUTIONS = record_step.Submission("solutions", BUILD / "graded/solutions")


def load(name):
    return json.loads((HERE / "recordings" / f"{name}.json").read_text(encoding="utf-8"))


def text_of(recording, fancy=True):
    return show_text(recording, rows(events(recording)), Look(fancy=fancy, colour=False))


def quiet_environment(**more):
    """Without what make tells its children of itself."""
    keep = {key: value for key, value in os.environ.items()
            if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "OUT", "STEPS", "PEER", "CASE",
                           "COMPARE", "WRITE")}
    return {**keep, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", **more}


def make(*words, before=(), **more):
    """Run make; returns its status and what it said."""
    command = [*before, "make", "--no-print-directory", f"BUILD={more.pop('build', BUILD)}", *words]
    return run(command, env=quiet_environment(**more))


def run(command, **more):
    """Its status, and what it said."""
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=150,
                          check=False, stdin=subprocess.DEVNULL, **more)
    return done.returncode, done.stdout + done.stderr


def setUpModule():
    status, said = make("trace-01", "STEPS=solutions")
    if status != 0:
        raise RuntimeError(said)
    record_step.make_programs("solutions", *scenes.SCENES)


class Drawer(unittest.TestCase):
    """Known recordings: echo, refused, silent, reset and queue are of the
    solutions; odd is the echo with segments added by hand, for what lo does not
    do by itself."""

    def test_a_recording_is_drawn_as_it_always_was(self):
        for path in RECORDINGS:
            with self.subTest(path.stem):
                self.assertEqual(
    text_of(
        load(
            path.stem)), path.with_suffix(".txt").read_text(
                encoding="utf-8"))

    def test_the_text_fits_a_terminal_in_either_alphabet(self):
        for path in RECORDINGS:
            for fancy in (True, False):
                with self.subTest(path.stem, fancy=fancy):
                    said = text_of(load(path.stem), fancy)
                    self.assertLessEqual(max(map(len, said.splitlines())), 80)
                    self.assertTrue(fancy or said.isascii())

    def test_each_thing_that_has_a_name_is_named(self):
        ending = {"half-close", "delayed ACK, 42 ms", "close"}
        for name, named in {
                "echo": {"handshake"} | ending, "refused": {"refused"}, "silent": {"silence"},
                "reset": {"handshake", "reset"}, "queue": {"handshake", "reset"},
                "odd": {"handshake", "retransmission", "delayed ACK, 40 ms",
                        "window 0: no room"} | ending}.items():
            with self.subTest(name):
                found = {e.words for e in events(load(name)) if e.kind == "name"}
                self.assertEqual(found, named)

    def test_a_figure_of_it_is_well_formed(self):
        for path in RECORDINGS:
            with self.subTest(path.stem):
                recording = load(path.stem)
                body = as_figure(rows(events(recording)), names_of(recording), times=True)
                about = "title    t\ndesc     d\ncaption  c\nwidth    580\n"
                root = xml.etree.ElementTree.fromstring(draw.draw("t", ".ladder", about + body))
                self.assertEqual(root[0].get("viewBox").split()[2], "580")

    def test_the_kernels_word_beats_what_the_segments_say(self):
        recording = load("echo")
        self.assertNotIn("[CLOSING]", text_of(recording))
        client = recording["programs"][1]
        shut = next(call for call in client["calls"] if call["name"] == "shutdown")
        shut["state"] = 11  # CLOSING, where the segments say FIN-WAIT-1
        self.assertIn("[CLOSING]", text_of(recording))

    def test_without_segments_there_are_calls_and_the_kernels_states(self):
        recording = load("echo")
        recording["segments"] = []
        said = text_of(recording)
        for words in ("connect", "accept(3)", "[LISTEN]", "[ESTABLISHED]", "[CLOSE-WAIT]"):
            self.assertIn(words, said)
        self.assertNotIn("SYN", said)

    def test_the_same_calls_in_a_row_are_drawn_once(self):
        recording = load("refused")
        calls = recording["programs"][0]["calls"]
        at = next(i for i, call in enumerate(calls) if call["name"] == "getsockopt")
        for k in range(30):
            again = copy.deepcopy(calls[at])
            again["entered"] += k
            calls.insert(at + 1 + k, again)
        self.assertIn("×31", text_of(recording))


class Comparison(unittest.TestCase):
    def setUp(self):
        self.mine, self.theirs = load("echo"), load("echo")

    def differences(self):
        return [pair for pair in compare.pairs(self.mine, self.theirs) if not pair.same]

    def test_a_recording_is_like_itself(self):
        self.assertEqual(self.differences(), [])

    def test_read_is_recv_and_numbers_of_descriptors_are_nothing(self):
        for call in self.mine["programs"][0]["calls"]:
            call["name"] = {"recv": "read", "send": "write"}.get(call["name"], call["name"])
            call["result"] += call["name"] in ("socket", "accept")
        self.assertEqual(self.differences(), [])

    def test_what_is_the_timing_of_a_run_is_nothing(self):
        # The server's FIN overtakes the client's; it then acknowledges less.
        self.mine["segments"] = [s for s in self.mine["segments"]
            if s["flags"] != "A" or s["length"]]
        for segment in self.mine["segments"]:
            segment["t"] += 10 ** 7 if segment["dport"] == 4444 and "F" in segment["flags"] else 0
        self.assertEqual(self.differences(), [])

    def test_a_call_that_is_missing_is_where_they_part(self):
        client = self.mine["programs"][1]
        client["calls"] = [call for call in client["calls"] if call["name"] != "shutdown"]
        parted = self.differences()
        self.assertEqual([(pair.lane, pair.mine, pair.theirs.call["name"]) for pair in parted],
                         [("left", None, "shutdown")])
        self.assertIn("here they part", compare.show(compare.pairs(self.mine, self.theirs),
                                                     Look(fancy=True, colour=False)))


# What must come in this order in the trace of each solution. An event is
# left:, right: or wire: and how it begins; what is concurrent is not here.
HANDSHAKE = [
    "left:connect", "left:[SYN-SENT]", "wire:SYN ->", "right:[SYN-RECEIVED]", "wire:<- SYN, ACK",
    "left:[ESTABLISHED]", "wire:ACK 1 ->", "right:[ESTABLISHED]"]
LISTENS = ["right:socket() = 3", "right:bind", "right:listen", "right:[LISTEN]"]
ORDER = {
    ("01_socket", "alone"): [
        "left:socket() = 3", "left:Enter", "left:close(3) = 0"],
    ("02_bind", "refused"): [
        "right:bind", "left:connect", "wire:SYN ->", "wire:* refused", "wire:<- RST, ACK",
        "left:= -1 ECONNREFUSED", "right:Enter", "right:close"],
    ("03_listen", "queued"): LISTENS + HANDSHAKE + [
        "right:accept queue 1", "right:Enter", "right:close(3)", "wire:* reset", "wire:<- RST",
        "left:= -1 ECONNRESET"],
    ("04_accept", "clean"): LISTENS + HANDSHAKE + [
        "right:= 4", "right:Enter", "right:close(4)", "wire:* close", "wire:<- FIN",
        "right:[FIN-WAIT-1]", "left:= 0", "left:close", "left:[LAST-ACK]", "wire:FIN",
        "right:[TIME-WAIT]", "left:[CLOSED]", "wire:<- ACK 2"],
    ("04_accept", "reset"): HANDSHAKE + [
        "left:send(3, 13) = 13", "wire:13 bytes 1:14 ->", "wire:<- ACK 14", "right:Recv-Q 13",
        "right:close(4)", "wire:* reset", "wire:<- RST", "left:= -1 ECONNRESET"],
    ("05_connect", "connected"): LISTENS + HANDSHAKE + [
        "left:Enter", "left:close", "wire:* close", "left:[FIN-WAIT-1]", "wire:FIN ->",
        "right:[CLOSE-WAIT]"],
    ("05_connect", "refused"): [
        "left:connect", "left:[SYN-SENT]", "wire:SYN ->", "wire:* refused", "left:[CLOSED]",
        "wire:<- RST, ACK", "left:= -1 ECONNREFUSED"],
    ("06_echo_server", "echo"): LISTENS + HANDSHAKE + [
        "left:send(3, 12) = 12", "wire:12 bytes 1:13 ->", "left:shutdown", "wire:FIN ->",
        "wire:<- 12 bytes 1:13", "right:close(4)", "left:[TIME-WAIT]", "wire:<- FIN",
        "right:[LAST-ACK]", "right:[CLOSED]"],
    ("06_echo_server", "reset"): HANDSHAKE + [
        "left:send", "wire:12 bytes", "left:close", "wire:* reset", "wire:RST ->",
        "right:[CLOSED]"],
    ("07_refused", "refused"): [
        "left:connect", "left:[SYN-SENT]", "wire:SYN ->", "wire:* refused", "left:[CLOSED]",
        "left:poll(3, 500 ms) = 1", "left:close"],
    ("07_refused", "connected"): LISTENS + HANDSHAKE + [
        "left:poll(3, 500 ms) = 1", "left:close", "wire:FIN ->"],
    ("07_refused", "silent"): [
        "wire:* silence", "left:[SYN-SENT]", "wire:SYN -x", "left:poll(3, 3000 ms)",
        "wire:SYN again -x", "wire:SYN again -x", "left:= 0", "left:close"],
    ("08_loopback", "ipv4"): LISTENS + HANDSHAKE + [
        "right:accept(3) = 5", "left:send(4, 12) = 12", "wire:12 bytes 1:13 ->",
        "right:recv(5, 12) = 12", "right:send(5, 12) = 12", "wire:<- 12 bytes 1:13",
        "left:recv(4, 12) = 12", "right:close(5)"],
}


def in_order(table):
    """The cells of a ladder, line by line."""
    return [f"{side}:{getattr(row, side)}" for row in table for side in ("left", "wire", "right")
            if getattr(row, side)]


def missing(cells, wanted):
    """What of wanted does not come in its order."""
    at = 0
    for want in wanted:
        # Both sides and the wire of one line are one moment.
        found = next((i for i in range(max(0, at - 2), len(cells))
                     if cells[i].startswith(want)), None)
        if found is None:
            return want
        at = found + 1
    return None


class Solutions(unittest.TestCase):
    def record(self, stem, case, **more):
        with tempfile.TemporaryDirectory(dir=BUILD) as folder:
            return record_step.trace(SOLUTIONS, stem, case, "", Path(
                folder) / "r.json", self.fail, **more)

    def test_what_each_solution_does_comes_in_its_order(self):
        for (stem, case), wanted in ORDER.items():
            with self.subTest(stem, case=case):
                # An echo at its own pace may come before the client's FIN or after it.
                recording = self.record(stem, case, held=(stem, case) == ("06_echo_server", "echo"))
                if not recording["segments"] and "blind" in recording:
                    self.skipTest(f"nothing may be captured here: {recording['blind']}")
                cells = in_order(rows(events(recording)))
                self.assertIsNone(missing(cells, wanted), "\n".join(cells))

    def test_every_call_has_its_line_of_source(self):
        recording = self.record("06_echo_server", "echo")
        for program in recording["programs"]:
            lines = program["source"].splitlines()
            for call in program["calls"]:
                file, _, line = call["line"].partition(":")
                self.assertEqual(file, f"{program['name']}.c")
                # The call's name stands there, or where its expression began.
                self.assertIn(call["name"], " ".join(lines[int(line) - 2:int(line) + 1]))

    def test_a_figure_that_is_not_what_the_solution_does_is_found(self):
        with tempfile.TemporaryDirectory(dir=BUILD) as folder:
            path = Path(folder) / "refused.ladder"
            right = (TOP / "docs/figures/refused.ladder").read_text(encoding="utf-8")
            for content, status in ((right, 0), (right.replace("<- RST, ACK", "<- SYN, ACK"), 1),
                                    (right.replace("# traced: ", "# "), 1)):
                path.write_text(content, encoding="utf-8")
                ended, said = run([sys.executable, "-m", "tests.tools.trace.figures", str(path)],
                                  env=quiet_environment(BUILD=str(BUILD)))
                self.assertEqual(ended, status, said)
                self.assertEqual(path.read_text(encoding="utf-8"), content)

    def test_every_ladder_of_the_handbook_says_how_it_is_made(self):
        for path in (TOP / "docs/figures").glob("*.ladder"):
            text = path.read_text(encoding="utf-8")
            self.assertTrue(figures.parse(text) or "# drawn by hand:" in text, path.name)


class Command(unittest.TestCase):
    """make trace-NN as a student types it, with programs in a folder with a
    blank in its name."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="my steps "))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(TOP / "solutions", self.folder, dirs_exist_ok=True)

    def change(self, stem, old, new):
        path = self.folder / f"{stem}.c"
        text = path.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path.write_text(text.replace(old, new), encoding="utf-8")
        return text[:text.index(old)].count("\n") + 1

    def trace(self, *words, **more):
        status, said = make(*words, f"STEPS={self.folder}", **more)
        page = re.search(r"^(\S+\.html)$", said, re.M)
        return status, said, (TOP / page[1]).read_text(encoding="utf-8") if page else ""

    def test_both_programs_of_step_6_are_drawn_with_their_source(self):
        status, said, page = self.trace("trace-06")
        self.assertEqual(status, 0, said)
        for words in ("06_echo_client", "06_echo_server", "handshake", "[TIME-WAIT]",
                      "close(4) = 0", 'Received "Hello friend"'):
            self.assertIn(words, said)
        self.assertIn("06_echo_client.c", page)
        self.assertIn("recv(3, 12 bytes) = 12", page)
        self.assertNotRegex(page, r"https?://|<script|<link(?! rel=\"icon\" href=\"data:)")

    def test_several_at_once_do_not_meet(self):
        words = ["make", "--no-print-directory", f"BUILD={BUILD}", "trace-06", "STEPS=solutions"]
        at_once = [subprocess.Popen(words, cwd=TOP, env=quiet_environment(), text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    stdin=subprocess.DEVNULL) for _ in range(3)]
        for one in at_once:
            said, _ = one.communicate(timeout=150)
            self.assertEqual(one.returncode, 0, said)
            self.assertIn('Received "Hello friend"', said)

    def test_one_digit_one_program_and_another_peer_will_do(self):
        for words, expected in ((["trace-4", "PEER=05_connect"], "05_connect ended with status 0"),
                                (["trace-06_echo_client"], "the lab's server"),
                                (["trace-5", "CASE=refused"], "Connection refused")):
            with self.subTest(words[0]):
                status, said, _ = self.trace(*words)
                self.assertEqual(status, 0, said)
                self.assertIn(expected, said)

    def test_what_can_not_be_is_said(self):
        for words, expected in ((["trace-09"], "There is no step 09"),
                                (["trace-05", "CASE=x"], "refused, silent"),
                                (["trace-04", "PEER=02_bind"], "is no client"),
                                (["trace-04", "PEER=/nothing"], "no such program")):
            with self.subTest(words):
                status, said, _ = self.trace(*words)
                self.assertNotEqual(status, 0)
                self.assertIn(expected, said)
                self.assertNotIn("Traceback", said)

    def test_a_program_that_crashes_is_drawn_until_then(self):
        self.change(
    "06_echo_server",
    "static char buf[65536];",
     "static char buf[65536]; volatile int *no = 0;")
        self.change("06_echo_server", "        // send takes what",
                    "        *no = 1;\n        // send takes what")
        status, said, _ = self.trace("trace-06")
        self.assertEqual(status, 0, said)
        self.assertRegex(
    said, r"06_echo_server crashed: killed by SIGSEGV after\s+recv\(4, 65536 bytes\), line 62")
        self.assertIn("handshake", said)

    def test_a_program_that_hangs_is_ended_and_says_in_which_call(self):
        line = self.change(
    "04_accept",
    'puts("press Enter to close");',
     "char b[10]; recv(conn_fd, b, 10, 0);")
        status, said, _ = self.trace("trace-04")
        self.assertEqual(status, 0, said)
        self.assertRegex(
    said, rf"04_accept hung: it still waited in recv\(4, 10\s+bytes\), line {line}")

    def test_a_program_that_computes_talks_or_calls_for_ever_is_ended(self):
        self.change("05_connect", 'puts("press Enter to close");', "for (;;);")
        self.change("04_accept", 'puts("press Enter to close");', 'for (;;) puts("and on");')
        self.change(
    "07_refused",
    "    int reason = 0;",
     "    int reason = 0;\n    for (;;)\n        listen(-1, 1);")
        for step, program in (("05", "05_connect"), ("04", "04_accept"), ("07", "07_refused")):
            with self.subTest(program):
                status, said, _ = self.trace(f"trace-{step}")
                self.assertEqual(status, 0, said)
                self.assertIn(f"{program} hung: it computed without end", said)
                self.assertLess(len(said.splitlines()), 300)

    def test_a_program_that_does_not_compile_is_not_drawn(self):
        self.change("03_listen", "int main", "int main(")
        status, said, _ = self.trace("trace-03")
        self.assertNotEqual(status, 0)
        self.assertRegex(
    said, r"03_listen.c does not compile, so there is nothing to trace:\n.*error")

    def test_a_starter_is_told_where_it_ends_and_the_lab_helps_step_6(self):
        shutil.copytree(TOP / "steps", self.folder, dirs_exist_ok=True)
        shutil.copy(TOP / "solutions/06_echo_server.c", self.folder)
        for words, expected in (
                ("trace-03", "03_listen ended at a gap that is still open"),
                ("trace-06", "06_echo_client.c is not ready; the lab plays its part")):
            with self.subTest(words):
                status, said, _ = self.trace(words)
                self.assertEqual(status, 0, said)
                self.assertIn(expected, " ".join(said.split()))

    def test_the_solution_is_set_beside_it(self):
        status, said, page = self.trace("trace-06", "COMPARE=1")
        self.assertEqual(status, 0, said)
        self.assertIn("no difference", said)
        self.change("06_echo_client", "    shutdown(fd, SHUT_WR);", "    ;")
        status, said, page = self.trace("trace-06", "COMPARE=1")
        self.assertIn("here they part", said)
        self.assertRegex(said, r"✘ +client shutdown\(3, WR\)")
        self.assertIn("The solution", page)
        self.assertIn('class="differs"', page)

    def test_a_machine_without_namespaces_shows_what_it_can_and_says_what_is_missing(self):
        # In a user namespace of its own it may forbid itself all further ones.
        deny = ["unshare", "-U", "--map-root-user", "sh", "-c",
                'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"', "sh"]
        if subprocess.run([*deny, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("this machine allows no namespace anyway")
        status, said, page = self.trace("trace-05", before=deny)
        self.assertEqual(status, 0, said)
        flat = " ".join(said.split())
        for words in ("allows no network namespace", "No segments",
                      "= 4", "[ESTABLISHED]", "connect(3"):
            self.assertIn(words, flat)
        self.assertNotIn("SYN", said)
        self.assertIn("No segments", page)

    def test_root_may_capture_on_the_hosts_own_network(self):
        if os.geteuid() != 0:
            self.skipTest("only root may")
        scene = scenes.SCENES["05_connect"]["connected"]
        programs = [record_step.student(SOLUTIONS, "05_connect", scene), record_step.lab_peer(scene)]
        recording = record_step.record(
            programs, record_step.acts_of(scene, programs[1]), self.folder / "r.json", on_host=True)
        if "blind" in recording:
            self.skipTest(f"this root may not: {recording['blind']}")
        self.assertFalse(recording["own_network"])
        ports = {segment["sport"] for segment in recording["segments"]} | \
            {segment["dport"] for segment in recording["segments"]}
        self.assertEqual(len(ports), 2)
        self.assertIn(recording["port"], ports)
        self.assertIn("[SYN-RECEIVED]", text_of(recording))

    def test_an_ordinary_user_sees_the_same(self):
        if os.geteuid() != 0:
            self.skipTest("all other tests ran as one")
        with tempfile.TemporaryDirectory(prefix="trace-") as build:
            os.chmod(build, 0o777)
            os.chmod(self.folder, 0o755)
            user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            if subprocess.run([*user, "test", "-r", str(TOP / "Makefile")],
                              check=False).returncode != 0:
                self.skipTest(f"nobody may not read {TOP}")
            status, said, _ = self.trace("trace-05", before=user, build=build)
            self.assertEqual(status, 0, said)
            for words in ("handshake", "[TIME-WAIT]", "05_connect ended with status 0"):
                self.assertIn(words, said)

    def test_the_page_is_right_in_a_real_browser(self):
        if not shutil.which("chromium") or not shutil.which("npm"):
            self.skipTest("chromium or npm is missing; make setup-docs installs them")
        status, said = make(f"{BUILD}/handbook/node_modules")
        self.assertEqual(status, 0, said)
        _, said, _ = self.trace("trace-06", "COMPARE=1")
        page = re.search(r"^(\S+\.html)$", said, re.M)[1]
        self.assertEqual(run(["node", str(HERE / "page.mjs"), str(BUILD), page]), (0, ""))


if __name__ == "__main__":
    unittest.main()
