# SPDX-License-Identifier: MIT
"""Which of a student's files is which program (for submission.py).

The names decide, then the contents: a file that is as it was handed out, or that
is the kit's own, counts only where there is nothing else. What is taken in any
way but the plain one gets a flag that says so.
"""
import dataclasses
import hashlib
import re

# What editors, browsers and people add to a name.
ADDED = re.compile(r"[ _-]*(\(\d+\)|- ?copy|copy|kopie|final|fixed|new|done|solution|my|"
                   r"v?\d{1,2}(?!\d))$", re.I)
PROGRAM = re.compile(r"^(.*?)\.(c|c\.txt|c\.c|cpp|cc)$", re.I | re.S)
KIT_FOLDERS = ("solutions", "tests", "broken", "variants", "examples", "graded")


@dataclasses.dataclass
class Candidate:
    """A file that may be a program of a step."""
    folder: tuple  # ("lab", "steps")
    name: str
    data: bytes
    age: int = 0  # of two archives the newer has the smaller one

    @property
    def path(self):
        return "/".join((*self.folder, self.name))


# --------------------------------------------------------------------- contents

BOMS = ((b"\xef\xbb\xbf", "utf-8-sig", None), (b"\xff\xfe\0\0", "utf-32", "UTF-32"),
        (b"\0\0\xfe\xff", "utf-32", "UTF-32"), (b"\xff\xfe", "utf-16", "UTF-16"),
        (b"\xfe\xff", "utf-16", "UTF-16"))


def as_utf8(data):
    """(the text as a compiler wants it, what was odd about it or "")"""
    odd, text = "", None
    for begin, codec, what in BOMS:
        if data.startswith(begin):
            text = data.decode(codec, "replace")
            odd = what or ""  # every compiler skips UTF-8's mark
            break
    if text is None and data[1::2].count(0) > len(data) // 4:
        text, odd = data.decode("utf-16-le", "replace"), "UTF-16"
    elif text is None and data[::2].count(0) > len(data) // 4:
        text, odd = data.decode("utf-16-be", "replace"), "UTF-16"
    if text is None:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            odd = "Latin-1"
            try:
                text = data.decode("cp1252")
            except UnicodeDecodeError:
                text = data.decode("latin-1")
    if "\r" in text and "\n" not in text:
        odd += " with CR for line ends" if odd else "CR for line ends"
    return text.replace("\r\n", "\n").replace("\r", "\n").encode(), odd


def essence(data):
    """A name for a content, whatever its encoding and its blanks are."""
    text, _ = as_utf8(data)
    lines = [re.sub(rb"\s+", b" ", line).strip() for line in text.split(b"\n")]
    return hashlib.sha256(b"\n".join(line for line in lines if line)).hexdigest()


# ------------------------------------------------------------------------ names

def words_of(name):
    """`03_Listen` -> {"03", "listen"}"""
    return {word.zfill(2) if word.isdigit() else word
            for word in re.split(r"[^a-z0-9]+|(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)",
                             name.lower()) if word}


def stems_like(name, stems):
    """(the steps that a file's name may mean, whether it is exactly one's)"""
    if name.endswith(".c") and name[:-2] in stems:
        return [name[:-2]], True
    match = PROGRAM.match(name)
    if not match:
        return [], False
    text, before = match[1], None
    while text != before:
        words = words_of(text) - {"step", "task", "ex", "exercise", "lab", "my", "the"}
        fit = [stem for stem in stems if words and words <= words_of(stem)]
        if fit:
            return fit, False
        before, text = text, ADDED.sub("", text)
    return [], False


# --------------------------------------------------------------------- choosing

def standing(folder):
    """`steps` first; then any other; the kit's own folders last."""
    last = folder[-1].lower() if folder else ""
    return 0 if last == "steps" else 2 if last in KIT_FOLDERS else 1


def shown_folder(folder):
    return "/".join(folder) + "/" if folder else "the top"


class Choice:
    """known: {"starters": {stem: essences}, "solutions": …}, of every version of
    the kit; wanted: the folder that names.csv says, or ""."""

    def __init__(self, stems, known, wanted=""):
        self.stems, self.known = stems, known
        self.wanted = tuple(p for p in wanted.split("/") if p)
        self.flags, self.taken, self.untouched = [], {}, []

    def is_known(self, what, stem, candidate):
        return essence(candidate.data) in self.known.get(what, {}).get(stem, ())

    def pool(self, candidates):
        """{stem: [(Candidate, exact)]}, and what can't be told apart is flagged."""
        pool, doubtful = {}, {}
        for one in candidates:
            fit, exact = stems_like(one.name, self.stems)
            if self.wanted and one.folder[:len(self.wanted)] != self.wanted:
                continue
            if b"lab/lab.h" in one.data or b"criterion/" in one.data:
                continue  # a suite of the kit's: it has its step's name
            if len(fit) == 1:
                pool.setdefault(fit[0], []).append((one, exact))
            elif len(fit) > 1:
                doubtful[one.path] = fit
        for path, fit in doubtful.items():
            if not any(stem in pool for stem in fit):
                self.flags.append(f"{path} may be {' or '.join(fit)}: not taken")
        return pool

    def own(self, stem, those):
        """Of the files for a step those that the student has worked on; all of
        them, if there is none."""
        worked = [pair for pair in those if not self.is_known("starters", stem, pair[0]) and
                  not (standing(pair[0].folder) == 2 and
                       self.is_known("solutions", stem, pair[0]))]
        if worked:
            return worked, True
        given = [pair for pair in those if self.is_known("starters", stem, pair[0])]
        return given or those, False

    def choose(self, candidates):
        """{stem: Candidate}"""
        beside = [one for one in candidates if one.folder[-1:] != ("tests",)]
        pool = self.pool(beside or candidates)
        worked = {stem: self.own(stem, those) for stem, those in pool.items()}
        count = {}
        for stem, (those, touched) in worked.items():
            for one, _ in those:
                count[one.folder] = count.get(one.folder, 0) + touched

        def order(pair):
            one, exact = pair
            return (one.age, standing(one.folder), -count[one.folder], len(one.folder),
                    one.folder, not exact, one.name)
        for stem in self.stems:
            if stem not in worked:
                continue
            those, touched = worked[stem]
            exact = [pair for pair in those if pair[1]]
            if not exact and len({essence(one.data) for one, _ in those
                                  if one.age == min(o.age for o, _ in those)}) > 1:
                self.flags.append(f"{stem} is missing, and {' and '.join(sorted(one.path for one, _ in those))}"
                                  " may be it: not taken")
                continue
            one = min(exact or those, key=order)[0]
            self.taken[stem] = one
            if not touched:
                self.untouched.append(stem)
            if not exact:
                self.flags.append(f"{one.path} was taken as {stem}.c")
        self.tell(pool, worked)
        return self.taken

    def again(self, candidates):
        """With more files than before."""
        self.flags, self.taken, self.untouched = [], {}, []
        return self.choose(candidates)

    def tell(self, pool, worked):
        """Where the programs are from, if not from one plain place."""
        places = {}
        for stem, one in self.taken.items():
            places.setdefault(one.folder, []).append(stem)
        age = {one.folder: one.age for one in self.taken.values()}
        main = min(places, key=lambda place: (-len(places[place]), age[place], place), default=())
        for folder, stems in sorted(places.items()):
            if folder != main:
                self.flags.append(f"from {shown_folder(folder)}: {', '.join(stems)}")
            given, rivals = set(), {}
            for stem in stems:
                mine = essence(self.taken[stem].data)
                for one, _ in pool[stem]:
                    if one is self.taken[stem] or essence(one.data) == mine:
                        continue
                    if not any(one is other for other, _ in worked[stem][0]):
                        given |= {one.folder} if standing(one.folder) < 2 else set()
                    else:
                        rivals.setdefault(one.path, one)
            if rivals:
                self.flags.append(f"{shown_folder(folder)} was taken, and there is other work in " +
                                  listed(sorted(rivals)))
            elif given - {folder} and not set(stems) <= set(self.untouched):
                self.flags.append(f"{shown_folder(folder)} was taken: as it was handed out is " +
                                  listed(sorted(map(shown_folder, given - {folder}))))
        for stem, one in self.taken.items():
            if standing(one.folder) == 2 and self.is_known("solutions", stem, one):
                self.flags.append(f"{one.path} is the kit's own solution")
        if self.taken and len(self.untouched) == len(self.taken):
            self.flags.append("nothing was written: every program is as it was handed out")


def listed(names, most=4):
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
