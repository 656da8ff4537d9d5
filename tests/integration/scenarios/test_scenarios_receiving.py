"""E, F, G: the one download, receipts, and claims that end by themselves."""

import os
import ssl
import time

import pytest
from coverage_tags import scenario
from relay_client import Bundle, eventually, new_id, tls
from relay_stack import events_of

LATE = 20  # seconds that a lapse of three may take on a busy machine


def large(people, size=150000, chunk_size=65536):
    return Bundle(people.a, people.b, [("scan.png", os.urandom(size))], chunk_size=chunk_size)


def state(people, bundle):
    return people.at_a.sent(bundle).json["state"]


def wait_for(people, bundle, wanted):
    eventually(lambda: state(people, bundle) == wanted, LATE, "the bundle is " + wanted)


def life(people, bundle):
    return [kind for kind in events_of(people.auditor, bundle) if kind != "payload_destroyed"]


@scenario("E65")
def test_fifty_megabytes_cut_at_every_tenth_and_resumed_by_ranges_arrive_once(stack, people):
    bundle = large(people, 50 << 20, 16 << 20)
    people.at_a.send(bundle)
    assert people.at_b.claim(bundle).status == 200
    data, cuts = b"", [len(bundle.payload) * tenth // 10 for tenth in range(1, 11)]
    while len(data) < len(bundle.payload):
        n, offset = divmod(len(data), 16 << 20)
        head = "GET /v1/inbox/%s/chunks/%d HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nRelay-Claim: %s\r\nRange: bytes=%d-\r\n\r\n" % (
            bundle.bundle_id, n, people.at_b.token, bundle.claim_id, offset)
        wanted = next(cut for cut in cuts if cut > len(data)) - len(data)
        data += read_some(stack, people.b, head.encode(), min(wanted, len(bundle.chunks[n]) - offset))
    assert data == bundle.payload
    # What a cut line had carried is not known to have arrived: it is read again until the receipt is taken.
    for n in range(len(bundle.chunks)):
        assert people.at_b.chunk(bundle, n).body == bundle.chunks[n]
    assert people.at_b.confirm(bundle).status == 200
    assert life(people, bundle) == ["bundle_accepted", "bundle_claimed", "bundle_sent", "bundle_fetched"]


def read_some(stack, person, request, wanted):
    """So many bytes of an answer's body; then the line is cut."""
    with ssl.create_connection((stack.endpoint.host, stack.endpoint.port), 60) as plain:
        with tls(stack.endpoint.ca, person.cert, person.key).wrap_socket(plain, server_hostname=stack.endpoint.host) as stream:
            stream.sendall(request)
            got = b""
            while b"\r\n\r\n" not in got:
                got += stream.recv(65536)
            head, body = got.split(b"\r\n\r\n", 1)
            assert head.startswith(b"HTTP/1.1 206 "), head
            parts, have = [body], len(body)
            while have < wanted:
                parts.append(stream.recv(1 << 18))
                assert parts[-1], "the server cut the line"
                have += len(parts[-1])
            return b"".join(parts)[:wanted]


@scenario("E66")
def test_everything_may_be_read_again_until_the_receipt(people):
    bundle = large(people)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    for _ in range(2):
        assert [people.at_b.chunk(bundle, n).body for n in range(len(bundle.chunks))] == bundle.chunks
    assert people.at_b.claim(bundle).status == 200 and people.at_b.confirm(bundle).status == 200


@scenario("E69")
def test_a_hundred_claims_of_mixed_states_get_each_their_own_answer_in_order(people, quick, for_a):
    bundles = [quick(people.c, people.a, payload=for_a) for _ in range(100)]
    for part in (bundles[:50], bundles[50:]):
        people.at_c.call("POST", "/v1/outbox", {"bundles": [bundle.body() for bundle in part]})
    expected = [200] * 100
    for nth in (5, 25):
        people.at_c.withdraw(bundles[nth])
        expected[nth] = 410
    for nth in (7, 77):
        people.at_a.fetch(bundles[nth])
        expected[nth] = 410
    for nth in (9, 99):
        people.at_a.claim(bundles[nth], new_id())
        expected[nth] = 409
    for nth in (0, 50):
        bundles[nth] = Bundle(people.a, people.b)
        expected[nth] = 404
    claims = [{"bundle_id": bundle.bundle_id, "claim_id": bundle.claim_id} for bundle in bundles]
    results = people.at_a.call("POST", "/v1/inbox/claims", {"claims": claims}).json["results"]
    assert [result["status"] for result in results] == expected
    assert [result["bundle_id"] for result in results] == [bundle.bundle_id for bundle in bundles]
    assert all("payload" in result["claim"] for result in results if result["status"] == 200)


@scenario("F75")
def test_a_receipt_of_another_or_of_a_lapsed_claim_is_not_taken(people, hasty):
    bundle = large(people)
    people.at_a.send(bundle)
    assert hasty.at_b.claim(bundle).status == 200
    assert people.at_b.confirm(bundle, "rejected", claim_id=new_id()).answer == (409, "not_claimed")
    wait_for(people, bundle, "waiting")
    assert people.at_b.confirm(bundle, "rejected").answer == (409, "not_claimed")
    assert people.at_b.claim(bundle, new_id()).status == 200
    assert people.at_b.confirm(bundle, "rejected").answer == (409, "not_claimed"), "nor while another one holds"


@scenario("G78")
def test_a_claim_that_falls_silent_half_way_lapses_and_its_id_is_worth_nothing_anywhere(people, hasty, second):
    bundle = large(people)
    people.at_a.send(bundle)
    hasty.at_b.claim(bundle)
    assert hasty.at_b.chunk(bundle, 0).status == 200
    wait_for(people, bundle, "waiting")
    assert life(people, bundle)[-1] == "claim_lapsed"
    winner = new_id()
    assert second.at_b.claim(bundle, winner).status == 200
    for terminal in (people.at_b, second.at_b, hasty.at_b):
        assert terminal.claim(bundle).answer == (409, "not_claimed")
        assert terminal.chunk(bundle, 0).answer == (409, "not_claimed")
        assert terminal.confirm(bundle).answer == (409, "not_claimed")
    for n in range(len(bundle.chunks)):
        assert people.at_b.chunk(bundle, n, winner).body == bundle.chunks[n]
    bundle.claim_id = winner
    assert people.at_b.confirm(bundle).status == 200


@scenario("G79")
def test_calls_keep_a_claim_and_ranges_add_up_over_both_servers(people, hasty, second):
    """A call every 0.2 s for longer than the three seconds after which the hasty server's claims lapse."""
    bundle = large(people, 60000, chunk_size=None)
    people.at_a.send(bundle)
    hasty.at_b.claim(bundle)
    end, step = len(bundle.payload), len(bundle.payload) // 20 + 1
    for nth, begin in enumerate(range(0, end, step)):
        reply = hasty.at_b.chunk(bundle, 0, headers={"Range": "bytes=%d-%d" % (begin, min(end, begin + step) - 1)})
        assert reply.status == 206, nth
        time.sleep(0.2)  # time itself is what this scenario is about
    kinds = life(people, bundle)
    assert "claim_lapsed" not in kinds
    eventually(lambda: "bundle_sent" in life(people, bundle), 5, "ranges that cover all are every byte")
    assert second.at_b.confirm(bundle).status == 200


@scenario("G80", "G81")
def test_who_was_sent_all_and_falls_silent_has_fetched_it_and_may_still_confirm(people, hasty):
    bundle = large(people)
    people.at_a.send(bundle)
    hasty.at_b.claim(bundle)
    for n in range(len(bundle.chunks)):
        hasty.at_b.chunk(bundle, n)
    wait_for(people, bundle, "fetched")
    assert people.at_a.sent(bundle).json["confirmation"] == "none"
    for claim_id in (bundle.claim_id, new_id()):
        assert people.at_b.claim(bundle, claim_id).answer == (410, "already_fetched")
    assert people.at_b.confirm(bundle, "rejected").answer == (410, "already_fetched")
    late = people.at_b.confirm(bundle)
    assert (late.status, late.json["confirmation"]) == (200, "receipt")
    assert life(people, bundle) == ["bundle_accepted", "bundle_claimed", "bundle_sent", "bundle_fetched", "receipt_late"]


@scenario("G83")
def test_unclaimed_it_expires_and_claimed_it_expires_when_the_claim_lapses(people, hasty):
    unclaimed, claimed = large(people), large(people)
    hasty.at_a.send(claimed)
    assert hasty.at_b.claim(claimed).status == 200
    hasty.at_a.send(unclaimed)

    def expired_meanwhile():
        assert hasty.at_b.chunk(claimed, 0).status == 200
        return state(people, unclaimed) == "expired"
    eventually(expired_meanwhile, LATE, "the one that nobody claimed expires")
    assert people.at_b.claim(unclaimed).answer == (410, "expired")
    assert state(people, claimed) == "claimed", "calls kept it well past its time"
    wait_for(people, claimed, "expired")
    assert life(people, claimed)[-2:] == ["claim_lapsed", "bundle_expired"]
    assert people.at_b.claim(claimed).answer == (410, "expired")


@scenario("G84")
@pytest.mark.parametrize("end", ["fetched", "rejected", "withdrawn", "expired"])
def test_in_every_end_state_the_payload_goes_and_manifest_receipt_and_events_stay(stack, people, hasty, end):
    small, stored = Bundle(people.a, people.b), large(people, 700000, chunk_size=400000)
    for bundle in (small, stored):
        (hasty.at_a if end == "expired" else people.at_a).send(bundle)
        question = "select object_key from payload_chunks join bundles using (upload_id) where bundle_id = '%s' and object_key is not null"
        keys = stack.database().sql(question % bundle.bundle_id, "relay").split()
        if end == "withdrawn":
            people.at_a.withdraw(bundle)
        elif end == "fetched":
            people.at_b.fetch(bundle)
        elif end == "rejected":
            people.at_b.claim(bundle)
            people.at_b.confirm(bundle, "rejected")
        wait_for(people, bundle, end)
        eventually(lambda b=bundle: events_of(people.auditor, b)[-1] == "payload_destroyed", 60, "its payload is destroyed")
        rows = "select count(*) from payload_chunks join bundles using (upload_id) where bundle_id = '%s'" % bundle.bundle_id
        assert stack.database().sql(rows, "relay") == "0"
        assert not [key for key in keys if os.path.exists(os.path.join(stack.dir, "objects", key[:2], key[2:4], key))]
        assert bundle is small or len(keys) == 2
        seen = people.at_a.sent(bundle).json
        assert "signed_manifest" in seen and ("signed_receipt" in seen) == (end in ("fetched", "rejected"))
        assert events_of(people.auditor, bundle)[0] == "bundle_accepted"


@scenario("H85")
def test_every_fact_of_a_life_is_one_event_and_each_role_keeps_to_its_own_calls(people):
    bundle = large(people)
    for _ in range(2):
        people.at_a.put(bundle)
    for n in (0, 0, 1, 2, 2):
        people.at_a.put_chunk(bundle, n)
    for _ in range(2):
        people.at_b.claim(bundle)
        for n in range(3):
            people.at_b.chunk(bundle, n)
    for _ in range(2):
        assert people.at_b.confirm(bundle).status == 200
    assert life(people, bundle) == ["bundle_accepted", "bundle_claimed", "bundle_sent", "bundle_fetched"]
    for path in ("/v1/audit/events", "/v1/audit/bundles/" + bundle.bundle_id):
        assert people.at_a.get(path).answer == (403, "role_not_allowed")
    for path in ("/v1/inbox", "/v1/outbox", "/v1/inbox/" + bundle.bundle_id):
        assert people.auditor.get(path).answer == (403, "role_not_allowed")
