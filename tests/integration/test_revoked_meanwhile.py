"""Who loses a certificate, a session or a licence while a body is on its way: nothing comes of it (protocol.md §3)."""

import datetime
import json
import os
import socket
import time

import pytest
from coverage_tags import covers
from raw_http import RawConnection, has_answers, split_answers
from relay_client import JAPAN, Bundle, eventually
from relay_stack import cms
from slow_clients import asked


def wait_until_out(terminal):
    eventually(lambda: terminal.inbox().status == 401, 6, "the caller is let in no more")


def revoke(stack, terminal):
    stack.ctl("certificate", "revoke", cms.fingerprint(terminal.person.cert), "--reason", "keyCompromise")
    wait_until_out(terminal)


def sign_out(_, terminal):
    other = type(terminal)(terminal.endpoint, terminal.person, terminal.token)
    assert other.call("DELETE", "/v1/sessions/current").status == 204
    wait_until_out(terminal)


LOSSES = pytest.mark.parametrize("lose, code", [(revoke, "certificate_revoked"), (sign_out, "session_expired")])


def end_body_late(stack, terminal, line, body, lose):
    """The answers to a request whose last byte is sent only once the caller is no longer let in."""
    head = "%s HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    with RawConnection(stack.endpoint, terminal.person) as connection:
        connection.send((head % (line, terminal.token, len(body))).encode() + body[:-1])
        time.sleep(1.2)  # the body is under way
        lose(stack, terminal)
        return split_answers(connection.send(body[-1:]).receive(has_answers(1)))


@covers("§3 revocation within five seconds", "POST /v1/inbox/{bundle_id}/claim")
@LOSSES
def test_a_claim_whose_body_ends_after_the_loss_claims_nothing(stack, people, lose, code):
    receiver = stack.office()
    terminal, left = stack.terminal(receiver), stack.terminal(receiver.using(*stack.issue(receiver.user_id)))
    bundle = Bundle(people.a, receiver)
    people.at_a.send(bundle)
    body = json.dumps({"claim_id": bundle.claim_id}).encode()
    answers = end_body_late(stack, terminal, "POST /v1/inbox/%s/claim" % bundle.bundle_id, body, lose)
    assert [answer.answer for answer in answers] == [(401, code)]
    assert left.received(bundle).json["state"] == "waiting"


@covers("§3 revocation within five seconds", "PUT /v1/outbox/{bundle_id}/chunks/{n}")
@LOSSES
def test_a_chunk_that_ends_after_the_loss_is_not_taken(stack, people, lose, code):
    sender = stack.office()
    terminal, left = stack.terminal(sender), stack.terminal(sender.using(*stack.issue(sender.user_id)))
    bundle = Bundle(sender, people.b, [("scan.png", os.urandom(100000))], chunk_size=65536)
    assert terminal.put(bundle).status == 202
    line = "PUT /v1/outbox/%s/chunks/0" % bundle.bundle_id
    assert [answer.answer for answer in end_body_late(stack, terminal, line, bundle.chunks[0], lose)] == [(401, code)]
    assert left.sent(bundle).json["missing_chunks"] == [0, 1]


@covers("§3 revocation within five seconds", "PUT /v1/outbox/{bundle_id}")
def test_an_upload_that_ends_after_its_licence_is_not_accepted(stack, people):
    sender = stack.office()
    terminal, bundle = stack.terminal(sender), Bundle(sender, people.b)
    body = json.dumps(bundle.body()).encode()

    def end_licence(*_):
        yesterday = datetime.datetime.now(JAPAN).date() - datetime.timedelta(days=1)
        stack.ctl("licence", "end", sender.number, "--on", str(yesterday))
        refused = (403, "licence_required")
        eventually(lambda: stack.terminal(sender).put(Bundle(sender, people.b)).answer == refused, 6, "the licence has ended")
    answers = end_body_late(stack, terminal, "PUT /v1/outbox/" + bundle.bundle_id, body, end_licence)
    assert [answer.answer for answer in answers] == [(403, "licence_required")]
    assert terminal.sent(bundle).answer == (404, "not_found")


@covers("§3 revocation within five seconds", "GET /v1/inbox/{bundle_id}/chunks/{n}")
@LOSSES
def test_a_chunk_that_is_read_slowly_breaks_off_after_the_loss(stack, people, lose, code):
    receiver = stack.office()
    terminal = stack.terminal(receiver)
    bundle = Bundle(people.a, receiver, payload=cms.encrypt_to_size(4 << 20, receiver.cert))
    people.at_a.send(bundle)
    terminal.claim(bundle)
    line, field = "GET /v1/inbox/%s/chunks/0" % bundle.bundle_id, "Relay-Claim: %s\r\n" % bundle.claim_id
    with asked(stack, terminal, line, field) as connection:
        connection.sip(1)
        lose(stack, terminal)
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        received = connection.receive(has_answers(1))
        assert connection.ended and len(received) < 3 << 20, code
