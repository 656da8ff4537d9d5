"""How refusals look, and that each wrong member, value and segment gets its own (protocol.md §2, §11)."""

import json
import re

import pytest
from coverage_tags import covers, scenario
from json_faults import NO_OBJECTS, all_at_once, faults
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
@scenario("I97")
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


def calls(people):
    """(how, the call's good body, members that may be absent) of every call that takes JSON."""
    there = new_id()
    sign_in = {"user_id": people.a.user_id, "password": people.a.password, "client": {"name": "tests", "version": "1.0"}}
    yield ("POST", "/v1/sessions"), sign_in, ()
    yield ("PUT", "/v1/password"), {"user_id": people.a.user_id, "old": people.a.password, "new": "Kaigo2027b"}, ()
    yield ("PUT", "/v1/outbox/" + there), {"signed_manifest": "AAAA", "payload": "AAAA"}, ("payload",)
    yield ("POST", "/v1/outbox"), {"bundles": [{"signed_manifest": "AAAA", "payload": "AAAA"}]}, ("payload",)
    yield ("POST", "/v1/inbox/%s/claim" % there), {"claim_id": there}, ()
    yield ("POST", "/v1/inbox/%s/receipt" % there), {"signed_receipt": "AAAA"}, ()
    yield ("POST", "/v1/inbox/claims"), {"claims": [{"bundle_id": there, "claim_id": there}]}, ()
    yield ("POST", "/v1/inbox/receipts"), {"receipts": [{"bundle_id": there, "signed_receipt": "AAAA"}]}, ()


def told(reply):
    return {(error["pointer"], error["code"]) for error in reply.json["errors"]}


def ask(people, how, text):
    return people.at_a.call(*how, text if isinstance(text, bytes) else text.encode(), headers={"Content-Type": "application/json"})


@covers("400 malformed_request", "§2 strict JSON")
def test_each_fault_of_each_member_of_each_call_is_told_under_its_pointer(people):
    for how, body, optional in calls(people):
        for what, text, pointer, code in faults(body, optional):
            reply = ask(people, how, text)
            assert reply.answer == (400, "malformed_request"), (how, what)
            assert told(reply) == {(pointer, code)}, (how, what)


@covers("400 malformed_request", "§11 errors lists all")
def test_all_faults_of_a_body_are_told_at_once(people):
    for how, body, optional in calls(people):
        text, expected = all_at_once(body, optional)
        reply = ask(people, how, text)
        assert reply.answer == (400, "malformed_request") and told(reply) == expected, how


@covers("400 malformed_request", "§2 JSON objects only")
def test_what_is_no_json_object_is_told_as_that_by_every_call(people):
    for how, _, _ in calls(people):
        for text in NO_OBJECTS:
            reply = ask(people, how, text)
            assert reply.answer == (400, "malformed_request") and reply.json["errors"], (how, text[:40])
    assert people.at_a.inbox().status == 200, "none of it has changed the password or ended the session"


@covers("400 malformed_request", "§2 escapes in strings")
def test_strings_may_use_any_escape_of_json(people):
    bundle = Bundle(people.a, people.b)
    body = json.dumps(bundle.body()).replace("/", "\\/").replace("A", "\\u0041").encode()
    assert ask(people, ("PUT", "/v1/outbox/" + bundle.bundle_id), body).status == 201


VALUES = [("/v1/sessions", {"user_id": "kj000000000001"}, "/user_id"), ("/v1/sessions", {"user_id": "KJ1"}, "/user_id"),
          ("/v1/sessions", {"user_id": "XX000000000001"}, "/user_id"), ("/v1/sessions", {"user_id": ""}, "/user_id"),
          ("/v1/sessions", {"client": {"name": "tests", "version": "1.x"}}, "/client/version"),
          ("/v1/sessions", {"client": {"name": "tests", "version": ""}}, "/client/version"),
          ("/v1/inbox/claims", {"claims": [{"bundle_id": "x", "claim_id": "x"}]}, "/claims/0/bundle_id"),
          ("/v1/outbox", {"bundles": [{"signed_manifest": "AAA"}]}, "/bundles/0/signed_manifest"),
          ("/v1/outbox", {"bundles": [{"signed_manifest": "AAAA", "payload": "AA=A"}]}, "/bundles/0/payload"),
          ("/v1/inbox/receipts", {"receipts": [{"bundle_id": "0193493A-7D2E-7C3B-A1F2-5D0C6E8B9A10", "signed_receipt": ""}]}, "/receipts/0/bundle_id")]


@covers("400 malformed_request")
@pytest.mark.parametrize("path, change, pointer", VALUES, ids=["%s %s" % (path, list(change.values())[0]) for path, change, _ in VALUES])
def test_values_that_are_not_of_their_form_are_told(people, path, change, pointer):
    body = {how[1]: body for how, body, _ in calls(people)}[path]
    reply = ask(people, ("POST", path), json.dumps({**body, **change}))
    assert reply.answer == (400, "malformed_request") and (pointer, "bad_format") in told(reply)


QUERIES = [("a", "/v1/inbox", ["limit=", "limit=+1", "limit=1.0", "limit=0x1", "limit=01e0", "wait=", "wait=9999999999999999999999", "state=", "state=WAITING",
                               "state=uploading", "after=", "after=AAAA", "more=1", "limit=1&limit=1", "limit=%31%zz", "limit=%00"]),
           ("a", "/v1/outbox", ["state=gone", "from=yesterday", "from=2026-11-20", "to=2026-11-20T00:00:00", "limit=501", "after=AAAA", "wait=1"]),
           ("a", "/v1/offices", ["prefecture=0", "prefecture=4x", "limit=0", "after=AAAA", "state=waiting"]),
           ("auditor", "/v1/audit/events", ["type=nothing", "office=1", "bundle_id=1", "user_id=x", "from=x", "to=x", "limit=501", "after=AAAA", "wait=1"])]


@covers("400 malformed_request", "§2 query values")
def test_each_malformed_query_value_of_each_list_is_told_by_its_name(people):
    for who, path, queries in QUERIES:
        terminal = people.auditor if who == "auditor" else people.at_a
        for query in queries:
            reply = terminal.get(path + "?" + query)
            assert reply.answer == (400, "malformed_request"), (path, query)
            assert [error["pointer"] for error in reply.json["errors"]] == [query.partition("=")[0]], (path, query)
    both = people.at_a.inbox("?limit=0&state=x&wait=61")
    assert {error["pointer"] for error in both.json["errors"]} == {"limit", "state", "wait"}


SEGMENTS = ["/v1/outbox/%s", "/v1/outbox/%s/chunks/0", "/v1/inbox/%s", "/v1/inbox/%s/claim", "/v1/inbox/%s/receipt", "/v1/inbox/%s/chunks/0"]


@covers("404 not_found", "§2 path segments")
def test_segments_that_are_not_of_their_form_do_not_exist(people):
    there = new_id()
    for pattern in SEGMENTS:
        for wrong in (there.upper(), there.replace("-", ""), "{%s}" % there, there + "0", there[:-1], there[:-1] + "g", "%20" + there, "urn:uuid:" + there):
            assert people.at_a.get(pattern % wrong).answer == (404, "not_found"), (pattern, wrong)
    for n in ("01", "-1", "+1", "abc", "1.0", "0x1", "", "%30", "18446744073709551616"):
        assert people.at_a.get("/v1/inbox/%s/chunks/%s" % (there, n)).answer == (404, "not_found"), n
    for number in ("267010001", "26701000111", "2670A00011", "267010001%20", "26a0100037"):
        assert people.at_a.get("/v1/offices/" + number).answer == (404, "not_found"), number
