#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draw the handbook's figures: draw.py OUTPUT-FOLDER FILE...

Each file of text becomes a piece of HTML, OUTPUT-FOLDER/NAME.svg, that a page
includes with @figure{NAME}: a <figure> with an inline SVG, 448 units wide. It
holds no colours: they are variables in docs/theme/lab.css, so it follows the
dark theme, the phone and the printer.

Each file begins with three lines (a line that begins with a blank continues
the one before it; # begins a comment; an empty line means nothing):

    title    a name, a few words, for those who can't see the figure
    desc     what there is to see, in sentences, for the same reader
    caption  the words under the figure

Then follows what is drawn. The ending of the file's name says how.

NAME.ladder – what passes between two programs. Three columns with | between
them: the left program, the wire, the right one. A line is a moment.

    left client              the two names
    right server
    connect() ... |        |             a call that sleeps: a bar begins
    [SYN-SENT]    | SYN -> |             a state; a segment leaves the left
                  | <- RST | no socket   a segment leaves the right; a note
    = -1          |        |             the call returns: the bar ends
    SYN repeated  | SYN -x |             a segment that is lost
    close()       |        |             a call that does not sleep
                  | ~ 1 s  |             time passes

A ladder of make trace (tests/tools/trace) says more. A line "width 580" makes it
wider; @52 after a call is its line of source, with a link to what has the id
left-52 or right-52; "* handshake" on the wire is the name of what follows; a
fourth column is a time; ! at the beginning marks a line.

    ! connect(3) ... @52 | * refused | | 0.4

NAME.bytes – bytes in memory, a line of boxes a line. Three columns: what it
is, groups of bytes as name=hex,hex, what it means. Groups of the same name
have the same colour.

    port on the wire | high=11 low=5c | 4444

NAME.bars – how many of how many, a line a bar. Three columns: what is counted,
how many, of how many. (The class page of `make grade` has three of these.)

    02_bind: the port is not in network byte order | 7 | 40

NAME.graph – boxes and arrows at places that the file gives (x and y are the
middle of a box, / between blanks begins a new line of text, a line that
begins with ` is code):

    height 300                              of the whole
    state CLOSED 224 30                     a state of TCP; its name is its id (a
                                            fourth word is what is shown instead)
    box ID X Y WIDTH HEIGHT KIND : text     KIND: plain, client, server, frame
                                            (text at its top), words (no box)
    slots ID X Y COUNT FULL : text          a queue and how many wait in it
    edge FROM TO KIND : text                an arrow; KIND: client, server,
    edge FROM TO KIND via X Y at X Y : …    other; bent by the first point, its
                                            words at the second

NAME.plot – numbers over numbers, both axes logarithmic, a panel under another:

    x 1 1 B | 1024 1 KiB                    where the marks are, and their words
    panel Round trips a second              begins a panel
    line NAME : X Y LEAST MOST | ...        a line, with the range at each point;
                                            the same name is the same look
"""
import html
import math
import re
import sys
import textwrap
from pathlib import Path

WIDTH = 448
WIRE = 160              # between the lifelines of a ladder
SLANT = 13              # how far a segment falls while it travels


def text(x, y, words, css="", anchor="middle", turn=0):
    """One line of text. DejaVu is the widest font it may be drawn in."""
    turned = f' transform="rotate({turn:.1f} {x:.1f} {y:.1f})"' if turn else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{css}" text-anchor="{anchor}"'
            f'{turned}>{html.escape(words, quote=False)}</text>')


def rect(x, y, w, h, css, round_=4):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" '
            f'rx="{round_}" class="{css}"/>')


def line(x1, y1, x2, y2, css):
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" class="{css}"/>'


def head(x, y, angle, css):
    """The head of an arrow that arrives at x, y."""
    points = []
    for far, side in ((0, 0), (9, 0.42), (9, -0.42)):
        points.append(f"{x - far * math.cos(angle + side):.1f},"
                      f"{y - far * math.sin(angle + side):.1f}")
    return f'<polygon points="{" ".join(points)}" class="{css}"/>'


def pill_width(words):
    return 7.7 * len(words) + 16


def pill(x, y, words):
    w = pill_width(words)
    return rect(x - w / 2, y - 9.5, w, 19, "pill", 9.5) + text(x, y + 3.9, words, "state")


# ------------------------------------------------------------------- ladders

class Side:
    """A lifeline, and the bar on it while a call sleeps."""

    def __init__(self, name, x, away):
        self.name, self.x, self.away = name, x, away
        self.since, self.bars, self.marks, self.lines = None, [], [], set()

    def source(self, number, at, y, anchor):
        """The number of a line, as a link there; the first one can be linked to."""
        name = f"{self.name}-{number}"
        own = "" if name in self.lines else f' id="at-{name}"'
        self.lines.add(name)
        self.marks.append(f'<a href="#{name}"{own}>{text(at, y + 4, number, "note", anchor)}</a>')

    def cell(self, words, y):
        at = self.x + 11 * self.away
        anchor = "end" if self.away < 0 else "start"
        if re.fullmatch(r"\[.*\]", words):
            name = words[1:-1]
            self.marks.append(pill(at + self.away * pill_width(name) / 2, y, name))
            return
        words, _, number = words.partition(" @")
        if number:
            self.source(number, at, y, anchor)
            at += 28 * self.away
        if words.startswith("="):
            self.bars.append((self.since if self.since is not None else y, y))
            self.since = None
            css = "mono dim"
        elif "(" in words and ")" in words and words[0] != "(":
            if words.endswith("..."):
                self.since, words = y, words[:-3].strip()
            self.marks.append(f'<circle cx="{self.x}" cy="{y:.1f}" r="3.6" class="dot"/>')
            css = "mono call"
        else:
            css = "note"
        self.marks.append(text(at, y + 4, words, css, anchor))


def segment(words, y, left, right):
    """A slanted arrow with its words above it; time that passes; nothing."""
    if not words:
        return ""
    if words[0] in "~*":
        css = "note" if words[0] == "~" else "label call"
        return text((left + right) / 2, y + 4, words[1:].strip(), css)
    to_right = not words.startswith("<-")
    label = words.removeprefix("<-").removesuffix("->").removesuffix("-x").strip()
    x1, x2 = (left + 6, right - 6) if to_right else (right - 6, left + 6)
    angle = math.atan2(SLANT, x2 - x1)
    tilt = math.degrees(math.atan2(SLANT if to_right else -SLANT, abs(x2 - x1)))
    if words.endswith("-x"):
        stop = 0.72
        x2, y2 = x1 + (x2 - x1) * stop, y + SLANT * stop
        end = line(x2 - 5, y2 - 5, x2 + 5, y2 + 5, "lost") + line(x2 - 5, y2 + 5, x2 + 5, y2 - 5, "lost")
    else:
        y2, end = y + SLANT, head(x2, y + SLANT, angle, "tip")
    mid = (x1 + x2) / 2
    return (line(x1, y, x2, y2, "wire") + end +
            text(mid, (y + y2) / 2 - 4.5, label, "label", turn=tilt))


def ladder(lines):
    names, width = {"left": "client", "right": "server"}, WIDTH
    while lines and "|" not in lines[0]:
        word, _, rest = lines.pop(0).partition(" ")
        if word == "width":
            width = int(rest)
        else:
            names[word] = rest.strip()
    left, right = (width - WIRE) / 2, (width + WIRE) / 2
    sides = Side("left", left, -1), Side("right", right, 1)
    out, y = [], 62
    for words in lines:
        differs = words.startswith("!")
        at_left, wire, at_right, *time = (cell.strip() for cell in words[differs:].split("|"))
        moving = wire and wire[0] not in "~*"
        late = SLANT if moving else 0  # what the receiver does, it does later
        if differs:
            out.append(rect(0, y - 12, width, 36 if moving else 25, "differs"))
        for side, cell in zip(sides, (at_left, at_right)):
            if cell:
                sends = wire.startswith("<-") == (side is sides[1])
                side.cell(cell, y + (0 if sends else late))
        out.append(segment(wire, y, left, right))
        out += [text(2, y + 4, words, "note", "start") for words in time]
        y += 36 if moving else 25
    bottom = y - 2
    under = []
    for side, name, css in zip(sides, names.values(), ("client", "server")):
        under.append(line(side.x, 34, side.x, bottom, "life"))
        for start, stop in side.bars:
            under.append(rect(side.x - 4.5, start, 9, stop - start, "bar"))
        if side.since is not None:  # it still sleeps where the figure ends
            under.append(rect(side.x - 4.5, side.since, 9, bottom - side.since, "bar", 0))
        w = max(92, 8.6 * len(name) + 20)
        under.append(rect(side.x - w / 2, 8, w, 27, "who " + css, 5) +
                     text(side.x, 26, name, "name"))
    return width, bottom + 4, under + out + sides[0].marks + sides[1].marks


# --------------------------------------------------------------------- bytes

def bytes_(lines):
    out, y, colours = [], 6, {}
    for words in lines:
        what, groups, means = (cell.strip() for cell in words.split("|"))
        out.append(text(8, y + 12, what, "label", "start"))
        x, y = 8, y + 20
        for group in groups.split():
            name, values = group.split("=")
            colour = colours.setdefault(name, len(colours) % 4 + 1)
            values = values.split(",")
            size = 40 if len(groups) < 40 else 26
            for value in values:
                out.append(rect(x, y, size, 30, f"byte c{colour}", 2) +
                           text(x + size / 2, y + 19.5, value, "mono"))
                x += size
            out.append(text(x - size * len(values) / 2, y + 44, name, "note"))
        if means:
            out.append(text(x + 14, y + 19.5, means, "label", "start"))
        y += 62
    return WIDTH, y - 6, out


# ---------------------------------------------------------------------- bars

def bars(lines):
    out, y = [], 2
    for words in lines:
        label, count, of = (cell.strip() for cell in words.split("|"))
        for part in textwrap.wrap(label, 60):
            y += 15
            out.append(text(8, y, part, "label", "start"))
        wide = (WIDTH - 60) * float(count) / max(1, float(of))
        out.append(rect(8, y + 5, WIDTH - 60, 11, "byte", 3))
        if wide:
            out.append(rect(8, y + 5, wide, 11, "byte c1", 3))
        out.append(text(WIDTH - 44, y + 15, count, "name", "start"))
        y += 23
    return WIDTH, y + 2, out


# -------------------------------------------------------------------- graphs

def block(x, y, words, css=""):
    """Lines of text around a middle."""
    parts = [part.strip() for part in words.split(" / ") if part.strip()]
    top = y + 4 - 7.5 * (len(parts) - 1)
    return "".join(text(x, top + 15 * i, part.lstrip("`"), ("mono " if part[0] == "`" else "label ") + css)
                   for i, part in enumerate(parts))


def border(box, towards):
    """Where a line from the middle of a box to a point leaves the box."""
    x, y, w, h = box
    dx, dy = towards[0] - x, towards[1] - y
    scale = min((w / 2) / abs(dx) if dx else math.inf, (h / 2) / abs(dy) if dy else math.inf)
    return x + dx * scale, y + dy * scale


def edge(start, stop, kind, via, at, words):
    bend = via or ((start[0] + stop[0]) / 2, (start[1] + stop[1]) / 2)
    x1, y1 = border(start, via or stop[:2])
    x2, y2 = border(stop, via or start[:2])
    angle = math.atan2(y2 - bend[1], x2 - bend[0])
    # The middle of the curve, a bit away from where the line passes.
    mid = at or ((x1 + 2 * bend[0] + x2) / 4, (y1 + 2 * bend[1] + y2) / 4)
    xs, ys = x2 - 7 * math.cos(angle), y2 - 7 * math.sin(angle)
    return (f'<path d="M{x1:.1f} {y1:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {xs:.1f} {ys:.1f}" '
            f'class="edge {kind}"/>' + head(x2, y2, angle, f"tip {kind}"),
            block(*mid, words, "halo"))


def graph(lines):
    boxes, under, over, height = {}, [], [], 0
    for words in lines:
        place, _, label = (part.strip() for part in (words + " ").partition(" : "))
        command, *rest = place.split()
        if command == "height":
            height = float(rest[0])
        elif command == "state":
            name, x, y = rest[0], float(rest[1]), float(rest[2])
            boxes[name] = x, y, pill_width(name) + 4, 25
            shown = rest[3] if len(rest) > 3 else name
            over.append(rect(x - boxes[name][2] / 2, y - 12.5, boxes[name][2], 25, "pill", 9) +
                        text(x, y + 4, shown, "state"))
        elif command == "box":
            x, y, w, h = map(float, rest[1:5])
            boxes[rest[0]] = x, y, w, h
            if rest[5] != "words":
                (under if rest[5] == "frame" else over).append(rect(x - w / 2, y - h / 2, w, h, "box " + rest[5], 6))
            if rest[5] == "frame":
                under.append(text(x - w / 2 + 9, y - h / 2 + 16, label, "note", "start"))
            else:
                over.append(block(x, y, label, "dim" if rest[5] == "words" else ""))
        elif command == "slots":
            x, y, count, full = map(float, rest[1:5])
            boxes[rest[0]] = x, y, 26 * count, 26
            for i in range(int(count)):
                css = "slot full" if i >= count - full else "slot"
                over.append(rect(x - 13 * count + 26 * i, y - 13, 26, 26, css, 2))
            over.append(block(x, y - 24, label))
        elif command == "edge":
            where = {word: (float(rest[i + 1]), float(rest[i + 2]))
                     for i, word in enumerate(rest) if word in ("via", "at")}
            path, label = edge(boxes[rest[0]], boxes[rest[1]], rest[2],
                               where.get("via"), where.get("at"), label)
            under.append(path)
            over.append(label)
        else:
            raise ValueError(f"no such thing: {command}")
    return WIDTH, height, under + over


# --------------------------------------------------------------------- plots

PLOT = 44, 436, 150  # left, right, height of a panel


def mark(kind, x, y):
    """A point of a line: its shape tells it, not its colour alone."""
    shapes = (((-3.2, -3.2), (3.2, -3.2), (3.2, 3.2), (-3.2, 3.2)),
              ((0, -4.4), (4.4, 0), (0, 4.4), (-4.4, 0)), ((0, -4.2), (4, 3.2), (-4, 3.2)),
              ((0, 4.2), (4, -3.2), (-4, -3.2)))
    if kind % 6 in (0, 5):
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3.6 - kind % 6 / 5}" class="mark k{kind % 6}"/>'
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in shapes[kind % 6 - 1])
    return f'<polygon points="{points}" class="mark k{kind % 6}"/>'


def short(number):
    """1000 as 1k; 0.1 as it is."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:g}{name}"
    return f"{number:g}"


def legend(names):
    out = []
    for name, kind in names.items():
        x, y = 12 + 148 * (kind % 3), 14 + 20 * (kind // 3)
        out += [line(x, y, x + 24, y, f"curve k{kind % 6}"), mark(kind, x + 12, y),
                text(x + 30, y + 4, name, "label", "start")]
    return out


def panel(title, curves, marks, names, top):
    """One panel: its axes, and a line a curve."""
    left, right, height = PLOT
    every = [value for _, points in curves for point in points for value in point[1:]]
    low, high = (round_(math.log10(edge_(every))) for round_, edge_ in
                 ((math.floor, min), (math.ceil, max)))
    first, last = math.log(marks[0][0]), math.log(marks[-1][0])

    def at_x(value):
        return left + 10 + (right - left - 20) * (math.log(value) - first) / ((last - first) or 1)

    def at_y(value):
        return top + 24 + height * (high - math.log10(value)) / ((high - low) or 1)

    out = [text(left, top + 12, title, "name", "start")]
    for power in range(low, high + 1):
        y = at_y(10.0 ** power)
        out += [line(left, y, right, y, "grid"), text(left - 6, y + 4, short(10.0 ** power), "note", "end")]
    out += [text(at_x(value), top + height + 42, words, "note") for value, words in marks]
    for name, points in curves:
        kind = names[name]
        path = "L".join(f"{at_x(x):.1f} {at_y(y):.1f}" for x, y, _, _ in points)
        out.append(f'<path d="M{path}" class="curve k{kind % 6}"/>')
        for x, y, least, most in points:
            out += [line(at_x(x), at_y(least), at_x(x), at_y(most), f"range k{kind % 6}"),
                    mark(kind, at_x(x), at_y(y))]
    return out


def plot(lines):
    marks, panels, names = [], [], {}
    for words in lines:
        command, _, rest = words.partition(" ")
        cells = [cell.strip() for cell in rest.partition(" : ")[2].split("|")]
        if command == "x":
            marks = [(float(cell.split()[0]), cell.split(None, 1)[1].strip()) for cell in rest.split("|")]
        elif command == "panel":
            panels.append((rest, []))
        elif command == "line":
            name = rest.partition(" : ")[0]
            names.setdefault(name, len(names))
            panels[-1][1].append((name, [tuple(map(float, cell.split())) for cell in cells]))
        else:
            raise ValueError(f"no such thing: {command}")
    top = 20 * math.ceil(len(names) / 3) + 18
    out = legend(names)
    for title, curves in panels:
        out += panel(title, curves, marks, names, top)
        top += PLOT[2] + 66
    return WIDTH, top - 8, out


# ---------------------------------------------------------------------- file

def draw(name, form, content):
    """A figure of this name and form (".ladder"), as HTML."""
    lines = []
    for words in content.splitlines():
        if words.startswith("#") or not words.strip():
            continue
        if words[0] == " " and "|" not in words:
            lines[-1] += " " + words.strip()
        else:
            lines.append(words.rstrip())
    about = {}
    for key in ("title", "desc", "caption"):
        word, _, about[key] = lines.pop(0).partition(" ")
        if word != key:
            raise ValueError(f"here should be the {key}")
    about = {key: html.escape(value.strip(), quote=False) for key, value in about.items()}
    forms = {".ladder": ladder, ".bars": bars, ".bytes": bytes_, ".graph": graph, ".plot": plot}
    width, height, parts = forms[form](lines)
    parts = "\n".join(part for part in parts if part)
    return f"""<figure class="figure">
<svg viewBox="0 0 {width} {height:.0f}" role="img" aria-labelledby="{name}-title {name}-desc">
<title id="{name}-title">{about["title"]}</title>
<desc id="{name}-desc">{about["desc"]}</desc>
{parts}
</svg>
<figcaption>{about["caption"]}</figcaption>
</figure>
"""


def colours(names="figure"):
    """For a page of its own, out of the handbook's style sheet: the variables whose
    names begin so, for light and for dark, and the rules of the figures."""
    css = (Path(__file__).resolve().parents[2] / "docs/theme/lab.css").read_text(encoding="utf-8")
    own = re.compile(rf"^ *--(?:{names})[\w-]*:.*", re.M)
    light, dark = ("\n".join(own.findall(re.search(
        rf"^{re.escape(selector)} {{(.*?)^}}", css, re.M | re.S)[1]))
        for selector in ("html", "html.dark-mode"))
    return light, dark, "\n".join(re.findall(r"^\.figure [^{]*{[^}]*}", css, re.M))


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:]:
        path = Path(name)
        try:
            (folder / (path.stem + ".svg")).write_text(
                draw(path.stem, path.suffix, path.read_text(encoding="utf-8")), encoding="utf-8")
        except (ValueError, KeyError, IndexError) as error:
            sys.exit(f"{name}: {error}")


if __name__ == "__main__":
    main()
