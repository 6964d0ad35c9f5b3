#!/usr/bin/env python3
"""Send back every byte that one client sends."""
import socket

ADDRESS = ("127.0.0.1", 4444)

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(ADDRESS)
    listener.listen()
    conn, peer = listener.accept()
    with conn:
        print("Connected by", peer)
        while piece := conn.recv(1024):
            conn.sendall(piece)
