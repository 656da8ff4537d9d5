"""The recipient's signed word (protocol.md §6, §7)."""

import glob
import os

import pytest
from coverage_tags import covers, scenario
from object_store import MARK
from relay_client import Bundle, eventually, new_id, now, receipt
from relay_stack import cms, events_of


@pytest.fixture
def claimed(people):
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    assert people.at_b.claim(bundle).status == 200
    return bundle


@covers("POST /v1/inbox/{bundle_id}/receipt")
@scenario("F70")
def test_the_sender_keeps_the_recipients_own_signed_word(people, claimed):
    done = people.at_b.confirm(claimed)
    assert done.status == 200 and (done.json["state"], done.json["confirmation"]) == ("fetched", "receipt")
    seen = people.at_a.sent(claimed).json
    word, signer = cms.content(seen["signed_receipt"])
    assert signer == cms.fingerprint(people.b.cert)
    assert b'"stored"' in word and cms.sha256(claimed.raw).encode() in word
    assert (seen["state"], seen["confirmation"], seen["fetched_at"]) == ("fetched", "receipt", done.json["fetched_at"])


@covers("§7 rejected with a reason")
@scenario("E67", "F72")
def test_a_recipient_that_cannot_use_it_says_why(people, claimed):
    done = people.at_b.confirm(claimed, "rejected", reason="ファイルが壊れています")
    assert done.status == 200 and done.json["state"] == "rejected"
    seen = people.at_a.sent(claimed).json["rejected"]
    assert seen["reason"] == "ファイルが壊れています" and seen["at"].endswith("Z")
    again = people.at_b.claim(claimed, new_id())
    assert again.answer == (410, "already_fetched") and "rejected_at" in again.json


@covers("§7.5 a repeated receipt", "409 receipt_conflict")
@scenario("F73")
def test_a_receipt_repeated_is_the_same_and_a_different_one_conflicts(people, claimed):
    first = people.at_b.confirm(claimed)
    kept = people.at_a.sent(claimed).json["signed_receipt"]
    again = people.at_b.confirm(claimed)
    assert again.status == 200 and again.json["fetched_at"] == first.json["fetched_at"]
    assert people.at_a.sent(claimed).json["signed_receipt"] == kept, "the first one is kept"
    assert people.at_b.confirm(claimed, "rejected").answer == (409, "receipt_conflict")
    assert events_of(people.auditor, claimed).count("bundle_fetched") == 1


@covers("409 not_sent_yet")
@scenario("F71")
def test_stored_is_taken_only_when_every_byte_was_sent_but_rejected_at_any_time(people):
    bundle = Bundle(people.a, people.b, [("scan.png", os.urandom(90000))], chunk_size=65536)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    people.at_b.chunk(bundle, 0)
    assert people.at_b.confirm(bundle).answer == (409, "not_sent_yet")
    assert people.at_b.confirm(bundle, "rejected").status == 200


@covers("409 not_claimed")
def test_a_receipt_of_another_claim_or_of_none_is_not_taken(people, claimed):
    assert people.at_b.confirm(claimed, claim_id=new_id()).answer == (409, "not_claimed")
    waiting = Bundle(people.a, people.b)
    people.at_a.send(waiting)
    assert people.at_b.confirm(waiting).answer == (409, "not_claimed")


@covers("422 bad_receipt")
@pytest.mark.parametrize("changes", [{"version": 2}, {"bundle_id": new_id()}, {"outcome": "lost"}, {"manifest_sha256": "0" * 64}, {"at": "now"},
                                     {"at": None}, {"reason": "x"}, {"outcome": "rejected", "reason": ""}, {"outcome": "rejected", "reason": None},
                                     {"outcome": "rejected", "reason": "x" * 501}, {"extra": 1}, {"claim_id": 5}])
@scenario("F72", "F74")
def test_a_word_of_wrong_form_is_no_receipt(people, claimed, changes):
    assert people.at_b.confirm(claimed, **changes).answer == (422, "bad_receipt")
    assert people.at_b.received(claimed).json["state"] == "claimed"


@covers("§11 errors lists all")
def test_every_fault_of_a_receipt_is_told_at_its_member(people, claimed):
    def told(**changes):
        return {(error["pointer"], error["code"]) for error in people.at_b.confirm(claimed, **changes).json["errors"]}
    assert told(manifest_sha256="0" * 64) == {("/manifest_sha256", "inconsistent")}
    assert told(bundle_id=new_id(), version=2, outcome="lost") == {("/bundle_id", "inconsistent"), ("/version", "out_of_range"),
                                                                  ("/outcome", "bad_format")}


@covers("§6 the receipt's time is the recipient's word")
def test_the_time_in_a_receipt_is_not_compared_with_any_clock(people, claimed):
    assert people.at_b.confirm(claimed, at=now(-86400 * 400)).status == 200


@covers("422 bad_signature", "422 signer_not_registered")
@scenario("F74")
def test_a_receipt_is_signed_like_a_manifest(people, claimed):
    path = "/v1/inbox/%s/receipt" % claimed.bundle_id
    foreign = receipt(claimed, people.b, signer=people.c)
    assert people.at_b.call("POST", path, {"signed_receipt": foreign}).answer == (422, "signer_not_registered")
    assert people.at_b.call("POST", path, {"signed_receipt": cms.b64(b"hello")}).answer == (422, "bad_signature")
    assert people.at_b.call("POST", path, {"signed_receipt": "*"}).answer == (400, "malformed_request")
    assert people.at_b.received(claimed).json["state"] == "claimed"


@covers("§7.4 destruction")
def test_after_the_receipt_the_payload_is_destroyed_and_manifest_and_events_stay(people, claimed):
    people.at_b.confirm(claimed)
    eventually(lambda: "payload_destroyed" in events_of(people.auditor, claimed), 65, "payload_destroyed")
    assert "signed_manifest" in people.at_a.sent(claimed).json


@covers("§7.4 destruction", "§7 payloads as files")
def test_chunks_leave_the_object_store_too(stack, people):
    bundle = Bundle(people.a, people.b, [("scan.png", os.urandom(600000))], chunk_size=300000)
    people.at_a.send(bundle)

    def kept():
        files = glob.glob(stack.dir + "/objects/**/*", recursive=True)
        return [path for path in files if os.path.isfile(path) and os.path.basename(path) != MARK]
    assert len(kept()) >= 2
    people.at_b.fetch(bundle)
    eventually(lambda: not kept(), 65, "no object is left")
