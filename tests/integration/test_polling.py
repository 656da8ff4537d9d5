"""Waiting for post: long polls and entity tags of the inbox (protocol.md §6)."""

import json
import socket
import struct
import time

import pytest
from coverage_tags import covers, scenario
from raw_http import RawConnection, has_answers, split_answers
from relay_client import Bundle, eventually, together
from slow_clients import QUARANTINE_KIB, resident_kib


@pytest.fixture
def office(stack, people):
    """An office with an empty inbox."""
    person = stack.office()
    return person, stack.terminal(person)


def timed(call):
    begin = time.monotonic()
    return call(), time.monotonic() - begin


@covers("GET /v1/inbox", "§6 wait")
@scenario("D54")
def test_an_empty_inbox_is_told_at_once_or_at_the_end_of_the_wait(office):
    _, terminal = office
    reply, took = timed(lambda: terminal.inbox())
    assert reply.status == 200 and reply.json == {"bundles": []} and took < 2
    reply, took = timed(lambda: terminal.inbox("?wait=2"))
    assert reply.status == 200 and reply.json == {"bundles": []} and 1.5 < took < 6


@covers("§6 wait")
def test_a_new_bundle_ends_the_wait(stack, people, office):
    person, terminal = office
    bundle = Bundle(people.a, person)

    def send():
        stack.wait_for_parked_poll()
        return people.at_a.send(bundle)
    (reply, took), _ = together(lambda: timed(lambda: terminal.inbox("?wait=30")), send)
    assert [one["bundle_id"] for one in reply.json["bundles"]] == [bundle.bundle_id] and took < 10


@covers("§6 ETag and If-None-Match")
@scenario("D54")
def test_the_tag_of_a_page_tells_that_nothing_changed(stack, people, office):
    person, terminal = office
    bundle = Bundle(people.a, person)
    people.at_a.send(bundle)
    first = terminal.inbox()
    tag = first.header("ETag")
    assert tag.startswith('"') and terminal.inbox().header("ETag") == tag
    same, took = timed(lambda: terminal.inbox("?wait=2", headers={"If-None-Match": tag}))
    assert same.status == 304 and same.body == b"" and same.header("ETag") == tag and 1.5 < took < 6
    assert terminal.inbox(headers={"If-None-Match": '"other"'}).status == 200

    def withdraw():
        stack.wait_for_parked_poll()
        return people.at_a.withdraw(bundle)
    (changed, took), _ = together(lambda: timed(lambda: terminal.inbox("?wait=30", headers={"If-None-Match": tag})),
                                  withdraw)
    assert changed.status == 200 and changed.json["bundles"] == [] and changed.header("ETag") != tag and took < 10


@covers("§6 ETag and If-None-Match")
def test_tags_may_come_in_several_lines(office, stack):
    person, terminal = office
    tag = terminal.inbox().header("ETag")
    head = b"GET /v1/inbox HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer %s\r\n" % terminal.token.encode()
    with RawConnection(stack.endpoint, person) as connection:
        connection.send(head + b"If-None-Match: \"other\"\r\nIf-None-Match: %s\r\n\r\n" % tag.encode())
        assert [answer.status for answer in split_answers(connection.receive(has_answers(1)))] == [304]


@covers("§6 wait")
def test_a_long_page_that_its_reader_knows_costs_nothing_while_it_waits(stack, people, office):
    """The page is 1.4 MB long, and a hundred wait for it to change."""
    person, terminal = office
    files = [("%s%d.pdf" % ("x" * 240, n), b"") for n in range(100)]
    for _ in range(40):
        people.at_a.send(Bundle(people.a, person, files))
    first = terminal.inbox()
    assert len(first.body) > 1 << 20
    head = "GET /v1/inbox?wait=50 HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer %s\r\nIf-None-Match: %s\r\n\r\n"
    polls, before = [], resident_kib(stack)
    try:
        for count in range(1, 101):
            polls.append(RawConnection(stack.endpoint, person).send((head % (terminal.token, first.header("ETag"))).encode()))
            parked = "\nrelay_parked_polls %d\n" % count
            eventually(lambda parked=parked: count % 10 or parked in stack.admin("/metrics")[1], 20, "the polls are parked")
        grown = resident_kib(stack) - before
    finally:
        for poll in polls:
            poll.socket.close()
    assert grown < 65536 + QUARANTINE_KIB, "%d KiB" % grown
    stack.wait_for_no_parked_poll()


@covers("§6 wait")
def test_whoever_waits_for_the_first_bundle_is_woken_each_time_one_comes(stack, people, office):
    """Also when the relay knows from an earlier answer that nothing waits there, and asks nobody."""
    person, terminal = office
    nothing = terminal.inbox("?wait=1").header("ETag")
    for known in ({}, {"If-None-Match": nothing}, {}):
        bundle = Bundle(people.a, person)

        def send(bundle=bundle):
            stack.wait_for_parked_poll()
            return people.at_a.send(bundle)
        (reply, took), _ = together(lambda known=known: timed(lambda: terminal.inbox("?wait=30", headers=known)), send)
        assert [one["bundle_id"] for one in reply.json["bundles"]] == [bundle.bundle_id] and took < 10
        terminal.fetch(bundle)
        gone, took = timed(lambda reply=reply: terminal.inbox("?wait=30", headers={"If-None-Match": reply.header("ETag")}))
        assert gone.json["bundles"] == [] and gone.header("ETag") == nothing and took < 10


@covers("§6 wait")
def test_a_lost_notification_keeps_nobody_waiting(stack, people, office):
    """The connection over which the relay hears of new bundles is cut while somebody waits."""
    person, terminal = office
    assert terminal.inbox("?wait=1").json == {"bundles": []}
    bundle = Bundle(people.a, person)

    def cut_and_send():
        stack.wait_for_parked_poll()
        cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like '%listener'"
        assert stack.database().sql(cut) == "1"
        return people.at_a.send(bundle)
    (reply, took), _ = together(lambda: timed(lambda: terminal.inbox("?wait=30")), cut_and_send)
    assert [one["bundle_id"] for one in reply.json["bundles"]] == [bundle.bundle_id] and took < 10


@covers("§6 wait")
def test_a_poll_outlives_a_database_that_is_away_for_a_while(stack, people, office):
    """Longer than the accounts are trusted without it; what is sent afterwards ends the wait."""
    person, terminal = office
    bundle = Bundle(people.a, person)

    def restart_and_send():
        stack.wait_for_parked_poll()
        stack.database().stop()
        time.sleep(7)
        stack.database().start()
        stack.wait_for_database(people.at_a)
        return people.at_a.send(bundle)
    (reply, _), _ = together(lambda: timed(lambda: terminal.inbox("?wait=50")), restart_and_send)
    assert reply.status == 200 and [one["bundle_id"] for one in reply.json["bundles"]] == [bundle.bundle_id]


def park_by_hand(stack, office, more=b""):
    """A poll of 50 s on a connection whose ends can be closed one by one."""
    person, terminal = office
    connection = RawConnection(stack.endpoint, person)
    head = b"GET /v1/inbox?wait=50 HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer %s\r\n\r\n" % terminal.token.encode()
    connection.send(head)
    stack.wait_for_parked_poll()
    return connection.send(more)


@covers("§6 wait")
@pytest.mark.parametrize("how", ["goodbye", "end", "reset"])
def test_a_poll_whose_caller_is_gone_leaves_its_place_at_once(stack, office, how):
    with park_by_hand(stack, office) as connection:
        if how == "goodbye":
            connection.half_close()
        if how == "reset":
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stack.wait_for_no_parked_poll()


@covers("§6 wait")
@pytest.mark.parametrize("notify", [True, False])
def test_who_only_stops_sending_gets_the_page_as_it_is(stack, office, notify):
    with park_by_hand(stack, office) as connection:
        answers = split_answers(connection.half_close(notify).receive())
    assert [(answer.status, json.loads(answer.body)) for answer in answers] == [(200, {"bundles": []})] and connection.ended


@covers("§6 wait", "§2 pipelining")
def test_a_poll_waits_on_while_the_next_request_is_sent_behind_it(stack, people, office):
    person, _ = office
    behind = b"GET /v1/nothing HTTP/1.1\r\nHost: relay\r\n\r\n"
    with park_by_hand(stack, office, behind[:20]) as connection:
        connection.send(behind[20:])
        assert people.at_a.put(Bundle(people.a, person)).status == 201
        assert [answer.status for answer in split_answers(connection.receive(has_answers(2)))] == [200, 404]


@covers("§3 a poll whose session ends")
def test_a_parked_poll_gets_its_401_when_the_session_ends(stack, office):
    person, terminal = office
    other = stack.terminal(person)
    other.token = terminal.token

    def sign_out():
        stack.wait_for_parked_poll()
        return other.call("DELETE", "/v1/sessions/current")
    (polled, took), _ = together(lambda: timed(lambda: terminal.inbox("?wait=30")), sign_out)
    assert polled.answer == (401, "session_expired") and took < 8


@covers("§3 a closed account and a parked poll")
def test_a_parked_poll_ends_when_operations_close_the_account(stack, office):
    person, terminal = office

    def close():
        stack.wait_for_parked_poll()
        stack.ctl("user", "close", person.user_id)
    (polled, took), _ = together(lambda: timed(lambda: terminal.inbox("?wait=30")), close)
    assert polled.status == 401 and took < 8
