"""Bedrock's event stream, frame by frame, as scripts of `Scripted` send it; right or wrong."""

import base64
import json
import struct
import zlib

REQUEST_ID = "6d1f4f0c-0000-4000-8000-000000000000"
STREAM_HEAD = (b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\nx-amzn-requestid: " + REQUEST_ID.encode()
               + b"\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n")
EVENTS = [
    {"type": "message_start", "message": {"id": "msg_bdrk_1", "type": "message", "role": "assistant", "model": "claude", "content": [],
                                          "stop_reason": None, "usage": {"input_tokens": 3, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "One"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": ", two"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 5}},
    {"type": "message_stop"},
]


def crc(data):
    return struct.pack(">I", zlib.crc32(data))


def frame(headers, payload, total=None):
    """`total`: a length to announce in the place of the right one."""
    block = b"".join(struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", 7, len(value.encode())) + value.encode()
                     for name, value in headers.items())
    prelude = struct.pack(">II", total or 16 + len(block) + len(payload), len(block))
    message = prelude + crc(prelude) + block + payload
    return message + crc(message)


def chunk(event, **wrong):
    payload = json.dumps({"bytes": base64.b64encode(json.dumps(event).encode()).decode(), "p": "abcd"}).encode()
    return frame({":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}, payload, **wrong)


def exception(name, message, **members):
    """By the name as an answer has it: a stream spells it with a small letter."""
    payload = json.dumps({"message": message, **members}).encode()
    return frame({":exception-type": name[0].lower() + name[1:], ":content-type": "application/json", ":message-type": "exception"}, payload)


def http_chunk(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


LAST_CHUNK = b"0\r\n\r\n"


def send_stream(connection, *pieces, end=True):
    """A whole answer, each piece an HTTP chunk of its own."""
    connection.sendall(STREAM_HEAD)
    for piece in pieces:
        connection.sendall(http_chunk(piece))
    if end:
        connection.sendall(LAST_CHUNK)


def send_error(connection, status, body, **headers):
    """An answer with an error status, as AWS heads it."""
    lines = {"content-type": "application/json", "x-amzn-requestid": REQUEST_ID, "content-length": len(body), "connection": "close",
             **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    connection.sendall(f"HTTP/1.1 {status} Error\r\n{head}\r\n".encode() + body)
