"""Sending a bundle in one call: what is accepted, kept and shown; repeats (protocol.md §4, §5)."""

import base64
import os
import time

import pytest
from coverage_tags import covers, scenario
from relay_client import INLINE_LIMIT, Bundle, epoch, make_zip, now, open_payload
from relay_stack import cms


@covers("PUT /v1/outbox/{bundle_id}", "§5 the bundle as JSON")
def test_a_small_bundle_is_accepted_whole_and_shown_with_every_member(people):
    bundle = Bundle(people.a, people.b)
    seen = people.at_a.send(bundle)
    assert {key: seen[key] for key in ("bundle_id", "state", "files")} == {
        "bundle_id": bundle.bundle_id, "state": "waiting", "files": bundle.manifest["files"]}
    assert seen["sender"] == {"number": people.a.number, "name": people.a.name}
    assert seen["recipient"] == {"number": people.b.number, "name": people.b.name}
    assert epoch(seen["created_at"]) == epoch(bundle.manifest["created_at"])
    assert seen["accepted_at"].endswith("Z") and len(seen["accepted_at"]) == 24
    assert abs(epoch(seen["accepted_at"]) - time.time()) < 60
    assert abs(epoch(seen["expires_at"]) - epoch(seen["accepted_at"]) - 93 * 86400) < 1
    absent = {"missing_chunks", "claimed_at", "fetched_at", "confirmation", "rejected", "withdrawn_at", "expired_at", "cover"}
    assert not absent & set(seen)


@covers("GET /v1/outbox/{bundle_id}")
def test_one_bundle_of_the_outbox_comes_with_its_signed_manifest(people):
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    seen = people.at_a.sent(bundle)
    assert seen.status == 200
    assert cms.content(seen.json["signed_manifest"]) == (bundle.raw, cms.fingerprint(people.a.cert))
    assert seen.json["payload"] == bundle.manifest["payload"]


@covers("GET /v1/outbox", "§2 pages")
def test_the_outbox_lists_newest_first_in_pages_without_gaps(people):
    sent = [Bundle(people.c, people.b) for _ in range(5)]
    for bundle in sent:
        people.at_c.send(bundle)
    listed = people.at_c.pages("/v1/outbox", "bundles", limit=2)
    assert [one["bundle_id"] for one in listed][:5] == [bundle.bundle_id for bundle in reversed(sent)]
    assert all("signed_manifest" not in one and "chunks" not in one["payload"] for one in listed)


@covers("GET /v1/outbox", "§5 filters")
def test_the_outbox_is_narrowed_by_state_and_time_of_acceptance(people):
    first, second = Bundle(people.c, people.a), Bundle(people.c, people.a)
    begin = people.at_c.send(first)["accepted_at"]
    end = people.at_c.send(second)["accepted_at"]
    people.at_c.withdraw(first)

    def ids(query):
        return [one["bundle_id"] for one in people.at_c.pages("/v1/outbox?" + query, "bundles")]
    assert first.bundle_id in ids("state=withdrawn") and first.bundle_id not in ids("state=waiting")
    if begin != end:
        assert ids("from=%s&to=%s" % (begin, end)) == [first.bundle_id]
    assert ids("from=" + now(3600).replace("+", "%2B")) == []


@covers("§5 filters")
def test_a_time_with_an_offset_may_stand_in_a_query_as_it_is(people):
    bundle = Bundle(people.c, people.a)
    assert people.at_c.send(bundle)["bundle_id"] == bundle.bundle_id
    assert "+09:00" in now()
    listed = people.at_c.get("/v1/outbox?limit=500&from=%s&to=%s" % (now(-60), now(60)))
    assert listed.status == 200 and bundle.bundle_id in [one["bundle_id"] for one in listed.json["bundles"]]
    assert people.at_c.get("/v1/outbox?from=%s" % now(60)).json["bundles"] == []
    for wrong in ("2026-11-20+09:15:00%2B09:00", "2026-11-20T09:15:00++09:00", "2026-11-20T09:15:00+0900", "+09:00"):
        assert people.at_c.get("/v1/outbox?to=" + wrong).answer == (400, "malformed_request"), wrong


@covers("404 not_found")
def test_what_others_sent_does_not_exist(people):
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    for terminal in (people.at_b, people.at_c):
        assert terminal.sent(bundle).answer == (404, "not_found")
        assert terminal.withdraw(bundle).answer == (404, "not_found")


@covers("§5 a repeated call")
def test_the_same_bundle_again_with_another_signature_is_answered_with_the_bundle_as_it_is(people):
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    bundle.signed = cms.sign(bundle.raw, people.a)
    again = people.at_a.put(bundle)
    assert again.status == 200 and again.json["state"] == "waiting"
    people.at_b.fetch(bundle)
    again = people.at_a.put(bundle)
    assert again.status == 200 and again.json["state"] == "fetched"


@covers("409 bundle_id_reused")
@scenario("B17")
def test_a_bundle_id_serves_one_manifest_of_one_office(people):
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    for other, terminal in ((Bundle(people.a, people.b, bundle_id=bundle.bundle_id), people.at_a),
                            (Bundle(people.c, people.b, bundle_id=bundle.bundle_id), people.at_c)):
        reply = terminal.put(other)
        assert reply.answer == (409, "bundle_id_reused")
        assert people.a.number not in reply.body.decode()


@covers("§4 forms of encryption")
@pytest.mark.parametrize("recipient, options, cipher", [
    ("a", (), "aes-256-gcm"), ("b", (), "aes-256-gcm"), ("a", (), "aes-128-gcm"), ("b", ("-keyopt", "rsa_padding_mode:oaep"), "aes-256-gcm"),
    ("a", ("-keyopt", "ecdh_kdf_md:sha256"), "aes-256-gcm"), ("b", ("-stream",), "aes-256-gcm"), ("a", ("-keyid",), "aes-256-gcm")])
def test_every_form_of_encryption_that_is_allowed_arrives_readable(people, recipient, options, cipher):
    office, terminal = getattr(people, recipient), getattr(people, "at_" + recipient)
    files = [("memo.txt", os.urandom(2000))]
    bundle = Bundle(people.c, office, files, payload=cms.encrypt(make_zip(files), [office.cert], *options, cipher=cipher))
    people.at_c.send(bundle)
    assert open_payload(terminal.fetch(bundle), office) == files


@covers("§4 forms of signatures")
@pytest.mark.parametrize("sender, md, options", [("a", "sha384", ()), ("a", "sha512", ()), ("b", "sha256", ()), ("a", "sha256", ("-stream",)),
                                                 ("b", "sha256", ("-keyopt", "rsa_padding_mode:pss"))])
def test_every_form_of_signature_that_is_allowed_is_taken(people, sender, md, options):
    office = getattr(people, sender)
    bundle = Bundle(office, people.c)
    bundle.signed = cms.sign(bundle.raw, office, *options, md=md)
    assert getattr(people, "at_" + sender).put(bundle).status == 201


@covers("§4 any certificate of the user signs")
def test_another_certificate_of_the_same_user_may_sign(stack, people):
    bundle = Bundle(people.a, people.b)
    bundle.signed = cms.sign(bundle.raw, people.a.using(*stack.issue(people.a.user_id, "rsa2048")))
    assert people.at_a.put(bundle).status == 201


@covers("422 bad_signature")
def test_signatures_that_do_not_hold_are_refused(people):
    good = Bundle(people.a, people.b)
    damaged = bytearray(good.signed)
    damaged[-1] ^= 1
    two = cms.openssl("cms", "-sign", "-binary", "-nodetach", "-cades", "-outform", "DER", "-signer", people.a.cert, "-inkey",
                      people.a.key, "-signer", people.b.cert, "-inkey", people.b.key, data=good.raw)
    detached = cms.openssl("cms", "-sign", "-binary", "-cades", "-outform", "DER", "-signer", people.a.cert, "-inkey", people.a.key,
                           data=good.raw)
    for name, signed in (("damaged", bytes(damaged)), ("two signers", two), ("detached", detached), ("no CMS", b"hello"),
                         ("no signing-certificate", cms.sign(good.raw, people.a, cades=False)),
                         ("no certificate", cms.sign(good.raw, people.a, "-nocerts")), ("SHA-1", cms.sign(good.raw, people.a, md="sha1"))):
        good.signed = signed
        assert people.at_a.put(good).answer == (422, "bad_signature"), name


@covers("422 signer_not_registered")
def test_another_offices_signature_does_not_speak_for_the_sender(people):
    bundle = Bundle(people.a, people.b)
    bundle.signed = cms.sign(bundle.raw, people.c)
    assert people.at_a.put(bundle).answer == (422, "signer_not_registered")


@covers("400 malformed_request")
@pytest.mark.parametrize("body", [{}, {"signed_manifest": "***"}, {"signed_manifest": "AAAA", "payload": "***"}, {"signed_manifest": 1},
                                  {"signed_manifest": "AAAA", "more": 1}, {"signed_manifest": "AAA"}])
def test_a_malformed_call_is_told_before_any_signature_is_looked_at(people, body):
    reply = people.at_a.call("PUT", "/v1/outbox/0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10", body)
    assert reply.answer == (400, "malformed_request") and reply.json["errors"]


@covers("413 too_large", "§5 the inline limit")
@scenario("B28")
def test_an_inline_payload_has_at_most_256_kib_to_the_byte(people):
    exact = Bundle(people.a, people.b, payload=cms.encrypt_to_size(INLINE_LIMIT, people.b.cert))
    assert people.at_a.put(exact, inline=True).status == 201
    assert base64.b64decode(people.at_b.claim(exact).json["payload"]) == exact.payload
    over = Bundle(people.a, people.b, payload=cms.encrypt_to_size(INLINE_LIMIT + 1, people.b.cert))
    assert people.at_a.put(over, inline=True).answer == (413, "too_large")
    several = Bundle(people.a, people.b, [("a.png", os.urandom(70000))], chunk_size=65536)
    assert people.at_a.put(several, inline=True).answer == (413, "too_large")


@covers("§4 the cover letter")
def test_a_cover_letter_is_readable_for_the_recipient_before_the_download(people):
    bundle = Bundle(people.a, people.b, cover="十一月分をお送りします。")
    people.at_a.send(bundle)
    listed = [one for one in people.at_b.pages("/v1/inbox", "bundles") if one["bundle_id"] == bundle.bundle_id][0]
    assert cms.decrypt(base64.b64decode(listed["cover"]), people.b).decode() == "十一月分をお送りします。"
