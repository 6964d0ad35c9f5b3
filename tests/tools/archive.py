#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pack the kit for students, without solutions: archive.py BUILD VERSION

    BUILD/sockets-VERSION.tar.gz

It holds what is committed: the same commit gives the same bytes. KEEP says what
goes in; a new folder stays out until it is named here. From what goes in, these
are taken away: notes for the instructor (@teach), list items that lead to a page
that stays here, and the README's sections for others. Added are .version and
tests/starters/, from which `make reset-NN` brings a starter back. At the end
docs/theme/canary.py looks for traces of solutions; if it finds one, there is no
archive.
"""
import fnmatch
import gzip
import io
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

KEEP = ["Makefile", "Doxyfile", "LICENSE", "README.md", ".gitignore", ".editorconfig",
        ".clang-format", ".clangd", ".vscode/*", ".devcontainer/*", ".github/*", "steps/*",
        "docs/*", "tests/__init__.py", "tests/proof/catalogue.py", "tests/grading/formats.py",
        "tests/grading/report.py", "tests/grading/exports.py", "tests/grading/intake.py",
        "tests/grading/scores.py",
        "tests/grading/templates/*",
        "tests/0*.c", "tests/points", "tests/steps", "tests/lab/*", "tests/check/*", "tests/tools/*"]
LEAVE = ["docs/instructor.md", "docs/maintainer.md", "docs/grading.md",
         "docs/reports.md", "docs/scale.md", "*/test_*.py", "tests/tools/archive.py",
         "tests/tools/bench/*"]
SECTIONS = ("Instructor", "Maintainer")  # of README.md, that stay here


def git(*words, **options):
    return subprocess.run(["git", *words], check=True, stdout=subprocess.PIPE, **options).stdout


def committed():
    """Every file of HEAD: name -> (bytes, whether it can be run)."""
    with tarfile.open(fileobj=io.BytesIO(git("archive", "--format=tar", "HEAD"))) as tar:
        return {one.name: (tar.extractfile(one).read(), bool(one.mode & 0o100))
                for one in tar if one.isfile()}


def stays(name):
    return not any(fnmatch.fnmatch(name, glob) for glob in KEEP) or \
        any(fnmatch.fnmatch(name, glob) for glob in LEAVE)


def page_for_students(name, text, gone):
    """A page without @teach blocks and without list items that lead nowhere."""
    text = re.sub(r"^@teach$.*?^@endteach$\n*", "", text, flags=re.M | re.S)
    if gone:
        leads = rf"@ref (?:{'|'.join(map(re.escape, sorted(gone)))})\b"
        text = re.sub(rf"^- .*{leads}.*\n(?:  .*\n)*", "", text, flags=re.M)
        if left := re.search(rf"^.*{leads}.*$", text, re.M):
            sys.exit(f"{name} leads to a page that is not for students; put it into a list item, "
                     f"or between @teach and @endteach:\n  {left[0]}")
    return text


def readme_for_students(text, version):
    parts = re.split(r"(?m)^(?=## )", text)
    text = "".join(part for part in parts
                   if not part.startswith(tuple(f"## {name}" for name in SECTIONS)))
    text = re.sub(r"(?m)^.*# maintainers:.*\n", "", text)
    title, rest = text.split("\n", 1)
    return f"{title}\n\nThe students' copy of the kit, version {version}.\n{rest}"


def for_students(files, version):
    """The files of the archive: name -> (bytes, whether it can be run)."""
    chosen = {name: one for name, one in files.items() if not stays(name)}
    pages = [name for name in files if name.startswith("docs/") and name.endswith(".md")]
    gone = {anchor for name in pages if name not in chosen
            for anchor in re.findall(r"\{#([\w-]+)\}", files[name][0].decode())}
    for name in chosen:
        text, runs = chosen[name]
        if name in pages:
            chosen[name] = page_for_students(name, text.decode(), gone).encode(), runs
    doxyfile = chosen["Doxyfile"][0].decode()
    for name in set(pages) - set(chosen):
        doxyfile = re.sub(rf"^ +{re.escape(name)} \\\n", "", doxyfile, flags=re.M)
    chosen["Doxyfile"] = doxyfile.encode(), False
    chosen["README.md"] = readme_for_students(chosen["README.md"][0].decode(),
                                              version).encode(), False
    chosen[".version"] = f"{version}\n".encode(), False
    for name in files:
        if re.fullmatch(r"steps/\w+\.c", name):
            chosen["tests/starters/" + Path(name).name] = files[name]
    return chosen


def lay_out(files, folder):
    shutil.rmtree(folder, ignore_errors=True)
    for name, (content, runs) in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if runs else 0o644)


def pack(files, top, when, target):
    """Sorted names, one time, nobody's user: the bytes depend on the files alone."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files):
            content, runs = files[name]
            one = tarfile.TarInfo(f"{top}/{name}")
            one.size, one.mtime, one.mode = len(content), when, 0o755 if runs else 0o644
            tar.addfile(one, io.BytesIO(content))
    target.write_bytes(gzip.compress(raw.getvalue(), mtime=0))


def main():
    build, version = Path(sys.argv[1]), sys.argv[2]
    try:
        when = int(git("log", "-1", "--format=%ct", stderr=subprocess.PIPE))
        changed = git("status", "--porcelain", "--untracked-files=no").splitlines()
    except (OSError, subprocess.CalledProcessError):
        sys.exit("student-archive packs what is committed, and this is no git repository")
    version = version.removesuffix("-dirty")
    files = committed()
    top = f"sockets-{version}"
    target = build / f"{top}.tar.gz"
    chosen = for_students(files, version)

    work = build / "student-archive"
    lay_out(chosen, work / top)
    lay_out({name: one for name, one in files.items() if name.startswith("solutions/")},
            work / "kit")
    canary = subprocess.run([sys.executable, "docs/theme/canary.py", work / top,
                             work / top / "steps", work / "kit/solutions"], check=False)
    if canary.returncode != 0:
        sys.exit("a student could read a solution in this archive: it was not made")
    pack(chosen, top, when, target)
    shutil.rmtree(work)
    if changed:
        print(f"{len(changed)} files are changed and not committed: they go in as they were.")
    print(f"{target}: {len(chosen)} files, {target.stat().st_size // 1024} KiB. A student: tar xf "
          f"{target.name}; cd {top}; make setup watch")


main()
