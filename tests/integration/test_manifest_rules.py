"""What a manifest must say, and the order in which refusals come (protocol.md §4)."""

import json
import os

import pytest
from coverage_tags import covers
from relay_client import Bundle, make_zip, new_id, now
from relay_stack import cms


def codes(reply):
    return [error["code"] for error in reply.json["errors"]]


def edited(people, edit):
    """A bundle of a for b whose manifest was changed by edit(manifest) before it was signed."""
    bundle = Bundle(people.a, people.b)
    edit(bundle.manifest)
    return bundle.sign_raw(json.dumps(bundle.manifest).encode())


FORMS = [
    (lambda m: m.pop("files"), "/files", "missing"), (lambda m: m.update(extra=1), "/extra", "unknown_member"),
    (lambda m: m["payload"].update(extra=1), "/payload/extra", "unknown_member"), (lambda m: m.update(sender=5), "/sender", "wrong_type"),
    (lambda m: m.update(version=2), "/version", "out_of_range"), (lambda m: m.update(files=[]), "/files", "out_of_range"),
    (lambda m: m.update(sender="123"), "/sender", "bad_format"), (lambda m: m.update(created_at="yesterday"), "/created_at", "bad_format"),
    (lambda m: m.update(bundle_id=new_id()), "/bundle_id", "inconsistent"), (lambda m: m["files"][0].update(size=-1), "/files/0/size", "out_of_range"),
    (lambda m: m["files"][0].update(sha256="A" * 64), "/files/0/sha256", "bad_format"),
    (lambda m: m["files"][0].update(size=1.5), "/files/0/size", "wrong_type"), (lambda m: m.update(cover=None), "/cover", "wrong_type"),
    (lambda m: m["payload"].update(chunks=[]), "/payload/chunks", "out_of_range"),
    (lambda m: m["payload"].update(size=m["payload"]["size"] + 1), "/payload/size", "inconsistent"),
    (lambda m: m["files"][0].update(csv_version="2024"), "/files/0/csv_version", "bad_format"),
]


@covers("422 invalid_manifest")
@pytest.mark.parametrize("edit, pointer, code", FORMS, ids=["%s %s" % (p, c) for _, p, c in FORMS])
def test_a_manifest_of_wrong_form_is_told_member_by_member(people, edit, pointer, code):
    bundle = edited(people, edit)
    reply = people.at_a.put(bundle)
    assert reply.answer == (422, "invalid_manifest")
    found = [(error["pointer"], error["code"]) for error in reply.json["errors"]]
    assert any(p.startswith(pointer.rsplit("/", 1)[0]) and c == code for p, c in found), found
    assert people.at_a.sent(bundle).status == 404, "nothing is kept"


@covers("422 invalid_manifest", "§11 errors lists all")
def test_all_faults_of_the_form_are_told_at_once(people):
    def edit(manifest):
        manifest.update(sender="x", extra=1)
        del manifest["created_at"]
    assert {"bad_format", "unknown_member", "missing"} <= set(codes(people.at_a.put(edited(people, edit))))


@covers("422 invalid_manifest")
@pytest.mark.parametrize("change", [lambda raw: b"\xef\xbb\xbf" + raw, lambda raw: raw.replace(b'"version"', b'"version": 1, "version"'),
                                    lambda raw: raw[:-1], lambda raw: raw.replace(b"memo", b"me\xffmo"),
                                    lambda raw: raw.replace(b"memo", b"me\\u0000mo")])
def test_bytes_that_are_no_strict_json_are_no_manifest(people, change):
    bundle = Bundle(people.a, people.b)
    assert people.at_a.put(bundle.sign_raw(change(bundle.raw))).answer == (422, "invalid_manifest")


@covers("413 too_large")
def test_a_manifest_has_at_most_64_kib(people):
    bundle = Bundle(people.a, people.b)
    assert people.at_a.put(bundle.sign_raw(bundle.raw[:-1] + b" " * (65536 - len(bundle.raw)) + b"}")).status == 201
    other = Bundle(people.a, people.b)
    assert people.at_a.put(other.sign_raw(other.raw[:-1] + b" " * (65537 - len(other.raw)) + b"}")).answer == (413, "too_large")


@covers("413 too_large", "422 invalid_manifest")
def test_payloads_keep_to_the_sizes_of_the_contract(people):
    def put(size, chunk_size, count):
        payload = {"size": size, "chunk_size": chunk_size, "chunks": ["0" * 64] * count}
        return people.at_a.put(edited(people, lambda m: m.update(payload=payload)), inline=False)
    assert put((1 << 30) + 1, 16 << 20, 65).answer == (413, "too_large")
    assert put(17 << 20, 17 << 20, 1).answer == (413, "too_large")
    for size, chunk_size, count in ((100000, 65535, 2), (100000, 65536, 3), (65536 * 901, 65536, 901), (0, 0, 1), (131072, 100000, 1)):
        assert put(size, chunk_size, count).answer in ((422, "invalid_manifest"), (413, "too_large"))
    assert put(1 << 30, 16 << 20, 64).status == 202


@covers("422 sender_mismatch", "422 sent_to_self", "422 unknown_recipient", "422 clock_skew")
@pytest.mark.parametrize("changes, code", [
    ({"sender": "2670199999"}, "sender_mismatch"), ({"recipient": "2670100011"}, "sent_to_self"), ({"recipient": "9999999999"}, "unknown_recipient"),
    ({"created_at": now(-90000)}, "clock_skew"), ({"created_at": now(90000)}, "clock_skew")])
def test_a_manifest_that_says_wrong_things_is_refused_by_its_first_fault(people, changes, code):
    reply = people.at_a.put(Bundle(people.a, people.b, **changes))
    assert reply.answer == (422, code) and code in codes(reply)


@covers("422 sender_mismatch", "§4 order of the checks")
def test_all_rules_are_told_together_and_the_code_is_the_first(people):
    files = [{"name": "a.exe", "size": 1, "sha256": "0" * 64}]
    reply = people.at_a.put(edited(people, lambda m: m.update(sender="2670199999", created_at=now(-90000), files=files)))
    assert reply.answer == (422, "sender_mismatch")
    assert codes(reply) == ["sender_mismatch", "clock_skew", "file_type_not_allowed"]


@covers("422 not_encrypted_for_recipient")
def test_only_what_the_recipient_alone_can_open_is_taken(stack, people):
    inner = make_zip([("memo.pdf", b"x")])
    cases = {"another office": cms.encrypt(inner, [people.c.cert]), "another one too": cms.encrypt(inner, [people.b.cert, people.c.cert]),
             "the sender": cms.encrypt(inner, [people.a.cert]), "no CMS": b"plain bytes", "a cut one": cms.encrypt(inner, [people.b.cert])[:-5],
             "with a tail": cms.encrypt(inner, [people.b.cert]) + b"tail", "CBC": cms.encrypt(inner, [people.b.cert], cipher="aes-256-cbc"),
             "a shared key": cms.openssl("cms", "-encrypt", "-aes-256-gcm", "-binary", "-outform", "DER", "-secretkey", "00" * 32,
                                         "-secretkeyid", "01", data=inner)}
    for name, payload in cases.items():
        bundle = Bundle(people.a, people.b, payload=payload)
        assert people.at_a.put(bundle).answer == (422, "not_encrypted_for_recipient"), name
        assert people.at_a.sent(bundle).status == 404, name
    own_second = stack.issue(people.b.user_id)[0]
    assert people.at_a.put(Bundle(people.a, people.b, payload=cms.encrypt(inner, [people.b.cert, own_second]))).status == 201


@covers("422 not_encrypted_for_recipient", "§4 the cover letter")
def test_a_cover_letter_is_held_to_the_same_rule(people):
    cover = cms.b64(cms.encrypt(b"hello", [people.c.cert]))
    reply = people.at_a.put(edited(people, lambda m: m.update(cover=cover)))
    assert reply.answer == (422, "not_encrypted_for_recipient")
    large = cms.b64(cms.encrypt(os.urandom(9000), [people.b.cert]))
    reply = people.at_a.put(edited(people, lambda m: m.update(cover=large)))
    assert reply.answer == (422, "invalid_manifest") and codes(reply) == ["out_of_range"]


@covers("422 chunk_digest_mismatch")
def test_an_inline_payload_must_be_the_signed_one(people):
    bundle = Bundle(people.a, people.b)
    body = bundle.body()
    body["payload"] = cms.b64(cms.encrypt(make_zip(bundle.files), [people.b.cert]))
    reply = people.at_a.call("PUT", "/v1/outbox/" + bundle.bundle_id, body)
    assert reply.answer == (422, "chunk_digest_mismatch")
    assert people.at_a.put(bundle).status == 201, "the refused upload left nothing behind"
