#!/usr/bin/env python3
"""A long wire between two network interfaces: every frame that comes in at one leaves at the other so many milliseconds
later, in order. For kernels without netem. It ends with the process.

Usage: wire.py INTERFACE INTERFACE DELAY_MS JITTER_MS"""
import collections
import random
import select
import socket
import sys
import time

ALL_PROTOCOLS = 3  # ETH_P_ALL
FRAMES_MAX = 20000  # a wire holds only so much; what is more is lost
FRAME_BYTES_MAX = 65600


def main():
    names, delay_s, jitter_s = sys.argv[1:3], int(sys.argv[3]) / 1000, int(sys.argv[4]) / 1000
    ends = [open_end(name) for name in names]
    ways = [Way(ends[0], ends[1], delay_s, jitter_s), Way(ends[1], ends[0], delay_s, jitter_s)]
    print("ready", flush=True)
    while True:
        due = min(way.due() for way in ways)
        select.select(ends, [], [], max(0.0, min(due - time.monotonic(), 1.0)))
        for way in ways:
            way.take()
            way.let_go()


def open_end(name):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    end.bind((name, 0))
    end.setblocking(False)
    return end


class Way:
    def __init__(self, source, target, delay_s, jitter_s):
        self.source, self.target, self.delay_s, self.jitter_s = source, target, delay_s, jitter_s
        self.waiting = collections.deque()  # (when it leaves, frame), in order
        self.last_due = 0.0

    def take(self):
        while True:
            try:
                frame, address = self.source.recvfrom(FRAME_BYTES_MAX)
            except BlockingIOError:
                return
            if address[2] == socket.PACKET_OUTGOING or len(self.waiting) >= FRAMES_MAX:
                continue
            due = time.monotonic() + self.delay_s + random.uniform(-self.jitter_s, self.jitter_s)
            self.last_due = max(due, self.last_due)
            self.waiting.append((self.last_due, frame))

    def due(self):
        return self.waiting[0][0] if self.waiting else float("inf")

    def let_go(self):
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= now:
            try:
                self.target.send(self.waiting.popleft()[1])
            except OSError:
                pass  # lost, as on any wire


if __name__ == "__main__":
    main()
