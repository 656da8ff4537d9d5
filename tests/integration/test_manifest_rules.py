"""What a manifest must say, and the order in which refusals come (protocol.md §4)."""

import json
import os

import pytest
from coverage_tags import covers, scenario
from http_cases import HOST
from raw_http import RawConnection, split_answers
from relay_client import Bundle, eventually, make_zip, new_id, now
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
@scenario("C44")
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
@scenario("B28")
def test_an_inline_payload_must_be_the_signed_one(people):
    bundle = Bundle(people.a, people.b)
    body = bundle.body()
    body["payload"] = cms.b64(cms.encrypt(make_zip(bundle.files), [people.b.cert]))
    reply = people.at_a.call("PUT", "/v1/outbox/" + bundle.bundle_id, body)
    assert reply.answer == (422, "chunk_digest_mismatch")
    assert people.at_a.put(bundle).status == 201, "the refused upload left nothing behind"


@covers("422 unknown_recipient", "422 recipient_not_accepting")
def test_closed_offices_are_unknown_and_those_without_a_certificate_do_not_accept(stack, people):
    closed, bare = stack.office(), stack.office(certificate=False)
    stack.ctl("office", "close", closed.number)
    eventually(lambda: people.at_a.get("/v1/offices/" + closed.number).status == 404, 6, "the office is closed")
    assert people.at_a.put(Bundle(people.a, closed)).answer == (422, "unknown_recipient")
    assert people.at_a.put(Bundle(people.a, people.b, recipient=bare.number)).answer == (422, "recipient_not_accepting")


def announce(stack, people, path, content_type):
    """The answer to a request of which only the head was sent, with a length beyond the limit."""
    with RawConnection(stack.endpoint, people.a) as connection:
        connection.send(b"PUT %s HTTP/1.1\r\n%sContent-Type: %s\r\nContent-Length: 1048577\r\nAuthorization: Bearer %s\r\n\r\n" % (
            path.encode(), HOST, content_type, people.at_a.token.encode()))
        return split_answers(connection.receive())[0]


@covers("§4 order of the checks")
def test_each_stage_answers_alone_and_hides_what_lies_behind_it(stack, people):
    """One request that is wrong in everything, and mended stage by stage."""
    auditor, bare = people.auditor, stack.terminal(stack.office(licence=False))
    taken = Bundle(people.a, people.b)
    assert people.at_a.put(taken).status == 201
    wrong = {"created_at": now(-90000), "files": [{"name": "a.exe", "size": 1, "sha256": "0" * 64}]}
    formless = Bundle(people.a, people.b, bundle_id=taken.bundle_id, version=2, **wrong)
    reused, ruled = Bundle(people.a, people.b, bundle_id=taken.bundle_id, **wrong), Bundle(people.a, people.b, **wrong)
    path, text = "/v1/outbox/" + taken.bundle_id, {"Content-Type": "text/plain"}
    foreign = {"signed_manifest": cms.b64(cms.sign(formless.raw, people.c)), "payload": ""}
    steps = [("path", lambda: people.at_a.call("PATCH", path + "x", b"[", headers=text, token=False), 404, "not_found"),
             ("method", lambda: people.at_a.call("PATCH", path, b"[", headers=text, token=False), 405, "method_not_allowed"),
             ("session", lambda: people.at_a.call("PUT", path, b"[", headers=text, token=False), 401, "not_signed_in"),
             ("role", lambda: auditor.call("PUT", path, b"[", headers=text), 403, "role_not_allowed"),
             ("licence", lambda: bare.call("PUT", path, b"[", headers=text), 403, "licence_required"),
             ("type", lambda: announce(stack, people, path, b"text/plain"), 415, "unsupported_media_type"),
             ("length", lambda: announce(stack, people, path, b"application/json"), 413, "too_large"),
             ("JSON", lambda: people.at_a.call("PUT", path, {"signed_manifest": "AAAA", "more": 1}), 400, "malformed_request"),
             ("CMS", lambda: people.at_a.call("PUT", path, {"signed_manifest": "AAAA"}), 422, "bad_signature"),
             ("signer", lambda: people.at_a.call("PUT", path, foreign), 422, "signer_not_registered"),
             ("form", lambda: people.at_a.put(formless), 422, "invalid_manifest"), ("ID", lambda: people.at_a.put(reused), 409, "bundle_id_reused"),
             ("rules", lambda: people.at_a.put(ruled), 422, "clock_skew"), ("nothing", lambda: people.at_a.put(taken), 200, None)]
    for stage, call, status, code in steps:
        assert call().answer == (status, code), stage


@covers("§9 refusals are events")
def test_a_refusal_is_logged_with_no_more_than_the_signature_vouches_for(people):
    bundle, unsigned, formless = (Bundle(people.a, people.b, created_at=now(-90000)) for _ in range(3))
    unsigned.signed = unsigned.signed[:-1] + bytes([unsigned.signed[-1] ^ 1])
    formless.sign_raw(formless.raw[:-1] + b',"more":1}')
    large, malformed = Bundle(people.a, people.b), Bundle(people.a, people.b)
    large.sign_raw(large.raw + b" " * 65536)
    answers = [people.at_a.put(one).answer for one in (bundle, unsigned, formless, large)]
    assert answers == [(422, "clock_skew"), (422, "bad_signature"), (422, "invalid_manifest"), (413, "too_large")]
    people.at_a.call("PUT", "/v1/outbox/" + malformed.bundle_id, {})
    told = [people.auditor.pages("/v1/audit/events?bundle_id=" + one.bundle_id, "events") for one in (bundle, unsigned, formless, large, malformed)]
    assert [[event["code"] for event in events] for events in told] == [["clock_skew"], ["bad_signature"], ["invalid_manifest"], [], []]
    assert {"sender", "recipient", "manifest_sha256"} <= set(told[0][0])
    assert not {"sender", "recipient", "manifest_sha256"} & set(told[1][0])
    assert "sender" not in told[2][0] and told[2][0]["manifest_sha256"] == cms.sha256(formless.raw)


def heads(stack, people, folder):
    """Payloads that other keys than the recipient's alone could open, or that are no payloads."""
    inner, to_b = make_zip([("memo.pdf", b"x")]), [people.b.cert]
    revoked = stack.issue(people.b.user_id)[0]
    stack.ctl("certificate", "revoke", cms.fingerprint(revoked), "--reason", "superseded")
    listed = "/v1/offices/" + people.b.number
    eventually(lambda: cms.fingerprint(revoked) not in people.at_a.get(listed).body.decode(), 6, "the certificate is revoked")
    stranger = cms.OutsideCa(str(folder)).issue("/CN=" + people.b.user_id)[0]
    far = cms.encrypt(inner, to_b, "-stream")
    version = far.index(b"\x02\x01\x00") + 3
    return {"plain text": b"plain", "a ZIP": inner, "one byte": b"0", "a revoked certificate": cms.encrypt(inner, [revoked]),
            "a good and a revoked one": cms.encrypt(inner, [people.b.cert, revoked]), "an unregistered one": cms.encrypt(inner, [stranger]),
            "21 recipients": cms.encrypt(inner, to_b * 21), "EnvelopedData": cms.encrypt(inner, to_b, cipher="aes-256-cbc"),
            "AES-192": cms.encrypt(inner, to_b, cipher="aes-192-gcm"),
            "SignedData": cms.sign(inner, people.a), "cut short": cms.encrypt(inner, to_b)[:300],
            "a head beyond 64 KiB": far[:version] + b"\xa0\x83\x01\x11\x70" + b"\x04" * 70000 + far[version:]}


@covers("422 not_encrypted_for_recipient", "§4 the head of the payload", "§4 the cover letter")
def test_no_way_in_takes_a_payload_or_cover_that_others_could_open(stack, people, tmp_path):
    for name, payload in heads(stack, people, tmp_path / "ca").items():
        bundle, chunked = Bundle(people.a, people.b, payload=payload), Bundle(people.a, people.b, payload=payload)
        reply = people.at_a.put(bundle, inline=True)
        assert reply.answer == (422, "not_encrypted_for_recipient") and [e["pointer"] for e in reply.json["errors"]] == ["/payload"], name
        assert people.at_a.put(chunked, inline=False).status == 202, name
        assert people.at_a.put_chunk(chunked, 0).answer == (422, "not_encrypted_for_recipient"), name
        assert people.at_a.sent(chunked).status == people.at_a.sent(bundle).status == 404, name
        if len(payload) <= 8192:
            reply = people.at_a.put(edited(people, lambda m, p=payload: m.update(cover=cms.b64(p))))
            assert reply.answer == (422, "not_encrypted_for_recipient") and [e["pointer"] for e in reply.json["errors"]] == ["/cover"], name


def send_all(people, bodies):
    """The results of any number of bodies, in batches."""
    for i in range(0, len(bodies), 100):
        reply = people.at_a.call("POST", "/v1/outbox", {"bundles": bodies[i:i + 100]})
        assert reply.status == 200
        yield from reply.json["results"]


@covers("422 bad_signature")
def test_no_changed_byte_of_a_signed_manifest_is_taken_for_another_word(people):
    bundle = Bundle(people.a, people.b)
    places = range(0, len(bundle.signed), 5)
    bodies = [{"signed_manifest": cms.b64(bundle.signed[:i] + bytes([bundle.signed[i] ^ 1 << i % 8]) + bundle.signed[i + 1:])} for i in places]
    for place, result in zip(places, send_all(people, bodies)):
        if result["status"] in (200, 202):  # outside of what is signed: the word is the same
            assert result["bundle"]["bundle_id"] == bundle.bundle_id and result["bundle"]["files"] == bundle.manifest["files"], place
        else:
            assert (result["status"], result["problem"]["code"]) in ((422, "bad_signature"), (422, "signer_not_registered")), place


@covers("422 invalid_manifest")
def test_a_signed_manifest_with_a_changed_byte_is_refused_or_means_what_it_says(people):
    bundle, taken = Bundle(people.a, people.b, [("memo.pdf", b"x")]), 0
    places = range(0, len(bundle.raw), 6)
    changed = [bundle.raw[:i] + bytes([bundle.raw[i] ^ 1 << i % 7]) + bundle.raw[i + 1:] for i in places]
    bodies = [{"signed_manifest": cms.b64(cms.sign(raw, people.a))} for raw in changed]
    for raw, result in zip(changed, send_all(people, bodies)):
        if result["status"] == 202:
            taken, said = taken + 1, json.loads(raw)
            assert all(result["bundle"][name] == said[name] for name in ("bundle_id", "files")), raw
            assert result["bundle"]["recipient"]["number"] == said["recipient"] and said["sender"] == people.a.number, raw
            assert {**result["bundle"]["payload"]} == said["payload"], raw
        else:
            assert result["status"] in (409, 413, 422) and result["problem"]["code"] not in ("bad_signature", "signer_not_registered"), raw
    assert 0 < taken < len(changed) / 2
