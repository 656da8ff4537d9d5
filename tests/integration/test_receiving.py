"""The inbox and the one claim (protocol.md §6, §7)."""

import base64
import os
import time

import pytest
from coverage_tags import covers, scenario
from relay_client import Bundle, epoch, new_id, open_payload, together
from relay_stack import cms, events_of


@pytest.fixture
def sent(people):
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    return bundle


@pytest.fixture
def large(people):
    bundle = Bundle(people.a, people.b, [("scan.png", os.urandom(150000))], chunk_size=65536)
    people.at_a.send(bundle)
    return bundle


@covers("GET /v1/inbox", "§6 order of acceptance")
def test_the_inbox_lists_what_waits_in_order_of_acceptance_page_by_page(people):
    bundles = [Bundle(people.a, people.c) for _ in range(5)]
    for bundle in bundles:
        people.at_a.send(bundle)
    listed = people.at_c.pages("/v1/inbox", "bundles", limit=2)
    assert [one["bundle_id"] for one in listed] == [bundle.bundle_id for bundle in bundles]
    assert all("signed_manifest" not in one and "chunks" not in one["payload"] for one in listed)


@covers("GET /v1/inbox/{bundle_id}")
def test_the_recipient_can_verify_the_sender_before_it_downloads(people, sent):
    seen = people.at_b.received(sent)
    assert seen.status == 200 and seen.json["state"] == "waiting"
    assert cms.content(seen.json["signed_manifest"]) == (sent.raw, cms.fingerprint(people.a.cert))


@covers("POST /v1/inbox/{bundle_id}/claim")
@scenario("E59")
def test_a_claim_gives_a_small_payload_at_once_and_lasts_a_day(people, sent):
    taken = people.at_b.claim(sent)
    assert taken.status == 200 and taken.json["claim_id"] == sent.claim_id
    payload = base64.b64decode(taken.json["payload"])
    assert payload == sent.payload and open_payload(payload, people.b) == sent.files
    assert cms.content(taken.json["signed_manifest"])[0] == sent.raw
    assert 86400 - 120 < epoch(taken.json["expires_at"]) - time.time() < 86400 + 60


@covers("GET /v1/inbox/{bundle_id}/chunks/{n}")
@scenario("E64")
def test_a_large_payload_is_read_chunk_by_chunk_with_digests(people, large):
    taken = people.at_b.claim(large)
    assert "payload" not in taken.json
    assert 0 < epoch(taken.json["expires_at"]) - time.time() < 15 * 60 + 60
    tags = set()
    for n, chunk in enumerate(large.chunks):
        reply = people.at_b.chunk(large, n)
        assert reply.status == 200 and reply.body == chunk
        digest = base64.b64encode(bytes.fromhex(cms.sha256(chunk))).decode()
        assert reply.header("Repr-Digest") == "sha-256=:%s:" % digest
        tags.add(reply.header("ETag"))
    assert len(tags) == len(large.chunks) and all(tag.startswith('"') for tag in tags)
    assert people.at_b.confirm(large).json["state"] == "fetched"


@covers("§6 a small payload as chunk 0")
def test_a_small_payload_can_be_read_as_chunk_0_too(people, sent):
    people.at_b.claim(sent)
    assert people.at_b.chunk(sent, 0).body == sent.payload


@covers("409 claimed_elsewhere")
def test_the_first_claim_wins_and_others_learn_when_it_was(people, sent):
    people.at_b.claim(sent)
    late = people.at_b.claim(sent, new_id())
    assert late.answer == (409, "claimed_elsewhere")
    assert late.json["claimed_at"] == people.at_b.received(sent).json["claimed_at"]


@covers("§7.2 a claim repeated")
@scenario("E61")
def test_the_holder_of_the_claim_may_repeat_it_from_any_terminal(stack, people, sent):
    first = people.at_b.claim(sent)
    other = stack.terminal(people.b.using(*stack.issue(people.b.user_id)))
    again = other.claim(sent)
    assert again.status == 200 and again.json["payload"] == first.json["payload"]
    assert events_of(people.auditor, sent).count("bundle_claimed") == 1


@covers("409 claimed_elsewhere", "§7.1 one download")
def test_twenty_terminals_race_and_exactly_one_wins(stack, people):
    terminals = [stack.terminal(people.b) for _ in range(20)]
    for _ in range(3):
        bundle = Bundle(people.a, people.b)
        people.at_a.send(bundle)
        replies = together(*[lambda t=t: t.claim(bundle, new_id()) for t in terminals])
        assert sorted(reply.answer for reply in replies if reply.status != 200) == [(409, "claimed_elsewhere")] * 19


@covers("400 malformed_request", "409 not_claimed")
@scenario("E62")
def test_chunks_are_for_the_holder_of_the_claim_alone(people, large):
    assert people.at_b.chunk(large, 0).answer == (409, "not_claimed"), "before any claim"
    people.at_b.claim(large)
    assert people.at_b.chunk(large, 0, new_id()).answer == (409, "not_claimed")
    assert people.at_b.chunk(large, 0, "no-uuid").answer == (400, "malformed_request")
    assert people.at_b.get("/v1/inbox/%s/chunks/0" % large.bundle_id).answer == (400, "malformed_request")
    assert people.at_b.chunk(large, 3).answer == (404, "not_found")


@covers("400 malformed_request")
@pytest.mark.parametrize("body", [{}, {"claim_id": "x"}, {"claim_id": 1}, {"claim_id": "00000000-0000-4000-8000-00000000000A"}])
def test_a_claim_names_a_lower_case_uuid(people, sent, body):
    reply = people.at_b.call("POST", "/v1/inbox/%s/claim" % sent.bundle_id, body)
    assert reply.answer == (400, "malformed_request") and reply.json["errors"][0]["pointer"] == "/claim_id"


@covers("404 not_found")
@scenario("E68")
def test_bundles_of_others_do_not_exist(people, sent):
    for terminal in (people.at_a, people.at_c):
        for reply in (terminal.received(sent), terminal.claim(sent), terminal.chunk(sent, 0), terminal.confirm(sent)):
            assert reply.answer == (404, "not_found")


@covers("410 already_fetched")
@scenario("E67")
def test_a_second_download_is_refused_for_good(people, sent):
    people.at_b.fetch(sent)
    fetched_at = people.at_b.received(sent).json["fetched_at"]
    for claim_id in (sent.claim_id, new_id()):
        reply = people.at_b.claim(sent, claim_id)
        assert reply.answer == (410, "already_fetched") and reply.json["fetched_at"] == fetched_at
    assert people.at_b.chunk(sent, 0).answer in ((410, "already_fetched"), (409, "not_claimed"))


@covers("§5 claim_id is shown to nobody")
def test_nobody_is_shown_the_claim_id(people, sent):
    people.at_b.claim(sent)
    for reply in (people.at_b.received(sent), people.at_b.inbox("?state=claimed"), people.at_a.sent(sent), people.at_b.claim(sent, new_id()),
                  people.auditor.get("/v1/audit/events?bundle_id=" + sent.bundle_id),
                  people.auditor.get("/v1/audit/bundles/" + sent.bundle_id)):
        assert sent.claim_id not in reply.body.decode()


@covers("§6 states of the inbox")
def test_both_sides_see_a_claim_and_the_inbox_filters_by_state(people, sent):
    people.at_b.claim(sent)
    for seen in (people.at_a.sent(sent).json, people.at_b.received(sent).json):
        assert seen["state"] == "claimed" and "claimed_at" in seen
    for state, there in (("waiting", False), ("claimed", True), ("fetched", False), ("all", True)):
        ids = [one["bundle_id"] for one in people.at_b.pages("/v1/inbox?state=" + state, "bundles")]
        assert (sent.bundle_id in ids) == there, state
