"""A: who is let in, and when no longer."""

import datetime
import os
import signal
import ssl
import statistics
import time

import pytest
from coverage_tags import scenario
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from relay_client import Bundle, Terminal, eventually, receipt, together, tls
from relay_stack import PASSWORD, cms

REFUSED = (ssl.SSLError, ConnectionError)


def bytes_of_an_answer(endpoint, cert=None, key=None, version=ssl.TLSVersion.TLSv1_3):
    """What comes back to a request on a new connection, when anything does before an alert ends it."""
    context = tls(endpoint.ca, cert, key, version)
    try:
        with ssl.create_connection((endpoint.host, endpoint.port), 20) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as stream:
                stream.sendall(b"GET /v1/inbox HTTP/1.1\r\nHost: x\r\n\r\n")
                return stream.recv(100)
    except REFUSED:
        return b""


def leaf(authority, user_id, folder, begin, end):
    """A certificate of an outside CA for a time of one's choice."""
    with open(authority.pem, "rb") as pem, open(authority.key, "rb") as key:
        issuer, issuer_key = x509.load_pem_x509_certificate(pem.read()), serialization.load_pem_private_key(key.read(), None)
    own, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, user_id)]))
            .issuer_name(issuer.subject).public_key(own.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now + begin).not_valid_after(now + end)
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), False)
            .sign(issuer_key, hashes.SHA256()))
    base = str(folder / ("leaf-%d" % made.serial_number))
    with open(base + ".pem", "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    with open(base + ".key", "wb") as file:
        file.write(own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return base + ".pem", base + ".key"


@pytest.fixture(scope="module")
def outside(stack, people, tmp_path_factory):
    """A CA of others whose certificates the servers accept."""
    authority = cms.OutsideCa(str(tmp_path_factory.mktemp("outside")), "Accepted outside CA")
    stack.trust_outside(authority)
    good = authority.issue("/CN=" + people.a.user_id)
    eventually(lambda: bytes_of_an_answer(stack.endpoint, *good), 6, "the outside CA is trusted")
    return authority


@scenario("A1")
def test_without_a_client_certificate_there_is_an_alert_and_not_one_http_byte(stack):
    assert bytes_of_an_answer(stack.endpoint) == b""


@scenario("A2")
def test_certificates_of_a_wrong_chain_or_time_get_the_same_alert(stack, people, outside, tmp_path):
    day, hour = datetime.timedelta(days=1), datetime.timedelta(hours=1)
    stranger = cms.OutsideCa(str(tmp_path / "stranger"))
    assert bytes_of_an_answer(stack.endpoint, *leaf(outside, people.a.user_id, tmp_path, -hour, day)).startswith(b"HTTP/1.1 401")
    for name, pair in (("wrong chain", stranger.issue("/CN=" + people.a.user_id)),
                       ("expired", leaf(outside, people.a.user_id, tmp_path, -2 * day, -hour)),
                       ("not yet valid", leaf(outside, people.a.user_id, tmp_path, hour, day))):
        assert bytes_of_an_answer(stack.endpoint, *pair) == b"", name


@scenario("A2")
def test_a_certificate_in_the_crl_gets_the_same_alert(stack, people):
    """Its serial number is in the CRL, and nothing in the database says so."""
    person = people.c.using(*stack.issue(people.c.user_id))
    path = stack.setting("tls.client_crl")
    with open(path, "rb") as file, open(person.cert, "rb") as cert, open(stack.dir + "/ca/ca.key", "rb") as key:
        old, mine = x509.load_pem_x509_crl(file.read()), x509.load_pem_x509_certificate(cert.read())
        ca_key = serialization.load_pem_private_key(key.read(), None)
    now = datetime.datetime.utcnow()
    made = x509.CertificateRevocationListBuilder().issuer_name(mine.issuer).last_update(now).next_update(now + datetime.timedelta(days=1))
    for extension in old.extensions:
        if extension.oid != x509.ExtensionOID.CRL_NUMBER:
            made = made.add_extension(extension.value, extension.critical)
    entry = x509.RevokedCertificateBuilder().serial_number(mine.serial_number).revocation_date(now).build()
    text = made.add_extension(x509.CRLNumber(1 << 40), False).add_revoked_certificate(entry).sign(ca_key, hashes.SHA256())
    with open(path, "wb") as file:
        file.write(text.public_bytes(serialization.Encoding.PEM))
    stack.signal(signal.SIGHUP)
    eventually(lambda: bytes_of_an_answer(stack.endpoint, person.cert, person.key) == b"", 10, "the CRL holds")
    assert people.at_c.inbox().status == 200, "other certificates of the office go on"


@scenario("A3")
def test_a_revocation_during_use_ends_calls_and_a_parked_poll_on_both_and_touches_nobody_else(stack, people, second):
    person = people.c.using(*stack.issue(people.c.user_id))
    polling, calling = stack.terminal(person), Terminal(second.endpoint, person)
    calling.token = polling.token

    def revoke():
        stack.wait_for_parked_poll()
        stack.ctl("certificate", "revoke", cms.fingerprint(person.cert), "--reason", "keyCompromise")
        return time.monotonic()
    revoked_codes = {(401, "certificate_revoked"), (401, "wrong_certificate")}
    (polled, ended), revoked = together(lambda: (polling.inbox("?wait=60"), time.monotonic()), revoke)
    assert polled.answer in revoked_codes and polling.connection is None, "and the connection is closed"
    assert ended - revoked < 20

    def refused():
        try:
            return calling.inbox().answer in revoked_codes
        except OSError:
            return True
    eventually(refused, 6, "the revocation reaches the other server")
    assert people.at_c.inbox().status == 200 and second.at_c.inbox().status == 200 and people.at_a.inbox().status == 200


@scenario("A4")
def test_tls_1_2_is_refused_until_the_configuration_allows_it(stack, people):
    old = ssl.TLSVersion.TLSv1_2
    assert bytes_of_an_answer(stack.endpoint, people.a.cert, people.a.key, old) == b""
    lenient = stack.second(tls__min_version="1.2")
    assert bytes_of_an_answer(lenient, people.a.cert, people.a.key, old).startswith(b"HTTP/1.1 401")


@scenario("A5")
def test_a_right_password_under_another_certificate_never_locks_its_owner_out(stack, people):
    thief = Terminal(stack.endpoint, people.a)
    for _ in range(10):
        assert thief.sign_in(user_id=people.b.user_id, password=people.b.password).answer == (401, "wrong_certificate")
    assert Terminal(stack.endpoint, people.b).sign_in().status == 201


@scenario("A6")
def test_nobody_learns_whether_a_user_id_exists_is_closed_or_is_somebody_elses(stack, people):
    closed = stack.office()
    stack.ctl("user", "close", closed.user_id)
    terminal, times, texts = Terminal(stack.endpoint, people.a), {}, set()
    for _ in range(15):
        for user_id in ("KJ999999999999", closed.user_id, people.b.user_id):
            begin = time.monotonic()
            reply = terminal.sign_in(user_id=user_id)
            times.setdefault(user_id, []).append(time.monotonic() - begin)
            assert reply.answer == (401, "wrong_certificate")
            texts.add((reply.json["title"], reply.json["detail"], tuple(sorted(reply.json))))
    assert len(texts) == 1
    # No password is reckoned for one of them alone: that takes ten times as long as all the rest.
    quickest = [min(taken) for taken in times.values()]
    assert max(quickest) < 8 * min(quickest), {key: statistics.median(value) for key, value in times.items()}


@scenario("A9")
def test_a_token_is_nothing_under_another_certificate_of_anybody(stack, people):
    for thief in (people.b, people.a.using(*stack.issue(people.a.user_id))):
        reply = Terminal(stack.endpoint, thief, people.at_a.token).inbox()
        assert reply.answer == (401, "wrong_certificate") and reply.header("WWW-Authenticate") == "Bearer"


def change(terminal, old, new):
    return terminal.call("PUT", "/v1/password", {"user_id": terminal.person.user_id, "old": old, "new": new}, token=False)


@scenario("A11")
def test_an_expired_or_temporary_password_gives_no_token_until_it_is_changed(stack, hasty):
    """At the hasty server a password lasts one second."""
    temporary, expired = stack.office(temporary=True), stack.office()
    assert Terminal(stack.endpoint, temporary).sign_in().answer == (403, "password_expired")
    late = Terminal(hasty.endpoint, expired)
    refused = eventually(lambda: (lambda reply: reply if reply.status != 201 else None)(late.sign_in()), 10, "the password expires")
    assert refused.answer == (403, "password_expired") and "token" not in refused.json
    for person, terminal in ((temporary, Terminal(stack.endpoint, temporary)), (expired, late)):
        assert change(terminal, PASSWORD, "Kaigo2027b").status == 204
        assert Terminal(stack.endpoint, person).sign_in(password="Kaigo2027b").status == 201


@scenario("A12")
def test_a_changed_password_ends_every_token_on_both_and_the_last_three_do_not_return(stack, second):
    office = stack.office()
    tokens = [stack.terminal(office), stack.terminal(office, second.endpoint)]
    passwords = [PASSWORD, "Second2026", "Third2026x"]
    for old, new in zip(passwords, passwords[1:]):
        assert change(tokens[0], old, new).status == 204
    for terminal in tokens:
        eventually(lambda t=terminal: t.inbox().answer == (401, "session_expired"), 6, "the token ends")
    for used in passwords:
        assert change(tokens[1], passwords[-1], used).answer == (422, "bad_password")


@scenario("A13")
def test_an_old_client_is_told_which_version_it_needs(people, second):
    terminal = Terminal(second.endpoint, people.a)

    def sign_in(version):
        return terminal.sign_in(client={"name": "old", "version": version})
    refused = sign_in("1.9")
    assert refused.answer == (403, "client_too_old") and refused.json["minimum_version"] == "1.10"
    assert sign_in("1.x").answer == (400, "malformed_request")
    assert sign_in("1.10").status == 201


def wait_for_the_end_of_the_licence(people, terminal):
    never_sent = Bundle(people.a, terminal.person)
    eventually(lambda: terminal.claim(never_sent).answer == (403, "licence_required"), 6, "the licence has ended")


@scenario("A14")
def test_without_a_licence_nothing_is_sent_or_downloaded_and_all_else_works(stack, people):
    office = stack.office()
    terminal = stack.terminal(office)
    eventually(lambda: people.at_a.get("/v1/offices/" + office.number).json["accepting"], 6, "the office is known")
    large = Bundle(people.a, office, [("scan.png", os.urandom(100000))], chunk_size=65536)
    read, fresh, mine = Bundle(people.a, office), Bundle(people.a, office), Bundle(office, people.b)
    for bundle in (large, read, fresh):
        people.at_a.send(bundle)
    terminal.send(mine)
    assert terminal.claim(read).status == 200 and terminal.claim(large).status == 200
    upload = Bundle(office, people.b)
    assert terminal.put(upload, inline=False).status == 202
    stack.ctl("licence", "end", office.number, "--on", "2020-01-01")
    wait_for_the_end_of_the_licence(people, terminal)
    assert terminal.claim(fresh).answer == (403, "licence_required")
    assert stack.terminal(office).session["licence"]["state"] in ("none", "ended")
    assert terminal.put(Bundle(office, people.b)).answer == (403, "licence_required")
    assert terminal.put_chunk(upload, 0).answer == (403, "licence_required")
    assert terminal.chunk(large, 0).answer == (403, "licence_required")
    assert terminal.call("POST", "/v1/outbox", {"bundles": [mine.body()]}).answer == (403, "licence_required")
    assert terminal.inbox().status == 200 and terminal.get("/v1/outbox").status == 200 and terminal.received(fresh).status == 200
    assert terminal.confirm(read).status == 200 and terminal.withdraw(mine).status == 200


@scenario("F77")
def test_receipts_are_taken_after_the_licence_ended_each_on_its_own(stack, people):
    office = stack.office()
    terminal = stack.terminal(office)
    eventually(lambda: people.at_a.get("/v1/offices/" + office.number).json["accepting"], 6, "the office is known")
    bundles = [Bundle(people.a, office) for _ in range(4)]
    for bundle in bundles:
        people.at_a.send(bundle)
    for bundle in bundles[1:]:
        assert terminal.claim(bundle).status == 200
    stack.ctl("licence", "end", office.number, "--on", "2020-01-01")
    wait_for_the_end_of_the_licence(people, terminal)
    words = [{"bundle_id": bundle.bundle_id, "signed_receipt": receipt(bundle, office)} for bundle in bundles]
    done = terminal.call("POST", "/v1/inbox/receipts", {"receipts": words})
    assert [result["status"] for result in done.json["results"]] == [409, 200, 200, 200]


