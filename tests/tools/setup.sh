#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what is missing: setup.sh setup|setup-lint|setup-docs|... BUILD
#
# The names stand in the file packages beside this one. It is a shell's script,
# since a bare machine has a shell and little else. As an ordinary user it tries
# sudo, without asking for a password.
# shellcheck disable=SC2086,SC2013,SC2016 # lists of words are meant to be split
set -u
command=$1 build=$2
table=$(dirname "$0")/packages

has() { command -v "$1" >/dev/null; }
if has apt-get; then
    column=2 have='dpkg-query -W -f ${Status}\n'
    refresh='apt-get update -q'
    install='env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends'
elif has dnf; then
    column=3 have='rpm -q' refresh='' install='dnf install -y'
elif has pacman; then
    column=4 have='pacman -Q' refresh='' install='pacman -S --needed --noconfirm'
elif has apk; then
    column=5 have='apk info -e' refresh='' install='apk add'
else
    echo "There is no apt-get, dnf, pacman or apk here. Install what these packages of Debian contain:"
    awk -v command="$command" '$1 == command { printf "%s ", $2 } END { print "" }' "$table"
    echo "docs/machines.md says how the kit runs on any machine, in a container."
    exit 1
fi

# dpkg-query also knows packages that were removed: it says so in other words.
installed() {
    answer=$($have "$1" 2>/dev/null) && case $answer in deinstall*|unknown*) false ;; esac
}

missing=
for package in $(awk -v command="$command" -v column=$column \
    '$1 == command && $column != "-" { gsub(",", " ", $column); print $column }' "$table"); do
    has "$package" || installed "$package" || missing="$missing $package"
done
nowhere=$(awk -v command="$command" -v column=$column \
    '$1 == command && $column == "-" { printf " %s", $2 }' "$table")
[ -z "$nowhere" ] || echo "This system has no package of:$nowhere (Debian's names)." \
    "docs/machines.md says what that costs, and what to do."
if [ -z "$missing" ]; then
    echo "Nothing is missing${nowhere:+ that can be installed}."
    exit 0
fi

sudo=
[ "$(id -u)" = 0 ] || sudo='sudo -n'
echo "Installing:$missing"
{ { [ -z "$refresh" ] || $sudo $refresh; } && $sudo $install $missing; } </dev/null >"$build/setup.log" 2>&1 || {
    tail -n 5 "$build/setup.log"
    echo "That did not work. Run as root: ${install#env DEBIAN_FRONTEND=noninteractive }$missing"
    exit 1
}
