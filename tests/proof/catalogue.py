# SPDX-License-Identifier: MIT
"""The catalogue of mistakes, tests/broken: what stands before each patch."""
import re


def read_mistake(path):
    """The lines before the diff, as a dictionary."""
    fields, key = {}, None
    with open(path) as file:
        for line in file:
            if line.startswith("--- "):
                break
            match = re.match(r"([A-Z][a-z-]+): (.*)", line)
            if match:
                key, fields[key] = match[1], match[2]
            elif key and line.strip():
                fields[key] += " " + line.strip()
    return fields


def sentence(name):
    """A test's name as `make check` prints it."""
    name = re.sub(r"_([st])(?=_|$)", r"'\1", name)
    return re.sub(r"(?<=\d)_(?=\d)", ".", name).replace("_", " ")


def plain(text):
    """A text in which no character means anything to Markdown or Doxygen."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([\\@&$#<>%*_~])", r"\\\1", p) for p in parts[::2]]
    return "`".join(parts)
