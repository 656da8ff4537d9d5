"""How refusals look: Problem Details in two languages (protocol.md §11)."""

import re

import pytest
from coverage_tags import covers
from relay_client import Bundle, new_id

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")


def refusals(people):
    """Refusals of several kinds, by a way to call them with headers."""
    at = people.at_a
    return [lambda h: at.get("/v1/nothing", headers=h), lambda h: at.call("GET", "/v1/inbox", headers=h, token=False),
            lambda h: at.get("/v1/audit/events", headers=h), lambda h: at.get("/v1/inbox?limit=0", headers=h),
            lambda h: at.call("PATCH", "/v1/inbox", b"", headers=h),
            lambda h: at.call("PUT", "/v1/outbox/" + new_id(), {"signed_manifest": "AAAA"}, headers=h)]


@covers("§11 the form of a problem")
def test_every_refusal_is_a_problem_with_all_members(people):
    for call in refusals(people):
        reply = call({})
        body = reply.json
        assert reply.header("Content-Type").split(";")[0] == "application/problem+json"
        assert body["type"] == "urn:careplan-relay:problem:" + body["code"] and body["status"] == reply.status
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", body["instance"])
        assert body["title"] and body["detail"] and None not in body.values()


@covers("§11 two languages")
@pytest.mark.parametrize("accept, language", [(None, "ja"), ("ja", "ja"), ("en", "en"), ("en-GB,en;q=0.9", "en"), ("fr", "ja"), ("fr, en;q=0.5", "en"),
                                              ("ja;q=0.2, en;q=0.8", "en"), ("en;q=0, ja", "ja"), ("*", "ja")])
def test_title_and_detail_come_in_the_language_asked_for(people, accept, language):
    for call in refusals(people):
        reply = call({"Accept-Language": accept} if accept else {})
        assert reply.header("Content-Language") == language
        for member in ("title", "detail"):
            assert bool(JAPANESE.search(reply.json[member])) == (language == "ja"), reply.json


@covers("§11 errors in two languages")
def test_each_finding_says_in_words_what_is_wrong(people):
    bundle = Bundle(people.a, people.b, [("a.exe", b"x")])
    for accept, is_japanese in (("en", False), ("ja", True)):
        reply = people.at_a.put(bundle, headers={"Accept-Language": accept})
        (error,) = reply.json["errors"]
        assert error["pointer"] == "/files/0/name" and error["code"] == "file_type_not_allowed"
        assert bool(JAPANESE.search(error["detail"])) == is_japanese


@covers("§11 no internals")
def test_no_refusal_shows_internals(people):
    for call in refusals(people):
        body = call({"Accept-Language": "en"}).body.decode().lower()
        for word in ("exception", "sql", "postgres", ".cpp", "stack", "openssl", "boost"):
            assert word not in body
