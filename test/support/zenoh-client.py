"""A zenoh client as a robotics developer writes one: opens a session, publishes now and then, until stdin ends."""

import sys
import threading
import time

import zenoh

endpoint, key = sys.argv[1], sys.argv[2]
config = zenoh.Config()
config.insert_json5("mode", '"client"')
config.insert_json5("connect/endpoints", f'["{endpoint}"]')
config.insert_json5("scouting/multicast/enabled", "false")

with zenoh.open(config) as session:
    publisher = session.declare_publisher(key)
    print(session.zid(), flush=True)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    while not ended.is_set():
        publisher.put("ok")
        time.sleep(0.2)
