"""A node as a robotics developer wrote it years ago: zenoh's own client, JSON in the envelope, a heartbeat, no more."""

import json
import os
import signal
import threading
import time

import zenoh

machine = os.environ["BUBBALOOP_MACHINE_ID"]
prefix = f"bubbaloop/global/{machine}/old-lidar"
config = zenoh.Config()
config.insert_json5("mode", '"client"')
config.insert_json5("connect/endpoints", json.dumps([os.environ["BUBBALOOP_ZENOH_ENDPOINT"]]))
config.insert_json5("scouting/multicast/enabled", "false")

ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
with zenoh.open(config) as session:
    print("lidar up", flush=True)
    sequence = 0
    while not ended.wait(0.1):
        sequence += 1
        header = {
            "schema_uri": "lidar/scan/v1",
            "source_instance": "old-lidar",
            "monotonic_seq": sequence,
            "ts_ns": time.time_ns(),
        }
        session.put(f"{prefix}/health", "ok")
        session.put(f"{prefix}/scan", json.dumps({"header": header, "body": {"ranges": [1.5, 2.5], "id": 2**60}}))
print("lidar down", flush=True)
