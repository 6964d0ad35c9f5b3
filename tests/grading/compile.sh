#!/bin/sh
# SPDX-License-Identifier: MIT
# In the sandbox: compile $SRC/STEM.c into ./STEM.checked and ./STEM.plain, as
# the Makefile does for `make check`, and leave what the compiler says in
# ./STEM.log. CC, GRADED, CHECKED and WITNESS come from there, too; MEMORY is
# in MiB.
#
#     compile.sh STEM...
#
# Where something did not compile it tries a program of one line, too, and
# whether there is room. Status 75, with a reason on stderr: it is the machine's
# fault, and nothing is to be said of the student's programs.
#
# shellcheck disable=SC2086 # options are words
# Of two linkers the faster one.
command -v ld.gold >/dev/null && GRADED="$GRADED -fuse-ld=gold"
export TMPDIR=./tmp # not from /: the folders above may be closed to us

limited() {
    timeout -s KILL 30 prlimit --cpu=10 --as=$((MEMORY * 786432)) \
        --fsize=67108864 --core=0 -- "$@"
}

both() { # SOURCE NAME
    rm -rf "$TMPDIR" && mkdir "$TMPDIR" || return
    limited $CC $GRADED -fmax-errors=20 -Wall -Wextra -Wpedantic -MMD -MF "$2.d" \
        "$WITNESS" "$1" -ldl -o "$2.plain" &&
        limited $CC $GRADED $CHECKED -w "$WITNESS" "$1" -ldl -o "$2.checked"
}

# What the compiler says where it was stopped, and not done.
stopped='Killed|signal terminated|out of memory|memory exhausted|too big|too large|No space'
failed=
for stem; do
    if [ ! -e "$SRC/$stem.c" ]; then
        echo "error: there is no file $stem.c in the submission" >"$stem.log"
        continue
    fi
    both "$SRC/$stem.c" "$stem" 2>"$stem.err" </dev/null || {
        rm -f "$stem.plain" "$stem.checked"
        # Somebody else may have stopped it: once more.
        if [ ! -s "$stem.err" ] || grep -qE "$stopped" "$stem.err"; then
            both "$SRC/$stem.c" "$stem" 2>"$stem.err" </dev/null ||
                rm -f "$stem.plain" "$stem.checked"
        fi
    }
    head -c 60000 "$stem.err" | sed "s|$SRC/||g" >"$stem.log"
    # A program stands alone, here as in `make check`: what is handed in and
    # graded is one file.
    if [ "$(sed 's/\\$//' "$stem.d" 2>/dev/null | wc -w)" -gt 2 ] ||
        grep -q 'fatal error: .*: No such file' "$stem.log"; then
        sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$SRC/$stem.c" |
            head -3 | while read -r name; do
            echo "error: $stem.c includes \"$name\": each program stands alone, put what it needs into $stem.c"
        done | cat - "$stem.log" >"$stem.err"
        mv "$stem.err" "$stem.log"
        rm -f "$stem.plain" "$stem.checked"
    fi
    [ -e "$stem.checked" ] && continue
    failed=1
    if grep -qE "$stopped" "$stem.log"; then
        echo "error: the compiler needed more than 10 s, $((MEMORY * 3 / 4)) MiB of memory or a file of 64 MiB" \
            >>"$stem.log"
    elif [ ! -s "$stem.log" ]; then
        echo "error: the compiler was stopped and said nothing" >"$stem.log"
    fi
done
rm -rf "$TMPDIR" -- *.err *.d
[ -z "$failed" ] && exit

echo 'int main(void) { return 0; }' >control.c
if ! { both control.c control 2>control.err </dev/null &&
    head -c 4194304 /dev/zero >control.room; }; then
    echo "not even an empty program compiles here: $(grep -im1 'no space' control.err || tail -n 1 control.err)" |
        sed 's/: $/: no space for it/' >&2
    exit 75
fi
rm -rf "$TMPDIR" control.*
