"""Every way in which one member of a JSON body can be wrong, with what must be told of it (protocol.md §2, §4)."""

import copy
import json


def to_json(value):
    """JSON text; a list of pairs [("name", value), …] in a Pairs stands for an object whose names may repeat."""
    if isinstance(value, Pairs):
        return "{%s}" % ",".join("%s:%s" % (json.dumps(name), to_json(inner)) for name, inner in value.pairs)
    if isinstance(value, dict):
        return to_json(Pairs(list(value.items())))
    if isinstance(value, list):
        return "[%s]" % ",".join(to_json(inner) for inner in value)
    return json.dumps(value)


class Pairs:
    def __init__(self, pairs):
        self.pairs = pairs

    def __deepcopy__(self, memo):
        return Pairs(copy.deepcopy(self.pairs, memo))


def places(value, pointer=""):
    """(pointer of an object, the way to it) of every object in a body."""
    if isinstance(value, dict):
        yield pointer, []
        for name, inner in value.items():
            for where, way in places(inner, "%s/%s" % (pointer, name)):
                yield where, [name, *way]
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            for where, way in places(inner, "%s/%d" % (pointer, index)):
                yield where, [index, *way]


def changed(body, way, change):
    """The text of a copy of the body in which the object at `way` is what change(object) gives."""
    if not way:
        return to_json(change(copy.deepcopy(body)))
    body = copy.deepcopy(body)
    holder = body
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = change(holder[way[-1]])
    return to_json(body)


def without(name):
    return lambda one: {key: value for key, value in one.items() if key != name}


def replaced(name, value):
    return lambda one: {**one, name: value}


def twice(name):
    return lambda one: Pairs([*one.items(), (name, one[name])])


def faults(body, optional=()):
    """(what, text, pointer, code): each is the body with one fault."""
    for pointer, way in places(body):
        here = body
        for step in way:
            here = here[step]
        yield "%s/more" % pointer, changed(body, way, replaced("more", 1)), pointer + "/more", "unknown_member"
        for name, value in here.items():
            where = "%s/%s" % (pointer, name)
            if name not in optional:
                yield "no %s" % where, changed(body, way, without(name)), where, "missing"
            wrong = 7 if isinstance(value, (str, dict, list)) else "7"
            yield "%s of another type" % where, changed(body, way, replaced(name, wrong)), where, "wrong_type"
            yield "%s null" % where, changed(body, way, replaced(name, None)), where, "wrong_type"
            yield "%s twice" % where, changed(body, way, twice(name)), where, "duplicate_member"


def all_at_once(body, optional=()):
    """(text, {(pointer, code), …}): the body's first level without its first required member, the others of a wrong type, one too many."""
    required = [name for name in body if name not in optional]
    broken = {name: 7 for name in body if name != required[0]}
    told = {("/" + required[0], "missing"), ("/more", "unknown_member"), *(("/" + name, "wrong_type") for name in broken)}
    return to_json({**broken, "more": 1}), told


NO_OBJECTS = [b"", b" ", b"[]", b'"x"', b"7", b"null", b"true", b"{", b"{}{}", b"{},", b"\xef\xbb\xbf{}", b'{"a":1,}', b"{'a':1}", b"{a:1}", b'{"a":01}',
              b'{"a":NaN}', b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}', b'{"a":"\n"}', b"{}//", b"{}\x00", "{}".encode("utf-16"),
              b'{"a":' * 17 + b"1" + b"}" * 17, b"[" * 100000, b'{"a":[' + b"1," * 70000 + b"1]}"]
