"""Whom relay-client trusts, what a renewed certificate still opens, and what it asks for once only."""

import glob
import os
import re
import subprocess
import time

import pytest
from openssl_cms import fingerprint
from reference_client import Client
from relay_client import Bundle, eventually
from tcp_proxy import TcpProxy


def own_mounts():
    return subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False).returncode == 0


def test_a_server_of_a_ca_that_the_system_trusts_is_refused_when_another_ca_is_named(stack, people, tmp_path):
    if not own_mounts():
        pytest.skip("this user may not mount")
    system, other = tmp_path / "certs", tmp_path / "other.pem"
    system.mkdir()
    with open(stack.endpoint.ca, encoding="ascii") as file:
        for i, one in enumerate(re.findall(r"-----BEGIN.*?-----END CERTIFICATE-----\n", file.read(), re.DOTALL)):
            (system / ("relay%d.pem" % i)).write_text(one)
    subprocess.run(["openssl", "rehash", str(system)], check=True, capture_output=True)
    assert list(system.glob("*.0")), "as the system looks them up"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=other",
                    "-days", "2", "-keyout", str(tmp_path / "other.key"), "-out", str(other)], check=True, capture_output=True)
    client = Client(stack, people.a)

    def outbox(ca):
        inner = ["sh", "-c", 'mount --bind "$0" /etc/ssl/certs && exec "$@"', str(system), *client.command("--ca", ca, "outbox")]
        return subprocess.run(["unshare", "-m", *inner], capture_output=True, text=True, timeout=120)
    good = outbox(stack.endpoint.ca)
    assert good.returncode == 0, good.stderr
    refused = outbox(other)
    assert refused.returncode == 1 and "(unreachable)" in refused.stderr and "certificate" in refused.stderr, refused.stderr


def test_after_a_renewal_what_was_encrypted_for_the_old_certificate_is_opened_with_it(stack, people, tmp_path):
    before = stack.office(name="更新した事業所")
    bundles = [Bundle(people.a, before, cover="更新の前に") for _ in range(2)]
    for bundle in bundles:
        people.at_a.send(bundle)
    now = before.using(*stack.issue(before.user_id, "rsa2048"))
    stack.ctl("certificate", "revoke", fingerprint(before.cert), "--reason", "superseded")
    client = Client(stack, now)
    told = client.run("fetch", bundles[0].bundle_id, "--into", tmp_path, code=1)
    assert "--old-cert" in told and told.strip().endswith("(other_certificate)")
    old = ("--old-cert", before.cert, "--old-key", before.key)
    assert "更新の前に" in client.run(*old, "inbox", "--state", "all") and "更新の前に" not in client.run("inbox", "--state", "all")
    client.run(*old, "fetch", bundles[0].bundle_id, "--into", tmp_path)
    with open(client.config, "a", encoding="utf-8") as file:
        file.write('old_cert = ["%s"]\nold_key = "%s"\n' % (before.cert, before.key))
    client.run("fetch", "--all", "--into", tmp_path)
    for bundle in bundles:
        names = {os.path.basename(path): path for path in glob.glob(str(tmp_path / bundle.bundle_id / "*"))}
        assert {name: open(names[name], "rb").read() for name, _ in bundle.files} == dict(bundle.files)
        assert people.at_a.sent(bundle).json["confirmation"] == "receipt"
    assert "in pairs" in client.run("--old-key", before.key, "--old-key", now.key, "inbox", code=2)


def test_a_password_change_without_an_answer_is_not_tried_again_and_says_that_it_may_have_happened(stack, tmp_path):
    person = stack.office()
    changed = stack.terminal(person)
    line = TcpProxy(stack.endpoint.port)
    (tmp_path / "new").write_text("Kaigo2027b\n")
    line.set("mute", after=1500)  # more than the client's first words of TLS, and less than all of them
    process = subprocess.Popen(Client(stack, person, line.port).command("password", "--new-file", tmp_path / "new"),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        eventually(lambda: changed.inbox().answer == (401, "session_expired"), 30, "the password is another")
        line.set("refuse")
        time.sleep(0.2)
        line.set("pass")
        told = process.communicate(timeout=60)[1]
    finally:
        process.kill()
        line.close()
    assert process.returncode == 1 and "may have been changed" in told and told.strip().endswith("(unreachable)"), told
    assert changed.sign_in(password="Kaigo2027b").status == 201, "and no try with the old one has locked the account"
