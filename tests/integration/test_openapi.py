"""protocol/openapi.yaml tells the truth: the client of these tests holds every answer against it (tests/support/openapi.py)."""

import json

import openapi
import pytest
from relay_client import Bundle, Reply


@pytest.fixture(scope="module")
def answers(people):
    """Answers of several kinds as (method, path, reply)."""
    bundle = Bundle(people.a, people.b)
    sent = people.at_a.put(bundle)
    path = "/v1/outbox/" + bundle.bundle_id
    return {"bundle": ("PUT", path, sent), "bundle in full": ("GET", path, people.at_a.sent(bundle)),
            "page": ("GET", "/v1/inbox?limit=5", people.at_b.inbox("?limit=5")),
            "refusal": ("GET", "/v1/inbox?limit=0", people.at_b.inbox("?limit=0")),
            "unknown path": ("GET", "/v1/nothing", people.at_a.get("/v1/nothing")),
            "wrong method": ("PATCH", "/v1/inbox", people.at_a.call("PATCH", "/v1/inbox", b"")),
            "withdrawal": ("DELETE", path, people.at_a.withdraw(bundle))}


def test_what_the_server_answers_fits_its_description(answers):
    for method, path, reply in answers.values():
        openapi.check(method, path, reply)


def changed(reply, **members):
    body = {**reply.json, **members}
    return Reply(reply.status, reply.headers, json.dumps({key: value for key, value in body.items() if value is not None}).encode())


@pytest.mark.parametrize("kind, members", [
    ("bundle", {"surprise": 1}), ("bundle", {"state": "lost"}), ("bundle", {"sender": None}), ("bundle", {"sender": {"number": "1", "name": "x"}}),
    ("bundle", {"files": [{"name": "x"}]}), ("bundle", {"signed_manifest": "AA=="}), ("bundle in full", {"signed_manifest": None}),
    ("page", {"bundles": None}), ("page", {"bundles": [{}]}), ("refusal", {"code": "new_code"}), ("refusal", {"errors": [{"pointer": "x"}]}),
    ("refusal", {"instance": "urn:uuid:00000000-0000-4000-8000-000000000000"}), ("unknown path", {"title": None}),
    ("wrong method", {"detail": None}), ("withdrawal", {"withdrawn_at": 5})])
def test_an_answer_that_the_description_does_not_know_is_found(answers, kind, members):
    method, path, reply = answers[kind]
    with pytest.raises(openapi.Mismatch):
        openapi.check(method, path, changed(reply, **members))


def test_a_status_a_header_and_a_media_type_that_the_description_does_not_know_are_found(answers):
    method, path, reply = answers["bundle"]
    for status, headers in ((203, reply.headers), (201, [h for h in reply.headers if h[0].lower() != "request-id"]),
                            (201, [h for h in reply.headers if h[0].lower() != "content-type"] + [("Content-Type", "text/html")])):
        with pytest.raises(openapi.Mismatch):
            openapi.check(method, path, Reply(status, headers, reply.body))
