# SPDX-License-Identifier: MIT
"""Two recordings of one scene: where do they part?

The client's calls are compared with the client's, the server's with the
server's, the segments of each direction with those of the same, each in their
order. How the four interleave is the timing of that run, and so are ACKs,
states, and whether a call had to wait: none of it is compared. Nor are
descriptors, ports and times; recv and read are equal, and every pair of that
kind.
"""
import difflib
from dataclasses import dataclass

from tests.tools.trace.ladder import Event, Style, cut, events, show_call, show_result

FAMILY = {"accept4": "accept",
          "read": "recv", "recvfrom": "recv", "recvmsg": "recv", "readv": "recv",
          "write": "send", "sendto": "send", "sendmsg": "send", "writev": "send",
          "ppoll": "poll", "select": "poll", "pselect": "poll", "epoll_wait": "poll"}
# They change nothing on the wire, and a program may make them or not.
FREE = {"getsockname", "getpeername"}


@dataclass
class Pair:
    lane: str            # left, right: calls; to right, to left: segments
    mine: Event = None
    theirs: Event = None

    @property
    def same(self):
        return self.mine is not None and self.theirs is not None


def key(event):
    """What two events must have in common to be the same."""
    if event.kind == "segment":
        words = event.words.removesuffix(" again").replace(", ACK", "").split()
        return " ".join(word for word in words if ":" not in word)
    call = event.call
    name = FAMILY.get(call["name"], call["name"])
    if call["returned"] is None:
        return name, "has not returned"
    if call["result"] >= 0 and name in ("socket", "accept"):
        return name, "a descriptor"
    return name, call["result"], call.get("error")


def lanes(recording):
    lane = {"left": [], "to right": [], "to left": [], "right": []}
    for event in events(recording, Style(names=False, acts=False)):
        if event.kind == "segment" and not event.words.startswith("ACK"):
            lane["to right" if event.to_right else "to left"].append(event)
        elif event.kind in ("call", "begin") and event.call["name"] not in FREE:
            lane[event.side].append(event)
    return lane


def pairs(mine, theirs):
    """All events of both, in the order of the first one's times."""
    out, ours, others = [], lanes(mine), lanes(theirs)
    for lane, left in ours.items():
        right = others[lane]
        keys = [key(e) for e in left], [key(e) for e in right]
        match = difflib.SequenceMatcher(None, *keys, autojunk=False)
        t = 0
        for _, a, b, c, d in match.get_opcodes():
            same = keys[0][a:b] == keys[1][c:d]
            for i in range(b - a):
                t = left[a + i].t
                out.append((t, 0, 0, Pair(lane, left[a + i], right[c + i] if same else None)))
            for event in [] if same else right[c:d]:
                out.append((t, 1, event.t, Pair(lane, None, event)))
    return [item[-1] for item in sorted(out, key=lambda item: item[:-1])]


def mark(table, their_table, found):
    """Mark the rows of both ladders that have no partner."""
    for rows, which in ((table, "mine"), (their_table, "theirs")):
        alone = {(getattr(pair, which).t, pair.lane.split()[0]) for pair in found
                 if not pair.same and getattr(pair, which) is not None}
        for row in rows:
            sides = [side for side in ("left", "right") if "(" in getattr(row, side)]
            if row.wire and row.wire[0] not in "~*":
                sides.append("to")
            row.differs = any((row.t, side) in alone for side in sides)


def show(found, look):
    """Both as a list, an event a line, side by side in 80 columns."""
    def cell(event):
        if event is None:
            return ""
        if event.kind == "segment":
            words = event.words
            return f"       {words} >" if event.to_right else f"     < {words}"
        result = "..." if event.call["returned"] is None else show_result(event.call)
        words = f"{show_call(event.call, Style())} {result}"
        return f"{'client' if event.side == 'left' else 'server'} {cut(words, 30)}"

    first = next((pair for pair in found if not pair.same), None)
    out = [look.paint("1", f"  {'yours':<38} the solution")]
    for pair in found:
        sign = " " if pair.same else look.paint("1;31", look.bad)
        out.append(f"{sign} {cell(pair.mine):<38} {cell(pair.theirs)}".rstrip())
        if pair is first:
            out.append(look.paint("1", "  here they part"))
    out.append("" if first else f"  {look.good} no difference in calls and segments")
    if first:
        out.append(f"What is marked {look.bad} is not in the other. "
                   "A difference need not be a mistake.\n")
    return look.plain("\n".join(out))
