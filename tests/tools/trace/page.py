# SPDX-License-Identifier: MIT
"""The ladder as one HTML file, with the lines of source beside it.

tests/tools/draw.py draws it, and its colours are those of the handbook's
figures: they are taken from docs/theme/lab.css when the file is written. The
file needs nothing else, no script and no network.
"""
import html
import os
import re
from pathlib import Path

from tests.tools.trace.ladder import as_figure, line_of, names_of, show_result, sides_of

TOP = Path(__file__).resolve().parents[3]
from tests.tools import draw

MOST = 6  # calls of a line that are listed
CSS = """
:root { color-scheme: light dark; --font-family: system-ui, sans-serif;
    --font-family-monospace: ui-monospace, "DejaVu Sans Mono", monospace;
    --page-background-color: #fff; --page-foreground-color: #1c2733;
    --odd-color: #f4f6f8; --separator-color: #ccd4dc; }
@media (prefers-color-scheme: dark) { :root { --page-background-color: #1a1e23;
    --page-foreground-color: #e2e8ee; --odd-color: #22272e; --separator-color: #3c454f;
    --page-secondary-foreground-color: #a3adb8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 16px; max-width: 1500px; font: 15px/1.5 var(--font-family);
    background: var(--page-background-color); color: var(--page-foreground-color); }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 20px 0 6px; }
.beside { display: grid; grid-template-columns: minmax(0, 640px) minmax(0, 1fr);
    gap: 28px; align-items: start; }
.compared { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
@media (max-width: 900px) { .beside, .compared { grid-template-columns: minmax(0, 1fr); } }
.figure { margin: 0; } .figure svg { max-width: 640px; }
.figure a { text-decoration: none; } .figure a text { text-decoration: underline; }
.facts { white-space: pre-wrap; overflow-wrap: anywhere; }
pre { margin: 0; padding: 8px 0; overflow-x: auto;
    border: 1px solid var(--separator-color); border-radius: 4px;
    background: var(--odd-color); font: 12.5px/1.5 var(--font-family-monospace); }
pre > span { display: block; padding: 0 10px; min-width: max-content; }
pre .n { display: inline-block; width: 2.5em; color: var(--figure-dim); }
pre .hit { background: var(--figure-client-back); }
.server-side .hit { background: var(--figure-server-back); }
pre .hit:target { outline: 2px solid var(--figure-client); }
pre .did { display: block; padding-left: 3.2em; min-width: 0; font-weight: bold; color: inherit; }
pre a { color: inherit; }
"""


def colours():
    """The figures' rules and colours, out of the handbook's style sheet."""
    light, dark, rules = draw.colours()
    return (f":root {{\n{light}\n}}\n"
            f"@media (prefers-color-scheme: dark) {{ :root {{\n{dark}\n}} }}\n{rules}\n")


def figure(recording, table, name, caption):
    desc = f"{len(table)} moments, from the first to the last, as text in the terminal, too."
    body = as_figure(table, names_of(recording), times=True)
    about = f"title    {name}\ndesc     {desc}\ncaption  {caption}\nwidth    580\n"
    # An image has no links; this one has.
    drawn = draw.draw(re.sub(r"\W+", "-", name), ".ladder", about + body)
    return drawn.replace('role="img"', 'role="group"')


def listing(program, base):
    """The source, with what each line did under it."""
    did, side_of = {}, {}
    for call, side in zip(program["calls"], sides_of(program, program["side"])):
        result = "has not returned" if call["returned"] is None else show_result(call)
        words = f"{call['name']}({call['args']}) {result}"
        if call["returned"] is not None and call["returned"] - call["entered"] >= 1_000_000:
            words += f"   {(call['returned'] - call['entered']) / 1e6:.1f} ms"
        side_of[line_of(call)] = side
        line = did.setdefault(line_of(call), [])
        if len(line) < MOST:
            line.append(words)
        elif line[-1] != "…":
            line.append("…")
    out = []
    for number, text in enumerate(program["source"].splitlines(), 1):
        body = f'<span class="n">{number}</span>{html.escape(text)}'
        if number in did:
            place = f"{side_of[number]}-{number}"
            link = f'<a href="#at-{place}" aria-label="in the ladder">↖</a>'
            notes = "".join(f'<span class="did">{link} {html.escape(words)}</span>'
                            for words in did[number])
            out.append(f'<span class="hit" id="{place}">{body}{notes}</span>')
        else:
            out.append(f"<span>{body}</span>")
    css = "server-side" if program["side"] == "right" else "client-side"
    return (f'<section class="{css}"><h2>{html.escape(base)}</h2>'
            f'<pre tabindex="0" aria-label="{html.escape(base)}">{"".join(out)}</pre></section>')


def write(path, title, recording, table, facts, against=None):
    """The file; with against (recording, table) the solution's ladder beside it."""
    words = html.escape(title)
    figures = figure(recording, table, title,
                     "Times in milliseconds; numbers at the lifelines are lines of source.")
    sources = "".join(listing(program, f"{program['name']}.c") for program in recording["programs"]
                      if program.get("source"))
    if against:
        for row in against[1]:  # their lines are not listed here
            row.left_line = row.right_line = 0
        theirs = figure(*against, "The solution", "What is marked is not in the other ladder.")
        body = (f'<div class="beside compared"><div><h2>Yours</h2>{figures}</div>'
                f"<div><h2>The solution</h2>{theirs}</div></div>{sources}")
    else:
        body = f'<div class="beside"><div>{figures}</div><div>{sources}</div></div>'
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    mine.write_text(f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{words}</title>
<link rel="icon" href="data:,">
<style>{colours()}{CSS}</style>
</head>
<body>
<header><h1>{words}</h1><div class="facts">{html.escape(chr(10).join(facts))}</div></header>
<main>{body}</main>
</body>
</html>
""", encoding="utf-8")
    mine.replace(path)
