"""Certificates and licences from the operator's side, as offices notice them (protocol.md §3, commands.md)."""

import fcntl
import json
import os
import stat
import time

from coverage_tags import covers
from relay_client import Bundle, Terminal, eventually
from relay_stack import cms

SETTINGS = {"certificates__register_unknown": "true"}


@covers("§3 registration on first use")
def test_a_certificate_of_an_accepted_outside_ca_registers_itself_when_the_operator_allows(stack, people, tmp_path):
    outside = cms.OutsideCa(str(tmp_path / "ca"))
    stack.trust_outside(outside)
    person = people.a.using(*outside.issue("/CN=" + people.a.user_id))

    def signed_in():
        try:
            return Terminal(stack.endpoint, person).sign_in().status == 201
        except OSError:
            return False
    eventually(signed_in, 6, "the outside certificate signs in")
    assert cms.fingerprint(person.cert) in stack.ctl("certificate", "list", "--json")


@covers("401 wrong_certificate")
def test_an_unknown_user_is_not_registered_by_its_certificate(stack, people, tmp_path):
    outside = cms.OutsideCa(str(tmp_path / "ca"), "Another outside CA")
    stack.trust_outside(outside)
    person = people.a.using(*outside.issue("/CN=KJ777777777777"))

    def refused():
        try:
            return Terminal(stack.endpoint, person).get("/v1/inbox").answer == (401, "wrong_certificate")
        except OSError:
            return False
    eventually(refused, 6, "the unknown user is refused")


@covers("§3 reloading")
def test_an_intermediate_that_the_client_alone_sends_outlives_a_change_of_trust(stack, people, tmp_path):
    outside, another = (cms.OutsideCa(str(tmp_path / name), name) for name in ("Root", "Another root"))
    stack.trust_outside(outside)
    person = people.a.using(*outside.intermediate("Between").issue("/CN=" + people.a.user_id))
    newcomer = people.b.using(*another.issue("/CN=" + people.b.user_id))

    def signed_in(who):
        try:
            terminal = Terminal(stack.endpoint, who)
            return terminal if terminal.sign_in().status == 201 else None
        except OSError:
            return None
    terminal = eventually(lambda: signed_in(person), 6, "the outside certificate signs in")
    terminal.open()
    stack.trust_outside(another)
    eventually(lambda: signed_in(newcomer), 6, "the trust has changed")
    assert terminal.inbox().status == 200
    assert terminal.put(Bundle(person, people.b)).status == 201


def test_issued_files_are_a_private_key_and_a_certificate_that_names_user_and_office(stack, people):
    assert stat.S_IMODE(os.stat(people.a.key).st_mode) == 0o600
    text = cms.openssl("x509", "-in", people.a.cert, "-noout", "-text", "-nameopt", "RFC2253,oid").decode()
    assert people.a.user_id in text
    assert people.a.number in text and "2.5.4.97" in text or "organizationIdentifier" in text
    assert "TLS Web Client Authentication" in text


def test_wrong_certificate_orders_are_refused_with_one_line(stack, people, tmp_path):
    wrong_cn = cms.OutsideCa(str(tmp_path / "ca")).issue("/CN=" + people.b.user_id)[0]
    for args in (("certificate", "issue", "KJ888888888888", "--out", str(tmp_path / "x")),
                 ("certificate", "issue", "HD000000000001", "--out", str(tmp_path / "y")),
                 ("certificate", "import", people.a.user_id, wrong_cn)):
        done = stack.ctl(*args, check=False)
        assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1, (args, done)


def test_a_revocation_takes_any_reason_and_the_crl_tells_those_of_the_standard(stack, people):
    def revoke(reason):
        person = people.a.using(*stack.issue(people.a.user_id))
        name = cms.fingerprint(person.cert)
        stack.ctl("certificate", "revoke", name, "--reason", reason)
        kept = [entry for entry in json.loads(stack.ctl("certificate", "list", "--json")) if entry["sha256"] == name]
        assert [entry["reason"] for entry in kept] == [reason]
        return cms.openssl("x509", "-in", person.cert, "-noout", "-serial").decode().strip().split("=")[1]
    in_words, in_code = revoke("the PC was stolen"), revoke("keyCompromise")
    crl = cms.openssl("crl", "-in", os.path.join(stack.setting("ca.directory"), "ca.crl"), "-noout", "-text").decode()
    entries = {entry.split()[0]: "Key Compromise" in entry for entry in crl.split("Serial Number: ")[1:]}
    assert (entries[in_words], entries[in_code]) == (False, True)


def test_a_crl_is_never_written_over_one_that_knows_more(stack, people):
    persons = [people.a.using(*stack.issue(people.a.user_id)) for _ in range(2)]
    names = [cms.fingerprint(person.cert) for person in persons]
    serials = [cms.openssl("x509", "-in", person.cert, "-noout", "-serial").decode().strip().split("=")[1] for person in persons]
    folder = stack.setting("ca.directory")

    def in_crl():
        text = cms.openssl("crl", "-in", os.path.join(folder, "ca.crl"), "-noout", "-text").decode()
        return [serial for serial in serials if serial in text]

    def revoked():
        return [entry["sha256"] for entry in json.loads(stack.ctl("certificate", "list", "--json")) if "revoked_at" in entry]
    writer = os.open(folder, os.O_RDONLY)  # stands for a relayctl that has read the list and not yet written it
    try:
        fcntl.flock(writer, fcntl.LOCK_EX)
        commands = [stack.start_ctl("certificate", "revoke", name) for name in names]
        eventually(lambda: set(names) <= set(revoked()), 10, "both are revoked")
        time.sleep(0.5)
        assert [command.poll() for command in commands] == [None, None] and in_crl() == []
    finally:
        os.close(writer)
    assert [command.wait(timeout=20) for command in commands] == [0, 0]
    assert in_crl() == serials


def test_a_key_that_is_there_is_never_replaced(stack, people, tmp_path):
    prefix = str(tmp_path / "office")
    with open(prefix + ".key", "w", encoding="ascii") as file:
        file.write("of another certificate")
    before = stack.ctl("certificate", "list", "--json")
    done = stack.ctl("certificate", "issue", people.a.user_id, "--out", prefix, check=False)
    assert done.returncode == 1 and prefix + ".key" in done.stderr
    with open(prefix + ".key", encoding="ascii") as file:
        assert file.read() == "of another certificate"
    assert not os.path.exists(prefix + ".pem") and stack.ctl("certificate", "list", "--json") == before


@covers("403 licence_required")
def test_sending_and_downloading_need_a_licence_and_nothing_else_does(stack, people):
    office = stack.office(licence=False)
    terminal = stack.terminal(office)
    assert terminal.put(Bundle(office, people.b)).answer == (403, "licence_required")
    stack.grant(office.number)
    first, second = Bundle(people.a, office), Bundle(office, people.b)
    eventually(lambda: people.at_a.get("/v1/offices/" + office.number).json["accepting"], 6, "the licence is known")
    people.at_a.send(first)
    terminal.send(second)
    stack.ctl("licence", "end", office.number, "--on", "2020-01-01")
    eventually(lambda: terminal.claim(first).answer == (403, "licence_required"), 6, "the licence has ended")
    assert terminal.inbox().status == 200 and terminal.received(first).status == 200
    assert terminal.withdraw(second).status == 200


@covers("422 recipient_not_accepting")
def test_nothing_is_sent_to_an_office_without_a_licence(stack, people):
    office = stack.office(licence=False)
    assert people.at_a.put(Bundle(people.a, office)).answer == (422, "recipient_not_accepting")
