# SPDX-License-Identifier: MIT
"""What the terminal can show: for every tool that prints colours or signs.

(Not called tty.py: that would hide Python's tty, which its pty needs.)
"""
import locale
import os
import sys

ASCII = str.maketrans({"…": "...", "✔": "ok", "✘": "X ", "○": "- ", "▸": "> ", "–": "-",
                       "━": "#", "─": "-", "’": "'", "‘": "'", "→": "->", "×": "x", "¦": "|"})


class Terminal:
    """Colours and signs, as far as stdout has them."""

    def __init__(self, force=False):
        try:  # Python itself would take C for UTF-8: see the Makefile, too
            locale.setlocale(locale.LC_CTYPE, "")
        except locale.Error:
            pass
        self.charset = locale.nl_langinfo(locale.CODESET)
        self.utf8 = self.charset == "UTF-8"
        self.tty = sys.stdout.isatty()
        # As tests/check/terminal.c has it: an empty NO_COLOR is none.
        self.colour = (self.tty or force) and not os.environ.get("NO_COLOR")

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def plain(self, text):
        """The text, in ASCII if there is nothing else."""
        return text if self.utf8 else text.translate(ASCII).encode("ascii", "replace").decode()
