#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# One task of a job array grades a chunk of a class:
#
#     make grade CLASS=class PREPARE=1        # on the login node: who is to be graded
#     sbatch --array=0-199 slurm.sh build/class/NAME     # 200 tasks of 50 submissions
#     make grade CLASS=class                  # what is missing still, and the reports
#
# The kit lies on a file system that all nodes see. A task that dies is nothing
# lost: the last line grades what has no row. Keep the array below MaxArraySize
# (scontrol show config); with more submissions take larger chunks.
#SBATCH --job-name=socket-lab
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=00:30:00
#SBATCH --output=/dev/null
set -euo pipefail

folder=$1
chunk=${CHUNK:-50}
first=$((SLURM_ARRAY_TASK_ID * chunk + 1))

# What is graded already, by an earlier try of this task, is not graded again.
sed -n "$first,$((first + chunk - 1))p" "$folder/todo" |
    while read -r id; do
        [ -e "$folder/rows/$id.json" ] || echo "$id"
    done |
    parallel --will-cite --jobs "$((2 * ${SLURM_CPUS_PER_TASK:-1}))" \
        /usr/bin/python3 -m tests.grading.grade_one "$folder" {}
