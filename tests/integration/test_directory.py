"""Who is on the relay, and with which certificates (protocol.md §8)."""

import time
from urllib.parse import quote

from coverage_tags import covers
from relay_client import epoch, eventually
from relay_stack import cms


def numbers(terminal, query):
    return [one["number"] for one in terminal.pages("/v1/offices?" + query, "offices")]


@covers("GET /v1/offices")
def test_offices_are_listed_and_searched_by_prefecture_name_and_number(stack, people):
    other = stack.office("1300100011", "東京ケアセンター", prefecture="13")
    one = [entry for entry in people.at_a.pages("/v1/offices", "offices", limit=2) if entry["number"] == people.b.number]
    assert one == [{"number": people.b.number, "name": people.b.name, "prefecture": "26", "accepting": True}]
    eventually(lambda: numbers(people.at_a, "prefecture=13") == [other.number], 6, "the new office is listed")
    assert other.number not in numbers(people.at_a, "prefecture=26")
    assert numbers(people.at_a, "q=" + quote("どり訪問")) == [people.b.number]
    assert numbers(people.at_a, "q=26A0") == [people.c.number]
    assert numbers(people.at_a, "q=%25") == [] and numbers(people.at_a, "q=9999999999") == []


@covers("GET /v1/offices/{number}")
def test_an_office_comes_with_the_certificates_to_encrypt_for(stack, people):
    seen = people.at_a.get("/v1/offices/" + people.b.number)
    assert seen.status == 200 and seen.json["accepting"] is True
    (certificate,) = seen.json["certificates"]
    assert certificate["sha256"] == cms.fingerprint(people.b.cert) and certificate["user_id"] == people.b.user_id
    assert epoch(certificate["not_after"]) > time.time()
    assert cms.sha256(cms.openssl("x509", "-outform", "DER", data=certificate["pem"].encode())) == certificate["sha256"]


@covers("GET /v1/offices/{number}/certificates/{sha256}")
def test_a_revoked_certificate_leaves_the_list_but_can_still_be_had(stack, people):
    cert, _ = stack.issue(people.c.user_id)
    name = cms.fingerprint(cert)
    eventually(lambda: name in [c["sha256"] for c in people.at_a.get("/v1/offices/" + people.c.number).json["certificates"]], 6, "it is listed")
    stack.ctl("certificate", "revoke", name, "--reason", "superseded")
    eventually(lambda: name not in [c["sha256"] for c in people.at_a.get("/v1/offices/" + people.c.number).json["certificates"]], 6, "it is gone")
    old = people.at_a.get("/v1/offices/%s/certificates/%s" % (people.c.number, name))
    assert old.status == 200 and "registered_at" in old.json and "revoked_at" in old.json
    missing = people.at_a.get("/v1/offices/%s/certificates/%s" % (people.b.number, name))
    assert missing.answer == (404, "not_found"), "another office's"


@covers("404 not_found")
def test_unknown_and_closed_offices_are_not_found(stack, people):
    assert people.at_a.get("/v1/offices/9999999999").answer == (404, "not_found")
    office = stack.office()
    name = cms.fingerprint(office.cert)
    eventually(lambda: people.at_a.get("/v1/offices/" + office.number).status == 200, 6, "the office is known")
    stack.ctl("office", "close", office.number)
    eventually(lambda: people.at_a.get("/v1/offices/" + office.number).answer == (404, "not_found"), 6, "the office is closed")
    assert people.at_a.get("/v1/offices/%s/certificates/%s" % (office.number, name)).status == 200


@covers("§8 accepting")
def test_an_office_accepts_with_a_licence_and_a_certificate(stack, people):
    bare = stack.office(licence=False)

    def accepting():
        reply = people.at_a.get("/v1/offices/" + bare.number)
        return reply.json.get("accepting") if reply.status == 200 else None
    eventually(lambda: accepting() is False, 6, "known, not accepting")
    stack.grant(bare.number)
    eventually(lambda: accepting() is True, 6, "accepting")
    stack.ctl("certificate", "revoke", cms.fingerprint(bare.cert), "--reason", "superseded")
    eventually(lambda: accepting() is False, 6, "without a certificate again")
