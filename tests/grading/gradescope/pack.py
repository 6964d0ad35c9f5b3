#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pack an autograder for Gradescope: pack.py ZIP POLICY (`make gradescope`)

setup.sh and run_autograder at the top, and in kit/ what they use: no solution,
no mistake, nothing that isn't in the kit. The same sources give the same bytes.
"""
import glob
import os
import sys
import zipfile

TOP = ("setup.sh", "run_autograder")
KIT = ("Makefile", "LICENSE", "steps/*.c", "tests/*.c", "tests/lab/*.[ch]", "tests/check/*.[ch]",
       "tests/__init__.py", "tests/steps",
       "tests/proof/catalogue.py", "tests/tools/console.py", "tests/tools/steps.py",
       "tests/tools/verdict.py",
       "tests/grading/*.py", "tests/grading/*.sh", "tests/grading/templates/*.html",
       "tests/tools/setup.sh", "tests/tools/packages", "docs/theme/lab.css",
       "tests/tools/draw.py")


def members(policy):
    """(name in the archive, path)"""
    here = os.path.dirname(os.path.abspath(__file__))
    yield from ((name, f"{here}/{name}") for name in TOP)
    yield "kit/tests/points", policy
    for pattern in KIT:
        for path in sorted(glob.glob(pattern)):
            if not os.path.basename(path).startswith("test_"):
                yield f"kit/{path}", path


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    out, policy = sys.argv[1:]
    if not os.path.isfile(policy):
        sys.exit(f"gradescope: POLICY={policy}: there is no such file")
    os.makedirs(os.path.dirname(out) or ".", exist_ok=True)
    with zipfile.ZipFile(f"{out}.{os.getpid()}", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in members(policy):
            entry = zipfile.ZipInfo(name)  # of 1980: older than anything built of it
            entry.external_attr = (0o755 if os.access(path, os.X_OK) else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            with open(path, "rb") as file:
                archive.writestr(entry, file.read())
    os.replace(f"{out}.{os.getpid()}", out)
    print(f"{out}: upload it at Gradescope, Configure Autograder")


if __name__ == "__main__":
    main()
