"""A sensor as a node of a bubbaloop fleet: zenoh's own Python client, CBOR in the fleet's envelope."""

import math
import os
import signal
import socket
import threading
import time

import cbor2
import yaml
import zenoh

NAME = os.environ.get("BUBBALOOP_NODE_NAME", "__NAME__")
MACHINE = os.environ.get("BUBBALOOP_MACHINE_ID", socket.gethostname()).replace("-", "_")
ENDPOINT = os.environ.get("BUBBALOOP_ZENOH_ENDPOINT", "tcp/127.0.0.1:7447")
PREFIX = f"bubbaloop/global/{MACHINE}/{NAME}"
TOPIC = f"{NAME}/reading"
HEARTBEAT_S = 5


def read_sensor() -> float:
    """Stands in for a sensor: read yours here."""
    return 20 + 5 * math.sin(time.time() / 10)


def read_config(path: str) -> dict:
    """Every field that is not known is refused, so that a misspelt one is noticed."""
    with open(path, encoding="utf-8") as file:
        config = yaml.safe_load(file) or {}
    unknown = set(config) - {"rate_hz"}
    if unknown:
        raise SystemExit(f"{path}: there is no such field: {', '.join(sorted(unknown))}")
    rate_hz = config.get("rate_hz", 1)
    if not isinstance(rate_hz, (int, float)) or not 0.1 <= rate_hz <= 100:
        raise SystemExit(f"{path}: rate_hz: must be a number from 0.1 to 100, not {rate_hz!r}")
    return {"rate_hz": rate_hz}


def envelope(sequence: int, body: object) -> bytes:
    header = {
        "schema_uri": "bubbaloop://__NAME__/reading/v1",
        "source_instance": NAME,
        "monotonic_seq": sequence,
        "ts_ns": time.time_ns(),
    }
    return cbor2.dumps({"header": header, "body": body})


def main() -> None:
    config = read_config(os.environ.get("BUBBALOOP_NODE_CONFIG", "config.yaml"))
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())

    zenoh_config = zenoh.Config()
    zenoh_config.insert_json5("mode", '"client"')
    zenoh_config.insert_json5("connect/endpoints", f'["{ENDPOINT}"]')
    zenoh_config.insert_json5("scouting/multicast/enabled", "false")
    with zenoh.open(zenoh_config) as session:
        started_at_ns = time.time_ns()
        last_ns = 0

        def answer_manifest(query: zenoh.Query) -> None:
            output = {
                "topic": TOPIC,
                "ever_fired": last_ns > 0,
                "still_live": time.time_ns() - last_ns < HEARTBEAT_S * 1_000_000_000,
                "declared_at_ns": started_at_ns,
            }
            manifest = {
                "instance_name": NAME,
                "machine_id": MACHINE,
                "role": "source",
                "inputs": [],
                "outputs": [output],
                "schema_version": 2,
                "started_at_ns": started_at_ns,
                "node_kind": "__NAME__",
            }
            query.reply(f"{PREFIX}/manifest", cbor2.dumps(manifest), encoding=zenoh.Encoding.APPLICATION_CBOR)

        declarations = [
            session.declare_queryable(f"{PREFIX}/manifest", answer_manifest),
            session.liveliness().declare_token(PREFIX),
        ]
        publisher = session.declare_publisher(f"{PREFIX}/reading", encoding=zenoh.Encoding.APPLICATION_CBOR)
        sequence = 0
        beat_at = time.monotonic()
        while not ended.wait(1 / config["rate_hz"]):
            if time.monotonic() >= beat_at:
                session.put(f"{PREFIX}/health", "ok", encoding=zenoh.Encoding.TEXT_PLAIN)
                beat_at = time.monotonic() + HEARTBEAT_S
            sequence += 1
            publisher.put(envelope(sequence, {"value": read_sensor()}))
            last_ns = time.time_ns()
        for declaration in declarations:
            declaration.undeclare()


if __name__ == "__main__":
    main()
