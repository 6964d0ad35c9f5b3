# SPDX-License-Identifier: MIT
"""What the search looks through: HTML/search-data.js, made by finish.py.

One row a section of a page, a term of the glossary, an error: its page, anchor,
heading and words. Answers to questions are left out, since a search shows words
of what it finds. lunr makes its index of the rows when a reader first searches;
search.js asks it, and knows other people's words from the file `synonyms`.
"""
import html
import json
import re

LEAVE = ["index", "files", "pages", "card", "differences"]  # what they say stands elsewhere


def words(markup):
    markup = re.sub(r'<a class="self".*?</a>', "", markup, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"</?(?:a|b|em|code|span|strong)\b[^>]*>", "", markup))).split())


def synonyms(path):
    """[[theirs, ours], ...], and the words that must be found as they are."""
    pairs, known = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            theirs, colon, ours = line.partition(":")
            if colon:
                pairs += [[word.strip().lower(), ours.strip()] for word in theirs.split(",")]
            else:
                known += [word.strip() for word in theirs.split(",")]
    return sorted(pairs, key=lambda pair: (-len(pair[0]), pair)), known


def sections(text):
    """Yield (anchor, heading, markup); what stands before the first has neither."""
    text = re.sub(r'<details class="answer">.*?</details>|<svg.*?</svg>|<nav.*?</nav>|<p class="time">.*?</p>', "", text, flags=re.S)
    parts = re.split(r'<h[234] id="([^"]+)">(.*?)</h[234]>', text, flags=re.S)
    yield "", "", parts[0]
    for at in range(1, len(parts), 3):
        yield parts[at], words(parts[at + 1]), parts[at + 2]


def rows_of(name, text, rows):
    for anchor, heading, markup in sections(text):
        if name in ("glossary", "errors"):
            for term, row in re.findall(r'<tr id="([^"]+)">(.*?)</tr>', markup, re.S):
                cells = [words(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]
                title = cells[0] + (f" ({cells[1]})" if re.fullmatch(r"[A-Z_]+", cells[1]) else "")
                rows.append([name, term, title, " · ".join(cells[1:])])
            markup = re.sub(r"<table.*?</table>", "", markup, flags=re.S)
        blocks = re.findall(r'<div class="fragment.*?<!-- fragment -->', markup, re.S)
        prose = words(re.sub(r'<div class="fragment.*?<!-- fragment -->', " ", markup, flags=re.S))
        shown = words(" ".join(blocks))
        if heading or prose or shown:
            rows.append([name, anchor, heading, prose, *([shown] if shown else [])])


def write(folder, book, table):
    rows, titles = [], {}
    for name in sorted(book.raw):
        if name.endswith("_source") or name in LEAVE or name not in book.titles:
            continue
        text = (folder / f"{name}.html").read_text(encoding="utf-8")
        titles[name] = book.titles[name].removesuffix(" File Reference")
        rows_of(name, text.partition('<div class="contents">')[2], rows)
    pairs, known = synonyms(table)
    data = {"titles": titles, "rows": rows, "synonyms": pairs, "known": known}
    (folder / "search-data.js").write_text(
        "var handbook = " + json.dumps(data, ensure_ascii=False, separators=(",", ":")) + ";\n", encoding="utf-8")
