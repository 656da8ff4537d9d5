"""A batch whose line breaks, whose answer is lost or whose client dies: the same command again, and everything is there once."""

import collections
import os
import shutil

import pytest
from coverage_tags import covers
from reference_client import Client
from relay_client import eventually
from relay_stack import cms
from stack import standard_files

UNITS = 24  # bundles, to two offices in turn
BEFORE_THE_BATCH = 20_000  # bytes: more than the client says before the call that sends, and less than that call


class Month:
    """A folder of exports, and what of it stands in the recipients' inboxes."""

    def __init__(self, people, folder, day, count=UNITS, sender=None):
        self.people, self.folder, self.units, self.day = people, folder, {}, day
        folder.mkdir()
        for i in range(count):
            recipient = (people.b, people.c)[i % 2]
            files = standard_files.unit("P3", (sender or people.a).number, recipient.number, stamp="202611%02d09%02d%02d" % (day, i // 60, i % 60), seed=i)
            for name, data in files:
                (folder / name).write_bytes(data)
            self.units[files[0][0]] = recipient.number

    def inboxes(self):
        """The units that are there, with the number of bundles of each, in the order of the inboxes."""
        there = collections.Counter()
        for terminal, person in ((self.people.at_b, self.people.b), (self.people.at_c, self.people.c)):
            for bundle in terminal.pages("/v1/inbox?state=all", "bundles"):
                for file in bundle["files"]:
                    if self.units.get(file["name"]) == person.number:
                        there[file["name"]] += 1
        return there

    def all_once(self):
        return self.inboxes() == {name: 1 for name in self.units}


@pytest.fixture(autouse=True)
def nothing_kept(stack, people):
    """Each test begins with nothing kept, whatever became of the one before it."""
    shutil.rmtree(os.path.join(stack.certs, people.a.user_id + ".state"), ignore_errors=True)


def kept(stack, people, what="*"):
    folder = os.path.join(stack.certs, people.a.user_id + ".state", "uploads")
    found = []
    for path, _, names in os.walk(folder):
        found += [name for name in names if what in ("*", name)]
    return found


@covers("§5 a batch again after a broken line")
@pytest.mark.parametrize("after", [BEFORE_THE_BATCH, 60_000, 100_000])
def test_a_batch_cut_in_the_middle_of_its_call_is_sent_once_by_the_next_run(stack, people, line, sender, tmp_path, after):
    month = Month(people, tmp_path / "month", day=1 + after % 7)
    line.set("cut", after=after)
    broken = sender.json("send-batch", month.folder, code=1)
    assert {result["problem"]["code"] for result in broken["results"]} == {"unreachable"} and not month.inboxes()
    packed = {result["bundle_id"] for result in broken["results"]}
    line.set("pass")
    sent = sender.json("send-batch", month.folder)
    assert {result["bundle_id"] for result in sent["results"]} == packed, "the same bundles"
    assert {result["status"] for result in sent["results"]} == {201} and month.all_once()
    assert not kept(stack, people), "nothing is kept of what was sent"


@covers("§5 a batch again after a lost answer")
def test_a_batch_whose_answer_was_lost_is_not_sent_again(stack, people, line, sender, tmp_path):
    month = Month(people, tmp_path / "month", day=11)
    line.set("mute", after=BEFORE_THE_BATCH)
    first = sender.start("send-batch", month.folder)
    eventually(month.all_once, 60, "the relay has the whole batch")
    line.set("refuse")
    assert first.wait(120) == 1
    line.set("pass")
    sent = sender.json("send-batch", month.folder)
    assert {result["status"] for result in sent["results"]} == {200} and month.all_once()
    assert not kept(stack, people)


@covers("§5 a killed batch goes on")
def test_a_batch_killed_at_any_moment_is_sent_once(stack, people, line, sender, tmp_path):
    month = Month(people, tmp_path / "month", day=12)

    def killed_when(condition, what):
        process = sender.start("send-batch", month.folder)
        try:
            eventually(condition, 60, what)
        finally:
            process.kill()
            process.wait(30)

    line.set("hold", after=BEFORE_THE_BATCH)  # however fast it packs, nothing leaves before it is killed
    for some in (1, 7, 15):
        killed_when(lambda: len(kept(stack, people, "manifest.cms")) >= some, "%d bundles are packed" % some)
    line.set("mute", after=BEFORE_THE_BATCH)
    killed_when(month.all_once, "the relay has the whole batch")
    assert len(kept(stack, people, "manifest.cms")) == UNITS and not kept(stack, people, "accepted")
    line.set("pass")
    sender.run("send-batch", month.folder)
    assert month.all_once() and not kept(stack, people)


@covers("§5 a batch again after some of it went")
def test_what_a_broken_batch_has_sent_is_not_sent_again_by_its_next_run(stack, people, line, sender, tmp_path):
    month = Month(people, tmp_path / "month", day=13, count=104)  # two calls
    line.set("pass")
    name = next(iter(month.units))
    whole = (month.folder / name).read_bytes()
    (month.folder / name).write_bytes(b"\xef\xbb\xbf" + whole)
    first = sender.json("send-batch", month.folder, code=1)
    assert [result["status"] for result in first["results"]].count(201) == 103 and first["calls"] == 2
    assert len(kept(stack, people, "accepted")) == 103
    assert not [name for name in kept(stack, people) if name not in ("accepted", "manifest.cms", "lock")], "payloads are gone"
    again = sender.json("send-batch", month.folder, code=1)
    assert [result["status"] for result in again["results"]].count(200) == 103 and again["calls"] == 0
    (month.folder / name).write_bytes(whole)
    last = sender.json("send-batch", month.folder)
    assert [result["status"] for result in last["results"]].count(201) == 1 and last["calls"] == 1
    assert month.all_once() and not kept(stack, people)
    ids = [{result["bundle_id"] for result in done["results"] if "bundle" in result} for done in (first, again, last)]
    assert ids[0] == ids[1] < ids[2] and len(ids[2]) == 104


def test_a_bundle_of_a_broken_batch_that_was_withdrawn_stays_withdrawn(stack, people, line, sender, tmp_path):
    month = Month(people, tmp_path / "month", day=14, count=2)
    (month.folder / "letter.pdf").write_bytes(b"%PDF to nobody")
    line.set("pass")
    first = sender.json("send-batch", month.folder, code=1)
    withdrawn = first["results"][0]["bundle_id"]
    sender.run("withdraw", withdrawn)
    (month.folder / "letter.pdf").unlink()
    again = sender.json("send-batch", month.folder, code=1)
    assert again["calls"] == 0 and "withdrawn" in again["results"][0]["problem"]["detail"]
    assert again["results"][1]["bundle"]["state"] == "waiting" and month.all_once()


def test_two_batches_of_one_user_do_not_run_side_by_side(stack, people, line, sender, tmp_path):
    month = Month(people, tmp_path / "month", day=15)
    line.set("mute", after=BEFORE_THE_BATCH)
    first = sender.start("send-batch", month.folder)
    try:
        eventually(month.all_once, 60, "the relay has the whole batch, and the first waits for its answer")
        assert "another relay-client is sending a batch" in sender.run("send-batch", month.folder, code=1)
    finally:
        first.kill()
        first.wait(30)
    line.set("pass")
    sender.run("send-batch", month.folder)
    assert month.all_once()


@pytest.mark.parametrize("arrived", [False, True])
def test_a_batch_whose_certificate_ended_in_between_is_packed_anew_unless_it_had_arrived(stack, people, line, tmp_path, arrived):
    person = stack.office(name="更新した事業所")
    month = Month(people, tmp_path / "month", day=17 + arrived, count=4, sender=person)
    old = Client(stack, person, line.port)
    if arrived:
        line.set("mute", after=15_000)
        first = old.start("send-batch", month.folder)
        eventually(month.all_once, 60, "the relay has the whole batch")
        line.set("refuse")
        assert first.wait(120) == 1
    else:
        line.set("cut", after=15_000)  # of some 25,000
        assert old.json("send-batch", month.folder, code=1) and not month.inboxes()
    line.set("pass")
    new = Client(stack, person.using(*stack.issue(person.user_id)), line.port)
    stack.ctl("certificate", "revoke", cms.fingerprint(person.cert), "--reason", "superseded")
    sent = new.json("send-batch", month.folder)
    assert month.all_once() and len(sent["results"]) == 4
    assert {result["status"] for result in sent["results"]} == {200 if arrived else 201}
