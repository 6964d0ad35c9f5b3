#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Finish what Doxygen 1.9.4 has made: finish.py HTML

Search. Doxygen puts files, functions and the titles of pages into its index.
This adds the headings of each page, the terms of the glossary and the words
and names of the errors, each by every word in it, so that "htons",
"TIME_WAIT" and "queue" lead somewhere. It rewrites search/all_*.js and gives
the rows of those two pages an anchor.

Time. Under each page's title stands how long it takes to read: its words,
without what is folded but a prediction's answer, without blocks and figures,
at WORDS a minute. `finish.py --words HTML` lists them.

Tree. The part of a file with functions is a script that begins "var
04__accept_8c", which is no name in JavaScript: it gets a letter in front.
"""
import ast
import html
import re
import sys
from pathlib import Path


def key(words):
    """As search.js makes them: what is not a small letter or digit, in hex."""
    return "".join(c if re.match(r"[a-z0-9\u0080-\uffff]", c) else f"_{ord(c):02x}"
                   for c in words.lower())


def plain(markup):
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", markup)).split())


def rows(page):
    """Give each row of the page's tables an anchor; yield (anchor, words)."""
    found, seen = [], {}

    def mark(match):
        cells = [plain(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", match[0], re.S)]
        name = re.sub(r"\W+", "-", cells[0].lower()).strip("-")
        seen[name] = seen.get(name, 0) + 1
        anchor = "term-" + name + (f"-{seen[name]}" if seen[name] > 1 else "")
        found.append((anchor, cells[0]))
        if re.fullmatch(r"[A-Z_]+", cells[1]):  # an error's name
            found.append((anchor, cells[1]))
        return match[1] + f' id="{anchor}"' + match[2]

    text = page.read_text(encoding="utf-8")
    text = re.sub(r'(<tr class="markdownTableRow(?:Odd|Even)")(>.*?</tr>)', mark, text, flags=re.S)
    page.write_text(text, encoding="utf-8")
    return found


WORDS = 200  # a minute: prose of a field that one learns, no novel


def words(page):
    """How many a reader reads before anything is unfolded."""
    text = page.partition('<div class="contents">')[2].partition("<!-- contents -->")[0]
    text = re.sub(r'<div class="toc">.*?</div>|<svg.*?</svg>|<nav.*?</nav>|<p class="time">.*?</p>', "", text, flags=re.S)
    text = re.sub(r'<details class="(?!predicted).*?</details>', "", text, flags=re.S)
    text = re.sub(r'<div class="fragment">.*?<!-- fragment -->|<pre.*?</pre>', "", text, flags=re.S)
    return len(re.findall(r"[^\W_]+(?:[-.'’][^\W_]+)*", html.unescape(re.sub(r"<[^>]*>", " ", text))))


def tell_time(page):
    """The line under the title."""
    number = words(page)
    minutes = -(-number // WORDS)
    line = f'<p class="time">{number:,} words, {minutes} minute{"s" * (minutes > 1)}</p>'
    return page.replace('<div class="contents">', f'<div class="contents">\n{line}', 1)


def mend_tree(folder):
    wrong = [script.stem for script in folder.glob("[0-9]*_8c.js")]
    for name in wrong:
        script = folder / f"{name}.js"
        text = script.read_text(encoding="utf-8").replace(f"var {name} =", f"var f{name} =")
        (folder / f"f{name}.js").write_text(text, encoding="utf-8")
        script.unlink()
    for script in [*folder.glob("dir_*.js"), folder / "files.js"]:
        text = script.read_text(encoding="utf-8")
        for name in wrong:
            text = text.replace(f'"{name}" ]', f'"f{name}" ]')
        script.write_text(text, encoding="utf-8")


def main():
    folder = Path(sys.argv[-1])
    if sys.argv[1] == "--words":
        for page in sorted(folder.glob("*.html")):
            if "<!-- PageDoc -->" in (text := page.read_text(encoding="utf-8")):
                print(f"{words(text):6} {page.stem}")
        return
    mend_tree(folder)
    search = folder / "search"
    entries = {}  # (key, shown) -> the places that it leads to

    def add(words, shown, place):
        places = entries.setdefault((key(words), shown), [])
        if place not in places:
            places.append(place)

    for old in sorted(search.glob("all_*.js")):
        for name, (shown, *places) in ast.literal_eval(old.read_text(encoding="utf-8").split("=", 1)[1].strip(" ;\n")):
            for place in places:
                add(html.unescape(shown), shown, tuple(place))
    template = search / "all_0.html"  # since Doxygen 1.9.8 the script is enough
    template = template.read_text(encoding="utf-8") if template.is_file() else None
    for old in search.glob("all_*"):
        old.unlink()

    for page in sorted(folder.glob("*.html")):
        text = page.read_text(encoding="utf-8")
        title = re.search(r'<div class="title">(.*?)</div>', text, re.S)
        if not title or "PageDoc" not in text:
            continue
        title = html.escape(plain(title[1]))
        # Two listings on one page would have the same anchors for their lines.
        text = re.sub(r'<a id="l\d+" name="l\d+"></a>', "", text)
        if page.name != "index.html":
            text = tell_time(text)
        page.write_text(text, encoding="utf-8")
        found = [(anchor, plain(words)) for anchor, words in
                 re.findall(r'<h\d><a class="anchor" id="([^"]+)"></a>(.*?)</h\d>', text, re.S)]
        if page.name in ("glossary.html", "errors.html"):
            found += rows(page)
        for anchor, shown in found:
            place = (f"../{page.name}#{anchor}", 1, title)
            for term in [shown] + re.split(r", ", shown):
                add(term, html.escape(shown), place)
                add(term.replace("-", "_"), html.escape(shown), place)
            for word in re.findall(r"[\w/]{3,}", shown):
                add(word, html.escape(shown), place)

    # The search compares beginnings, so "htons" finds "htons, htonl" already.
    for name, shown in sorted(entries):
        if any(other[0] != name and other[0].startswith(name) and other[1] == shown and entries[other] == entries[name, shown]
               for other in list(entries)):
            del entries[name, shown]
    letters = sorted({name[0] for name, _ in entries if name[0] != "_"})
    number = 0
    for i, letter in enumerate(letters):
        lines = []
        for (name, shown), places in sorted(entries.items()):
            if name[0] == letter:
                lines.append(f"  {[f'{name}_{number}', [shown, *map(list, places)]]!r}")
                number += 1
        (search / f"all_{i:x}.js").write_text("var searchData=\n[\n" + ",\n".join(lines) + "\n];\n", encoding="utf-8")
        if template:
            (search / f"all_{i:x}.html").write_text(template.replace("all_0.js", f"all_{i:x}.js"), encoding="utf-8")
    data = search / "searchdata.js"
    data.write_text(re.sub(r'0: "[^"]*"', f'0: "{"".join(letters)}"', data.read_text(encoding="utf-8"), count=1),
                    encoding="utf-8")


main()
