"""A network of its own for test/support/hosts.ts: every frame that comes in at one port goes out at all others, a fixed
time later. Needs neither a bridge nor netem in the kernel.

Usage: wire.py DELAY_SECONDS PORT..., in the network namespace of the ports. A line `cut PORT` on stdin silences a port as
a broken cable far away does, without a carrier that goes; `join PORT` mends it. Each line is answered by `ok`; the end of
stdin ends the program.
"""

import collections
import select
import socket
import sys
import time

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_VNET_HDR = 15
PACKET_OUTGOING = 4
# A frame that leaves out its checksum or is longer than the MTU, since the kernel left both to the device.
LONGEST_FRAME = 10 + 14 + 65536


def main() -> None:
    delay = float(sys.argv[1])
    ports = {}
    for name in sys.argv[2:]:
        port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        # With its header such frames go out as they came in.
        port.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        port.bind((name, 0))
        port.setblocking(False)
        ports[port] = name
    cut = set()
    waiting = collections.deque()
    poll = select.poll()
    by_number = {port.fileno(): port for port in ports}
    for number in by_number:
        poll.register(number, select.POLLIN)
    poll.register(0, select.POLLIN)
    print("ok", flush=True)
    while True:
        limit = max(0.0, waiting[0][0] - time.monotonic()) * 1000 if waiting else None
        for number, _ in poll.poll(limit):
            if number == 0:
                line = sys.stdin.readline().split()
                if not line:
                    return
                (cut.add if line[0] == "cut" else cut.discard)(line[1])
                print("ok", flush=True)
                continue
            port = by_number[number]
            for _ in range(64):
                try:
                    frame, address = port.recvfrom(LONGEST_FRAME)
                except BlockingIOError:
                    break
                if address[2] != PACKET_OUTGOING:
                    waiting.append((time.monotonic() + delay, port, frame))
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, source, frame = waiting.popleft()
            if ports[source] in cut:
                continue
            for port, name in ports.items():
                if port is not source and name not in cut:
                    try:
                        port.send(frame)
                    except OSError:
                        pass  # As on a real wire: what finds no room is lost.


main()
