"""Framing and forms of HTTP: what is refused before anybody looks at the request's meaning (protocol.md §2)."""

import json
import re

import pytest
from coverage_tags import covers
from relay_client import exchange_raw

HEAD = b"Host: localhost\r\n"


def status(answer):
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else None


def code(answer):
    return json.loads(answer.partition(b"\r\n\r\n")[2])["code"]


@covers("411 length_required")
@pytest.mark.parametrize("request_text", [
    b"POST /v1/sessions HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/sessions HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\n\r\n",
    b"PUT /v1/password HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"])
def test_bodies_are_framed_by_content_length_alone(stack, people, request_text):
    answer = exchange_raw(stack.endpoint, people.a, request_text)
    assert status(answer) == 411 and code(answer) == "length_required"


@covers("400 malformed_request", "§2 unsafe framing")
@pytest.mark.parametrize("lines", [
    b"Host: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x", b"Host: localhost\r\nHost: other\r\nContent-Length: 0\r\n\r\n",
    b"Content-Length: 0\r\n\r\n", b"Host: localhost\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    b"Host: localhost\r\nContent-Length: +2\r\n\r\n{}", b"Host: localhost\r\nBad Name: x\r\nContent-Length: 0\r\n\r\n"])
def test_what_cannot_be_framed_safely_is_refused_and_the_connection_closed(stack, people, lines):
    answer = exchange_raw(stack.endpoint, people.a, b"POST /v1/sessions HTTP/1.1\r\n" + lines)
    assert status(answer) == 400 and code(answer) == "malformed_request"
    assert answer.count(b"HTTP/1.1 ") == 1


@covers("400 malformed_request")
def test_http_1_0_is_refused(stack, people):
    assert status(exchange_raw(stack.endpoint, people.a, b"GET /v1/inbox HTTP/1.0\r\n" + HEAD + b"\r\n")) == 400


@covers("§2 no smuggling")
def test_a_smuggled_second_request_is_never_answered(stack, people):
    inner = b"GET /v1/inbox HTTP/1.1\r\n" + HEAD + b"\r\n"
    answer = exchange_raw(stack.endpoint, people.a, b"POST /v1/sessions HTTP/1.1\r\n" + HEAD +
                          b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(inner)) + inner)
    assert status(answer) in (400, 411) and answer.count(b"HTTP/1.1 ") == 1


@covers("431 headers_too_large")
def test_headers_over_16_kib_are_refused(stack, people):
    answer = exchange_raw(stack.endpoint, people.a, b"GET /v1/inbox HTTP/1.1\r\n" + HEAD + b"X: " + b"a" * 17000 + b"\r\n\r\n")
    assert status(answer) == 431 and code(answer) == "headers_too_large"


@covers("415 unsupported_media_type")
@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {"Content-Type": "application/json", "Content-Encoding": "gzip"}])
def test_json_calls_take_plain_json_alone(people, headers):
    reply = people.at_a.call("POST", "/v1/sessions", b"{}", headers=headers, token=False)
    assert reply.answer == (415, "unsupported_media_type")


@covers("§2 parameters of the content type")
def test_parameters_of_the_content_type_do_not_matter(people):
    reply = people.at_a.call("POST", "/v1/sessions", b"{}", headers={"Content-Type": "Application/JSON; charset=utf-8"}, token=False)
    assert reply.answer == (400, "malformed_request")


@covers("413 too_large")
@pytest.mark.parametrize("line, size", [("PUT /v1/outbox/0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10", 1 << 20), ("POST /v1/outbox", 16 << 20),
                                        ("POST /v1/inbox/claims", 16 << 20), ("PUT /v1/password", 1 << 20)])
def test_a_body_over_the_limit_of_its_call_is_refused_by_its_length(stack, people, line, size):
    answer = exchange_raw(stack.endpoint, people.a, line.encode() + b" HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\n"
                          b"Authorization: Bearer " + people.at_a.token.encode() + b"\r\nContent-Length: %d\r\n\r\n" % (size + 1))
    assert status(answer) == 413 and code(answer) == "too_large"


@covers("400 malformed_request", "§2 JSON objects only")
@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"{}{}", b"\xff", b'{"a":' * 100 + b"1" + b"}" * 100])
def test_a_body_that_is_no_json_object_is_malformed(people, body):
    reply = people.at_a.call("POST", "/v1/sessions", body, headers={"Content-Type": "application/json"}, token=False)
    assert reply.answer == (400, "malformed_request") and reply.json["errors"]


@covers("404 not_found")
@pytest.mark.parametrize("path", ["/", "/v1", "/v1/inbox/", "/v1/nothing", "/v2/inbox", "/v1/inbox/NOT-A-UUID", "/V1/inbox",
                                  "/v1/inbox/0193493A-7D2E-7C3B-A1F2-5D0C6E8B9A10", "/v1/offices/123"])
def test_unknown_paths_and_malformed_segments_are_not_found(people, path):
    assert people.at_a.get(path).answer == (404, "not_found")


@covers("404 not_found", "405 method_not_allowed")
def test_unknown_paths_and_methods_are_told_without_a_session_too(people):
    assert people.at_a.call("GET", "/v1/nothing", token=False).answer == (404, "not_found")
    reply = people.at_a.call("PATCH", "/v1/inbox", b"", token=False)
    assert reply.answer == (405, "method_not_allowed") and reply.header("Allow") == "GET"
    assert people.at_a.call("GET", "/v1/inbox", token=False).answer == (401, "not_signed_in")


@covers("405 method_not_allowed")
def test_head_is_no_method_of_the_relay(stack, people):
    answer = exchange_raw(stack.endpoint, people.a, b"HEAD /v1/inbox HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n")
    assert status(answer) == 405


@covers("400 malformed_request", "§2 query values")
@pytest.mark.parametrize("query, pointer", [("limit=0", "limit"), ("limit=501", "limit"), ("limit=x", "limit"), ("state=gone", "state"),
                                            ("wait=61", "wait"), ("wait=-1", "wait"), ("after=%%%", "after"), ("after=garbage", "after")])
def test_malformed_query_values_are_told_by_name(people, query, pointer):
    reply = people.at_a.inbox("?" + query)
    assert reply.answer == (400, "malformed_request")
    assert [error["pointer"] for error in reply.json["errors"]] == [pointer]


@covers("§2 Request-Id")
def test_every_answer_has_a_request_id_of_its_own_that_problems_repeat(people):
    replies = [people.at_a.inbox(), people.at_a.inbox(), people.at_a.get("/nowhere")]
    ids = [reply.header("Request-Id") for reply in replies]
    assert all(ids) and len(set(ids)) == 3
    assert replies[2].json["instance"] == "urn:uuid:" + ids[2]


@covers("§2 Expect: 100-continue")
def test_continue_is_said_only_after_the_checks_that_need_no_body(stack, people):
    begin = b"PUT /v1/outbox/0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10 HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\n" \
            b"Content-Length: 2\r\nExpect: 100-continue\r\n"
    refused = exchange_raw(stack.endpoint, people.a, begin + b"\r\n", until_closed=False)
    assert status(refused) == 401
    allowed = exchange_raw(stack.endpoint, people.a, begin + b"Authorization: Bearer " + people.at_a.token.encode() + b"\r\n\r\n",
                           until_closed=False)
    assert status(allowed) == 100


@covers("§2 a refusal can be read")
def test_a_refusal_reaches_a_client_that_is_still_sending(stack, people):
    body = b"x" * 900000
    answer = exchange_raw(stack.endpoint, people.a, b"POST /v1/outbox HTTP/1.1\r\n" + HEAD + b"Content-Type: text/plain\r\n"
                          b"Authorization: Bearer " + people.at_a.token.encode() + b"\r\nContent-Length: 900000\r\n\r\n", body)
    assert status(answer) == 415


@covers("§2 pipelining")
def test_two_requests_in_one_piece_are_both_answered_in_order(stack, people):
    one = b"GET /v1/%s HTTP/1.1\r\n" + HEAD + b"%s\r\n"
    answer = exchange_raw(stack.endpoint, people.a, one % (b"nothing", b"") + one % (b"inbox", b"Connection: close\r\n"))
    assert re.findall(rb"HTTP/1\.1 (\d+) ", answer) == [b"404", b"401"]


@covers("§2 Accept")
def test_an_unknown_accept_gets_json(people):
    reply = people.at_a.inbox(headers={"Accept": "image/png"})
    assert reply.status == 200 and reply.header("Content-Type").startswith("application/json")
