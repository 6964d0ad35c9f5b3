#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Take the programs, and nothing else, out of a submission.

    submission.py ENTRY FOLDER      as grade.py does it; prints what it found

A submission is one entry of the class folder or several (intake.py): folders
with the programs at any depth, archives (.zip, .tar in any compression, .7z,
.rar), loose files, a git repository without a working tree. It is a stranger's:
no link is followed, nothing of it is run, no path of it is written to, and what
is read of it is limited. Which file is which program is choose.py's affair. Each
becomes FOLDER/NAME.c in UTF-8; take() returns what there is to say of it.

Trouble with this machine (no space, no fork) is no one's fault but the
machine's: it is raised as Machine, and never becomes a verdict.
"""
import bz2
import errno
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

from tests.grading import choose, sandbox
from tests.grading.intake import ARCHIVE

FILE_MOST = 1 << 20  # bytes of one program
FILES_MOST = 64 << 20  # bytes of all that may be programs
ARCHIVE_MOST = 64 << 20  # bytes of an archive as it lies there
UNPACKED_MOST = 256 << 20  # bytes that it may become
NAMES_MOST = 20000  # files and folders in one submission
FLAGS_MOST = 20
INNER_MOST = 8  # archives in an archive
SKIPPED = (".git", "__MACOSX", "build", "node_modules")
OPENERS = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open),
           (b"\xfd7zXZ", lzma.open))
FOREIGN = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd")  # bsdtar's
MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE,
           errno.EAGAIN)


class Refused(Exception):
    """There is nothing to grade, and this is why."""


class Machine(Exception):
    """This machine can't do it now; the text says what it lacks."""


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
    """The files that may be programs, and what is odd about the submission."""

    def __init__(self, stems):
        self.stems = stems
        self.candidates = []
        self.inner = []  # (name, data) of archives in the archive that is read
        self.archives = []  # (path, its name), of those that lie in a folder
        self.saw = []  # names of other files, for who has sent no program
        self.flags = []
        self.count = self.size = self.age = 0
        self.prefix = ()

    def flag(self, text):
        if text not in self.flags and len(self.flags) < FLAGS_MOST:
            self.flags.append(text)

    def look(self, path, is_file=True):
        """Whether this path may be a program; path is as found."""
        self.count += 1
        if self.count > NAMES_MOST:
            raise Refused(f"more than {NAMES_MOST} files and folders")
        parts = path.split("/")
        if path.startswith("/") or ".." in parts:
            self.flag(f"has a path that leads out of it: {shown(path)}")
            return False
        if set(parts) & set(SKIPPED) or parts[-1].startswith("."):
            return False
        wanted = bool(choose.stems_like(parts[-1], self.stems)[0])
        if not wanted and is_file and parts[-1] and len(self.saw) < 1000:
            self.saw.append(parts[-1])
        return wanted

    def keep(self, path, read, size=None):
        """read(n) gives up to n bytes of it; size is what it claims to be."""
        parts = [p for p in path.split("/") if p not in ("", ".")]
        data = read(FILE_MOST + 1) if (size or 0) <= FILE_MOST else None
        if data is None or len(data) > FILE_MOST:
            self.flag(f"{parts[-1]} is larger than {size_text(FILE_MOST)}"
                      f"{f' ({size_text(size)})' if size else ''}: not taken")
            return
        self.size += len(data)
        if self.size > FILES_MOST:
            raise Refused(f"more than {size_text(FILES_MOST)} of programs")
        self.candidates.append(choose.Candidate(
            (*self.prefix, *parts[:-1]), parts[-1], data, self.age))

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
            wanted = found.look(path, not stat.S_ISDIR(about.st_mode))
            if stat.S_ISREG(about.st_mode) and ARCHIVE.search(name):
                found.archives.append((os.path.join(folder, name), path))
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


def wanted_member(found, name):
    """Whether it is for us: a program, or an archive in an archive."""
    return found.look(name) or (ARCHIVE.search(name) is not None and not set(
        name.split("/")) & set(SKIPPED) and len(found.inner) < INNER_MOST)


def keep_member(found, name, read, size):
    if not ARCHIVE.search(name):
        found.keep(name, read, size)
    elif size <= ARCHIVE_MOST // 4:
        found.inner.append((name, read(ARCHIVE_MOST // 4)))


def read_tar(file, found):
    magic = file.read(6)
    file.seek(0)
    for begin, opener in OPENERS:
        if magic.startswith(begin):
            file = opener(file)
    read_tar_stream(file, found)


def read_tar_stream(file, found):
    with tarfile.open(fileobj=Metered(file), mode="r|") as archive:
        for member in archive:
            if member.isdir() or not wanted_member(found, member.name):
                continue
            if member.isreg():
                keep_member(found, member.name, archive.extractfile(member).read, member.size)
            else:
                found.link(member.name)


def read_zip(file, found):
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            name = member.filename.replace("\\", "/")
            if member.is_dir() or not wanted_member(found, name):
                continue
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                found.link(name)
            elif member.flag_bits & 1:
                found.flag(f"{shown(name)} is encrypted: not taken")
            else:
                with archive.open(member) as content:
                    keep_member(found, name, content.read, member.file_size)


# libarchive is C that reads what strangers have made: it gets a file, and a
# pipe for the same as a plain tar, and nothing else.
BSDTAR = ["prlimit", f"--as={512 << 20}", "--cpu=30", "--core=0", "--nproc=64", "--",
          "bsdtar", "-cf", "-", "--format=pax", "@-"]
CAGE = ["bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session",
        "--cap-drop", "ALL", "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin",
        "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
        "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--dev", "/dev",
        "--remount-ro", "/", "--clearenv", "--setenv", "PATH", "/usr/bin", "--setenv",
        "LC_ALL", "C.UTF-8", "--"]


def read_foreign(file, found):
    """7z, rar, zst: through bsdtar, in a sandbox of its own."""
    user = sandbox.OwnUser()
    cage = [] if os.environ.get("TAKE_UNSAFE") else CAGE
    file.flush()
    os.lseek(file.fileno(), 0, os.SEEK_SET)  # Python has read ahead
    with tempfile.TemporaryFile() as errors, subprocess.Popen(
            [*user.become(), *cage, *BSDTAR], stdin=file, stdout=subprocess.PIPE,
            stderr=errors, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}) as run:
        trouble = None
        try:
            read_tar_stream(run.stdout, found)
        except (tarfile.TarError, EOFError) as error:
            trouble = error
        finally:
            if trouble is None:
                while run.stdout.read(1 << 16):
                    pass
            run.stdout.close()
        status = run.wait()
        errors.seek(0)
        said = errors.read(4000).decode(errors="replace").strip().splitlines() or [""]
    if user.uid is not None:
        user.sign.close()
    if said[0].startswith(("bwrap:", "setpriv:", "prlimit:")):
        if "bsdtar" in said[0]:
            raise Machine("bsdtar is missing, which reads 7z and rar; run: make setup-grade")
        raise Machine(said[0])
    if status or trouble:
        raise Refused("the archive can't be read: " +
                      shown(said[-1].removeprefix("bsdtar: ").removeprefix("-: ") or str(trouble)))


def read_archive_file(file, size, found):
    if size > ARCHIVE_MOST:
        raise Refused(f"the archive has {size_text(size)}: more than "
                      f"{size_text(ARCHIVE_MOST)} is not read")
    try:
        magic = file.read(8)
        file.seek(0)
        kind = read_foreign if magic.startswith(FOREIGN) else \
            read_zip if zipfile.is_zipfile(file) else read_tar
        file.seek(0)
        kind(file, found)
    except (Refused, Machine):
        raise
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError,
            lzma.LZMAError, zlib.error, ValueError, NotImplementedError,
            RuntimeError, KeyError, IndexError, OverflowError) as error:
        if getattr(error, "errno", None) in MACHINE:
            raise Machine(os.strerror(error.errno)) from None
        raise Refused("the archive can't be read: "
                      f"{shown(str(error)) or type(error).__name__}") from None


def read_archive(path, found, name=""):
    """With `name`, as a folder of that name; what is packed in it once more is
    looked into if there is no program outside."""
    found.inner, before = [], len(found.candidates)
    found.prefix = (name,) if name else ()
    with open(path, "rb") as file:
        read_archive_file(file, os.fstat(file.fileno()).st_size, found)
    inner, found.inner = found.inner, []
    for within, data in inner if len(found.candidates) == before else []:
        found.prefix = tuple(p for p in (name, *within.split("/")) if p)
        with tempfile.TemporaryFile(dir=os.environ.get("TAKE_TEMP")) as file:
            file.write(data)
            file.seek(0)
            read_archive_file(file, len(data), found)
        found.inner = []
    found.prefix = ()


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


# --------------------------------------------------------------------- taking

def read_parts(parts, found):
    """All that a student has sent: [(path, the student's name for it)]."""
    for path, name in parts:
        about = os.lstat(path)
        if stat.S_ISLNK(about.st_mode):
            raise Refused("it is a symbolic link: put the folder or archive "
                          "itself into the class folder")
        if stat.S_ISREG(about.st_mode):
            if ARCHIVE.search(name or path):
                found.archives.append((path, name or os.path.basename(path)))
            elif found.look(name or os.path.basename(path)):
                with open(path, "rb") as content:
                    found.keep(name or os.path.basename(path), content.read, about.st_size)
            elif not name:
                raise Refused("it is neither a folder nor an archive "
                              "(.zip, .tar, .tar.gz, .tgz, .7z, .rar) nor a program")
        elif not stat.S_ISDIR(about.st_mode):
            raise Refused("it is neither a folder nor a file")
        elif is_repository(path):
            read_repository(path, found)
        else:
            read_folder(path, found)


def newest_first(archives):
    """Of two files of one moment the name decides: hand-in-2 is newer."""
    def numbers(name):
        return [(int(p), "") if p.isdigit() else (-1, p) for p in re.split(r"(\d+)", name)]
    return sorted(archives, key=lambda a: (os.stat(a[0]).st_mtime, numbers(a[1])), reverse=True)


def read(parts, found, choice):
    read_parts(parts, found)
    taken = choice.choose(found.candidates)
    if len(taken) < len(found.stems) or choice.untouched:
        order, good = newest_first(found.archives), []
        for age, (path, name) in enumerate(order, 1):
            found.age = age
            try:
                read_archive(path, found, name if len(order) > 1 or found.candidates else "")
                good.append(name)
            except Refused as error:
                if age == len(order) and not found.candidates:
                    raise
                found.flag(f"{shown(name)}: {error}")
        if len(good) > 1:
            found.flag(f"{len(good)} archives: {shown(good[0])} is the newest")
        for path, name in parts:
            inner = os.path.join(path, ".git")
            if not found.candidates and os.path.isdir(inner) and is_repository(inner):
                read_repository(inner, found)
        taken = choice.again(found.candidates)
    return taken


def nothing_in(found, parts):
    """Why there is no program, with the names of what there is instead."""
    if not parts:
        return "nothing was handed in"
    saw = sorted({shown(name, 40) for name in found.saw})
    return "none of the kit's programs is in it; " + (
        "it has " + choose.listed(saw, 6) if saw else "it has no file at all")


def take(parts, folder, stems, known=None, wanted=""):
    """{"files": {stem: sha256 or None}, "flags": […], "refused": text or None,
    "path": the folder of most of them, "untouched": […]}; the files themselves
    are in folder afterwards. known: see choose.Choice."""
    if isinstance(parts, str):
        parts = [(parts, "")]
    found, reason, taken = Found(stems), None, {}
    choice = choose.Choice(stems, known or {}, wanted)
    files, odd = {}, {}
    try:
        try:
            taken = read(parts, found, choice)
            if not taken:
                reason = nothing_in(found, parts)
        except Refused as error:
            reason = str(error)
        except MemoryError:
            reason = "reading it takes more memory than is allowed"
        except OSError as error:
            if error.errno in MACHINE:
                raise
            reason = f"it can't be read: {error.strerror or error}"
        os.makedirs(folder, exist_ok=True)
        for stem in stems:
            one = taken.get(stem) if reason is None else None
            files[stem] = None
            if one is not None:
                data, what = choose.as_utf8(one.data)
                files[stem] = hashlib.sha256(data).hexdigest()
                if what:
                    odd.setdefault(what, []).append(f"{stem}.c")
                with open(os.path.join(folder, f"{stem}.c"), "wb") as file:
                    file.write(data)
    except OSError as error:
        raise Machine(f"{error.strerror or error} ({error.filename or folder})") from None
    for what, names in odd.items():
        found.flag(f"saved as {what}, and read as that: {', '.join(names)}")
    for flag in choice.flags if reason is None or not taken else []:
        found.flag(shown(flag, 200))
    return {"files": files, "flags": found.flags, "refused": reason,
            "path": most_common_folder(taken), "untouched": choice.untouched}


def most_common_folder(taken):
    folders = [shown("/".join(one.folder)) for one in taken.values()]
    return max(sorted(set(folders)), key=folders.count, default="")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    from tests.tools.steps import STEMS
    print(json.dumps(take(sys.argv[1], sys.argv[2], STEMS), indent=1))
