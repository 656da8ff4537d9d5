"""Answers that are read slowly, or not to their end: what counts as sent, and how long a claim holds (protocol.md §7)."""

import base64
import json
import socket

from coverage_tags import covers
from raw_http import has_answers, split_answers
from relay_client import Bundle, eventually, new_id
from relay_stack import cms, events_of
from slow_clients import asked

SETTINGS = {"claims__partial_lapse": "2s"}
LONG = 8  # seconds: a claim that is not kept has lapsed by then, the janitor's 5 s included


def rest_of(connection):
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    return split_answers(connection.receive(has_answers(1)))[0]


def large(people, size, payload=None):
    bundle = Bundle(people.a, people.b, payload=payload or cms.encrypt_to_size(size, people.b.cert))
    people.at_a.send(bundle)
    return bundle


def claim_of(bundle):
    return {"bundle_id": bundle.bundle_id, "claim_id": bundle.claim_id}


@covers("§7.3 a call lasts until its answer is written", "POST /v1/inbox/{bundle_id}/claim")
def test_a_claim_holds_while_its_payload_is_read_slowly(stack, people):
    bundle = large(people, 260000)
    body = json.dumps({"claim_id": bundle.claim_id}).encode()
    with asked(stack, people.at_b, "POST /v1/inbox/%s/claim" % bundle.bundle_id, body=body) as connection:
        assert len(connection.sip(LONG)) < 200000
        assert people.at_b.claim(bundle, new_id()).answer == (409, "claimed_elsewhere")
        assert base64.b64decode(json.loads(rest_of(connection).body)["payload"]) == bundle.payload
    assert people.at_b.confirm(bundle).status == 200
    assert "claim_lapsed" not in events_of(people.auditor, bundle)


@covers("§7.3 a call lasts until its answer is written", "POST /v1/inbox/claims")
def test_every_claim_of_a_batch_holds_while_its_answer_is_read_slowly(stack, people):
    bundles = [large(people, 200000) for _ in range(3)] + [large(people, 300000)]
    body = json.dumps({"claims": [claim_of(bundle) for bundle in bundles]}).encode()
    with asked(stack, people.at_b, "POST /v1/inbox/claims", body=body) as connection:
        connection.sip(LONG)
        for bundle in bundles:
            assert people.at_b.claim(bundle, new_id()).answer == (409, "claimed_elsewhere")
        assert ["payload" in result["claim"] for result in json.loads(rest_of(connection).body)["results"]] == [True] * 3 + [False]
    assert [people.at_b.confirm(bundle).status for bundle in bundles[:3]] == [200] * 3


@covers("§7.3 a call lasts until its answer is written", "GET /v1/inbox/{bundle_id}/chunks/{n}")
def test_a_claim_holds_while_one_piece_of_a_chunk_is_read_slowly(stack, people):
    bundle = large(people, 700000)
    people.at_b.claim(bundle)
    field = "Relay-Claim: %s\r\n" % bundle.claim_id
    with asked(stack, people.at_b, "GET /v1/inbox/%s/chunks/0" % bundle.bundle_id, field) as connection:
        assert len(connection.sip(LONG)) < 400000
        assert people.at_b.claim(bundle, new_id()).answer == (409, "claimed_elsewhere")
        assert rest_of(connection).body == bundle.payload
    assert people.at_b.confirm(bundle).status == 200


@covers("§7.3 ranges add up")
def test_whoever_goes_on_from_the_bytes_it_has_after_a_cut_line_has_been_sent_all(stack, people):
    bundle = large(people, 700000)
    people.at_b.claim(bundle)
    field = "Relay-Claim: %s\r\n" % bundle.claim_id
    with asked(stack, people.at_b, "GET /v1/inbox/%s/chunks/0" % bundle.bundle_id, field) as connection:
        connection.receive(lambda data: len(data) > 100000)
        got = connection.received.partition(b"\r\n\r\n")[2]
    assert 90000 < len(got) < len(bundle.payload) and bundle.payload.startswith(got)
    rest = people.at_b.chunk(bundle, 0, headers={"Range": "bytes=%d-" % len(got)})
    assert rest.status == 206 and got + rest.body == bundle.payload
    assert people.at_b.confirm(bundle).status == 200


@covers("§7.3 claims that lapse")
def test_a_claim_whose_reader_is_gone_lapses_all_the_same(stack, people):
    bundle = large(people, 260000)
    body = json.dumps({"claim_id": bundle.claim_id}).encode()
    with asked(stack, people.at_b, "POST /v1/inbox/%s/claim" % bundle.bundle_id, body=body) as connection:
        connection.sip(1)
    eventually(lambda: people.at_b.received(bundle).json["state"] == "waiting", 15, "the claim has lapsed")


@covers("§6 expires_at")
def test_a_claim_whose_bytes_were_all_sent_is_told_the_longer_time_without_its_payload_too(people):
    payload = cms.encrypt_to_size(262144, people.b.cert)
    bundles = [large(people, 262144, payload) for _ in range(65)]
    last = bundles[-1]
    people.at_b.claim(last)
    claims = {"claims": [claim_of(bundle) for bundle in bundles]}

    def told():
        claim = people.at_b.call("POST", "/v1/inbox/claims", claims).json["results"][-1]["claim"]
        return "payload" not in claim and claim["expires_at"]
    again = people.at_b.claim(last).json["expires_at"]
    eventually(lambda: told() >= again, 5, "the time of a claim whose bytes were all sent")
