"""The secure channel: which versions and which client certificates get through (protocol.md §3)."""

import socket
import ssl
import subprocess

import pytest
from coverage_tags import covers
from relay_client import Bundle, Terminal, eventually, tls
from relay_stack import cms


def answers(stack, cert=None, key=None, version=ssl.TLSVersion.TLSv1_3):
    """Whether the server answers a request at all on a new connection."""
    context = tls(stack.endpoint.ca, version=version)
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # so that it is the server that refuses a weak certificate
    if cert:
        context.load_cert_chain(cert, key)
    try:
        with socket.create_connection((stack.endpoint.host, stack.endpoint.port), 20) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as stream:
                stream.sendall(b"GET /v1/inbox HTTP/1.1\r\nHost: x\r\n\r\n")
                return stream.recv(100).startswith(b"HTTP/1.1 ")
    except (ssl.SSLError, ConnectionError):
        return False


@covers("§3 TLS 1.3 only")
def test_tls_1_3_is_spoken_and_older_versions_are_not(stack, people):
    assert answers(stack, people.a.cert, people.a.key)
    assert not answers(stack, people.a.cert, people.a.key, ssl.TLSVersion.TLSv1_2)


@covers("§2 ALPN")
def test_http_1_1_is_selected_when_offered(stack, people):
    context = tls(stack.endpoint.ca, people.a.cert, people.a.key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection((stack.endpoint.host, stack.endpoint.port), 20) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as stream:
            assert stream.selected_alpn_protocol() == "http/1.1"


@covers("§3 a client certificate is required")
def test_no_certificate_and_certificates_of_others_end_the_connection(stack, people, tmp_path):
    assert not answers(stack)
    stranger = cms.OutsideCa(str(tmp_path / "stranger"))
    assert not answers(stack, *stranger.issue("/CN=" + people.a.user_id))


@covers("§3 strength of client certificates", "401 wrong_certificate")
def test_of_an_accepted_ca_only_strong_certificates_with_one_cn_that_are_registered_are_served(stack, people, tmp_path):
    outside = cms.OutsideCa(str(tmp_path / "outside"), "Accepted outside CA")
    stack.trust_outside(outside)
    good = outside.issue("/CN=" + people.a.user_id)
    eventually(lambda: answers(stack, *good), 6, "the new CA is trusted")
    weak_key = outside.issue("/CN=" + people.a.user_id, key=("rsa:1024",))
    weak_hash = outside.issue("/CN=" + people.a.user_id, md="sha1")
    for_servers = outside.issue("/CN=" + people.a.user_id, usage="serverAuth")
    edwards = outside.issue("/CN=" + people.a.user_id, key=("ed25519",))
    for name, pair in (("RSA 1024", weak_key), ("SHA-1", weak_hash), ("serverAuth", for_servers), ("Ed25519", edwards)):
        assert not answers(stack, *pair), name
    for subject in ("/CN=" + people.a.user_id, "/CN=%s/CN=%s" % (people.a.user_id, people.b.user_id), "/O=nobody"):
        terminal = Terminal(stack.endpoint, people.a.using(*outside.issue(subject)))
        assert terminal.get("/v1/inbox").answer == (401, "wrong_certificate"), subject
        assert terminal.connection is None, "the connection is closed after that answer"
    stack.ctl("certificate", "import", people.a.user_id, good[0])
    eventually(lambda: Terminal(stack.endpoint, people.a.using(*good)).sign_in().status == 201, 6, "the imported certificate signs in")


@covers("401 certificate_revoked", "§3 revocation within five seconds")
def test_a_revoked_certificate_loses_open_connections_new_ones_and_its_session(stack, people):
    person = people.b.using(*stack.issue(people.b.user_id))
    terminal = stack.terminal(person)
    stack.ctl("certificate", "revoke", cms.fingerprint(person.cert), "--reason", "keyCompromise")

    def refused():
        try:
            return terminal.inbox().answer in ((401, "certificate_revoked"), (401, "wrong_certificate"))
        except (OSError, ssl.SSLError):
            return True
    eventually(refused, 6, "the open connection is refused")

    def closed_to():
        try:
            return Terminal(stack.endpoint, person).sign_in().answer == (401, "certificate_revoked")
        except (OSError, ssl.SSLError):
            return True
    eventually(closed_to, 6, "a new connection is refused")
    assert people.at_b.inbox().status == 200, "the user's other certificate goes on"


@covers("422 signer_not_registered")
def test_a_revoked_certificate_signs_no_manifest(stack, people):
    old = people.a.using(*stack.issue(people.a.user_id))
    stack.ctl("certificate", "revoke", cms.fingerprint(old.cert), "--reason", "superseded")

    def refused():
        bundle = Bundle(people.a, people.b)
        bundle.signed = cms.sign(bundle.raw, old)
        return people.at_a.put(bundle).answer == (422, "signer_not_registered")
    eventually(refused, 6, "its signature is refused")


@pytest.mark.parametrize("resumption", ["stateful", "tickets"])
@covers("§3 session resumption")
def test_tls_sessions_resume_with_the_client_certificate_again_and_again(stack, people, resumption):
    """Clients use a session once: every resumed connection brings the next one."""
    endpoint = stack.endpoint if resumption == "stateful" else stack.second(tls__resumption=resumption)
    command = ["openssl", "s_client", "-connect", "localhost:%d" % endpoint.port, "-cert", people.a.cert, "-key", people.a.key,
               "-CAfile", endpoint.ca, "-ign_eof"]
    session = stack.base + "/session-%s" % resumption
    request = b"GET /v1/nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    first = subprocess.run([*command, "-sess_out", session + "0"], input=request, capture_output=True, timeout=30)
    assert b"HTTP/1.1 404" in first.stdout and b"New, TLSv1.3" in first.stdout, first.stderr
    for n in range(3):
        again = subprocess.run([*command, "-sess_in", session + str(n), "-sess_out", session + str(n + 1)], input=request,
                               capture_output=True, timeout=30)
        assert b"Reused, TLSv1.3" in again.stdout and b"HTTP/1.1 404" in again.stdout, "resumption %d" % (n + 1)


@pytest.mark.parametrize("key_type", ["p256", "rsa2048"])
@covers("§3 kinds of keys")
def test_keys_of_both_kinds_sign_in(stack, people, key_type):
    person = people.c.using(*stack.issue(people.c.user_id, key_type))
    assert Terminal(stack.endpoint, person).sign_in().status == 201
