#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn a recording (record.c, trace.py) into a ladder.

    ladder.py RECORDING.json        the ladder as text, 80 columns
    ladder.py --svg RECORDING.json  as tests/tools/draw.py reads it

First all that was recorded becomes events in the order of their times: calls
that begin and return, segments, what the recorder did. Then events become
rows, as tests/tools/draw.py has them: a left cell, the wire, a right cell.

States. The segments tell the states by RFC 9293, figure 5. What the kernel
says (TCP_INFO after each call, its table whenever the scene is still) is
compared with that; where the two differ, the kernel's word is shown. Where
nothing could be captured, the kernel's word is all there is.
"""
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.tools.console import Terminal

LONG_NS = 10_000_000      # a call that waits for the peer and takes so long has slept
FULL_NS = 200_000_000     # so has a send; on a busy machine any call may take a while
GAP_NS = 20_000_000       # time that passes is told from here on
DELAYED_NS = 20_000_000   # an ACK so late is a delayed one (Linux: 40 ms)
AGREE_NS = 2_000_000      # kernel and capture may differ for so long

# <netinet/tcp.h>, in RFC 9293's names.
STATES = ["", "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT",
          "CLOSED", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING"]
SENDS = {"send", "sendto", "sendmsg", "write", "writev", "close", "getaddrinfo"}
RECEIVES = {"accept", "accept4", "recv", "recvfrom", "recvmsg", "read", "readv", "poll", "ppoll",
            "select", "pselect", "epoll_wait"}


@dataclass
class Style:
    """What is shown, and how. A figure of the handbook shows less."""
    short: bool = False          # connect() instead of connect(3, :4444)
    only: frozenset = frozenset()  # these calls only
    acks: bool = True            # segments that are nothing but an ACK
    names: bool = True           # handshake, refused …
    data: bool = False           # what the bytes are, not how many
    numbers: tuple = ()          # sequence numbers of both ends begin here
    acts: bool = True            # what the recorder did (Enter)
    gap_ns: int = GAP_NS


@dataclass
class Event:
    """One thing that happened, on a side or on the wire."""
    t: int
    kind: str                 # call, begin, end, note, state, segment, name, gap
    side: str = ""
    words: str = ""
    line: int = 0             # of the source
    to_right: bool = True     # a segment's direction
    lost: bool = False
    states: dict = field(default_factory=dict)  # that a segment leads to
    notes: dict = field(default_factory=dict)
    call: dict = None


@dataclass
class Row:
    t: int
    left: str = ""
    wire: str = ""
    right: str = ""
    left_line: int = 0
    right_line: int = 0
    differs: bool = False


# ------------------------------------------------------------------ segments

class End:
    """One end of a connection: its state, as the segments tell it."""

    def __init__(self, address):
        self.address, self.state, self.history = address, "", []
        self.first = None       # sequence number of its SYN
        self.sent = 0           # the highest relative number that it has sent
        self.fin = None         # the number after its FIN
        self.acked = 0          # the highest that it has acknowledged
        self.owes = None        # when the last segment came that it has not acknowledged yet

    def become(self, state, t):
        self.state = state
        self.history.append((t, state))

    def was(self, state, since):
        """Whether it was in this state at some time from then on."""
        before = [name for t, name in self.history if t < since][-1:]
        return state in before + [name for t, name in self.history if t >= since]


class Connection:
    def __init__(self, opened, left, right):
        self.opened, self.left, self.right = opened, End(left), End(right)
        self.segments = []

    def end_of(self, address):
        return self.left if self.left.address == address else self.right


def from_of(segment):
    return show_address(segment["from"], segment["sport"])


def to_of(segment):
    return show_address(segment["to"], segment["dport"])


def show_address(ip, port):
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def ends_of(socket):
    """Of a row of the kernel's table."""
    return (show_address(socket["local"], socket["lport"]),
            show_address(socket["remote"], socket["rport"]))


def mark_of(recording):
    """What was before is preparation, and not drawn."""
    return max([act["t"] for act in recording["acts"] if act["act"] == "mark"], default=0)


def connections(recording):
    """The connections that are part of the scene, each with its segments."""
    mark = mark_of(recording)
    found, order = {}, []
    for segment in sorted(recording["segments"], key=lambda s: s["t"]):
        ends = frozenset((from_of(segment), to_of(segment)))
        opens = "S" in segment["flags"] and "A" not in segment["flags"]
        known = found.get(ends)
        if known is None or (opens and known.left.first not in (None, segment["seq"])):
            # Whose SYN was not seen: the end with the scene's port is the server.
            left, right = from_of(segment), to_of(segment)
            if not opens and segment["sport"] == recording["port"]:
                left, right = right, left
            known = found[ends] = Connection(segment["t"], left, right)
            if opens:
                known.left.first = segment["seq"]
            order.append(known)
        known.segments.append(segment)
    return [known for known in order if known.opened >= mark]


def plural(count):
    return "1 byte" if count == 1 else f"{count} bytes"


class Wire:
    """Follows one connection, segment by segment."""

    def __init__(self, connection, style):
        self.c, self.style, self.fins = connection, style, 0
        flags = [s["flags"] for s in connection.segments]
        # Silence: nothing but SYNs of one end.
        self.silent = all(f == "S" for f in flags)
        self.refused = flags[:1] == ["S"] and any("R" in f for f in flags) and \
            not any("SA" in f for f in flags)
        self.named = set()

    def name(self, t, words, once=True):
        if not self.style.names or (once and words in self.named):
            return []
        self.named.add(words)
        return [Event(t, "name", words=words)]

    def data_follows(self, after, address):
        return any(s["length"] and from_of(s) == address for s in self.c.segments if s["t"] > after)

    def step(self, s):
        """The events that one segment makes."""
        sender, receiver = self.c.end_of(from_of(s)), self.c.end_of(to_of(s))
        flags, size, t = s["flags"], s["length"], s["t"]
        if sender.first is None:
            sender.first = s["seq"] if "S" in flags else (s["seq"] - 1) % 2 ** 32
        begin = (s["seq"] - sender.first) % 2 ** 32
        end = begin + size + ("S" in flags) + ("F" in flags)
        if "R" in flags:
            begin = end = sender.sent  # its number is not one of the stream's
        takes = end > begin
        again = takes and end <= sender.sent
        probe = not again and "A" in flags and size <= 1 and begin + 1 == sender.sent and \
            not set("SFR") & set(flags)
        ack = (s["ack"] - (receiver.first or 0)) % 2 ** 32 if "A" in flags else 0
        fresh = ack > sender.acked  # acknowledges something new
        out = []

        if "S" in flags and "A" not in flags and not again:
            out += self.name(t, "silence" if self.silent else "" if self.refused else "handshake")
        if "R" in flags:
            out += self.name(t, "refused" if self.refused else "reset")
        if again and not self.silent:
            out += self.name(t, "retransmission", once=False)
        elif probe:
            out += self.name(t, "window probe", once=False)
        elif "F" in flags:
            self.fins += 1
            half = self.fins == 1 and self.data_follows(t, receiver.address)
            out += self.name(t, "half-close" if half else "close")
        late = t - sender.owes if fresh and sender.owes else 0
        if flags == "A" and not takes and late >= DELAYED_NS:
            out += self.name(t, f"delayed ACK, {late / 1e6:.0f} ms", once=False)
        if not s["window"] and "R" not in flags and flags != "S":
            out += self.name(t, "window 0: no room", once=False)

        event = Event(t, "segment", to_right=sender is self.c.left, lost=self.silent,
                      words=self.label(s, begin, ack, fresh, again))
        if self.silent:
            event.notes["right"] = "no answer"
        if "R" in flags and self.refused:
            event.notes["right"] = "nobody listens"
        before = self.c.left.state, self.c.right.state
        self.transitions(s, sender, receiver, ack, again)
        after = self.c.left.state, self.c.right.state
        for side, was, now in zip(("left", "right"), before, after):
            if now != was:
                event.states[side] = now

        sender.sent = max(sender.sent, end)
        sender.acked = max(sender.acked, ack)
        if fresh:
            sender.owes = None
        if takes:
            receiver.owes = t
        if takes and "F" in flags:
            sender.fin = end
        bare = flags == "A" and not takes and not event.states
        if bare and not self.style.acks:
            return []
        return [e for e in out if e.words] + [event]

    def label(self, s, begin, ack, fresh, again):
        flags, size, base = s["flags"], s["length"], self.style.numbers
        mine, other = base or (0, 0)
        if from_of(s) != self.c.left.address:
            mine, other = other, mine
        words = []
        if "S" in flags:
            words.append(f"SYN {mine}" if base else "SYN")
        if size:
            if self.style.data:
                words.append('"' + bytes.fromhex(s["data"]).decode("ascii", "replace") + '"')
            else:
                where = "" if self.style.short or again else f" {begin}:{begin + size}"
                words.append(plural(size) + where)
        if "F" in flags:
            words.append("FIN")
        if "R" in flags:
            words.append("RST")
        if "A" in flags and (fresh and not size or not words):
            number = f" {other + ack}" if base else "" if self.style.short or words else f" {ack}"
            words.append("ACK" + number)
        return ", ".join(words) + (" again" if again else "")

    def transitions(self, s, sender, receiver, ack, again):
        """RFC 9293, figure 5, as far as segments drive it."""
        t, flags = s["t"], s["flags"]

        def go(end, table):
            if end.state in table:
                end.become(table[end.state], t)

        if "R" in flags:
            for end in (sender, receiver):
                if end.state:
                    end.become("CLOSED", t)
            return
        if again:
            return
        if "S" in flags:
            if "A" not in flags:
                go(sender, {"": "SYN-SENT"})
                if not self.silent and not self.refused:
                    go(receiver, {"": "SYN-RECEIVED"})
            else:
                go(receiver, {"SYN-SENT": "ESTABLISHED"})
            return
        if "A" in flags:
            go(receiver, {"SYN-RECEIVED": "ESTABLISHED"})
            if receiver.fin is not None and ack >= receiver.fin:
                go(receiver, {"FIN-WAIT-1": "FIN-WAIT-2", "LAST-ACK": "CLOSED",
                              "CLOSING": "TIME-WAIT"})
        if "F" in flags:
            go(sender, {"ESTABLISHED": "FIN-WAIT-1", "CLOSE-WAIT": "LAST-ACK"})
            go(receiver, {"ESTABLISHED": "CLOSE-WAIT", "FIN-WAIT-1": "CLOSING",
                          "FIN-WAIT-2": "TIME-WAIT"})


# --------------------------------------------------------------------- calls

def sides_of(program, side):
    """The side of each call: of its program, or, of a program that is both ends,
    of the role of its socket."""
    calls = program["calls"]
    if side != "both":
        return [side] * len(calls)

    def role(fd, after):
        for call in calls[after:]:
            if call["fd"] == fd and call["name"] == "connect":
                return "left"
            if call["fd"] == fd and call["name"] in ("bind", "listen", "accept", "accept4"):
                return "right"
        return "left"

    has, sides = {}, []
    for i, call in enumerate(calls):
        if call["name"] == "socket":
            has[call["result"]] = role(call["result"], i)
        elif call["name"].startswith("accept"):
            has[call["result"]] = "right"
        fd = call["result"] if call["name"] == "socket" else call["fd"]
        sides.append(has.get(fd, "left"))
    return sides


def show_call(call, style):
    """name(arguments), as short as a column wants it."""
    name, args = call["name"], call["args"]
    if style.short:
        return f"close({call['fd']})" if name == "close" else f"{name}()"
    if name in ("socket", "getaddrinfo"):
        args = ""
    elif name in ("setsockopt", "getsockopt"):
        args = ", ".join(args.split(", ")[0:3:2])
    for long, brief in (("127.0.0.1:", ":"), (" bytes", ""), ("SHUT_", ""), ("|", "¦")):
        args = args.replace(long, brief)
    return f"{name}({args})"


def show_result(call):
    if call["result"] == -1:
        return f"= -1 {call.get('error') or ''}".strip()
    return f"= {call['result']}"


def line_of(call):
    return int((call.get("line") or ":0").rpartition(":")[2] or 0)


def sleeps(call, side, segments):
    """Whether a call waited: a long time, or for a segment that came."""
    if call["returned"] is None:
        return True
    took = call["returned"] - call["entered"]
    if call["name"] in SENDS:
        return took >= FULL_NS
    if call["name"] not in RECEIVES and call["name"] != "connect":
        return False
    if call.get("error") == "EINPROGRESS":
        return False
    if took >= LONG_NS:
        return True
    within = [(s, to_right) for s, to_right in segments
              if call["entered"] < s["t"] < call["returned"]]
    if call["name"] == "connect":
        return bool(within)
    coming = [s for s, to_right in within if to_right == (side == "right")]
    if call["name"].startswith("accept"):
        return bool(coming)
    return any(s["length"] or set("SFR") & set(s["flags"]) for s in coming)


def same(a, b):
    return all(a.get(key) == b.get(key) for key in ("name", "fd", "line", "result", "error"))


def call_events(recording, style, segments):
    mark = mark_of(recording)
    out = []
    for program in recording["programs"]:
        for call, side in zip(program["calls"], sides_of(program, program["side"])):
            if call["entered"] < mark or style.only and call["name"] not in style.only:
                continue
            if style.short and call["name"] == "close" and STATES[call["state"]] == "LISTEN":
                continue
            words, line = show_call(call, style), line_of(call)
            if style.short or not program.get("source"):
                line = 0
            if sleeps(call, side, segments):
                out.append(Event(call["entered"], "begin", side, words, line, call=call))
                if call["returned"] is not None:
                    out.append(Event(call["returned"], "end", side, show_result(call), line,
                                     call=call))
            else:
                plain = style.short and call["result"] == 0 and \
                    call["name"] in ("close", "shutdown", "bind", "listen")
                result = "" if plain else " " + show_result(call)
                out.append(Event(call["entered"], "call", side, words + result, line, call=call))
    return out


# -------------------------------------------------------------------- states

def checks(recording, known):
    """What the kernel said: (from, to, a connection's end or else a socket, state, side)."""
    by_ends = {}
    for c in known:
        by_ends[c.left.address, c.right.address] = c.left
        by_ends[c.right.address, c.left.address] = c.right
    out = []
    for number, program in enumerate(recording["programs"]):
        has = {}  # descriptor -> end
        sides = sides_of(program, program["side"])
        for call, side in zip(program["calls"], sides):
            fd = call["fd"]
            if call["name"] == "socket" or call["name"].startswith("accept"):
                if call["result"] != -1:
                    fd = call["result"]
                    has.pop(fd, None)
            if call["remote"] and (call["local"], call["remote"]) in by_ends:
                has[fd] = by_ends[call["local"], call["remote"]]
            if call["state"]:
                out.append((call["checked"], call["checked"], has.get(fd, (number, fd)),
                            STATES[call["state"]], side))
            if call["name"] == "close":
                has.pop(fd, None)
    for table in recording["tables"]:
        for s in table["sockets"]:
            end = by_ends.get(ends_of(s))
            if end:
                out.append((table["before"], table["t"], end, s["state"], ""))
    return sorted(out, key=lambda check: check[1])


def agrees(end, state, since):
    if end.was(state, since):
        return True
    # Linux keeps TIME-WAIT apart from the socket, which says CLOSED then; and a
    # socket that was never connected says CLOSED, too.
    return state == "CLOSED" and end.state in ("TIME-WAIT", "FIN-WAIT-2", "", "CLOSED")


def queue_notes(recording, known):
    """What waits in a queue when the scene is still."""
    ends = {c.left.address + c.right.address: "left" for c in known}
    ends |= {c.right.address + c.left.address: "right" for c in known}
    mark = mark_of(recording)
    out, last = [], {}
    for table in recording["tables"]:
        if not table["still"]:
            continue  # it is being read just now
        for s in table["sockets"]:
            local, remote = ends_of(s)
            side = "right" if s["state"] == "LISTEN" else ends.get(local + remote)
            # In CLOSE-WAIT Linux counts the FIN as one more.
            unread = s["unread"] - (s["state"] == "CLOSE-WAIT")
            before, last[local, remote] = last.get((local, remote), 0), unread
            if side is None or table["t"] < mark or unread <= before:
                continue
            what = "accept queue" if s["state"] == "LISTEN" else "Recv-Q"
            out.append(Event(table["t"], "note", side, f"{what} {unread}"))
    return out


# -------------------------------------------------------------------- events

def show_time(ns):
    return f"{ns / 1e9:.0f} s" if ns >= 0.95e9 else f"{ns / 1e6:.0f} ms"


def events(recording, style=Style()):
    """All that happened, in the order of time."""
    known = connections(recording)
    both = sorted(((s, from_of(s) == c.left.address) for c in known for s in c.segments),
                  key=lambda pair: pair[0]["t"])
    wires = {id(c): Wire(c, style) for c in known}
    owner = {id(s): wires[id(c)] for c in known for s in c.segments}
    out = call_events(recording, style, both)
    shown = {}

    # Segments and the kernel's word in the order of their times; the word is
    # weighed a little later, so that a segment on its way may come first.
    todo = [(s["t"], 0, s) for s, _ in both]
    todo += [(check[1] + AGREE_NS, 1, check) for check in checks(recording, known)]
    for _, kind, what in sorted(todo, key=lambda item: item[:2]):
        if kind == 0:
            out += owner[id(what)].step(what)
            continue
        since, t, end, state, side = what
        if isinstance(end, End):
            if not agrees(end, state, since - AGREE_NS):
                end.become(state, t)
                side = side or ("left" if any(end is c.left for c in known) else "right")
                out.append(Event(t, "state", side, state))
        elif shown.get(end, "CLOSED") != state and not (both and state in ("SYN-SENT", "CLOSED")):
            shown[end] = state
            out.append(Event(t, "state", side, state))
    out += queue_notes(recording, known)
    if style.acts:
        sides = [program["side"].replace("both", "left") for program in recording["programs"]]
        out += [Event(act["t"], "note", sides[act["program"]], "Enter")
                for act in recording["acts"] if act["act"] == "enter"]
    mark = mark_of(recording)
    out = [e for e in out if e.t >= mark]
    out.sort(key=lambda e: e.t)
    return with_gaps(out, recording, style)


def with_gaps(out, recording, style):
    """Tell the time that passes, but take out the time that the recorder let pass
    before it did something: its clock stands still then."""
    acts = [act["t"] for act in recording["acts"] if act["act"] in ("start", "enter", "release")]
    acts += [event.t for event in out if event.kind == "note"]
    result, stood, before = [], 0, 0
    for event in out:
        # At the beginning all of it.
        since = [t for t in acts if before < t <= event.t] if before else [event.t]
        pause = max(since, default=before) - before
        passed, before = event.t - before - pause, event.t
        stood += pause
        event.t -= stood
        last = result[-1] if result else None
        if last and event.kind == last.kind == "call" and event.side == last.side and \
                same(event.call, last.call):
            last.notes["times"] = last.notes.get("times", 1) + 1
            continue
        if passed >= style.gap_ns:
            result.append(Event(event.t, "gap", words=show_time(passed)))
        result.append(event)
    return result


# ---------------------------------------------------------------------- rows

def rows(found):
    """Events as the lines of a ladder."""
    out = []
    for e in found:
        if e.kind == "segment":
            arrow = f"{e.words} {'-x' if e.lost else '->'}" if e.to_right else f"<- {e.words}"
            row = Row(e.t, wire=arrow)
            for side in ("left", "right"):
                if side in e.states:
                    setattr(row, side, f"[{e.states[side]}]")
                elif side in e.notes:
                    setattr(row, side, e.notes[side])
            out.append(row)
        elif e.kind in ("gap", "name"):
            out.append(Row(e.t, wire=("~ " if e.kind == "gap" else "* ") + e.words))
        else:
            words = {"begin": f"{e.words} ...", "state": f"[{e.words}]"}.get(e.kind, e.words)
            times = e.notes.get("times", 1)
            words += f" ×{times}" if times > 1 else ""
            result = ""
            if e.kind == "call" and len(words) > SIDE and " = -1" in words:  # one below the other
                words, _, result = words.partition(" = ")
            words = cut(words, SIDE)
            last = out[-1] if out else None
            # What a segment brought about stands beside it.
            if e.kind in ("end", "state", "note") and last and not getattr(last, e.side) and \
                    last.wire and last.wire[0] not in "~*":
                setattr(last, e.side, words)
            else:
                last = Row(e.t)
                setattr(last, e.side, words)
                out.append(last)
            if e.kind != "end":
                setattr(last, e.side + "_line", e.line)
            if result:
                out.append(Row(e.t))
                setattr(out[-1], e.side, f"= {result}")
    return out


def as_figure(table, names, times=False):
    """The body of a .ladder file, in the form that draw.py explains."""
    out = [f"{side:<8} {name}" for side, name in names.items() if name != {"left": "client",
                                                                         "right": "server"}[side]]
    cells, width = [], {}
    for row in table:
        left, right = row.left, row.right
        if row.left_line:
            left += f" @{row.left_line}"
        if row.right_line:
            right += f" @{row.right_line}"
        cells.append((("! " if row.differs else "") + left, row.wire, right,
                      f" | {row.t / 1e6:.1f}" if times else ""))
    for i in (0, 1):
        width[i] = max([len(cell[i]) for cell in cells] or [0])
    for left, wire, right, t in cells:
        out.append(f"{left:<{width[0]}} | {wire:<{width[1]}} | {right}{t}".rstrip())
    return "\n".join(out) + "\n"


# ---------------------------------------------------------------------- text

class Look(Terminal):
    """What a terminal can show: lines or ASCII, colours or none."""

    def __init__(self, fancy=None, colour=None):
        super().__init__()
        self.utf8 = fancy = self.utf8 if fancy is None else fancy
        self.colour = self.colour if colour is None else colour
        # Heads of arrows of ASCII: the others are two columns wide in some fonts.
        self.life, self.bar, self.flat, self.lost = "│┃─×" if fancy else "|#-x"
        self.good, self.bad = "✔✘" if fancy else "+x"

    def paint(self, code, words):
        return super().paint(code, words) if words.strip() else words


def cut(words, width):
    """Words that are too long lose their end; a call loses arguments first."""
    name, bracket, rest = words.partition("(")
    if len(words) > width and bracket:
        args, _, rest = rest.rpartition(")")
        words = f"{name}({args.split(',')[0]}){rest}"
    return words if len(words) <= width else words[:width - 1] + "~"


SIDE, WIRE = 21, 19  # columns; with 6 of time, 4 of line numbers each: 80


def draw_wire(wire, look):
    """A segment as an arrow of WIRE - 2 characters; or words in the middle."""
    room = WIRE - 2
    if not wire:
        return " " * WIRE
    if wire[0] in "~*":
        return look.paint("36" if wire[0] == "*" else "2", cut(wire[2:], WIRE).center(WIRE))
    back, lost = wire.startswith("<-"), wire.endswith("-x")
    words = wire.removeprefix("<-").removesuffix("->").removesuffix("-x").strip()
    if len(words) > room - 3 and " bytes " in words:
        head, _, tail = words.partition(" bytes ")  # without the numbers of the stream
        words = head + " bytes" + ("," + tail.partition(",")[2] if "," in tail else "")
    shaft = f" {cut(words, room - 3)} ".center(room - 1, look.flat)
    return " " + ("<" + shaft if back else shaft + (look.lost if lost else ">")) + " "


def show_text(recording, table, look):
    """The ladder for a terminal."""
    names = names_of(recording)
    out = ["      " + look.paint("1", f"{names['left']:>26}") + " " * (WIRE + 2) +
           look.paint("1", names["right"])]
    asleep = {"left": False, "right": False}
    for row in table:
        marks = {}
        for side in ("left", "right"):
            words = getattr(row, side)
            if words.endswith(" ..."):
                asleep[side] = True
            marks[side] = look.bar if asleep[side] else look.life
            if words.startswith("="):
                asleep[side] = False

        cell, line = {}, {}
        for side, align in (("left", ">"), ("right", "<")):
            words = look.plain(getattr(row, side))
            code = "1" if words.startswith("[") else "2" if is_note(words) else "0"
            cell[side] = look.paint(code, f"{words:{align}{SIDE}}")
            line[side] = look.paint("2", f"{getattr(row, side + '_line') or '':{align}3}")
        mark = look.paint("1;31", look.bad) if row.differs else " "
        out.append(f"{look.paint('2', f'{row.t / 1e6:6.1f}')}{mark}{cell['left']} {line['left']} "
                   f"{marks['left']}{draw_wire(row.wire, look)}{marks['right']} {line['right']} "
                   f"{cell['right']}".rstrip())
    return "\n".join(out) + "\n"


def is_note(words):
    return bool(words) and "(" not in words and words[0] not in "[="


def names_of(recording):
    names = {"left": "no client", "right": "no server"}
    for program in recording["programs"]:
        if program["side"] == "both":
            return {"left": "as a client", "right": "as a server"}
        if program["end"] != "not started":
            names[program["side"]] = program["name"]
    if not recording["segments"]:
        names = {side: "" if name.startswith("no ") else name for side, name in names.items()}
    return names


def main():
    path = Path(sys.argv[-1])
    recording = json.loads(path.read_text(encoding="utf-8"))
    if "--svg" in sys.argv:
        print(as_figure(rows(events(recording)), names_of(recording), times=True), end="")
    else:
        print(show_text(recording, rows(events(recording)), Look()), end="")


if __name__ == "__main__":
    main()
