"""A download folder that several offices or relays share: nobody loses what another has begun."""

import glob
import json
import os

import pytest
from reference_client import Client
from relay_client import Bundle, eventually


@pytest.fixture
def begun(stack, people, line, tmp_path):
    """(bundle, its record) of a download that office b has claimed and begun through the line, and that was killed."""
    bundle = Bundle(people.a, people.b, [("scan.png", os.urandom(2 << 20))], chunk_size=1 << 20)
    people.at_a.send(bundle)
    line.set("pass", rate=128 << 10)
    process = Client(stack, people.b, line.port).start("fetch", bundle.bundle_id, "--into", tmp_path)
    work = tmp_path / ".relay-claims" / (bundle.bundle_id + ".work") / "payload.cms"
    try:
        eventually(lambda: work.exists() and work.stat().st_size > 0, 30, "something has arrived under the claim")
    finally:
        process.kill()
        process.wait(30)
        line.set("pass", rate=None)
    return bundle, tmp_path / ".relay-claims" / bundle.bundle_id


def arrived(folder, bundle):
    return {os.path.basename(path): open(path, "rb").read() for path in glob.glob(str(folder / bundle.bundle_id / "*"))} == dict(bundle.files)


def test_another_office_leaves_a_begun_download_alone_and_it_goes_on(stack, people, line, begun, tmp_path):
    bundle, record = begun
    other, kept = Client(stack, people.c, line.port), record.read_bytes()
    assert "nothing to fetch" in other.run("fetch", "--all", "--into", tmp_path)
    assert people.b.number in other.run("fetch", bundle.bundle_id, "--into", tmp_path, code=1)
    assert record.read_bytes() == kept
    Client(stack, people.b, line.port).run("fetch", "--all", "--into", tmp_path)
    assert arrived(tmp_path, bundle) and not record.exists()


def test_a_begun_download_that_does_not_say_whose_it_is_survives_another_office(stack, people, line, begun, tmp_path):
    bundle, record = begun
    old = json.dumps({"claim_id": json.loads(record.read_text())["claim_id"]}) + "\n"  # as earlier versions wrote it
    record.write_text(old)
    told = Client(stack, people.c, line.port).run("fetch", "--all", "--into", tmp_path, code=1)
    assert str(record) in told and told.strip().endswith("(not_found)") and record.read_text() == old
    Client(stack, people.b, line.port).run("fetch", "--all", "--into", tmp_path)
    assert arrived(tmp_path, bundle) and people.at_b.received(bundle).json["confirmation"] == "receipt"


def test_a_download_begun_at_another_address_waits_until_it_is_asked_for_by_name(stack, people, begun, tmp_path):
    bundle, record = begun
    direct = Client(stack, people.b)
    assert "nothing to fetch" in direct.run("fetch", "--all", "--into", tmp_path) and record.exists()
    direct.run("fetch", bundle.bundle_id, "--into", tmp_path)
    assert arrived(tmp_path, bundle) and not record.exists()
