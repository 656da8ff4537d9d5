"""Many at once: sending, claiming and confirming up to a hundred (protocol.md §5, §6)."""

import base64
import json

from coverage_tags import covers, scenario
from relay_client import Bundle, new_id, receipt
from relay_stack import cms


def statuses(reply):
    return [result["status"] for result in reply.json["results"]]


@covers("POST /v1/outbox")
def test_every_bundle_of_a_batch_stands_alone_in_the_order_given(people):
    good, second = Bundle(people.a, people.b), Bundle(people.a, people.c)
    wrong = Bundle(people.a, people.b, recipient="9999999999")
    other = Bundle(people.a, people.b, bundle_id=good.bundle_id)
    upload = Bundle(people.a, people.b)
    reply = people.at_a.call("POST", "/v1/outbox", {"bundles": [good.body(), wrong.body(), second.body(), other.body(), upload.body(False),
                                                              {"signed_manifest": cms.b64(b"nothing")}]})
    assert reply.status == 200 and statuses(reply) == [201, 422, 201, 409, 202, 422]
    results = reply.json["results"]
    assert results[0]["bundle"]["state"] == "waiting" and results[0]["bundle_id"] == good.bundle_id
    assert [results[i]["problem"]["code"] for i in (1, 3, 5)] == ["unknown_recipient", "bundle_id_reused", "bad_signature"]
    assert "bundle_id" not in results[5], "no signature, no name"
    assert people.at_a.sent(good).json["state"] == "waiting"
    again = people.at_a.call("POST", "/v1/outbox", {"bundles": [good.body(), second.body()]})
    assert statuses(again) == [200, 200]


@covers("POST /v1/outbox")
@scenario("F77")
def test_a_hundred_bundles_go_in_one_call(people):
    bundles = [Bundle(people.a, people.b) for _ in range(100)]
    assert statuses(people.at_a.call("POST", "/v1/outbox", {"bundles": [one.body() for one in bundles]})) == [201] * 100
    mine = {one.bundle_id for one in bundles}
    listed = [one["bundle_id"] for one in people.at_b.pages("/v1/inbox", "bundles") if one["bundle_id"] in mine]
    assert listed == [one.bundle_id for one in bundles], "the inbox shows them in the order of the call"
    claims = people.at_b.call("POST", "/v1/inbox/claims", {"claims": [{"bundle_id": b.bundle_id, "claim_id": b.claim_id} for b in bundles]})
    assert statuses(claims) == [200] * 100
    for bundle, result in zip(bundles, claims.json["results"]):
        assert result["bundle_id"] == bundle.bundle_id and base64.b64decode(result["claim"]["payload"]) == bundle.payload
    words = [{"bundle_id": b.bundle_id, "signed_receipt": receipt(b, people.b)} for b in bundles]
    done = people.at_b.call("POST", "/v1/inbox/receipts", {"receipts": words})
    assert statuses(done) == [200] * 100
    assert all(result["bundle"]["confirmation"] == "receipt" for result in done.json["results"])


@covers("POST /v1/inbox/claims", "POST /v1/inbox/receipts")
def test_claims_and_receipts_of_a_batch_stand_alone_too(people):
    mine, theirs, claimed = Bundle(people.a, people.b), Bundle(people.a, people.c), Bundle(people.a, people.b)
    for bundle in (mine, theirs, claimed):
        people.at_a.send(bundle)
    people.at_b.claim(claimed, new_id())
    claims = [{"bundle_id": b.bundle_id, "claim_id": b.claim_id} for b in (mine, theirs, claimed)]
    reply = people.at_b.call("POST", "/v1/inbox/claims", {"claims": claims})
    assert statuses(reply) == [200, 404, 409]
    assert [result.get("problem", {}).get("code") for result in reply.json["results"]] == [None, "not_found", "claimed_elsewhere"]
    words = [{"bundle_id": b.bundle_id, "signed_receipt": receipt(b, people.b)} for b in (mine, theirs, claimed)]
    done = people.at_b.call("POST", "/v1/inbox/receipts", {"receipts": words})
    assert statuses(done) == [200, 404, 409]


@covers("§6 16 MiB of payload in one answer")
@scenario("E69")
def test_payloads_come_inline_until_sixteen_megabytes_are_reached(people):
    payload = cms.encrypt_to_size(262144, people.b.cert)
    bundles = [Bundle(people.a, people.b, payload=payload) for _ in range(66)]
    for part in (bundles[:33], bundles[33:]):
        assert statuses(people.at_a.call("POST", "/v1/outbox", {"bundles": [one.body() for one in part]})) == [201] * len(part)
    claims = people.at_b.call("POST", "/v1/inbox/claims", {"claims": [{"bundle_id": b.bundle_id, "claim_id": b.claim_id} for b in bundles]})
    assert ["payload" in result["claim"] for result in claims.json["results"]] == [True] * 64 + [False] * 2
    assert people.at_b.confirm(bundles[65]).answer == (409, "not_sent_yet")
    assert people.at_b.chunk(bundles[65], 0).body == payload
    assert people.at_b.confirm(bundles[65]).status == 200


@covers("400 malformed_request")
def test_a_batch_has_one_to_a_hundred_entries_of_the_right_form(people):
    body = Bundle(people.a, people.b).body()
    for bad in ({"bundles": []}, {"bundles": [body] * 101}, {"bundles": {}}, {}, {"bundles": [body], "more": 1}):
        assert people.at_a.call("POST", "/v1/outbox", bad).answer == (400, "malformed_request"), json.dumps(bad)[:80]
