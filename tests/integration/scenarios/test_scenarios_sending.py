"""B: what is accepted, what is refused, and what a repeat gets."""

import base64
import json
import os

from coverage_tags import scenario
from fast_cms import tlv
from relay_client import Bundle, b64, epoch, eventually, exchange_raw, make_zip, new_id, now
from relay_stack import cms, events_of


def fresh_signature(bundle):
    bundle.signed = cms.sign(bundle.raw, bundle.sender)
    return bundle


def ids(terminal, path):
    return [one["bundle_id"] for one in terminal.pages(path, "bundles", 500)]


def findings(reply):
    return {(error["pointer"], error["code"]) for error in reply.json.get("errors", [])}


@scenario("B15")
def test_a_small_bundle_waits_in_both_boxes_for_93_days_with_a_readable_cover(people):
    bundle = Bundle(people.a, people.b, cover="十一月分です。")
    accepted = people.at_a.send(bundle)
    assert accepted["state"] == "waiting"
    assert abs(epoch(accepted["expires_at"]) - epoch(accepted["accepted_at"]) - 93 * 86400) < 1
    mine, theirs = people.at_a.sent(bundle).json, people.at_b.received(bundle).json
    assert mine == theirs and accepted.items() <= mine.items()
    assert cms.decrypt(base64.b64decode(theirs["cover"]), people.b).decode() == "十一月分です。"


@scenario("B16")
def test_the_same_manifest_freshly_signed_is_answered_with_the_bundle_as_it_is_in_every_state(people, hasty):
    bundles = {state: Bundle(people.a, people.b) for state in ("waiting", "claimed", "fetched", "rejected", "withdrawn", "expired")}
    for state, bundle in bundles.items():
        (hasty.at_a if state == "expired" else people.at_a).send(bundle)
        if state in ("claimed", "fetched", "rejected"):
            people.at_b.claim(bundle)
    people.at_b.confirm(bundles["fetched"])
    people.at_b.confirm(bundles["rejected"], "rejected")
    people.at_a.withdraw(bundles["withdrawn"])
    eventually(lambda: people.at_a.sent(bundles["expired"]).json["state"] == "expired", 20, "it expires")
    ends = ("fetched", "rejected", "withdrawn", "expired")
    for state in ends:
        eventually(lambda b=bundles[state]: "payload_destroyed" in events_of(people.auditor, b), 65, "its payload is destroyed")
    for state, bundle in bundles.items():
        before = events_of(people.auditor, bundle)
        again = people.at_a.put(fresh_signature(bundle))
        assert (again.status, again.json["state"]) == (200, state)
        assert again.json["accepted_at"] == people.at_a.sent(bundle).json["accepted_at"]
        assert [kind for kind in events_of(people.auditor, bundle) if kind != "bundle_sent"] == \
            [kind for kind in before if kind != "bundle_sent"], state


@scenario("B19")
def test_a_repeat_gets_no_rules_refusal_because_the_world_went_on(stack, people):
    """Sent when it was nearly a day old; repeated when it is older, and the recipient has no licence any more."""
    office = stack.office()
    eventually(lambda: people.at_a.get("/v1/offices/" + office.number).json["accepting"], 6, "the office is known")
    bundle = Bundle(people.a, office, created_at=now(-86400 + 4))
    assert people.at_a.put(bundle).status == 201
    stack.ctl("licence", "end", office.number, "--on", "2020-01-01")
    expected = {"clock_skew", "recipient_not_accepting"}

    def too_late():
        other = Bundle(people.a, office, created_at=bundle.manifest["created_at"])
        return {error["code"] for error in people.at_a.put(other).json.get("errors", [])} == expected
    eventually(too_late, 15, "a new one like it is refused for both reasons")
    again = people.at_a.put(fresh_signature(bundle))
    assert (again.status, again.json["state"]) == (200, "waiting")


@scenario("B20")
def test_one_changed_bit_of_signature_or_manifest_is_refused_told_and_keeps_nothing(people):
    bundle = Bundle(people.a, people.b)
    good = bundle.signed
    content = good.index(bundle.raw)
    for position in (content, content + len(bundle.raw) // 2, content + len(bundle.raw) - 1, len(good) - 1, len(good) - 20):
        changed = bytearray(good)
        changed[position] ^= 1
        bundle.signed = bytes(changed)
        assert people.at_a.put(bundle).answer == (422, "bad_signature"), position
    refused = people.auditor.pages("/v1/audit/events?type=bundle_refused&user_id=" + people.a.user_id, "events")
    assert "bad_signature" in [event["code"] for event in refused]
    assert bundle.bundle_id not in ids(people.at_b, "/v1/inbox?state=all") and people.at_a.sent(bundle).status == 404
    bundle.signed = good
    assert people.at_a.put(bundle).status == 201


@scenario("B21")
def test_only_a_valid_registered_certificate_of_the_user_signs(stack, people, tmp_path):
    outside = people.a.using(*cms.OutsideCa(str(tmp_path / "ca")).issue("/CN=" + people.a.user_id))
    revoked = people.a.using(*stack.issue(people.a.user_id))
    stack.ctl("certificate", "revoke", cms.fingerprint(revoked.cert), "--reason", "superseded")
    bundle = Bundle(people.a, people.b)
    for name, signer in (("unregistered", outside), ("of another user", people.c), ("revoked", revoked)):
        bundle.signed = cms.sign(bundle.raw, signer)
        eventually(lambda: people.at_a.put(bundle).answer == (422, "signer_not_registered"), 6, name)
    bundle.signed = cms.sign(bundle.raw, people.a.using(*stack.issue(people.a.user_id)))
    eventually(lambda: people.at_a.put(bundle).status in (200, 201), 6, "the second valid one is taken")


@scenario("B22")
def test_signatures_of_a_weak_or_wrong_form_are_bad(people, tmp_path):
    bundle = Bundle(people.a, people.b)
    weak = people.a.using(*cms.OutsideCa(str(tmp_path / "ca")).issue("/CN=" + people.a.user_id, key=("rsa:1024",)))
    two = cms.openssl("cms", "-sign", "-binary", "-nodetach", "-cades", "-outform", "DER", "-signer", people.a.cert, "-inkey",
                      people.a.key, "-signer", people.c.cert, "-inkey", people.c.key, data=bundle.raw)
    for name, signed in (("two signers", two), ("no certificate", cms.sign(bundle.raw, people.a, "-nocerts")),
                         ("no signing-certificate-v2", cms.sign(bundle.raw, people.a, cades=False)),
                         ("SHA-1", cms.sign(bundle.raw, people.a, md="sha1")), ("RSA 1024", cms.sign(bundle.raw, weak))):
        bundle.signed = signed
        assert people.at_a.put(bundle).answer == (422, "bad_signature"), name


@scenario("B23")
def test_every_fault_of_a_manifests_form_is_told_with_its_place(people):
    def put(raw):
        return people.at_a.put(Bundle(people.a, people.b, bundle_id=made.bundle_id).sign_raw(raw))
    made = Bundle(people.a, people.b)
    raw = made.raw
    at_depth = [(b'{"version"', b'{"more": 1, "version"', ("/more", "unknown_member")),
                (b'"sha256": ', b'"sha255": 1, "sha256": ', ("/files/0/sha255", "unknown_member")),
                (b'"chunk_size"', b'"deep": {"a": 1}, "chunk_size"', ("/payload/deep", "unknown_member")),
                (b'"version": 1', b'"version": 1, "version": 1', ("/version", "duplicate_member")),
                (b'"size": ', b'"size": 1, "size": ', None)]
    for old, new, finding in at_depth:
        reply = put(raw.replace(old, new, 1))
        assert reply.answer == (422, "invalid_manifest"), new
        assert finding is None or finding in findings(reply), (new, findings(reply))
    deep = b'"x": ' + b'{"a": ' * 16 + b"1" + b"}" * 16
    for changed in (b"\xef\xbb\xbf" + raw, raw.replace(b"memo", b"me\\u0000mo"), raw.replace(b'{"version"', b"{" + deep + b', "version"', 1)):
        assert put(changed).answer == (422, "invalid_manifest"), changed[:40]
    manifest = dict(made.manifest, sender="x", recipient=5, more=1, version=2)
    del manifest["created_at"]
    five = {("/sender", "bad_format"), ("/recipient", "wrong_type"), ("/more", "unknown_member"), ("/version", "out_of_range"),
            ("/created_at", "missing")}
    assert five <= findings(put(json.dumps(manifest).encode()))
    assert put(raw[:-1] + b" " * (65537 - len(raw)) + b"}").answer == (413, "too_large")
    assert people.at_a.sent(made).status == 404


@scenario("B24")
def test_the_rules_about_sender_and_recipient_name_each_fault_and_the_first_is_the_code(stack, people):
    closed = stack.office(licence=False)
    for changes, code in (({"sender": people.c.number}, "sender_mismatch"), ({"recipient": people.a.number}, "sent_to_self"),
                          ({"recipient": "9999999999"}, "unknown_recipient"), ({"recipient": closed.number}, "recipient_not_accepting")):
        reply = people.at_a.put(Bundle(people.a, people.b, **changes))
        assert reply.answer == (422, code), changes
    both = people.at_a.put(Bundle(people.a, people.b, sender=people.c.number, recipient="9999999999"))
    assert both.answer == (422, "sender_mismatch")
    assert [error["code"] for error in both.json["errors"]][:2] == ["sender_mismatch", "unknown_recipient"]


@scenario("B25")
def test_a_manifest_may_be_a_day_old_and_no_older(people):
    for hours, answer in ((-25, (422, "clock_skew")), (25, (422, "clock_skew")), (-23, (201, None)), (23, (201, None))):
        assert people.at_a.put(Bundle(people.a, people.b, created_at=now(hours * 3600))).answer == answer, hours


def children(der):
    """The elements inside a DER element, whole."""
    def size(at):
        first, at = der[at + 1], at + 2
        return (first, at) if first < 0x80 else (int.from_bytes(der[at:at + first - 0x80], "big"), at + first - 0x80)
    found, (length, at) = [], size(0)
    while at < len(der):
        length, begin = size(at)
        found.append(der[at:begin + length])
        at = begin + length
    return found


def with_recipients_of(payload, other):
    """An AuthEnvelopedData with the RecipientInfos of another message."""
    oid, wrapped = children(payload)
    parts, theirs = children(children(wrapped)[0]), children(children(children(other)[1])[0])
    parts[1] = next(part for part in theirs if part[0] == 0x31)
    return tlv(0x30, oid, tlv(0xa0, tlv(0x30, *parts)))


@scenario("B27")
def test_a_payload_or_cover_that_is_not_for_the_recipient_alone_is_refused(stack, people):
    inner = make_zip([("memo.pdf", b"x" * 300)])
    own = [people.b.cert] + [stack.issue(people.b.user_id)[0] for _ in range(2)]
    old = stack.issue(people.b.user_id)[0]
    stack.ctl("certificate", "revoke", cms.fingerprint(old), "--reason", "superseded")
    password = with_recipients_of(cms.encrypt(inner, [people.b.cert]), cms.openssl(
        "cms", "-encrypt", "-aes-256-cbc", "-binary", "-outform", "DER", "-pwri_password", "secret", data=inner))
    cases = {"another office": cms.encrypt(inner, [people.c.cert]), "two offices": cms.encrypt(inner, [people.b.cert, people.c.cert]),
             "21 recipients": cms.encrypt(inner, own * 7), "a password": password, "CBC": cms.encrypt(inner, [people.b.cert], cipher="aes-256-cbc"),
             "a plain ZIP": inner, "a certificate that no longer holds": cms.encrypt(inner, [old])}
    for name, payload in cases.items():
        for cover in (False, True):
            def refused(bundle):
                return people.at_a.put(bundle).answer == (422, "not_encrypted_for_recipient")
            bundle = Bundle(people.a, people.b)
            if cover:
                bundle.manifest["cover"] = b64(payload)
                bundle.sign_raw(json.dumps(bundle.manifest).encode())
            else:
                bundle = Bundle(people.a, people.b, payload=payload)
            eventually(lambda: refused(bundle), 6 if old in name else 3, name)
            assert people.at_a.sent(bundle).status == 404, name
    assert people.at_a.put(Bundle(people.a, people.b, payload=cms.encrypt(inner, own))).status == 201


@scenario("B29")
def test_the_id_of_the_path_is_lower_case_and_the_manifests(people):
    bundle = Bundle(people.a, people.b, bundle_id="abcdefab-cdef-4abc-8def-" + os.urandom(6).hex())
    path = "/v1/outbox/"
    assert people.at_a.call("PUT", path + bundle.bundle_id.upper(), bundle.body()).answer == (404, "not_found")
    reply = people.at_a.call("PUT", path + new_id(), bundle.body())
    assert reply.answer == (422, "invalid_manifest") and ("/bundle_id", "inconsistent") in findings(reply)
    assert people.at_a.put(bundle).status == 201


@scenario("B30")
def test_a_batch_of_a_hundred_with_seven_bad_ones_accepts_ninety_three(people, quick, for_a):
    bundles = [quick(people.c, people.a, payload=for_a) for _ in range(100)]
    entries = [bundle.body() for bundle in bundles]
    bad = {3: 422, 17: 422, 31: 422, 44: 409, 58: 422, 76: 422, 99: 422}
    entries[3]["signed_manifest"] = b64(b"nothing")
    for nth, changes in ((17, {"recipient": "9999999999"}), (31, {"created_at": now(-90000)}), (58, {"sender": people.b.number}),
                         (76, {"files": []}), (99, {"recipient": people.c.number})):
        entries[nth] = quick(people.c, people.a, payload=for_a, **changes).body()
    entries[44] = quick(people.c, people.a, payload=for_a, bundle_id=bundles[0].bundle_id).body()
    reply = people.at_c.call("POST", "/v1/outbox", {"bundles": entries})
    assert reply.status == 200
    assert [result["status"] for result in reply.json["results"]] == [bad.get(nth, 201) for nth in range(100)]
    kept = set(ids(people.at_a, "/v1/inbox"))
    assert [bundle.bundle_id in kept for bundle in bundles] == [nth not in bad for nth in range(100)]
    for nth, result in enumerate(reply.json["results"]):
        assert nth in bad or result["bundle_id"] == bundles[nth].bundle_id


@scenario("B31")
def test_a_batch_of_none_of_too_many_or_too_large_is_refused_whole(people, quick, for_a):
    bundles = [quick(people.c, people.a, payload=for_a) for _ in range(101)]
    entries = [bundle.body() for bundle in bundles]
    for batch in ([], entries):
        assert people.at_c.call("POST", "/v1/outbox", {"bundles": batch}).answer == (400, "malformed_request")
    body = json.dumps({"bundles": entries[:2]}).encode()
    large = exchange_raw(people.at_c.endpoint, people.c, (
        "POST /v1/outbox HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\n"
        "Content-Length: %d\r\n\r\n" % (people.at_c.token, (16 << 20) + 1)).encode(), body)
    assert large.startswith(b"HTTP/1.1 413 ") and b"too_large" in large
    kept = set(ids(people.at_c, "/v1/outbox"))
    assert not [bundle for bundle in bundles if bundle.bundle_id in kept]


@scenario("B32")
def test_a_withdrawal_is_final_and_takes_the_payload_with_it(stack, people):
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    first, again = people.at_a.withdraw(bundle), people.at_a.withdraw(bundle)
    assert (first.status, again.status) == (200, 200) and first.json["withdrawn_at"] == again.json["withdrawn_at"]
    assert people.at_b.claim(bundle).answer == (410, "withdrawn")
    question = "select count(*) from payload_chunks join bundles using (upload_id) where bundle_id = '%s'" % bundle.bundle_id
    eventually(lambda: stack.database().sql(question, "relay") == "0", 60, "no payload row is left")
    eventually(lambda: "payload_destroyed" in events_of(people.auditor, bundle), 60, "and the log tells it")


@scenario("B33")
def test_what_cannot_be_withdrawn_says_why_and_an_upload_is_dropped(people, hasty):
    claimed, fetched, expired, upload = (Bundle(people.a, people.b) for _ in range(4))
    people.at_a.send(claimed)
    people.at_a.send(fetched)
    hasty.at_a.send(expired)
    people.at_a.put(upload, inline=False)
    people.at_b.claim(claimed)
    people.at_b.fetch(fetched)
    assert people.at_a.withdraw(claimed).answer == (409, "already_claimed")
    assert people.at_a.withdraw(fetched).answer == (409, "already_fetched")
    assert people.at_a.withdraw(upload).status == 204
    assert people.at_c.put(Bundle(people.c, people.b, bundle_id=upload.bundle_id)).status == 201, "the ID is free for anybody"
    eventually(lambda: people.at_a.sent(expired).json["state"] == "expired", 20, "it expires")
    assert people.at_a.withdraw(expired).answer == (410, "expired")
