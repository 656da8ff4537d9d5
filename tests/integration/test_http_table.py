"""Every way to frame or to write a request wrongly, as bytes: one answer, and nothing behind it is ever a request (protocol.md §2)."""

import json

import pytest
from coverage_tags import covers, scenario
from http_cases import CASES, HOST, KEPT, REFUSED, VECTOR_CASES
from raw_http import RawConnection, has_answers, split_answers
from relay_client import Bundle, eventually
from relay_stack import events_of

PROBE = b"PROBE /v1/inbox HTTP/1.1\r\n" + HOST + b"\r\n"


@pytest.fixture(scope="module")
def waiting(people):
    """A bundle that a smuggled request would withdraw."""
    bundle = Bundle(people.a, people.b)
    assert people.at_a.put(bundle).status == 201
    return bundle


@pytest.fixture(scope="module")
def smuggled(people, waiting):
    """What is put behind each refused request: would it be read, the bundle would be gone and the log would show the method."""
    return (b"DELETE /v1/outbox/" + waiting.bundle_id.encode() + b" HTTP/1.1\r\n" + HOST + b"Authorization: Bearer " +
            people.at_a.token.encode() + b"\r\n\r\nSMUGGLED /v1/inbox HTTP/1.1\r\n" + HOST + b"\r\n")


def exchange(stack, person, data, until=None):
    with RawConnection(stack.endpoint, person) as connection:
        connection.send(data)
        answers = split_answers(connection.receive(until))
        return answers, connection.ended


def check_problem(answer):
    """Each refusal is a whole problem document that repeats the request's ID."""
    problem = json.loads(answer.body)
    assert answer.fields["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status and problem["instance"] == "urn:uuid:" + answer.fields["request-id"]


def check_refused(answers, ended, statuses):
    assert [answer.status for answer in answers] == statuses
    assert ended and answers[-1].fields["connection"] == "close"
    for answer in answers:
        check_problem(answer)


@covers("400 malformed_request", "411 length_required", "413 too_large", "431 headers_too_large", "§2 unsafe framing", "§2 no smuggling")
@pytest.mark.parametrize("raw, status", [pytest.param(raw, status, id=name) for name, raw, status, kind in CASES if kind == REFUSED])
@scenario("I96")
def test_what_is_wrongly_framed_or_written_is_refused_and_ends_the_connection(stack, people, smuggled, raw, status):
    answers, ended = exchange(stack, people.a, raw + smuggled)
    check_refused(answers, ended, list(status) if isinstance(status, tuple) else [status])


@covers("§2 framing by Content-Length alone")
@pytest.mark.parametrize("raw, status", [pytest.param(raw, status, id=name) for name, raw, status, kind in CASES if kind == KEPT])
@scenario("I96")
def test_what_is_well_framed_leaves_the_connection_to_the_next_request(stack, people, raw, status):
    answers, ended = exchange(stack, people.a, raw + PROBE, has_answers(2))
    assert [answer.status for answer in answers] == [status, 405] and not ended
    assert "allow" in answers[1].fields, "the second answer is the probe's"


@covers("§2 no smuggling")
@pytest.mark.parametrize("raw, statuses, kind", [pytest.param(*case[1:], id=case[0]) for case in VECTOR_CASES])
@scenario("I96")
def test_the_desync_collection_is_refused(stack, people, smuggled, raw, statuses, kind):
    if kind == REFUSED:
        answers, ended = exchange(stack, people.a, raw + smuggled)
        assert answers[0].status in statuses
        check_refused(answers, ended, [answers[0].status])
    else:
        with RawConnection(stack.endpoint, people.a) as connection:
            received = connection.send(raw).receive(lambda data: b"\r\n\r\n" in data)
        assert int(received.split()[1]) in statuses


@covers("§2 no smuggling")
@scenario("I96")
def test_nothing_behind_a_refused_request_was_ever_read_as_a_request(stack, people, waiting, smuggled):
    assert people.at_a.sent(waiting).json["state"] == "waiting", "no smuggled request has withdrawn it"
    assert "bundle_withdrawn" not in events_of(people.auditor, waiting)
    # The same bytes behind a good request do it: the test above can fail.
    answers, _ = exchange(stack, people.a, PROBE + smuggled, has_answers(3))
    assert [answer.status for answer in answers] == [405, 200, 405]
    eventually(lambda: stack.log().count(b'"method":"SMUGGLED"') == 1, 20, "the log tells of the one request that was read, and of no other")
    assert "bundle_withdrawn" in events_of(people.auditor, waiting)
