#!/bin/sh
# SPDX-License-Identifier: MIT
# In the sandbox: compile $SRC/STEM.c into ./STEM.checked and ./STEM.plain, as
# the Makefile does for `make check`, and leave what the compiler says in
# ./STEM.log. CC, GRADED, CHECKED and WITNESS come from there, too; MEMORY is
# in MiB.
#
#     compile.sh STEM...
#
# shellcheck disable=SC2086 # options are words
# Of two linkers the faster one.
command -v ld.gold >/dev/null && GRADED="$GRADED -fuse-ld=gold"

limited() {
    timeout -s KILL 30 prlimit --cpu=10 --as=$((MEMORY * 786432)) \
        --fsize=67108864 --core=0 -- "$@"
}

for stem; do
    if [ ! -e "$SRC/$stem.c" ]; then
        echo "error: there is no file $stem.c in the submission" >"$stem.log"
        continue
    fi
    { limited $CC $GRADED -fmax-errors=20 -Wall -Wextra -Wpedantic \
        "$WITNESS" "$SRC/$stem.c" -ldl -o "$stem.plain" &&
        limited $CC $GRADED $CHECKED -w \
            "$WITNESS" "$SRC/$stem.c" -ldl -o "$stem.checked"; } \
        2>"$stem.err" </dev/null || rm -f "$stem.plain" "$stem.checked"
    head -c 60000 "$stem.err" | sed "s|$SRC/||g" >"$stem.log"
    [ -e "$stem.checked" ] && continue
    if grep -qE 'Killed|signal terminated|out of memory|memory exhausted|too big|too large|No space' \
        "$stem.log"; then
        echo "error: the compiler needed more than 10 s, $((MEMORY * 3 / 4)) MiB of memory or a file of 64 MiB" \
            >>"$stem.log"
    elif [ ! -s "$stem.log" ]; then
        echo "error: the compiler was stopped and said nothing" >"$stem.log"
    fi
done
