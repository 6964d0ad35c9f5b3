#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run gdb with a peer for the program on the other side.

    debug.py --peer=STEM [GDB'S ARGUMENTS...]

`make debug-04` calls it, and so does VS Code, as its debugger, by debug.sh. A
server's peer waits until the program listens, wherever that is, connects, and
says hello; so it meets every run of one session. A client's peer is an echo
server at 127.0.0.1:4444. The peer is a child of this process and ends with gdb.
"""
import ctypes
import os
import select
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

from tests.tools.steps import STEPS
from tests.tools.trace.scenes import is_client, is_server, says_hello

PORT = 4444
HELLO = b"Hello friend"
LOOK_S = 0.1      # how often it looks whether the program listens
LISTEN = "0A"     # TCP_LISTEN in /proc/net/tcp


QUIET = any(word.startswith(("--interpreter", "-i=")) for word in sys.argv)  # an editor listens


def say(words):
    if not QUIET:
        print(f"peer: {words}", file=sys.stderr, flush=True)


def shown(address):
    return f"{address[0]}:{address[1]}"


def children():
    """The programs that gdb, our parent, has started."""
    gdb = os.getppid()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(folder.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1]) == gdb \
                    and int(folder.name) != os.getpid():
                yield folder
        except (OSError, IndexError):
            continue


def listening():
    """(inode, port) of a socket on which the program that is debugged listens."""
    for folder in children():
        try:
            held = {os.readlink(fd) for fd in folder.joinpath("fd").iterdir()}
            for line in folder.joinpath("net/tcp").read_text().splitlines()[1:]:
                word = line.split()
                if word[3] == LISTEN and f"socket:[{word[9]}]" in held:
                    ip, port = word[1].split(":")
                    host = socket.inet_ntoa(int(ip, 16).to_bytes(4, sys.byteorder))
                    return word[9], ("127.0.0.1" if host == "0.0.0.0" else host, int(port, 16))
        except OSError:
            continue
    return None, None


def call(stem, address):
    """Be a client of the program, until it closes."""
    with socket.create_connection(address) as s:
        say(f"connected to {shown(address)} from {shown(s.getsockname())}")
        if says_hello(stem):
            s.sendall(HELLO)
            s.shutdown(socket.SHUT_WR)
            say(f"sent {HELLO.decode()!r} and the end of its stream")
        got = b""
        while piece := s.recv(65536):
            got += piece
        say(f"received {got.decode(errors='replace')!r}, then the end of the stream" if got
            else "the program has closed the connection")


def be_client(stem):
    met = None
    while True:
        inode, address = listening()
        if inode and inode != met:
            met = inode
            try:
                call(stem, address)
            except OSError as error:
                say(error.strerror)
        time.sleep(LOOK_S)  # nothing tells of another process's listen(2)


def be_server(listener):
    """Echo to each who comes; several at a time, as a debugger's user is slow."""
    open_fds = [listener]
    while True:
        for s in select.select(open_fds, [], [])[0]:
            if s is listener:
                one, address = s.accept()
                open_fds.append(one)
                say(f"accepted a connection from {shown(address)}")
                continue
            try:
                piece = s.recv(65536)
                s.sendall(piece)
                if piece:
                    say(f"sent {len(piece)} bytes back")
            except OSError as error:
                say(error.strerror)
                piece = b""
            if not piece:
                open_fds.remove(s)
                s.close()


def listen_at_default():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", PORT))
    except OSError as error:
        say(f"port {PORT}: {error.strerror}. Who has it is the program's peer: "
            f"ss -tlnp 'sport = :{PORT}'")
        return None
    listener.listen()
    say(f"an echo server listens at 127.0.0.1:{PORT}")
    return listener


def start_peer(stem):
    """A child that plays the peer and dies with us: we become gdb."""
    listener = listen_at_default() if stem in STEPS and is_client(stem) else None
    server = stem in STEPS and is_server(stem)
    if not server and not listener:
        return
    if server:
        say("a client will connect as soon as the program listens")
    mother = os.getpid()
    if os.fork():
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for gdb
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)    # PR_SET_PDEATHSIG
    if os.getppid() != mother:
        os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    try:
        if listener:
            be_server(listener)
        be_client(stem)
    finally:
        os._exit(0)


def main():
    stem = next((word[7:] for word in sys.argv[1:] if word.startswith("--peer=")), "")
    rest = [word for word in sys.argv[1:] if not word.startswith("--peer=")]
    if not shutil.which("gdb"):
        sys.exit("gdb is missing; run: make setup")
    start_peer(stem)
    os.environ.pop("PYTHONPATH", None)  # debug.sh set it, for us alone
    os.environ.pop("DEBUGINFOD_URLS", None)  # nothing is fetched, and gdb does not ask about it
    os.execvp("gdb", ["gdb", *rest])


main()
