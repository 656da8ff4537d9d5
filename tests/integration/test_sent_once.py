"""What relay-client remembers of what it sent: nothing is lost unseen, and nothing is sent twice because it was forgotten."""

import json
import os
import shutil
import subprocess
import time

import pytest
from reference_client import Client
from relay_client import eventually
from stack import standard_files

DAY = 24 * 3600


@pytest.fixture(autouse=True)
def state(stack, people, line):
    """The folder in which the sender keeps what it has not finished."""
    line.set("pass")
    folder = os.path.join(stack.certs, people.a.user_id + ".state")
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@pytest.fixture
def memo(tmp_path):
    file = tmp_path / "memo.pdf"
    file.write_bytes(b"%PDF-1.4 " + os.urandom(40000))
    return file


@pytest.fixture
def month(people, tmp_path):
    """Three units to office b in a folder."""
    folder = tmp_path / "month"
    folder.mkdir()
    for i in range(3):
        for name, data in standard_files.unit("P6", people.a.number, people.b.number, stamp="202611220915%02d" % i, seed=os.urandom(2)[0]):
            (folder / name).write_bytes(data)
    return folder


def sent_by(people):
    return {one["bundle_id"]: one["state"] for one in people.at_a.pages("/v1/outbox", "bundles")}


def uploads(state):
    folder = os.path.join(state, "uploads")
    return sorted(os.path.join(folder, name) for name in os.listdir(folder)) if os.path.isdir(folder) else []


def send_without_an_answer(people, line, sender, *command):
    """The ID of what the relay accepted, while its sender was told nothing."""
    before = sent_by(people)
    line.set("mute", after=20_000)
    process = sender.start(*command)
    new = eventually(lambda: {k for k, v in sent_by(people).items() if k not in before and v == "waiting"}, 60, "the relay has it")
    process.kill()
    process.wait(30)
    line.set("pass")
    return new.pop()


def test_what_was_withdrawn_before_its_sender_had_the_answer_is_sent_anew_by_the_same_command(people, line, sender, memo):
    lost = send_without_an_answer(people, line, sender, "send", "--to", people.b.number, memo)
    sender.run("withdraw", lost)
    sent = sender.json("send", "--to", people.b.number, memo)
    assert sent["bundle_id"] != lost and sent["state"] == "waiting"


def test_a_draft_whose_bundle_was_withdrawn_stays_and_says_so(people, line, sender, memo, tmp_path):
    drafts = ("--drafts", tmp_path / "drafts")
    draft = sender.json(*drafts, "draft", "save", "--to", people.b.number, memo)["draft"]
    lost = send_without_an_answer(people, line, sender, *drafts, "draft", "send", draft)
    sender.run("withdraw", lost)
    told = sender.run(*drafts, "draft", "send", draft, code=1)
    assert lost in told and told.strip().endswith("(withdrawn)")
    assert sender.json(*drafts, "draft", "send", draft)["bundle_id"] != lost


def test_a_batch_says_which_bundle_was_withdrawn_before_its_answer_came(people, line, sender, tmp_path):
    (tmp_path / "month").mkdir()
    filler = os.urandom(40000).hex().encode()
    for name, data in standard_files.unit("P6", people.a.number, people.b.number, stamp="20261122101500"):
        (tmp_path / "month" / name).write_bytes(data.replace("例文　専門員".encode("cp932"), "例文　専門員".encode("cp932") + filler, 1))
    lost = send_without_an_answer(people, line, sender, "send-batch", tmp_path / "month", "--names-only")
    sender.run("withdraw", lost)
    for _ in range(2):
        done = sender.json("send-batch", tmp_path / "month", "--names-only", code=1)
        assert done["results"][0]["bundle_id"] == lost and "withdrawn" in done["results"][0]["problem"]["detail"]


def test_a_unit_sent_once_more_as_advised_is_not_sent_a_third_time_by_its_batch(people, sender, month):
    (month / "letter.pdf").write_bytes(b"%PDF to nobody")
    first = sender.json("send-batch", month, code=1)
    sender.run("withdraw", first["results"][0]["bundle_id"])
    assert "send --to" in sender.json("send-batch", month, code=1)["results"][0]["problem"]["detail"]
    anew = sender.json("send", "--to", people.b.number, *[month / name for name in first["results"][0]["files"]])
    before = sent_by(people)
    (month / "letter.pdf").unlink()
    last = sender.json("send-batch", month)
    assert last["calls"] == 0 and anew["bundle_id"] in {one["bundle_id"] for one in last["results"]} and sent_by(people) == before


@pytest.mark.parametrize("days", [8, 100])
def test_a_broken_batch_goes_on_weeks_later_without_sending_anything_twice(people, sender, month, state, days):
    (month / "letter.pdf").write_bytes(b"%PDF to nobody")
    first = sender.json("send-batch", month, code=1)
    for folder in uploads(state):
        os.utime(folder, (time.time() - days * DAY,) * 2)
    (month / "letter.pdf").unlink()
    before = sent_by(people)
    again = sender.json("send-batch", month)
    assert again["calls"] == 0 and sent_by(people) == before
    assert {one["bundle_id"] for one in again["results"]} == {one["bundle_id"] for one in first["results"]}


def test_an_answer_lost_a_week_ago_is_asked_for_before_anything_is_sent_again(people, line, sender, memo, tmp_path, state):
    lost = send_without_an_answer(people, line, sender, "send", "--to", people.b.number, memo)
    os.utime(uploads(state)[0], (time.time() - 8 * DAY,) * 2)
    other = tmp_path / "other.pdf"
    other.write_bytes(b"%PDF-1.4 other")
    sender.run("send", "--to", people.b.number, other)  # clears away what is old
    assert sorted(os.listdir(uploads(state)[0])) == ["lock", "manifest.cms"]
    assert sender.json("send", "--to", people.b.number, memo)["bundle_id"] == lost and not uploads(state)


@pytest.mark.parametrize("batch", [False, True])
def test_what_nobody_could_be_told_is_told_by_the_next_run_and_not_sent_again(people, sender, memo, month, batch):
    command = ("send-batch", month) if batch else ("send", "--to", people.b.number, memo)
    before = sent_by(people)
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run(sender.command(*command), stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 1 and "standard output" in done.stderr
    sent = sent_by(people)
    assert len(sent) == len(before) + (3 if batch else 1)
    told = sender.run(*command)
    assert all(bundle_id in told for bundle_id in sent if bundle_id not in before) and sent_by(people) == sent


def test_a_batch_cut_off_while_it_was_forgotten_is_only_told_again(people, sender, month, state):
    with open("/dev/full", "w", encoding="ascii") as full:
        subprocess.run(sender.command("send-batch", month), stdout=full, stderr=subprocess.DEVNULL, timeout=120)
    sent, kept = sent_by(people), uploads(state)
    ids = [people.at_a.get("/v1/outbox/" + one).json for one in sent]
    # As a crash leaves it: the mark is written, and some of what it names is gone.
    lock = [name for name in os.listdir(state) if name.startswith("batch-")][0]
    newest = [one["bundle_id"] for one in sorted(ids, key=lambda one: one["accepted_at"])[-3:]]
    with open(os.path.join(state, lock + ".told"), "w", encoding="ascii") as file:
        json.dump(dict(zip(map(os.path.basename, kept), newest)), file)
    for folder in kept[:2]:
        shutil.rmtree(folder)
    again = sender.json("send-batch", month)
    assert again["calls"] == 0 and {one["status"] for one in again["results"]} == {200} and sent_by(people) == sent
    assert not uploads(state) and not [name for name in os.listdir(state) if name.endswith(".told")]


def test_a_draft_that_another_user_was_sending_is_not_sent_by_oneself(stack, people, line, sender, memo, tmp_path):
    drafts = ("--drafts", tmp_path / "drafts")
    draft = sender.json(*drafts, "draft", "save", "--to", people.b.number, memo)["draft"]
    lost = send_without_an_answer(people, line, sender, *drafts, "draft", "send", draft)
    before = sent_by(people)
    other = Client(stack, people.c)
    assert people.a.user_id in other.run(*drafts, "draft", "send", draft, code=1)
    assert len(other.json(*drafts, "draft", "list")["drafts"]) == 1
    assert sender.json(*drafts, "draft", "send", draft)["bundle_id"] == lost and sent_by(people) == before


def test_a_folder_with_links_that_lead_nowhere_is_sent_all_the_same(people, sender, month):
    (month / "circle").symlink_to("circle")
    (month / "nowhere").symlink_to("away")
    assert len(sender.json("send-batch", month)["results"]) == 3
