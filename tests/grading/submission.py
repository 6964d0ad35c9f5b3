#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Take the programs of the steps, and nothing else, out of a submission.

    submission.py ENTRY FOLDER      as grade.py does it; prints what it found

ENTRY is a folder with the steps at any depth, an archive (.zip, or .tar in any
compression), a folder that has one archive, or a git repository without a
working tree. It is a stranger's: no link is followed, nothing of it is run, no
path of it is written to, and what is read of it is limited. Each of the nine
files becomes FOLDER/NAME.c; take() returns what there is to say of it.
"""
import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import re
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib

FILE_MOST = 1 << 20  # bytes of one program
ARCHIVE_MOST = 64 << 20  # bytes of an archive as it lies there
UNPACKED_MOST = 256 << 20  # bytes that it may become
NAMES_MOST = 20000  # files and folders in one submission
SKIPPED = (".git", "__MACOSX", "build", "node_modules")
ARCHIVE = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|tar\.(gz|bz2|xz))$", re.I)
OPENERS = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open),
           (b"\xfd7zXZ", lzma.open))


class Refused(Exception):
    """There is nothing to grade, and this is why."""


def size_text(size):
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} GiB"


def shown(text, most=80):
    """A name of theirs as it can be printed in one line."""
    text = text.encode("utf-8", "backslashreplace").decode()
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return text if len(text) <= most else text[:most - 1] + "…"


class Found:
    """The programs that were seen, by folder, and what is odd about them."""

    def __init__(self, stems):
        self.names = {f"{stem}.c" for stem in stems}
        self.folders = {}  # ("a", "steps"): {"02_bind.c": bytes}
        self.archives = []  # paths, in a folder
        self.flags = []
        self.count = 0

    def flag(self, text):
        if text not in self.flags and len(self.flags) < 20:
            self.flags.append(text)

    def look(self, path):
        """Whether this path is one of the kit's programs; path is as found."""
        self.count += 1
        if self.count > NAMES_MOST:
            raise Refused(f"more than {NAMES_MOST} files and folders")
        parts = path.split("/")
        if path.startswith("/") or ".." in parts:
            self.flag(f"has a path that leads out of it: {shown(path)}")
            return False
        return parts[-1] in self.names and not set(parts) & set(SKIPPED)

    def keep(self, path, read, size=None):
        """read(n) gives up to n bytes of it; size is what it claims to be."""
        parts = [p for p in path.split("/") if p not in ("", ".")]
        data = read(FILE_MOST + 1) if (size or 0) <= FILE_MOST else None
        if data is None or len(data) > FILE_MOST:
            self.flag(f"{parts[-1]} is larger than {size_text(FILE_MOST)}"
                      f"{f' ({size_text(size)})' if size else ''}: not taken")
            return
        self.folders.setdefault(tuple(parts[:-1]), {})[parts[-1]] = data

    def link(self, path):
        self.flag(f"{shown(path)} is a link or a device: not taken")


# ------------------------------------------------------------- kinds of entry

def read_folder(root, found):
    owner = os.lstat(root).st_uid
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        inner = os.path.relpath(folder, root)
        for name in folders + sorted(files):
            path = name if inner == "." else f"{inner}/{name}"
            about = os.lstat(os.path.join(folder, name))
            wanted = found.look(path)
            if stat.S_ISREG(about.st_mode) and ARCHIVE.search(name):
                found.archives.append(os.path.join(folder, name))
            if not wanted:
                continue
            if not stat.S_ISREG(about.st_mode):
                found.link(path)
                continue
            if about.st_nlink > 1 and about.st_uid != owner:
                found.flag(f"{shown(path)} is another user's file: not taken")
                continue
            try:
                file = os.open(os.path.join(folder, name),
                               os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            except OSError as error:
                found.flag(f"{shown(path)}: {error.strerror}")
                continue
            with open(file, "rb") as content:
                found.keep(path, content.read, about.st_size)


class Metered(io.RawIOBase):
    """A stream that gives only so much: an archive may unpack to anything."""

    def __init__(self, stream):
        self.stream, self.left = stream, UNPACKED_MOST

    def readable(self):
        return True

    def read(self, size=-1):
        data = self.stream.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self.left -= len(data)
        if self.left < 0:
            raise Refused(f"it unpacks to more than {size_text(UNPACKED_MOST)}")
        return data


def read_tar(file, found):
    magic = file.read(6)
    file.seek(0)
    for begin, opener in OPENERS:
        if magic.startswith(begin):
            file = opener(file)
    with tarfile.open(fileobj=Metered(file), mode="r|") as archive:
        for member in archive:
            if not found.look(member.name):
                continue
            if member.isreg():
                found.keep(member.name, archive.extractfile(member).read,
                           member.size)
            elif not member.isdir():
                found.link(member.name)


def read_zip(file, found):
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            name = member.filename.replace("\\", "/")
            if not found.look(name) or member.is_dir():
                continue
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                found.link(name)
            elif member.flag_bits & 1:
                found.flag(f"{shown(name)} is encrypted: not taken")
            else:
                with archive.open(member) as content:
                    found.keep(name, content.read, member.file_size)


def read_archive(path, found):
    size = os.stat(path).st_size
    if size > ARCHIVE_MOST:
        raise Refused(f"the archive has {size_text(size)}: more than "
                      f"{size_text(ARCHIVE_MOST)} is not read")
    with open(path, "rb") as file:
        try:
            kind = read_zip if zipfile.is_zipfile(file) else read_tar
            file.seek(0)
            kind(file, found)
        except Refused:
            raise
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError,
                lzma.LZMAError, zlib.error, ValueError, NotImplementedError,
                RuntimeError, KeyError, IndexError, OverflowError) as error:
            raise Refused("the archive can't be read: "
                          f"{shown(str(error)) or type(error).__name__}")


def is_repository(folder):
    return all(os.path.lexists(os.path.join(folder, name))
               for name in ("HEAD", "objects", "refs"))


def look_through(repository):
    """Refuse what is no plain repository: through a link or alternates it
    would have others' objects, a FIFO would never end."""
    count = size = 0
    todo = [os.path.join(repository, name)
            for name in ("HEAD", "packed-refs", "refs", "objects")]
    while todo:
        path = todo.pop()
        try:
            about = os.lstat(path)
        except FileNotFoundError:
            continue
        inner = shown(os.path.relpath(path, repository))
        count, size = count + 1, size + about.st_size
        if count > NAMES_MOST or size > UNPACKED_MOST:
            raise Refused("the git repository is too large: more than "
                          f"{NAMES_MOST} files or {size_text(UNPACKED_MOST)}")
        if stat.S_ISDIR(about.st_mode):
            todo += [os.path.join(path, name) for name in os.listdir(path)]
        elif not stat.S_ISREG(about.st_mode):
            raise Refused(f"in the git repository {inner} is a link or a device")
        elif inner in ("objects/info/alternates",
                       "objects/info/http-alternates"):
            raise Refused("the git repository has its objects elsewhere "
                          f"({inner}): hand in the whole")


def head_of(repository):
    """The commit of HEAD, read without git: its configuration is theirs."""
    name = "HEAD"
    for _ in range(5):
        path = os.path.join(repository, name)
        if not os.path.isfile(path):
            break
        with open(path, errors="replace") as file:
            text = file.read(200).strip()
        if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text):
            return text
        match = re.fullmatch(r"ref: (refs/[\w./-]+)", text)
        if not match or ".." in text:
            break
        name = match[1]
    packed = os.path.join(repository, "packed-refs")
    if os.path.isfile(packed):
        with open(packed, errors="replace") as file:
            match = re.search(rf"^([0-9a-f]+) {re.escape(name)}$",
                              file.read(1 << 20), re.M)
        if match:
            return match[1]
    raise Refused("the git repository has no commit in HEAD")


def read_repository(repository, found):
    """Through a repository of our own that only borrows the objects."""
    look_through(repository)
    commit = head_of(repository)
    with tempfile.TemporaryDirectory(dir=os.environ.get("TAKE_TEMP")) as own:
        env = {"PATH": os.environ["PATH"], "HOME": own, "LC_ALL": "C",
               "GIT_CONFIG_NOSYSTEM": "1", "GIT_ALLOW_PROTOCOL": "none",
               "GIT_NO_LAZY_FETCH": "1", "GIT_DIR": f"{own}/.git",
               "GIT_ALTERNATE_OBJECT_DIRECTORIES":
                   os.path.join(os.path.abspath(repository), "objects")}

        def git(*args, size=64 << 20):
            with subprocess.Popen(["git", *args], env=env,
                                  stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL) as run:
                data = run.stdout.read(size)
                run.stdout.close()
            return data

        git("init", "-q", "--bare", own + "/.git")
        if git("cat-file", "-t", commit).strip() != b"commit":
            raise Refused("the git repository has no commit in HEAD")
        listing = git("ls-tree", "-r", "-z", "--full-tree", commit)
        if not listing:
            raise Refused("the git repository's HEAD can't be read")
        for line in listing.split(b"\0")[:-1]:
            about, path = line.decode("utf-8", "surrogateescape").split("\t", 1)
            mode, kind, blob = about.split()
            if not found.look(path):
                continue
            if kind != "blob" or not mode.startswith("100"):
                found.link(path)
                continue
            found.keep(path, lambda n: git("cat-file", "blob", blob, size=n))


# ------------------------------------------------------------------ choosing

def rank(folder):
    """`steps` first; then any other; the kit's own solutions and suites, whose
    files have the same names, only where there is nothing else."""
    last = folder[-1] if folder else ""
    kind = {"steps": 0, "solutions": 2, "tests": 3}.get(last, 1)
    return kind, len(folder), folder


def choose(found):
    """{name: bytes}: one folder's, and of the others what it lacks."""
    folders = sorted(found.folders, key=rank)
    if not folders:
        return {}
    best = folders[0]
    taken = dict(found.folders[best])
    others = [f for f in folders[1:] if rank(f)[0] < 2]
    for folder in others:
        for name, data in sorted(found.folders[folder].items()):
            if name not in taken:
                taken[name] = data
                found.flag(f"{name} is from {shown('/'.join(folder)) or '.'}/")
    if any(set(found.folders[f]) & set(found.folders[best]) for f in others):
        found.flag(f"several folders have the steps: "
                   f"{shown('/'.join(best)) or '.'}/ was taken")
    return taken


def read(entry, found):
    about = os.lstat(entry)
    if stat.S_ISLNK(about.st_mode):
        raise Refused("it is a symbolic link: put the folder or archive "
                      "itself into the class folder")
    if stat.S_ISREG(about.st_mode):
        if not ARCHIVE.search(entry):
            raise Refused("it is neither a folder nor an archive "
                          "(.zip, .tar, .tar.gz, .tgz)")
        return read_archive(entry, found)
    if not stat.S_ISDIR(about.st_mode):
        raise Refused("it is neither a folder nor a file")
    if is_repository(entry):
        return read_repository(entry, found)
    read_folder(entry, found)
    inner = os.path.join(entry, ".git")
    if not found.folders and len(found.archives) == 1:
        read_archive(found.archives[0], found)
    elif not found.folders and os.path.isdir(inner) and is_repository(inner):
        read_repository(inner, found)
    return None


def take(entry, folder, stems):
    """{"files": {stem: sha256 or None}, "flags": […], "refused": text or None};
    the files themselves are in folder afterwards."""
    found, reason, taken = Found(stems), None, {}
    try:
        read(entry, found)
        taken = choose(found)
        if not taken:
            reason = "none of the kit's programs is in it"
    except Refused as error:
        reason = str(error)
    except MemoryError:
        reason = "reading it takes more memory than is allowed"
    except OSError as error:
        reason = f"it can't be read: {error.strerror or error}"
    os.makedirs(folder, exist_ok=True)
    files = {}
    for stem in stems:
        data = taken.get(f"{stem}.c") if reason is None else None
        files[stem] = None if data is None else hashlib.sha256(data).hexdigest()
        if data is not None:
            with open(os.path.join(folder, f"{stem}.c"), "wb") as file:
                file.write(data)
    return {"files": files, "flags": found.flags, "refused": reason}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    from tests.tools.steps import STEMS
    print(json.dumps(take(sys.argv[1], sys.argv[2], STEMS), indent=1))
