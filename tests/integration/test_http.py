"""Forms of HTTP, and clients that are slow, silent or many (protocol.md §2). How requests are framed: test_http_table.py."""

import email.utils
import json
import os
import re
import time

import pytest
from coverage_tags import covers, scenario
from http_cases import HOST, get, post
from raw_http import RawConnection, has_answers, split_answers
from relay_client import Bundle, eventually, exchange_raw
from slow_clients import PATIENCE, QUARANTINE_KIB, open_connections, resident_kib, start_slow_clients

# The large run: RELAY_SILENT_CONNECTIONS=10000 with ulimit -n 25000.
SILENT = int(os.environ.get("RELAY_SILENT_CONNECTIONS", "200"))


@pytest.fixture(scope="module", autouse=True)
def slow(stack, people):
    """The deadlines are the real ones: all slow clients start before the tests, and the last tests see how they fared."""
    return start_slow_clients(stack, people.a)


def status(answer):
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else None


def code(answer):
    return json.loads(answer.partition(b"\r\n\r\n")[2])["code"]


@covers("415 unsupported_media_type")
@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {"Content-Type": "application/json", "Content-Encoding": "gzip"}])
@scenario("I97")
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
@scenario("I97")
def test_a_body_over_the_limit_of_its_call_is_refused_by_its_length(stack, people, line, size):
    answer = exchange_raw(stack.endpoint, people.a, line.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
                          b"Authorization: Bearer " + people.at_a.token.encode() + b"\r\nContent-Length: %d\r\n\r\n" % (size + 1))
    assert status(answer) == 413 and code(answer) == "too_large"


@covers("400 malformed_request", "§2 JSON objects only")
@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"{}{}", b"\xff", b'{"a":' * 100 + b"1" + b"}" * 100])
@scenario("I97")
def test_a_body_that_is_no_json_object_is_malformed(people, body):
    reply = people.at_a.call("POST", "/v1/sessions", body, headers={"Content-Type": "application/json"}, token=False)
    assert reply.answer == (400, "malformed_request") and reply.json["errors"]


@covers("404 not_found")
@pytest.mark.parametrize("path", ["/", "/v1", "/v1/inbox/", "/v1/nothing", "/v2/inbox", "/v1/inbox/NOT-A-UUID", "/V1/inbox",
                                  "/v1/inbox/0193493A-7D2E-7C3B-A1F2-5D0C6E8B9A10", "/v1/offices/123"])
@scenario("I97")
def test_unknown_paths_and_malformed_segments_are_not_found(people, path):
    assert people.at_a.get(path).answer == (404, "not_found")


@covers("404 not_found", "405 method_not_allowed")
@scenario("I97")
def test_unknown_paths_and_methods_are_told_without_a_session_too(people):
    assert people.at_a.call("GET", "/v1/nothing", token=False).answer == (404, "not_found")
    reply = people.at_a.call("PATCH", "/v1/inbox", b"", token=False)
    assert reply.answer == (405, "method_not_allowed") and reply.header("Allow") == "GET"
    assert people.at_a.call("GET", "/v1/inbox", token=False).answer == (401, "not_signed_in")


@covers("405 method_not_allowed")
def test_head_is_no_method_of_the_relay(stack, people):
    answer = exchange_raw(stack.endpoint, people.a, b"HEAD /v1/inbox HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert status(answer) == 405


@covers("400 malformed_request", "§2 query values")
@pytest.mark.parametrize("query, pointer", [("limit=0", "limit"), ("limit=501", "limit"), ("limit=x", "limit"), ("state=gone", "state"),
                                            ("wait=61", "wait"), ("wait=-1", "wait"), ("after=%%%", "after"), ("after=garbage", "after")])
@scenario("D51")
def test_malformed_query_values_are_told_by_name(people, query, pointer):
    reply = people.at_a.inbox("?" + query)
    assert reply.answer == (400, "malformed_request")
    assert [error["pointer"] for error in reply.json["errors"]] == [pointer]


@covers("400 malformed_request", "§11 all of a stage at once")
def test_everything_wrong_with_a_query_is_told_at_once(people):
    reply = people.at_a.inbox("?wait=%zz&limit=0&limit=5&after=garbage&colour=red&state=gone&state=%FF")
    assert reply.answer == (400, "malformed_request")
    assert sorted((error["pointer"], error["code"]) for error in reply.json["errors"]) == [
        ("after", "bad_format"), ("colour", "unknown_member"), ("limit", "duplicate_member"), ("limit", "out_of_range"),
        ("state", "bad_format"), ("state", "bad_format"), ("wait", "bad_format")]


@covers("400 malformed_request", "§2 query values")
@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/outbox/0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10", "/v1/offices"])
def test_a_query_of_thousands_of_parameters_is_refused_without_reading_them(people, path):
    reply = people.at_a.get(path + "?" + "&".join("p%d" % n for n in range(2500)))
    assert reply.answer == (400, "malformed_request")
    assert len(reply.json["errors"]) <= 33 and ("p32", "out_of_range") in [(e["pointer"], e["code"]) for e in reply.json["errors"]]


@covers("§2 Request-Id")
@scenario("I97")
def test_every_answer_has_a_request_id_of_its_own_that_problems_repeat(people):
    replies = [people.at_a.inbox(), people.at_a.inbox(), people.at_a.get("/nowhere")]
    ids = [reply.header("Request-Id") for reply in replies]
    assert all(ids) and len(set(ids)) == 3
    assert replies[2].json["instance"] == "urn:uuid:" + ids[2]


@covers("§2 Date")
def test_every_answer_says_when_it_was_made(people):
    for reply in (people.at_a.get("/v1/inbox", token=False), people.at_a.get("/nowhere"), people.at_a.call("PUT", "/v1/outbox/x", {})):
        told = email.utils.parsedate_to_datetime(reply.header("Date"))
        assert abs(told.timestamp() - time.time()) < 5
        assert reply.header("Date") == email.utils.formatdate(told.timestamp(), usegmt=True)


@covers("§2 Expect: 100-continue")
def test_continue_is_said_only_after_the_checks_that_need_no_body(stack, people):
    begin = b"PUT /v1/outbox/0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10 HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n" \
            b"Content-Length: 2\r\nExpect: 100-continue\r\n"
    refused = exchange_raw(stack.endpoint, people.a, begin + b"\r\n", until_closed=False)
    assert status(refused) == 401
    allowed = exchange_raw(stack.endpoint, people.a, begin + b"Authorization: Bearer " + people.at_a.token.encode() + b"\r\n\r\n",
                           until_closed=False)
    assert status(allowed) == 100


@covers("§2 a refusal can be read")
def test_a_refusal_reaches_a_client_that_is_still_sending(stack, people):
    body = b"x" * 900000
    answer = exchange_raw(stack.endpoint, people.a, b"POST /v1/outbox HTTP/1.1\r\n" + HOST + b"Content-Type: text/plain\r\n"
                          b"Authorization: Bearer " + people.at_a.token.encode() + b"\r\nContent-Length: 900000\r\n\r\n", body)
    assert status(answer) == 415


@covers("§2 pipelining")
def test_two_requests_in_one_piece_are_both_answered_in_order(stack, people):
    one = b"GET /v1/%s HTTP/1.1\r\n" + HOST + b"%s\r\n"
    answer = exchange_raw(stack.endpoint, people.a, one % (b"nothing", b"") + one % (b"inbox", b"Connection: close\r\n"))
    assert re.findall(rb"HTTP/1\.1 (\d+) ", answer) == [b"404", b"401"]


@covers("§2 Accept")
def test_an_unknown_accept_gets_json(people):
    reply = people.at_a.inbox(headers={"Accept": "image/png"})
    assert reply.status == 200 and reply.header("Content-Type").startswith("application/json")


@covers("§2 deadlines", "§2 silent connections")
@scenario("I95")
def test_many_silent_connections_cost_bounded_memory_and_harm_nobody(stack, people):
    before = resident_kib(stack)
    connections = []
    try:
        for _ in range(SILENT):
            connections.append(RawConnection(stack.endpoint, people.c).send(get()))
            assert has_answers(1)(connections[-1].receive(has_answers(1)))
        grown = resident_kib(stack) - before
        assert grown < SILENT * 100 + 65536 + QUARANTINE_KIB, "%d KiB for %d connections" % (grown, SILENT)
        bundle = Bundle(people.a, people.b)
        assert people.at_a.put(bundle).status == 201 and people.at_b.claim(bundle).status == 200
        assert open_connections(stack) >= SILENT, "nobody was put out for the others"
    finally:
        for connection in connections:
            connection.socket.close()
    eventually(lambda: open_connections(stack) < 20, PATIENCE, "the closed connections are let go")


@covers("§2 half-closed connections")
@pytest.mark.parametrize("notify", [True, False], ids=["close_notify", "line"])
def test_a_whole_request_is_answered_though_the_client_sends_no_more(stack, people, notify):
    with RawConnection(stack.endpoint, people.a) as connection:
        connection.send(get() + get(target=b"/v1/nothing")).half_close(notify)
        assert [answer.status for answer in split_answers(connection.receive())] == [401, 404]
        assert connection.ended


@covers("§2 half-closed connections")
@pytest.mark.parametrize("request_bytes", [get()[:-2], post(b"Content-Length: 5\r\n", b"{\"a")], ids=["header", "body"])
def test_half_a_request_of_a_client_that_sends_no_more_does_nothing(stack, people, request_bytes):
    with RawConnection(stack.endpoint, people.a) as connection:
        connection.send(request_bytes).half_close()
        answers = split_answers(connection.receive())
        assert [(answer.status, answer.code) for answer in answers] in ([], [(400, "malformed_request")]) and connection.ended


@covers("§2 half-closed connections")
def test_a_cut_upload_leaves_nothing(stack, people):
    bundle = Bundle(people.a, people.b)
    body = b"{\"signed_manifest\":\"" + bundle.body()["signed_manifest"].encode() + b"\"}"
    head = b"PUT /v1/outbox/%s HTTP/1.1\r\n%sContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n" % (
        bundle.bundle_id.encode(), HOST, people.at_a.token.encode(), len(body))
    with RawConnection(stack.endpoint, people.a) as connection:
        connection.send(head + body[:-1]).half_close()
        connection.receive()
    assert people.at_a.sent(bundle).status == 404
    with RawConnection(stack.endpoint, people.a) as connection:
        answers = split_answers(connection.send(head + body).receive(has_answers(1)))
    assert answers[0].status == 202, "the same bytes, whole, are an upload"


@covers("§2 pipelining")
def test_a_request_in_front_of_a_waiting_poll_is_answered_before_it(stack, people):
    token = b"Authorization: Bearer " + people.at_c.token.encode() + b"\r\n"
    with RawConnection(stack.endpoint, people.c) as connection:
        connection.send(get(target=b"/v1/nothing") + get(token, b"/v1/inbox?wait=20") + get(target=b"/v1/nothing"))
        assert split_answers(connection.receive(has_answers(1)))[0].status == 404
        stack.wait_for_parked_poll()
        assert len(split_answers(connection.received)) == 1, "what stands behind the poll waits for it"
        assert people.at_a.put(Bundle(people.a, people.c)).status == 201
        assert [answer.status for answer in split_answers(connection.receive(has_answers(3)))] == [404, 200, 404]


@covers("§2 pipelining")
def test_many_pipelined_requests_of_a_client_that_reads_late_are_all_answered(stack, people):
    with RawConnection(stack.endpoint, people.a, receive_buffer=4096) as connection:
        connection.send(get(target=b"/v1/nothing") * 500)
        answers = split_answers(connection.receive(has_answers(500)))
        assert [answer.status for answer in answers] == [404] * 500


@covers("§2 clients that never read")
@scenario("I95")
def test_a_client_that_asks_on_and_on_and_never_reads_is_read_no_further(stack, people):
    before, piece = resident_kib(stack), get(target=b"/v1/nothing") * 1000
    with RawConnection(stack.endpoint, people.a, receive_buffer=4096) as connection:
        connection.socket.settimeout(3)
        with pytest.raises(TimeoutError):  # neither side takes any more: what is asked is not kept in the server
            for _ in range(2000):
                connection.send(piece)
        assert resident_kib(stack) - before < 65536 + QUARANTINE_KIB
        assert people.at_a.inbox().status == 200


@covers("§2 deadlines")
def test_who_never_shakes_hands_is_dropped(slow):
    client = slow["silent line"].join()
    assert client.received == b"" and client.ended and 9 < client.seconds


@covers("§2 deadlines")
def test_who_shakes_hands_and_asks_nothing_is_dropped_without_a_word(slow):
    client = slow["silent after the handshake"].join()
    assert client.received == b"" and client.ended and 14 < client.seconds


@covers("408 timeout", "§2 deadlines")
@pytest.mark.parametrize("name", ["slow line", "slow field"])
@scenario("I95")
def test_a_header_that_comes_byte_by_byte_is_a_timeout_after_its_deadline(slow, name):
    client = slow[name].join()
    (answer,) = split_answers(client.received)
    assert (answer.status, answer.code) == (408, "timeout") and answer.fields["connection"] == "close"
    assert client.ended and 14 < client.seconds
