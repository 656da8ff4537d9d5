"""Whom relay-client trusts."""

import re
import subprocess

import pytest
from reference_client import Client


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
