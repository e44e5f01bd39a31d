"""The other end of zenoh's commands, in zenoh's own Python: answers, tells what it gets, and has a token."""

import json
import sys

import zenoh

endpoint = sys.argv[1]
config = zenoh.Config()
config.insert_json5("mode", '"client"')
config.insert_json5("connect/endpoints", f'["{endpoint}"]')
config.insert_json5("scouting/multicast/enabled", "false")


def tell(**fields):
    print(json.dumps(fields), flush=True)


def told(sample):
    tell(
        key=str(sample.key_expr),
        kind=str(sample.kind).rsplit(".", 1)[-1].lower(),
        payload=sample.payload.to_bytes().hex(),
        encoding=str(sample.encoding),
        attachment=sample.attachment.to_string() if sample.attachment else None,
    )


def answer(query):
    if "refuse" in query.parameters:
        query.reply_err("not that \x1b[31mone")
        return
    said = {
        "parameters": str(query.parameters),
        "payload": query.payload.to_string() if query.payload else None,
        "encoding": str(query.encoding) if query.payload else None,
        "attachment": query.attachment.to_string() if query.attachment else None,
        "big": 2**62,
    }
    query.reply(query.key_expr, json.dumps(said), encoding=zenoh.Encoding.APPLICATION_JSON, attachment="from python")


with zenoh.open(config) as session:
    queryable = session.declare_queryable("test/python/ask", answer)
    subscriber = session.declare_subscriber("test/python/told/**", told)
    token = session.liveliness().declare_token("test/python/alive")
    tell(zid=str(session.zid()))
    for line in sys.stdin:
        order = json.loads(line)
        session.put(order["key"], bytes.fromhex(order["payload"]), attachment=order.get("attachment"))
