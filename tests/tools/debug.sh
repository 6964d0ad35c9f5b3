#!/bin/sh
# SPDX-License-Identifier: MIT
# debug.py as one command, in whatever folder: VS Code takes it for gdb.
here=$(cd "$(dirname "$0")/../.." && pwd)
PYTHONPATH=$here exec python3 -m tests.tools.debug "$@"
