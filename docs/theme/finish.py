#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the handbook's pages of what Doxygen 1.9.4 has written: finish.py HTML

Doxygen knows the text: headings, links, listings. This takes the text out of
each page, says in it what Doxygen leaves out (landmarks, the order of headings,
what is a terminal, the name of each cell for a phone), and sets it into
page.html with the sidebar of `pages`. Last, search.py writes what the search
looks through. A reader without JavaScript misses the search and the buttons.

Under each page's title stands how long it takes to read: its words, without
what is folded but a prediction's answer, without blocks and figures, at WORDS a
minute. `finish.py --words HTML` lists them.
"""
import html
import os
import re
import shutil
import string
import sys
from pathlib import Path

import search
from tests.tools.steps import STEPS

HERE = Path(__file__).resolve().parent
LUNR = Path("/usr/share/javascript/lunr/lunr.min.js")
WORDS = 200  # a minute: prose of a field that one learns, no novel
WASTE = ["jquery.js", "dynsections.js", "tabs.css", "doxygen.css", "doxygen.svg", "menu.js",
         "menudata.js", "*.png", "dir_*.html", "dir_*.js", "*_8c.js", "pages.html", "files.js"]


def plain(markup):
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", markup)).split())


# ------------------------------------------------------------------ the sidebar


def groups(instructor):
    """The table `pages`: [(group, [(page, name)])]; "steps" are left to the caller."""
    found = []
    for line in (HERE / "pages").read_text(encoding="utf-8").splitlines():
        if line.startswith("="):
            found.append((line.strip("=! "), [], line.startswith("=!")))
        elif line.strip() and not line.startswith("#"):
            found[-1][1].append((line.split(None, 1) + [""])[:2])
    return [(name, pages) for name, pages, theirs in found if instructor or not theirs]


class Book:
    """What all pages share."""

    def __init__(self, folder):
        self.folder = folder
        self.raw = {page.stem: page.read_text(encoding="utf-8")
                    for page in sorted(folder.glob("*.html"))
                    if page.stem != "pages" and not page.stem.startswith("dir_")}
        self.titles = {name: plain(re.search(r'<div class="title">(.*?)</div>', text, re.S)[1])
                       for name, text in self.raw.items() if '<div class="title">' in text}
        self.steps = [f"step_{stem}" for stem in STEPS if f"step_{stem}" in self.raw]
        self.instructor = "instructor" in self.raw
        self.groups = [(name, [(page, words) for page, words in pages if page in self.raw or page == "steps"])
                       for name, pages in groups(self.instructor)]
        self.edition = plain(re.search(r'<div id="projectbrief">(.*?)</div>', self.raw["index"], re.S)[1])
        self.template = string.Template((HERE / "page.html").read_text(encoding="utf-8"))
        placed = {page for _, pages in self.groups for page, _ in pages}
        self.parts = {name: "mistakes" for name in self.raw if name.startswith("mistakes_")}
        lost = [name for name, text in self.raw.items()
                if "<!-- PageDoc -->" in text and name not in placed | set(self.steps) | set(self.parts) | {"index"}]
        if lost:
            sys.exit(f"docs/theme/pages has no place for: {', '.join(lost)}")

    def step(self, name):
        """A step's number, and its name: ("2", "An address: bind")."""
        return re.fullmatch(r"(?:Step )?(\d+)[ –.:]+(.*)", self.titles[name]).groups()

    def place(self, name):
        """Where a step stands on the road."""
        last = [step for step in self.steps if STEPS[step.removeprefix("step_")].core][-1]
        number = self.step(name)[0]
        core = STEPS[name.removeprefix("step_")].core
        return f"Step {number} of {self.step(last)[0]}" if core else f"Step {number}, beyond the road"

    def sidebar(self, here):
        out = []
        for name, pages in self.groups:
            rows, steps = [], pages and pages[0][0] == "steps"
            for page, words in ([(step, "") for step in self.steps] if steps else pages):
                current = ' aria-current="page"' if page in (here, PROGRAM.get(here), self.parts.get(here)) else ""
                if steps:
                    number, words = self.step(page)
                    if not STEPS[page.removeprefix("step_")].core:
                        current += ' class="beyond"'
                    words = f"<i>{number}</i> {html.escape(words)}"
                else:
                    words = html.escape(words)
                rows.append(f'<li><a href="{page}.html"{current}>{words}</a></li>')
            key = re.sub(r"\W", "", name.lower())
            out.append(f'<p id="g-{key}">{html.escape(name)}</p>\n<ul aria-labelledby="g-{key}"'
                       f'{" class=road" if steps else ""}>\n' + "\n".join(rows) + "\n</ul>")
        return "\n".join(out)

    def group_of(self, name):
        group = next((group for group, pages in self.groups if self.parts.get(name, name) in dict(pages)), "")
        return "" if group.endswith("?") else group


# --------------------------------------------------------------------- the text

PROGRAM = {}  # a page of a program -> the page of its step


def read_words(text):
    """How many a reader reads before anything is unfolded."""
    text = re.sub(r'<nav.*?</nav>|<svg.*?</svg>|<details class="(?!predicted).*?</details>', "", text, flags=re.S)
    text = re.sub(r'<div class="fragment.*?<!-- fragment -->|<pre.*?</pre>', "", text, flags=re.S)
    return len(re.findall(r"[^\W_]+(?:[-.'’][^\W_]+)*", html.unescape(re.sub(r"<[^>]*>", " ", text))))


def headings(text):
    """Doxygen's first heading in a page is h1, like its title: one lower each, and
    the anchor is the heading's own. A heading leads to itself."""
    def lower(match):
        level, anchor, words = int(match[1]) + 1, match[2], " ".join(match[3].split())
        return (f'<h{level} id="{anchor}">{words}<a class="self" href="#{anchor}" '
                f'aria-label="Link to: {html.escape(plain(words))}">#</a></h{level}>')

    text = re.sub(r"<h(\d)>(?!<a class)(.*?)</h\1>", lambda m: f"<h{int(m[1]) + 1}>{m[2]}</h{int(m[1]) + 1}>",
                  text, flags=re.S)
    return re.sub(r'<h(\d)><a class="anchor" id="([^"]+)"></a>(.*?)</h\1>', lower, text, flags=re.S)


def contents(text):
    """The list at the right of a wide window; on a narrow one it is folded."""
    found = re.findall(r'<h2 id="([^"]+)">(.*?)<a class="self"', text, re.S)
    if len(found) < 3:
        return ""
    rows = "\n".join(f'<li><a href="#{anchor}">{re.sub("</?a[^>]*>", "", words)}</a></li>' for anchor, words in found)
    return (f'<nav class="toc" aria-label="On this page"><details open><summary>On this page</summary>\n'
            f"<ul>\n{rows}\n</ul></details></nav>\n")


def tables(text):
    """Each cell knows the name of its column: on a phone a row is a card."""
    def table(match):
        heads = [plain(cell) for cell in re.findall(r"<th[^>]*>(.*?)</th>", match[0], re.S)]

        def row(found):
            cells = iter(heads)
            return re.sub(r'<td class="[^"]*"( align="\w+")?>\s*',
                          lambda m: f'<td data-label="{html.escape(next(cells, ""))}">', found[0])

        out = re.sub(r"<tr.*?</tr>", row, match[0], flags=re.S)
        out = re.sub(r'<th class="[^"]*"[^>]*>', '<th scope="col">', out)
        out = re.sub(r'<tr class="markdownTableHead">(.*?)</tr>', r"<thead><tr>\1</tr></thead><tbody>", out, flags=re.S)
        out = re.sub(r'<tr class="markdownTableRow\w+"', "<tr", out).replace("</table>", "</tbody></table>")
        out = out.replace('<table class="markdownTable">', "<table>")
        return f'<div class="scroll">{out}</div>'

    return re.sub(r'<table class="markdownTable">.*?</table>', table, text, flags=re.S)


def term_rows(text):
    """In a page of terms each row can be led to."""
    seen = {}

    def mark(match):
        name = re.sub(r"\W+", "-", plain(match[1]).lower()).strip("-")
        seen[name] = seen.get(name, 0) + 1
        return f'<tr id="term-{name}{"-" + str(seen[name]) if seen[name] > 1 else ""}">\n{match[0].partition("<td")[1]}' \
               f'{match[0].partition("<td")[2]}'

    return re.sub(r"<tr>\s*<td[^>]*>(.*?)</td>", mark, text, flags=re.S)


PROMPT = re.compile(r"\$ |Connected by |\+\+\+ exited|recv: |\d+ bytes from|Expected ")


def fragments(text):
    """A block with a prompt, or with what tools print, was seen in a terminal. In
    a difference each line says whether it came or went."""
    def fragment(match):
        lines = re.findall(r'<div class="line">(.*?)</div>(?=\n|$)', match[1], re.S)
        said = [html.unescape(re.sub(r"<[^>]*>", "", line)) for line in lines]
        classes = [""] * len(lines)
        kind = "code"
        if any(re.match(r"[-+] ", line) for line in said) and all(re.match(r"[-+ ]|@@ |$", line) for line in said):
            kind = "difference"
            classes = [{"+": " came", "-": " went", "@": " where"}.get(line[:1], "") for line in said]
        elif any(PROMPT.match(line) for line in said):
            kind = "terminal"
            classes = [" command" if line.startswith("$ ") else "" for line in said]
        rows = "\n".join(f'<div class="line{name}">{line}</div>' for name, line in zip(classes, lines))
        return f'<div class="fragment {kind}">{rows}\n</div><!-- fragment -->'

    return re.sub(r'<div class="fragment">(.*?)</div><!-- fragment -->', fragment, text, flags=re.S)


def programs(text, book):
    """The list of programs: what each is about, its page, its listing."""
    rows = re.findall(r'<a href="(\w+_source\.html)">.*?<a class="el" href="(\w+\.html)"[^>]*>(.*?)</a>'
                      r'</td><td class="desc">(.*?)</td>', text, re.S)
    rows.sort(key=lambda row: ([*book.steps, f"step_{row[2][:-2]}"]).index(f"step_{row[2][:-2]}"))
    return ('<p>Each page says what its program is about; in its listing every call leads to its manual page.</p>\n'
            '<ul class="programs">\n' + "\n".join(
                f'<li><a href="{page}">{name}</a> {brief.strip()} <a class="listing" href="{listing}" '
                f'aria-label="Listing of {name}">listing</a></li>' for listing, page, name, brief in rows) + "\n</ul>")


def whole_names(text):
    """The name of a state is not broken at its hyphen."""
    parts = re.split(r'(<div class="fragment.*?<!-- fragment -->|<svg.*?</svg>|<[^>]*>)', text, flags=re.S)
    parts[::2] = [re.sub(r"\b(?:SYN|FIN|CLOSE|LAST|TIME)-(?:SENT|RECV|RECEIVED|WAIT(?:-\d)?|ACK)\b",
                         r'<span class="state">\g<0></span>', part) for part in parts[::2]]
    return "".join(parts)


def stations(text, book):
    """In a list of all steps each has its number."""
    def number(match):
        return re.sub(r'<li>(<a class="el" href="(?:mistakes|step)_(\w+)\.html">)',
                      lambda m: f"<li><i>{book.step('step_' + m[2])[0]}</i>{m[1]}", match[0])

    return re.sub(r'<div class="stations">.*?</ul>', number, text, flags=re.S)


def front(text):
    """The front page: its title is the first heading, and the run is in a terminal's colours."""
    text = re.sub(r'<h2 [^>]*>(.*?)<a class="self".*?</h2>', r'<h1 id="mainpage">\1</h1>', text, count=1, flags=re.S)

    def screen(match):
        rows = []
        for line in match[1].rstrip("\n").split("\n"):
            line = re.sub(r"^( *)(✔)", r'\1<b class="good">\2</b>', line)
            line = re.sub(r"^( *)(✘)(.*)", r'\1<b class="bad">\2</b><b>\3</b>', line)
            line = re.sub(r"^(    (?:Likely))", r"<b>\1</b>", line)
            rows.append(f'<div class="line{" command" if line.startswith("$ ") else ""}">{line}</div>')
        return '<div class="fragment terminal screen">' + "\n".join(rows) + "\n</div><!-- fragment -->"

    return re.sub(r'<pre class="fragment">(.*?)</pre>', screen, text, count=1, flags=re.S)


def task(text):
    """The file that a step is about leads to its listing."""
    def link(match):
        page = re.sub("_", "__", match[2]) + "_8c_source.html"
        return f'{match[1]}<a href="{page}">{match[3]}/{match[2]}.c</a>'

    return re.sub(r"(<b>File</b> )(?=(?:steps|solutions)/(\w+)\.c)(steps|solutions)/\w+\.c", link, text)


def finish(name, book):
    raw = book.raw[name]
    title = book.titles.get(name, "")
    text = raw.partition('<div class="contents">')[2].partition("<!-- contents -->")[0]
    text = re.sub(r"(?:</div>\s*)(?:<!-- PageDoc -->\s*)?(?:</div>\s*)*$", "", text)
    page = "<!-- PageDoc -->" in raw
    listing = name.endswith("_source")
    eyebrow, kind = book.group_of(name), "part" if name in book.parts else "page"
    if name == "files":
        text, page = programs(text, book), True
    elif listing or name.endswith("_8c"):
        kind = "listing" if listing else "program"
        title = title.removesuffix(" File Reference")
        eyebrow = "Listing" if listing else "Program"
        PROGRAM[name] = f"step_{title.removesuffix('.c')}"
        text = re.sub(r'<a href="\w+_8c(?:_source)?\.html">Go to the .*? of this file\.</a>', "", text)
        text = re.sub(r'<p class="definition">.*?</p>', "", text)
        other = name.removesuffix("_source") if listing else name + "_source"
        step = f"; its step: <a href='{PROGRAM[name]}.html'>{html.escape(book.titles[PROGRAM[name]])}</a>" \
            if PROGRAM[name] in book.steps else ""
        text = (f'<p class="time"><a href="{other}.html">{"What it is about" if listing else "Its listing"}</a>'
                f"{step}</p>\n{text}")
    else:
        # Two listings on one page would have the same anchors for their lines.
        text = re.sub(r'<a id="l\d+" name="l\d+"></a>', "", text)
    text = re.sub(r'<div class="toc">.*?</ul>\s*</div>', "", text, flags=re.S)
    text = re.sub(r'<p ?>(?:<a class="anchor" id="mainpage"></a>)?\s*</p>', "", text.replace("<p >", "<p>"))
    text = whole_names(stations(fragments(tables(headings(text))), book))
    if name == "index":
        text = front(text)
    if name in ("glossary", "errors"):
        text = term_rows(text)
    if name in book.steps:
        eyebrow = book.place(name)
        title, text = book.step(name)[1], task(text)
    toc, time = contents(text) if page and name not in ("index", "card") else "", ""
    if page and name not in ("index", "files", "card"):
        number = read_words(text)
        minutes = -(-number // WORDS)
        time = f'<p class="time">{number:,} words, {minutes} minute{"s" * (minutes > 1)} to read</p>\n'
    head = "" if name == "index" else (
        (f'<p class="eyebrow">{html.escape(eyebrow)}</p>\n' if eyebrow else "") + f"<h1>{html.escape(title)}</h1>\n{time}")
    if name == "index":
        kind = "front"
    out = book.template.substitute(
        head=html.escape(book.titles[name] + ("" if name == "index" else " – Sockets, step by step")),
        kind=kind + (" with-toc" if toc else ""), edition=html.escape(book.edition), pages=book.sidebar(name),
        text=f"{head}{toc}<div class=\"contents\">\n{text.strip()}\n</div><!-- contents -->")
    if not LUNR.is_file():
        out = re.sub(r'<button class="find".*?</button>\n', "", out, flags=re.S)
    return out


def main():
    folder = Path(sys.argv[-1])
    if sys.argv[1] == "--words":
        for page in sorted(folder.glob("*.html")):
            text = page.read_text(encoding="utf-8")
            if 'class="time"' in text and "words" in text:
                print(f"{read_words(text.partition('<div class=' + chr(34) + 'contents')[2]):6} {page.stem}")
        return
    book = Book(folder)
    for name in book.raw:
        (folder / f"{name}.html").write_text(finish(name, book), encoding="utf-8")
    for waste in WASTE:
        for path in folder.glob(waste):
            path.unlink()
    for path in (folder / "search").glob("*") if (folder / "search").is_dir() else []:
        path.unlink()
    if LUNR.is_file():
        shutil.copyfile(LUNR, folder / "lunr.min.js")
        os.chmod(folder / "lunr.min.js", 0o644)
        search.write(folder, book, HERE / "synonyms")


if __name__ == "__main__":
    main()
