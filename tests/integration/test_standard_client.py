"""What an office does with relay-client beyond one bundle: a folder for many offices, drafts, lists (commands.md)."""

import concurrent.futures
import itertools
import os
import signal
import subprocess
import time

import pytest
from coverage_tags import covers
from reference_client import Client
from relay_client import Bundle
from relay_stack import SANITIZED
from stack import standard_files

OFFICES = 8 if SANITIZED else 40  # a sanitized relayctl takes its time for each


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files:
        (folder / name).write_bytes(data)
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def clients(stack, people):
    return Client(stack, people.a), Client(stack, people.b)


@pytest.fixture(scope="module")
def others(stack):
    """Offices that receive; made side by side, since each takes four runs of relayctl."""
    numbers = ["26702%05d" % i for i in range(OFFICES)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: stack.office(number, "相手先" + number[-2:]), numbers))
    return numbers


def spoil(files, i):
    """Seven ways to be bad; what is left can still be sorted to its office."""
    name, data = files[0]
    if i == 0:
        return files[1:]  # incomplete
    changes = [lambda d: d.replace(b"202407", b"20240", 1), lambda d: d + d.splitlines()[0] + b",\r\n", lambda d: d + b"\xf0\x40",
               lambda d: b"\xef\xbb\xbf" + d, lambda d: d.replace(b"202611", b"202610"), lambda d: b""]
    return [(name, changes[i - 1](data))] + files[1:]


@covers("POST /v1/outbox")
def test_a_hundred_bundles_for_many_offices_go_in_one_call_and_seven_bad_ones_keep_none(people, clients, others, tmp_path):
    sender, _ = clients
    folder, bad = tmp_path / "month", set()
    for i in range(100):
        files = standard_files.unit("P3", people.a.number, others[i % OFFICES], stamp="2026112009%02d%02d" % (i // 60, i % 60), seed=i)
        if i % 14 == 3:  # 3, 17, … 87: seven of them
            bad.add((others[i % OFFICES], files[0][0].split("_")[-1][:14]))
            files = spoil(files, i // 14)
        write(folder, files)
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / (others[0] + ".txt")).write_text("相手先へ\n一行目\n", encoding="utf-8")
    done = sender.json("send-batch", folder, "--message", "今月分です。", "--messages", letters, code=1)
    assert len(bad) == 7 and len(done["results"]) == 100 and done["calls"] == 1
    for result in done["results"]:
        key = (result["recipient"], result["files"][0].split("_")[-1][:14])
        assert (result["status"] == 201 and "bundle" in result) == (key not in bad), result
        assert result["kind"] == "登録" and ("bundle_id" in result) == (key not in bad)
        assert key not in bad or result["problem"]["detail"]
    assert sum(office["sent"] for office in done["offices"]) == 93 and sum(office["failed"] for office in done["offices"]) == 7
    assert len(done["offices"]) == OFFICES and not done["left_over"]
    sent = [bundle for bundle in people.at_a.pages("/v1/outbox", "bundles") if bundle["recipient"]["number"] in others]
    assert len(sent) == 93 and {one["bundle_id"] for one in sent} == {r["bundle_id"] for r in done["results"] if r["status"] == 201}


def test_files_that_nobody_can_sort_are_told_and_the_others_go(people, clients, tmp_path):
    sender, _ = clients
    write(tmp_path / "month", standard_files.unit("P6", people.a.number, people.b.number) + [("free.csv", b"1\r\n"), ("letter.pdf", b"%PDF")])
    done = sender.json("send-batch", tmp_path / "month", code=1)
    assert [result["status"] for result in done["results"]] == [201]
    assert sorted(one["file"] for one in done["left_over"]) == ["free.csv", "letter.pdf"]
    told = sender.run("send-batch", tmp_path / "month", code=1)
    assert "could not be sorted: 2" in told


def test_a_batch_that_is_too_large_for_one_call_is_split(people, clients, tmp_path):
    sender, _ = clients
    name = "例文　専門員".encode("cp932")
    for i in range(80):  # each some 165 kB when packed, so together more than the 16 MiB of one call
        stamp = "2026112010%02d%02d" % (i // 60, i % 60)
        filler = "".join("%s\r\n" % os.urandom(60).hex() for _ in range(2600)).encode()
        write(tmp_path / "month", [(file, data.replace(name, name + filler, 1))
                                   for file, data in standard_files.unit("P6", people.a.number, people.b.number, stamp=stamp)])
    done = sender.json("send-batch", tmp_path / "month")
    assert [result["status"] for result in done["results"]] == [201] * 80
    assert done["calls"] == 2


@covers("GET /v1/inbox")
def test_lists_tell_kind_version_and_what_became_of_each(people, clients, tmp_path):
    sender, recipient = clients
    files = write(tmp_path / "slips", standard_files.unit("P3", people.a.number, people.b.number, stamp="20261121101500"))
    deletion = write(tmp_path / "deletion", standard_files.unit("P5", people.a.number, people.b.number, stamp="20261121101501"))
    (tmp_path / "letter.txt").write_text("十一月分です。\n二行目。\n", encoding="utf-8")
    first = sender.json("send", "--to", people.b.number, "--message-file", tmp_path / "letter.txt", *files)["bundle_id"]
    second = sender.json("send", "--to", people.b.number, *deletion)["bundle_id"]
    listed = {one["bundle_id"]: one for one in recipient.json("inbox")["bundles"]}
    assert (listed[first]["kind"], listed[first]["csv_version"], listed[first]["message"]) == ("登録", "202407", "十一月分です。\n二行目。")
    assert listed[second]["kind"] == "削除"
    text = subprocess.run(recipient.command("inbox"), capture_output=True, text=True, timeout=120, env={**os.environ, "LC_ALL": "ja_JP.UTF-8"}).stdout
    assert "未 waiting" in text and "第6表（サービス利用票）予定" in text and "CSV 202407" in text and "    | 二行目。" in text
    recipient.run("fetch", first, second, "--into", tmp_path / "in")
    outbox = sender.run("outbox")
    place = outbox.index(first)
    assert "fetched" in outbox[place:place + 200] and "signed receipt" in outbox[place:]
    assert {path.name: path.read_bytes() for path in (tmp_path / "in" / first).glob("*.CSV")} == {path.name: path.read_bytes() for path in files}


def test_a_draft_is_sent_once_and_is_gone(people, clients, tmp_path):
    sender, _ = clients
    store = ("--drafts", tmp_path / "drafts")
    files = write(tmp_path / "slips", standard_files.unit("P3", people.a.number, people.b.number, stamp="20261121111500"))
    draft = sender.json(*store, "draft", "save", "--to", people.b.number, "--message", "下書き", *files)["draft"]
    for path in files:
        path.unlink()  # a draft holds its own copies
    listed = sender.json(*store, "draft", "list")["drafts"]
    assert [(one["draft"], one["message"], len(one["files"])) for one in listed] == [(draft, "下書き", 3)]
    assert os.stat(tmp_path / "drafts" / draft).st_mode & 0o077 == 0
    sent = sender.json(*store, "draft", "send", draft)
    assert sent["state"] == "waiting" and people.at_b.get("/v1/inbox/" + sent["bundle_id"]).status == 200
    assert sender.json(*store, "draft", "list")["drafts"] == []
    sender.run(*store, "draft", "send", draft, code=1)


def test_drafts_survive_a_kill_at_any_moment_and_are_sent_once(people, clients, tmp_path):
    sender, _ = clients
    store = ("--drafts", tmp_path / "drafts")
    files = write(tmp_path / "slips", standard_files.unit("P3", people.a.number, people.b.number, stamp="20261121121500"))
    saved = 0
    for wait in (0.0, 0.004, 0.01, 0.02, 0.05):  # killed before, while and after it saves
        process = subprocess.Popen(sender.command(*store, "draft", "save", "--to", people.b.number, *files), stdout=subprocess.DEVNULL)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        drafts = sender.json(*store, "draft", "list")["drafts"]
        assert all(len(one["files"]) == 3 and all((tmp_path / "drafts" / one["draft"] / "files" / name).stat().st_size > 0
                                                  for name in one["files"]) for one in drafts)
        assert len(drafts) >= saved
        saved = len(drafts)
    draft = sender.json(*store, "draft", "save", "--to", people.b.number, *files)["draft"]
    assert not list((tmp_path / "drafts").glob(".saving-*")), "what a crash left is cleared away"
    before = len(people.at_a.pages("/v1/outbox", "bundles"))
    for wait in (0.03, 0.08, 0.15, 0.25, 0.4, 0.8):
        process = subprocess.Popen(sender.command(*store, "draft", "send", draft), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    if any(one["draft"] == draft for one in sender.json(*store, "draft", "list")["drafts"]):
        sender.run(*store, "draft", "send", draft)
    assert len(people.at_a.pages("/v1/outbox", "bundles")) == before + 1


def test_a_draft_with_a_fault_stays_and_says_why(people, clients, tmp_path):
    sender, _ = clients
    store = ("--drafts", tmp_path / "drafts")
    files = write(tmp_path / "slips", standard_files.unit("P3", people.a.number, people.b.number)[:2])
    draft = sender.json(*store, "draft", "save", "--to", people.b.number, *files)["draft"]
    assert "unit.complete" in sender.run(*store, "draft", "send", draft, code=1)
    assert len(sender.json(*store, "draft", "list")["drafts"]) == 1
    sender.run(*store, "draft", "drop", draft)
    assert sender.json(*store, "draft", "list")["drafts"] == []


@covers("422 bad_file_combination")
def test_the_server_refuses_every_pair_of_files_that_is_no_sending_unit(people):
    """Every single file and every pair of tables, on the wire; a unit test goes through all larger sets."""
    permitted = {frozenset(one) for one in (
        ["DLT1KYO"], ["DLTPLAN"], ["UPJSK"], ["DLTJSK"], ["UPKIHON"], ["UPKIHON", "UPKIHON_SUB1"], ["UPKIHON", "UPKIHON_SUB2"],
        ["UPKIHON", "UPKIHON_IMAGE"], ["UPYOBO", "UPKIHON"], ["UPYOBO"], ["UPYOBO", "UPYOBO_SUB"], ["DLTKIHON"], ["DLTYOBO"])}
    tables = sorted({table for unit in standard_files.UNITS.values() for table in unit} | {"UPKIHON_IMAGE"})
    sets = [(table,) for table in tables] + list(itertools.combinations(tables, 2))
    payload = Bundle(people.a, people.b).payload
    bodies = []
    for one in sets:
        names = [standard_files.file_name(table, people.a.number, people.b.number, number=1 if table == "UPKIHON_IMAGE" else None) for table in one]
        bodies.append(Bundle(people.a, people.b, [(name, b"") for name in names], payload=payload).body())
    results = [result for start in range(0, len(bodies), 100)
               for result in people.at_a.call("POST", "/v1/outbox", {"bundles": bodies[start:start + 100]}).json["results"]]
    assert len(results) == len(sets) == 171
    for one, result in zip(sets, results):
        if frozenset(one) in permitted:
            assert result["status"] == 201, (one, result)
        else:
            assert (result["status"], result["problem"]["code"]) == (422, "bad_file_combination"), (one, result)
            assert all(error["detail"] and error["pointer"].startswith("/files") for error in result["problem"]["errors"])
