"""Sending in chunks: order, repeats, races, refusals (protocol.md §5)."""

import os

import pytest
from coverage_tags import covers, scenario
from raw_http import RawConnection, has_answers, split_answers
from relay_client import Bundle, make_zip, together
from relay_stack import cms, events_of


@pytest.fixture
def big(people):
    """A bundle of four chunks of 64 KiB, not sent yet."""
    return Bundle(people.a, people.b, [("scan.png", os.urandom(200000))], chunk_size=65536)


@covers("PUT /v1/outbox/{bundle_id}", "PUT /v1/outbox/{bundle_id}/chunks/{n}")
def test_a_large_bundle_goes_chunk_by_chunk_in_any_order(people, big):
    begun = people.at_a.put(big)
    assert begun.status == 202 and begun.json["state"] == "uploading" and begun.json["missing_chunks"] == [0, 1, 2, 3]
    assert "accepted_at" not in begun.json
    for n in (3, 0, 2):
        assert people.at_a.put_chunk(big, n).status == 204
    assert people.at_a.sent(big).json["missing_chunks"] == [1]
    done = people.at_a.put_chunk(big, 1)
    assert done.status == 201 and done.json["state"] == "waiting" and "missing_chunks" not in done.json
    assert people.at_b.fetch(big) == big.payload


@covers("§5 chunks side by side")
def test_chunks_sent_side_by_side_complete_the_bundle_exactly_once(stack, people):
    for _ in range(3):
        big = Bundle(people.a, people.b, [("scan.png", os.urandom(500000))], chunk_size=65536)
        people.at_a.put(big)
        terminals = [stack.terminal(people.a) for _ in big.chunks]
        replies = together(*[lambda t=t, n=n: t.put_chunk(big, n) for n, t in enumerate(terminals)])
        assert sorted(reply.status for reply in replies) == [201] + [204] * (len(big.chunks) - 1)
        assert events_of(people.auditor, big).count("bundle_accepted") == 1


@covers("§5 a repeated chunk")
@scenario("C38")
def test_a_chunk_that_is_there_already_is_taken_quietly_whenever_it_comes(people, big):
    people.at_a.put(big)
    assert people.at_a.put_chunk(big, 0).status == 204
    assert people.at_a.put_chunk(big, 0).status == 204
    people.at_a.send(big)
    assert people.at_a.put_chunk(big, 2).status == 204
    people.at_b.fetch(big)
    assert people.at_a.put_chunk(big, 2).status == 204


@covers("PUT /v1/outbox/{bundle_id}/chunks/{n}")
@pytest.mark.parametrize("length", [(16 << 20) + 1, (1 << 63) - 1])
def test_more_than_a_chunk_can_have_is_not_waited_for_where_the_chunk_is_there_already(stack, people, big, length):
    people.at_a.put(big)
    assert people.at_a.put_chunk(big, 0).status == 204
    head = "PUT /v1/outbox/%s/chunks/0 HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
    with RawConnection(stack.endpoint, people.a) as connection:
        connection.send((head % (big.bundle_id, people.at_a.token, length)).encode() + b"x" * 1000)
        answers = split_answers(connection.receive(has_answers(1), seconds=10))
    assert [(answer.status, answer.fields["connection"]) for answer in answers] == [(204, "close")]


@covers("422 chunk_digest_mismatch", "413 too_large", "400 malformed_request")
def test_a_wrong_chunk_is_refused_and_changes_nothing(people, big):
    people.at_a.put(big)
    assert people.at_a.put_chunk(big, 1, os.urandom(65536)).answer == (422, "chunk_digest_mismatch")
    assert people.at_a.put_chunk(big, 1, big.chunks[1][:-1]).answer == (422, "chunk_digest_mismatch")
    assert people.at_a.put_chunk(big, 1, b"").answer == (422, "chunk_digest_mismatch")
    assert people.at_a.put_chunk(big, 1, big.chunks[1] + b"x").answer == (413, "too_large")
    ranged = people.at_a.put_chunk(big, 1, headers={"Content-Range": "bytes 0-9/65536"})
    assert ranged.answer == (400, "malformed_request")
    assert people.at_a.sent(big).json["missing_chunks"] == [0, 1, 2, 3]


@covers("404 not_found")
def test_chunks_that_the_bundle_does_not_have_are_not_found(people, big):
    people.at_a.put(big)
    for n in (4, 900, "-1", "x", 10 ** 20):
        assert people.at_a.put_chunk(big, n, b"x").answer == (404, "not_found"), n
    assert people.at_c.put_chunk(big, 0).answer == (404, "not_found")
    assert people.at_a.put_chunk(Bundle(people.a, people.b), 0).answer == (404, "not_found")


@covers("422 not_encrypted_for_recipient", "§4 the head of the payload")
@scenario("C45")
def test_the_first_chunk_tells_for_whom_it_is_encrypted_and_a_wrong_one_drops_the_upload(people):
    payload = cms.encrypt(make_zip([("memo.pdf", os.urandom(150000))]), [people.c.cert])
    wrong = Bundle(people.a, people.b, payload=payload, chunk_size=65536)
    people.at_a.put(wrong)
    assert people.at_a.put_chunk(wrong, 1).status == 204
    assert people.at_a.put_chunk(wrong, 0).answer == (422, "not_encrypted_for_recipient")
    assert people.at_a.sent(wrong).answer == (404, "not_found")
    assert people.at_a.put_chunk(wrong, 2).answer == (404, "not_found")
    refused = people.auditor.pages("/v1/audit/events?bundle_id=" + wrong.bundle_id, "events")
    assert [(event["type"], event["code"]) for event in refused] == [("bundle_refused", "not_encrypted_for_recipient")]


@covers("§5 payload with a repeat")
def test_a_payload_given_with_a_repeat_completes_the_upload(people):
    bundle = Bundle(people.a, people.b)
    assert people.at_a.put(bundle, inline=False).status == 202
    assert people.at_a.put(bundle, inline=False).json["missing_chunks"] == [0]
    assert people.at_a.put(bundle, inline=True).status == 201
    assert people.at_b.fetch(bundle) == bundle.payload


@covers("§5 payload with a repeat", "§9 bundle_refused")
def test_a_damaged_payload_given_with_a_repeat_is_sent_again_and_no_refusal_of_the_bundle(people):
    bundle = Bundle(people.a, people.b)
    assert people.at_a.put(bundle, inline=False).status == 202
    good, bundle.payload = bundle.payload, bytes([bundle.payload[0] ^ 1]) + bundle.payload[1:]
    assert people.at_a.put(bundle).answer == (422, "chunk_digest_mismatch")
    bundle.payload = good
    assert people.at_a.put(bundle).status == 201
    events = people.auditor.pages("/v1/audit/events?bundle_id=" + bundle.bundle_id, "events")
    assert [event["type"] for event in events] == ["bundle_accepted"]


@covers("§6 uploads are invisible to the recipient")
def test_what_is_still_being_sent_does_not_exist_for_the_recipient(people, big):
    people.at_a.put(big)
    people.at_a.put_chunk(big, 0)
    for reply in (people.at_b.received(big), people.at_b.claim(big), people.at_b.chunk(big, 0)):
        assert reply.answer == (404, "not_found")
    assert big.bundle_id not in [one["bundle_id"] for one in people.at_b.pages("/v1/inbox?state=all", "bundles")]


@covers("DELETE /v1/outbox/{bundle_id}", "§5 dropping an upload")
def test_an_unfinished_upload_can_be_dropped_and_its_id_is_free_again(people, big):
    people.at_a.put(big)
    people.at_a.put_chunk(big, 0)
    assert people.at_a.withdraw(big).status == 204
    assert people.at_a.sent(big).answer == (404, "not_found")
    assert people.at_a.put(Bundle(people.a, people.b, bundle_id=big.bundle_id)).status == 201


@covers("§5 sixteen megabytes in one chunk")
def test_a_chunk_of_16_mib_goes_through_both_ways(people):
    files = [("film.gif", os.urandom(17 << 20))]
    bundle = Bundle(people.a, people.b, files, chunk_size=16 << 20)
    people.at_a.send(bundle)
    assert people.at_b.fetch(bundle) == bundle.payload
