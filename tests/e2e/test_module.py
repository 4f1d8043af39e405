"""The module itself: what it asks of its host, and its size."""

import re

import pytest

from harness.processes import MODULE

WASI = {"environ_get", "environ_sizes_get", "fd_write", "proc_exit", "clock_time_get", "random_get"}
LARGEST = 815_000


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, count):
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self):
        """An unsigned LEB128 integer."""
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text(self):
        return self.take(self.number()).decode()


def sections(data):
    assert data[:8] == b"\0asm\1\0\0\0", "no WebAssembly module"
    reader = Reader(data[8:])
    while reader.at < len(reader.data):
        kind = reader.take(1)[0]
        yield kind, Reader(reader.take(reader.number()))


def imports(data):
    for kind, section in sections(data):
        if kind == 2:
            for _ in range(section.number()):
                module, name, what = section.text(), section.text(), section.take(1)[0]
                assert what == 0, f"{module}.{name} is no function"
                section.number()
                yield module, name


def exports(data):
    for kind, section in sections(data):
        if kind == 7:
            for _ in range(section.number()):
                yield section.text()
                section.take(1)
                section.number()


def names(data):
    for kind, section in sections(data):
        if kind == 0 and section.text() == "name":
            while section.at < len(section.data):
                part, content = section.take(1)[0], Reader(section.take(section.number()))
                for _ in range(content.number() if part == 1 else 0):
                    content.number()
                    yield content.text()


@pytest.fixture(scope="module")
def module():
    assert MODULE.is_file(), f"{MODULE} is missing: run `make build`"
    return MODULE.read_bytes()


def test_imports_are_what_every_host_has(module):
    strange = [(source, name) for source, name in imports(module)
               if not (source == "env" and re.fullmatch("proxy_[a-z_]+", name)) and not (source == "wasi_snapshot_preview1" and name in WASI)]
    assert strange == []


def test_the_abi(module):
    assert "proxy_abi_version_0_2_1" in set(exports(module))
    assert {"proxy_on_request_headers", "proxy_on_request_body", "proxy_on_response_headers", "proxy_on_response_body"} <= set(exports(module))


def test_size(module):
    assert len(module) <= LARGEST


def test_traces_are_readable(module):
    assert [name for name in names(module) if name.startswith("_ZN")] == []
    assert any(name.startswith("bedrock_messages::json::editor::Editor::") for name in names(module))


def test_no_fraction_is_formatted(module):
    assert [name for name in names(module) if "flt2dec" in name] == [], "see CONTRIBUTING.md on reading with serde_json"
