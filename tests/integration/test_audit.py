"""The delivery log as auditors read it (protocol.md §9)."""

import csv
import io
import json

import pytest
from coverage_tags import covers, scenario
from relay_client import Bundle, Terminal, eventually
from relay_stack import PASSWORD, cms, events_of


@pytest.fixture(scope="module")
def delivered(people):
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    people.at_b.fetch(bundle)
    return bundle


@covers("GET /v1/audit/events")
def test_the_log_tells_a_delivery_in_order_and_by_whom(people, delivered):
    events = people.auditor.pages("/v1/audit/events?bundle_id=" + delivered.bundle_id, "events")
    events = [event for event in events if event["type"] != "payload_destroyed"]
    assert [event["type"] for event in events] == ["bundle_accepted", "bundle_claimed", "bundle_sent", "bundle_fetched"]
    accepted, claimed = events[0], events[1]
    assert accepted["actor"] == {"user_id": people.a.user_id, "certificate_sha256": cms.fingerprint(people.a.cert)}
    assert claimed["actor"]["user_id"] == people.b.user_id
    assert (accepted["sender"], accepted["recipient"]) == (people.a.number, people.b.number)
    assert accepted["manifest_sha256"] == cms.sha256(delivered.raw)
    assert all(event["at"].endswith("Z") and event["event_id"][14] == "7" for event in events)
    assert "receipt_sha256" in events[3]


@covers("GET /v1/audit/events", "§9 filters")
def test_events_are_filtered_by_type_office_user_and_time(people, delivered):
    def found(query):
        return people.auditor.pages("/v1/audit/events?" + query, "events", limit=100)
    of_type = found("type=bundle_fetched")
    assert of_type and {event["type"] for event in of_type} == {"bundle_fetched"}
    for event in found("user_id=" + people.b.user_id):
        assert people.b.user_id in (event.get("actor", {}).get("user_id"), event.get("subject", {}).get("user_id"))
    ids = [event.get("bundle_id") for event in found("office=" + people.b.number)]
    assert delivered.bundle_id in ids and found("office=9999999999") == []
    at = found("bundle_id=" + delivered.bundle_id)[0]["at"]
    assert delivered.bundle_id in [event.get("bundle_id") for event in found("from=" + at)]
    assert delivered.bundle_id not in [event.get("bundle_id") for event in found("to=" + at)]


@covers("GET /v1/audit/events", "§2 pages")
def test_the_log_is_paged_without_gaps_and_repeats(people, delivered):
    whole = [event["event_id"] for event in people.auditor.pages("/v1/audit/events", "events", limit=500)]
    paged = [event["event_id"] for event in people.auditor.pages("/v1/audit/events", "events", limit=3)]
    assert len(set(paged)) == len(paged) and paged[:len(whole)] == whole


@covers("GET /v1/audit/events", "§9 streams")
def test_the_whole_answer_comes_as_lines_or_csv_on_request(people, delivered):
    path = "/v1/audit/events?bundle_id=" + delivered.bundle_id
    types = events_of(people.auditor, delivered)
    lines = people.auditor.get(path, headers={"Accept": "application/x-ndjson"})
    assert lines.header("Content-Type").startswith("application/x-ndjson")
    assert [json.loads(line)["type"] for line in lines.body.decode().splitlines()][:4] == types[:4]
    table = people.auditor.get(path, headers={"Accept": "text/csv"})
    assert table.header("Content-Type").startswith("text/csv")
    assert [row["type"] for row in csv.DictReader(io.StringIO(table.body.decode()))][:4] == types[:4]


@covers("GET /v1/audit/bundles/{bundle_id}")
def test_one_bundle_is_shown_in_facts_alone(people, delivered):
    seen = people.auditor.get("/v1/audit/bundles/" + delivered.bundle_id)
    assert seen.status == 200
    assert (seen.json["sender"], seen.json["recipient"], seen.json["state"]) == (people.a.number, people.b.number, "fetched")
    assert seen.json["files"] == [{"size": len(delivered.files[0][1]), "sha256": cms.sha256(delivered.files[0][1])}]
    assert seen.json["manifest_sha256"] == cms.sha256(delivered.raw)
    assert "bundle_fetched" in [event["type"] for event in seen.json["events"]]
    assert delivered.files[0][0] not in seen.body.decode(), "no file names"


@covers("§9 refusals are events")
def test_a_refused_bundle_is_an_event_once_a_minute(people):
    bundle = Bundle(people.a, people.b, recipient="9999999999")
    for _ in range(3):
        assert people.at_a.put(bundle).answer == (422, "unknown_recipient")
    events = people.auditor.pages("/v1/audit/events?bundle_id=" + bundle.bundle_id, "events")
    assert [(event["type"], event["code"]) for event in events] == [("bundle_refused", "unknown_recipient")]


@covers("§9 events of accounts")
def test_accounts_leave_their_events(stack, people):
    office = stack.office()
    terminal = Terminal(stack.endpoint, office)
    for _ in range(3):
        terminal.sign_in(password="wrong1234")
    stack.ctl("user", "unlock", office.user_id)
    eventually(lambda: terminal.sign_in().status == 201, 6, "sign-in after the unlock")
    terminal.call("PUT", "/v1/password", {"user_id": office.user_id, "old": PASSWORD, "new": "Kaigo2027b"}, token=False)
    stack.ctl("certificate", "revoke", cms.fingerprint(office.cert), "--reason", "superseded")
    events = people.auditor.pages("/v1/audit/events?user_id=" + office.user_id, "events")
    kinds = [event["type"] for event in events]
    for kind in ("certificate_registered", "session_refused", "account_locked", "session_opened", "password_changed", "certificate_revoked",
                 "operator_action"):
        assert kind in kinds, kind
    registered = [event for event in events if event["type"] == "certificate_registered"][0]
    assert registered["actor"] == {"user_id": "relayctl"} and registered["subject"]["user_id"] == office.user_id
    assert "licence_changed" in [event["type"] for event in people.auditor.pages("/v1/audit/events?office=" + office.number, "events")]


@covers("§9 no repeats", "§9 no secrets")
@scenario("H85")
def test_repeated_calls_write_no_events_and_no_event_holds_a_reason(people):
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    people.at_a.put(bundle)
    people.at_b.claim(bundle)
    people.at_b.claim(bundle)
    for _ in range(2):
        people.at_b.confirm(bundle, "rejected", reason="himitsu")
    reply = people.auditor.get("/v1/audit/events?bundle_id=" + bundle.bundle_id)
    kinds = [event["type"] for event in reply.json["events"] if event["type"] not in ("payload_destroyed", "bundle_sent")]
    assert kinds == ["bundle_accepted", "bundle_claimed", "bundle_rejected"]
    assert "himitsu" not in reply.body.decode() and bundle.claim_id not in reply.body.decode()


@covers("404 not_found", "400 malformed_request")
def test_unknown_bundles_and_malformed_filters_are_told(people):
    assert people.auditor.get("/v1/audit/bundles/0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10").answer == (404, "not_found")
    for query in ("type=nothing", "office=1", "user_id=x", "from=yesterday", "bundle_id=X"):
        reply = people.auditor.get("/v1/audit/events?" + query)
        assert reply.answer == (400, "malformed_request"), query
        assert reply.json["errors"][0]["pointer"] == query.split("=")[0]
