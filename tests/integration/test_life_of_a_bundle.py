"""Lapses, late receipts and expiry, with short times (protocol.md §7)."""

import os
import time

from coverage_tags import covers
from relay_client import Bundle, eventually, new_id
from relay_stack import events_of

SETTINGS = {"claims__partial_lapse": "2s", "claims__sent_lapse": "3s", "bundles__expire_after": "15s", "bundles__unfinished_upload": "3s"}
LATE = 5


def large(people):
    return Bundle(people.a, people.b, [("scan.png", os.urandom(90000))], chunk_size=65536)


def state(people, bundle):
    return people.at_a.sent(bundle).json.get("state")


@covers("§7.3 lapse before every byte was sent", "409 not_claimed")
def test_a_claim_that_stops_half_way_lapses_and_the_bundle_waits_again(people):
    bundle = large(people)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    people.at_b.chunk(bundle, 0)
    eventually(lambda: state(people, bundle) == "waiting", 2 + LATE + 2, "the claim lapses")
    assert "claimed_at" not in people.at_b.received(bundle).json
    assert people.at_b.claim(bundle).answer == (409, "not_claimed"), "a lapsed claim_id never claims again"
    bundle.claim_id = new_id()
    people.at_b.fetch(bundle)
    kinds = [kind for kind in events_of(people.auditor, bundle) if kind != "payload_destroyed"]
    assert kinds == ["bundle_accepted", "bundle_claimed", "claim_lapsed", "bundle_claimed", "bundle_sent", "bundle_fetched"]


@covers("§7.3 lapse before every byte was sent", "§6 wait")
def test_a_bundle_that_waits_again_after_a_lapse_wakes_who_waits_for_one(people):
    bundle = large(people)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    mine = [one["bundle_id"] for one in people.at_b.inbox("?wait=1").json["bundles"]]
    assert bundle.bundle_id not in mine
    tag = people.at_b.inbox("?wait=1").header("ETag")
    begin = time.monotonic()
    woken = people.at_b.inbox("?wait=30", headers={"If-None-Match": tag})
    assert bundle.bundle_id in [one["bundle_id"] for one in woken.json["bundles"]] and time.monotonic() - begin < 2 + LATE + 3


@covers("§7.3 ranges of a lapsed claim are void", "409 not_sent_yet")
def test_what_a_lapsed_claim_was_sent_does_not_count_for_the_next(people):
    bundle = large(people)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    people.at_b.chunk(bundle, 0)
    eventually(lambda: state(people, bundle) == "waiting", 2 + LATE + 2, "the claim lapses")
    bundle.claim_id = new_id()
    people.at_b.claim(bundle)
    people.at_b.chunk(bundle, 1)
    assert people.at_b.confirm(bundle).answer == (409, "not_sent_yet")


@covers("§7.3 lapse after every byte was sent", "§7.6 the late receipt")
def test_a_silent_recipient_leaves_it_fetched_without_confirmation_until_its_receipt_comes(people):
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    eventually(lambda: state(people, bundle) == "fetched", 3 + LATE + 2, "the claim lapses")
    assert people.at_a.sent(bundle).json["confirmation"] == "none"
    assert people.at_b.confirm(bundle, "rejected").answer == (410, "already_fetched")
    late = people.at_b.confirm(bundle)
    assert late.status == 200 and late.json["confirmation"] == "receipt"
    kinds = events_of(people.auditor, bundle)
    assert "receipt_late" in kinds and "claim_lapsed" not in kinds


@covers("§7.3 calls keep a claim")
def test_every_call_under_the_claim_keeps_it(people):
    bundle = large(people)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    until = time.monotonic() + 7
    while time.monotonic() < until:
        assert people.at_b.chunk(bundle, 0).status == 200
    assert state(people, bundle) == "claimed"


@covers("410 expired", "§7 expiry")
def test_an_unclaimed_bundle_expires_and_the_sender_sees_it(people):
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    eventually(lambda: state(people, bundle) == "expired", 15 + LATE + 3, "it expires")
    assert "expired_at" in people.at_a.sent(bundle).json
    assert people.at_b.claim(bundle).answer == (410, "expired")
    assert people.at_a.withdraw(bundle).answer == (410, "expired")
    assert bundle.bundle_id in [one["bundle_id"] for one in people.at_b.pages("/v1/inbox?state=expired", "bundles")]
    assert "bundle_expired" in events_of(people.auditor, bundle)


@covers("§7.7 a claimed bundle does not expire")
def test_a_claimed_bundle_outlives_its_expiry_until_the_claim_lapses(people):
    bundle = large(people)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    until = time.monotonic() + 16
    while time.monotonic() < until:
        assert people.at_b.chunk(bundle, 0).status == 200
    assert state(people, bundle) == "claimed"
    eventually(lambda: state(people, bundle) == "expired", 2 + LATE + 3, "lapsed and expired at once")
    kinds = events_of(people.auditor, bundle)
    assert kinds.index("claim_lapsed") < kinds.index("bundle_expired")


@covers("§5 unfinished uploads are dropped")
def test_an_upload_that_nobody_finishes_is_dropped_without_an_event(people):
    bundle = large(people)
    people.at_a.put(bundle)
    people.at_a.put_chunk(bundle, 0)
    eventually(lambda: people.at_a.sent(bundle).status == 404, 3 + LATE + 3, "the upload is dropped")
    assert events_of(people.auditor, bundle) == []
    people.at_a.send(bundle)


@covers("§7.3 due at once for a call that changes")
def test_a_second_terminal_gets_a_lapsed_bundle_at_once(people):
    bundle = large(people)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    second, until = new_id(), time.monotonic() + 2 + LATE
    reply = people.at_b.claim(bundle, second)
    while reply.status != 200:
        assert reply.answer == (409, "claimed_elsewhere") and time.monotonic() < until, reply
        time.sleep(0.05)
        reply = people.at_b.claim(bundle, second)
    assert reply.json["claim_id"] == second
