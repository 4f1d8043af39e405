"""JSON texts as trees that remember their bytes, so that a test can say which of them have to be the same."""

import json

DECODER = json.JSONDecoder()
SPACE = " \t\r\n"


class Tree:
    """A value: its text, and what an object (name and value) or an array has in it."""

    def __init__(self, text, members=None, elements=None):
        self.text = text
        self.members = members
        self.elements = elements

    def value(self):
        return json.loads(self.text)


def parse(text):
    tree, end = _value(text, _space(text, 0))
    assert text[end:].strip(SPACE) == "", text[end:][:100]
    return tree


def pruned(tree, goes, path=""):
    """What is left of a tree: the same object where nothing in it goes, and None where all of it does. `goes(path, tree)` says what goes, a
    path being `tools[].cache_control.scope`; what has lost all that was in it goes too, but for the whole."""
    if tree.members is not None:
        kept = [(name, value, pruned(value, goes, f"{path}.{json.loads(name)}".lstrip("."))) for name, value in tree.members
                if not goes(f"{path}.{json.loads(name)}".lstrip("."), value)]
        left = [(name, value) for name, _, value in kept if value is not None]
        same = len(left) == len(tree.members) and all(old is new for _, old, new in kept)
        return tree if same else None if not left and path else Tree(None, members=left)
    if tree.elements is not None:
        kept = [pruned(element, goes, f"{path}[]") for element in tree.elements if not goes(f"{path}[]", element)]
        left = [element for element in kept if element is not None]
        same = len(left) == len(tree.elements) and all(old is new for old, new in zip(tree.elements, kept))
        return tree if same else None if not left else Tree(None, elements=left)
    return tree


def assert_same(expected, found, path=""):
    """The same bytes wherever nothing was taken out, the same members and elements in the same order around that."""
    if expected.text is not None:
        assert found.text == expected.text, f"{path}: {found.text[:300]!r} and not {expected.text[:300]!r}"
    elif expected.members is not None:
        names = [name for name, _ in expected.members]
        assert found.members is not None and [name for name, _ in found.members] == names, f"{path}: {found.text[:300]!r} has not the names {names}"
        for (name, inside), (_, other) in zip(expected.members, found.members):
            assert_same(inside, other, f"{path}.{name}")
    else:
        assert found.elements is not None and len(found.elements) == len(expected.elements), f"{path}: {found.text[:300]!r}"
        for at, (inside, other) in enumerate(zip(expected.elements, found.elements)):
            assert_same(inside, other, f"{path}[{at}]")


def _value(text, at):
    if text[at] == "{":
        members, start, at = [], at, _space(text, at + 1)
        while text[at] != "}":
            _, end = DECODER.raw_decode(text, at)
            name, colon = text[at:end], _space(text, end)
            assert text[colon] == ":", text[colon:colon + 20]
            value, end = _value(text, _space(text, colon + 1))
            members.append((name, value))
            at = _next(text, end)
        return Tree(text[start:at + 1], members=members), at + 1
    if text[at] == "[":
        elements, start, at = [], at, _space(text, at + 1)
        while text[at] != "]":
            value, end = _value(text, at)
            elements.append(value)
            at = _next(text, end)
        return Tree(text[start:at + 1], elements=elements), at + 1
    _, end = DECODER.raw_decode(text, at)
    return Tree(text[at:end]), end


def _next(text, end):
    at = _space(text, end)
    return _space(text, at + 1) if text[at] == "," else at


def _space(text, at):
    while at < len(text) and text[at] in SPACE:
        at += 1
    return at
