"""The reference client relay-client against the server (commands.md)."""

import base64
import glob
import json
import os
import subprocess
import sys
import threading

import pytest
from coverage_tags import covers
from openssl_cms import content, encrypt, fingerprint, sha256
from reference_client import Client
from relay_client import Bundle, eventually, make_zip, open_payload
from relay_stack import ROOT
from stack import standard_files
from tcp_proxy import TcpProxy


@pytest.fixture(scope="module")
def clients(stack, people):
    return Client(stack, people.a), Client(stack, people.b)


@pytest.fixture
def unit(people, tmp_path):
    """Files of a real sending unit from a to b, with a PDF."""
    folder = tmp_path / "unit"
    subprocess.run([sys.executable, "-B", os.path.join(ROOT, "deploy", "stack", "sample_files.py"), str(folder), people.a.number, people.b.number],
                   check=True)
    return sorted(folder.iterdir())


def contents(paths):
    return {os.path.basename(path): open(path, "rb").read() for path in paths}


def received(folder):
    return contents(path for path in glob.glob(str(folder) + "/**/*", recursive=True)
                    if os.path.isfile(path) and path.upper().endswith((".CSV", ".PDF", ".PNG")))


@covers("§4 a client written apart from the tests")
def test_a_sending_unit_arrives_byte_for_byte_and_only_once(clients, unit, tmp_path):
    sender, recipient = clients
    assert sender.run("check", *[path for path in unit if path.suffix == ".CSV"])
    sent = json.loads(sender.run("--json", "send", "--to", "2670100029", "--message", "十一月分です。", *unit))
    assert sent["state"] == "waiting"
    listed = recipient.run("inbox")
    assert sent["bundle_id"] in listed and "十一月分です。" in listed
    recipient.run("fetch", sent["bundle_id"], "--into", tmp_path / "in")
    assert received(tmp_path / "in") == contents(unit)
    refused = recipient.run("fetch", sent["bundle_id"], "--into", tmp_path / "again", code=1)
    assert refused.strip() and not received(tmp_path / "again")
    assert "fetched" in sender.run("outbox")


@covers("§5 chunks of the reference client")
def test_large_attachments_go_in_chunks(clients, tmp_path):
    sender, recipient = clients
    scan = tmp_path / "scan.png"
    scan.write_bytes(os.urandom(18 << 20))
    sent = json.loads(sender.run("--json", "send", "--to", "2670100029", scan))
    assert sent["payload"]["size"] > 18 << 20
    recipient.run("fetch", "--all", "--into", tmp_path / "in")
    assert received(tmp_path / "in") == {"scan.png": scan.read_bytes()}


@covers("§5 a killed sender goes on")
def test_a_sender_that_was_killed_goes_on_with_the_same_bundle_in_a_new_run(stack, people, clients, tmp_path):
    line, recipient = TcpProxy(stack.endpoint.port), clients[1]
    line.set("pass", rate=2 << 20)
    sender = Client(stack, people.a, line.port)
    scan = tmp_path / "scan.png"
    scan.write_bytes(os.urandom(40 << 20))
    before = {one["bundle_id"] for one in people.at_a.pages("/v1/outbox", "bundles")}

    def begun():
        new = [one for one in people.at_a.pages("/v1/outbox", "bundles") if one["bundle_id"] not in before]
        return new and new[0]["state"] == "uploading" and len(new[0]["missing_chunks"]) < 10 and new[0]["bundle_id"]
    first = sender.start("send", "--to", "2670100029", scan)
    bundle_id = eventually(begun, 60, "some chunks are there")
    first.kill()
    first.wait()
    line.set("pass", rate=None)
    sent = json.loads(sender.run("--json", "send", "--to", "2670100029", scan))
    assert sent["bundle_id"] == bundle_id and sent["state"] == "waiting"
    assert not glob.glob(os.path.join(stack.certs, people.a.user_id + ".state", "uploads", "*")), "nothing is kept of what was sent"
    recipient.run("fetch", bundle_id, "--into", tmp_path / "in")
    assert received(tmp_path / "in") == {"scan.png": scan.read_bytes()}
    again = json.loads(sender.run("--json", "send", "--to", "2670100029", scan))
    assert again["bundle_id"] != bundle_id, "to send it once more is another bundle"
    sender.run("withdraw", again["bundle_id"])


def names_below(folder):
    return {name for _, _, names in os.walk(folder) for name in names}


@covers("§4 nothing is shown of a payload whose tag is wrong")
@pytest.mark.parametrize("language, words", [("en_US.UTF-8", "the authentication tag is wrong"), ("ja_JP.UTF-8", "認証タグが正しくありません")])
def test_nothing_is_shown_of_a_large_payload_whose_tag_was_wrong_when_it_was_signed(people, clients, tmp_path, language, words):
    scan = os.urandom(40 << 20)
    payload = bytearray(encrypt(make_zip([("scan.png", scan)]), [people.b.cert]))
    payload[-1] ^= 1  # DER: the tag stands at the end
    bundle = Bundle(people.a, people.b, [("scan.png", scan)], payload=bytes(payload), chunk_size=16 << 20)
    people.at_a.send(bundle)
    into, seen, ended = tmp_path / "in", set(), threading.Event()

    def watch():
        while not ended.wait(0.002):
            seen.update(names_below(into))
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        told = clients[1].run("fetch", bundle.bundle_id, "--into", into, code=1, language=language)
    finally:
        ended.set()
        watcher.join()
    assert words in told and told.strip().endswith("(unusable_content)"), told
    assert {"payload.cms", "payload.zip.part"} <= seen, "all was there, and the tag came last"
    assert not {name for name in seen if name.endswith((".png", ".zip"))}, "nothing under its name, not even while it ran"
    assert not any(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(into) for name in names)
    for end in (people.at_a.sent(bundle), people.at_b.received(bundle)):
        assert end.json["state"] == "rejected" and words in end.json["rejected"]["reason"], end
    word, signer = content(people.at_a.sent(bundle).json["signed_receipt"])
    assert signer == fingerprint(people.b.cert)
    word = json.loads(word)
    assert (word["outcome"], word["manifest_sha256"]) == ("rejected", sha256(bundle.raw)) and words in word["reason"]
    assert clients[1].run("fetch", bundle.bundle_id, "--into", into, code=1), "it is over"
    assert not {name for name in names_below(into) if name.endswith((".png", ".zip", ".part", ".cms"))}


def test_a_folder_of_files_is_sorted_to_offices_by_its_names(stack, people, clients, tmp_path):
    sender, recipient = clients
    folder = tmp_path / "month"
    folder.mkdir()
    for number in (people.b.number, people.c.number):
        for name, data in standard_files.unit("P6", people.a.number, number):
            (folder / name).write_bytes(data)
    sender.run("send-batch", folder)
    waiting = [terminal.pages("/v1/inbox", "bundles") for terminal in (people.at_b, people.at_c)]
    assert all(any(one["files"][0]["name"].startswith("UPJSK") for one in inbox) for inbox in waiting)
    recipient.run("fetch", "--all", "--into", tmp_path / "in")


def test_what_the_tests_client_sends_the_reference_client_opens_and_the_other_way_round(people, clients, tmp_path):
    sender, recipient = clients
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    recipient.run("fetch", bundle.bundle_id, "--into", tmp_path / "in")
    assert received(tmp_path / "in") == dict(bundle.files)
    memo = tmp_path / "memo.pdf"
    memo.write_bytes(b"%PDF-1.4 memo")
    sent = json.loads(sender.run("--json", "send", "--to", people.b.number, memo))
    other = Bundle(people.a, people.b, bundle_id=sent["bundle_id"])
    taken = people.at_b.claim(other).json
    assert open_payload(base64.b64decode(taken["payload"]), people.b) == [("memo.pdf", b"%PDF-1.4 memo")]


def test_wrong_files_are_refused_before_anything_is_sent(clients, tmp_path):
    sender, _ = clients
    bad = tmp_path / "free.csv"
    bad.write_bytes(b"1,2\r\n")
    before = sender.run("outbox")
    assert "free.csv" in sender.run("send", "--to", "2670100029", bad, code=1)
    assert sender.run("outbox") == before
    assert sender.run("send", "--to", "12", bad, code=2)


def test_a_bundle_is_withdrawn(people, clients, tmp_path):
    sender, _ = clients
    memo = tmp_path / "memo.pdf"
    memo.write_bytes(b"%PDF-1.4 memo")
    sent = json.loads(sender.run("--json", "send", "--to", people.c.number, memo))
    sender.run("withdraw", sent["bundle_id"])
    eventually(lambda: people.at_c.get("/v1/inbox/" + sent["bundle_id"]).json["state"] == "withdrawn", 5, "withdrawn")
