"""The relay writes to its own object store and to no other: one that is not mounted, or another relay's (docs/operations.md)."""

import os
import shutil
import time

import pytest
from relay_client import Bundle, eventually
from relay_stack import Stack, events_of

MARK = os.path.join("objects", "00", "00", "0" * 32)


@pytest.fixture
def folder(stack):
    """The folder of the objects; whatever a test does, its content is there again afterwards."""
    path = os.path.join(stack.dir, "objects")
    yield path
    if os.path.exists(path + ".away"):
        mount(path)


def unmount(path):
    """What a server finds where a file system is not mounted: an empty folder."""
    os.rename(path, path + ".away")
    there = os.stat(path + ".away")
    for made in (path, os.path.join(path, "tmp")):
        os.mkdir(made, 0o700)
        os.chown(made, there.st_uid, there.st_gid)


def mount(path):
    shutil.rmtree(path)
    os.rename(path + ".away", path)


def sent(people):
    bundle = Bundle(people.a, people.b, [("scan.png", os.urandom(300000))])
    assert people.at_a.put(bundle).status == 202
    return bundle, people.at_a.put_chunk(bundle, 0)


def sql(stack, text):
    return stack.database().sql(text, database="relay")


def test_a_server_does_not_start_on_a_store_that_is_not_its_own_and_starts_when_it_is_there_again(stack, people, folder):
    bundle, stored = sent(people)
    assert stored.status == 201
    stack.down()
    unmount(folder)
    code, said = stack.embedded("up", stack.dir, check=False)
    assert code == 1 and "not this relay's" in said, said
    assert os.listdir(folder) == ["tmp"], "nothing was made there"
    mount(folder)
    stack.up()
    assert people.at_b.fetch(bundle) == bundle.payload


def test_an_installation_from_before_there_were_ids_gets_one_by_itself(stack, people):
    bundle, stored = sent(people)
    assert stored.status == 201
    stack.down()
    stack.database().start()
    sql(stack, "DELETE FROM object_store")
    os.unlink(os.path.join(stack.dir, MARK))
    stack.up()
    with open(os.path.join(stack.dir, MARK), encoding="ascii") as file:
        assert file.read() == sql(stack, "SELECT id FROM object_store WHERE marked")
    assert people.at_b.fetch(bundle) == bundle.payload


def test_a_database_restored_from_before_the_id_takes_the_one_of_its_store(stack, people):
    assert sent(people)[1].status == 201
    before = sql(stack, "SELECT id FROM object_store")
    stack.down()
    stack.database().start()
    sql(stack, "DELETE FROM object_store")
    stack.up()
    assert sql(stack, "SELECT id, marked FROM object_store") == before + "|t"


def test_payloads_are_not_called_destroyed_by_a_store_that_is_not_mounted_any_more(stack, people, folder):
    bundle, stored = sent(people)
    assert stored.status == 201
    assert people.at_b.claim(bundle).status == 200
    unmount(folder)
    assert people.at_b.confirm(bundle, "rejected", reason="lost").status == 200
    eventually(lambda: b"not this relay's" in stack.log(), 30, "the log tells")
    time.sleep(3)
    assert "payload_destroyed" not in events_of(people.auditor, bundle)
    eventually(lambda: "object store" in stack.admin("/readyz")[1], 20, "readiness tells")
    assert sent(people)[1].answer == (503, "unavailable")
    mount(folder)
    eventually(lambda: "payload_destroyed" in events_of(people.auditor, bundle), 30, "destroyed where it is")
    eventually(lambda: stack.admin("/readyz") == (200, "[]\n"), 20, "ready again")
    assert sent(people)[1].status == 201


def test_the_store_of_another_relay_is_refused_until_an_operator_says_that_it_is_ours(stack, people):
    assert sent(people)[1].status == 201
    other = Stack()
    try:
        other.up()
        other.down()
        stack.down()
        stack.database().start()
        sql(stack, "DELETE FROM object_store")
        code, said = stack.embedded("up", stack.dir, "--set", "objects.url=file://" + os.path.join(other.dir, "objects"), check=False)
        assert code == 1 and "not this relay's" in said, said
        stack.embedded("up", stack.dir, "--set", "objects.url=file://" + os.path.join(stack.dir, "objects"))
        os.unlink(os.path.join(stack.dir, MARK))
        swept = stack.ctl("objects", "sweep", check=False)
        assert swept.returncode == 1 and "not this relay's" in swept.stderr
        stack.ctl("objects", "adopt")
        assert stack.ctl("objects", "sweep", check=False).returncode == 0
    finally:
        other.close()
