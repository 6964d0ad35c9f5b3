#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Gradescope runs this once, as root, when it builds the autograder's image: it
# installs what grading takes and builds the suites, once for all submissions.
set -euo pipefail
cd "$(dirname "$0")/kit"

make setup setup-grade
make BUILD=/autograder/build /autograder/build/check /autograder/build/lab/witness.o
