#!/usr/bin/env python3
"""Send a message and collect its echo."""
import socket

MESSAGE = b"Hello friend"

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
    s.connect(("127.0.0.1", 4444))
    s.sendall(MESSAGE)
    s.shutdown(socket.SHUT_WR)
    echo = b""
    while piece := s.recv(1024):
        echo += piece
print("Received", echo)
