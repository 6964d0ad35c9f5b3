#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The equipment of the suites calls only downward: `make lint`.

    layers.py build/lab/*.o build/check/*.o

A file may call those of the layers below its own and, in its own layer, those
that stand before it. What nm says of the object files is compared with that.
Only lab.c and runner.c know the framework.
"""
import subprocess
import sys
from pathlib import Path

LAYERS = """
text outcome json steps
address traffic
calls kernel
supervisor family launch
program state
told bytes facts rules reason
failure
peer find expect expect_end
lab
verdict terminal
score policy road
results print
runner
main
"""
ORDER = LAYERS.split()


def symbols(path):
    """What an object file defines and what it asks for."""
    said = subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout
    kinds = [line.split()[-2:] for line in said.splitlines()]
    return {n for k, n in kinds if k in "TDBRC"}, {n for k, n in kinds if k == "U"}


def main(paths):
    files = {Path(path).stem: symbols(path) for path in paths}
    wrong = [f"{name}.c stands in no layer" for name in files if name not in ORDER]
    for name in set(files) & set(ORDER):
        for above in ORDER[ORDER.index(name) + 1:]:
            if above in files:
                wrong += [f"{name}.c calls {symbol} of {above}.c, which stands above it"
                          for symbol in sorted(files[name][1] & files[above][0])]
        if name not in ("lab", "runner") and any("criterion" in symbol for symbol in files[name][1]):
            wrong.append(f"{name}.c calls Criterion")
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
