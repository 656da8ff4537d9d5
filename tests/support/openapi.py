"""Answers against protocol/openapi.yaml: whatever a test is answered must be what the description promises.

The schemas are closed for this purpose: a member that the description does not name is a finding too.
"""

import functools
import json
import os
import re

import jsonschema
import yaml

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "protocol", "openapi.yaml")
# What any path may answer, declared or not (info.description): no such path, method or session, or a head not to be read.
ANYWHERE = (400, 401, 404, 405, 408, 431)
JSON_TYPES = ("application/json", "application/problem+json")


class Mismatch(AssertionError):
    """An answer that openapi.yaml does not describe."""


@functools.lru_cache(None)
def description():
    with open(PATH, encoding="utf-8") as file:
        return yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def resolve(node):
    """The node with the target of its $ref, and what stands beside it, in its place."""
    while "$ref" in node:
        target = description()
        for part in node["$ref"].lstrip("#/").split("/"):
            target = target[part]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def closed(schema):
    """The schema without references, its allOf merged, and no member allowed that it does not name."""
    schema = dict(resolve(schema))
    for part in schema.pop("allOf", ()):
        part = closed(part)
        schema = {**schema, **part, "properties": {**schema.get("properties", {}), **part.get("properties", {})},
                  "required": schema.get("required", []) + part.get("required", [])}
    if "properties" in schema:
        schema["properties"] = {name: closed(value) for name, value in schema["properties"].items()}
        schema["additionalProperties"] = False
    if "items" in schema:
        schema["items"] = closed(schema["items"])
    return schema


@functools.lru_cache(None)
def routes():
    """[(pattern, path of the description)], literal segments first."""
    paths = sorted(description()["paths"], key=lambda path: (path.count("{"), path))
    return [(re.compile(re.sub(r"\{[a-z_0-9]+\}", "[^/]+", path)), path) for path in paths]


def path_of(target):
    """The path of the description that a request's target is one of, or None."""
    literal = target.partition("?")[0]
    return next((path for pattern, path in routes() if pattern.fullmatch(literal)), None)


def answers(method, path):
    """{status: response} of one call; empty when there is no such call."""
    return description()["paths"].get(path, {}).get(method.lower(), {}).get("responses", {})


@functools.lru_cache(None)
def validator(method, path, status, media_type):
    content = resolve(answers(method, path)[status])["content"]
    return jsonschema.Draft202012Validator(closed(content[media_type]["schema"]))


@functools.lru_cache(None)
def problem_validator():
    return jsonschema.Draft202012Validator(closed({"$ref": "#/components/schemas/Problem"}))


def _judge(told, schema, body):
    error = jsonschema.exceptions.best_match(schema.iter_errors(json.loads(body)))
    if error is not None:
        raise Mismatch("%s: /%s: %s" % (told, "/".join(map(str, error.absolute_path)), error.message))


def _check_declared(told, method, path, reply):
    answer = resolve(answers(method, path)[str(reply.status)])
    for name, header in answer.get("headers", {}).items():
        if resolve(header).get("required") and reply.header(name) is None:
            raise Mismatch("%s: no %s" % (told, name))
    if "content" not in answer:
        if reply.body:
            raise Mismatch("%s has a body" % told)
        return
    media_type = (reply.header("Content-Type") or "").split(";")[0]
    if media_type not in answer["content"]:
        raise Mismatch("%s: %s is not described" % (told, media_type or "an answer without Content-Type"))
    if media_type in JSON_TYPES:
        _judge(told, validator(method, path, str(reply.status), media_type), reply.body)


def check(method, target, reply):
    """Raises Mismatch when `reply` (status, headers, body) is not an answer that the description allows for this call."""
    told, path = "%s %s %d" % (method, target, reply.status), path_of(target)
    if not re.fullmatch("[0-9a-f-]{36}", reply.header("Request-Id") or ""):
        raise Mismatch("%s: no Request-Id" % told)
    if str(reply.status) in answers(method, path):
        _check_declared(told, method, path, reply)
    elif reply.status not in ANYWHERE:
        raise Mismatch("%s is not described" % told)
    elif method != "HEAD":
        _judge(told, problem_validator(), reply.body)
    if reply.code and reply.json["instance"] != "urn:uuid:" + reply.header("Request-Id"):
        raise Mismatch("%s: the problem's instance is not the Request-Id" % told)
