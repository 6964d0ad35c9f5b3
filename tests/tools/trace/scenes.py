# SPDX-License-Identifier: MIT
"""What is played of each step: its cases, on which side the program stands, and
what its other end does. `make trace`, `make run` and `make debug` read it."""
from dataclasses import dataclass

WORDS = "Hello friend"


@dataclass
class Scene:
    """A program's side, its other end, its arguments after HOST and PORT."""
    side: str
    peer: tuple = ()      # how tests/tools/trace/peer.c is called; (): nobody is there
    more: tuple = ()
    enter: bool = False   # it holds until Enter
    held: bool = False    # it may not receive before its peer has sent all
    address: bool = True  # it takes HOST and PORT


# The cases of a step; the first is the one that is traced without CASE.
SCENES = {
    "01_socket": {"alone": Scene("left", enter=True, address=False)},
    "02_bind": {"refused": Scene("right", ("call",), enter=True)},
    "03_listen": {"queued": Scene("right", ("call",), enter=True)},
    "04_accept": {"clean": Scene("right", ("call",), enter=True),
                  "reset": Scene("right", ("say", WORDS + "\n"), enter=True),
                  "late": Scene("right", ("late", WORDS), enter=True)},
    "05_connect": {"connected": Scene("left", ("serve",), enter=True),
                   "refused": Scene("left"),
                   "silent": Scene("left", ("full",))},
    "06_echo_server": {"echo": Scene("right", ("echo", WORDS)),
                       "ask": Scene("right", ("ask", WORDS)),
                       "reset": Scene("right", ("reset", WORDS)),
                       "pieces": Scene("right", ("pieces", WORDS), held=True)},
    "06_echo_client": {"echo": Scene("left", ("serve",))},
    "07_refused": {"refused": Scene("left"),
                   "silent": Scene("left", ("full",), more=("3000",)),
                   "connected": Scene("left", ("serve",))},
    "08_loopback": {"localhost": Scene("both", address=False),
                    "ipv4": Scene("both", more=("127.0.0.1",), address=False)},
}


def first_case(stem):
    return next(iter(SCENES[stem]))


def usual(stem):
    """The scene that is played without CASE."""
    return SCENES[stem][first_case(stem)]


def is_server(stem):
    return usual(stem).side == "right"


def is_client(stem):
    return usual(stem).side == "left" and usual(stem).address


def says_hello(stem):
    """Whether its client has words for it."""
    return usual(stem).peer[:1] == ("echo",)
