"""A full disk, of the database or of the object store, end to end (I93)."""

import os

import pytest
from coverage_tags import covers, scenario
from relay_client import Bundle, eventually
from relay_stack import Stack
from small_disk import Disk, enter_own_mounts


@pytest.fixture(scope="module")
def disks():
    """Filled in by stack."""
    return {}


@pytest.fixture(scope="module")
def stack(disks):
    if not enter_own_mounts():
        pytest.skip("this user may not mount a small disk")
    service = Stack()
    try:
        service.up()
        service.down()
        with open(os.path.join(service.dir, "pg", "postgresql.conf"), "a", encoding="ascii") as file:
            file.write("max_wal_size = 64MB\nmin_wal_size = 32MB\n")
        disks["database"] = Disk(os.path.join(service.dir, "pg"), 512)
        disks["objects"] = Disk(os.path.join(service.dir, "objects"), 64)
        yield service.up()
    finally:
        for disk in disks.values():
            disk.empty()
        if os.path.exists(service.config):
            service.down()
        for disk in disks.values():
            disk.close()
        service.close()


def told_to_come_again(reply):
    assert reply.answer == (503, "unavailable") and int(reply.header("Retry-After")) >= 1, reply
    return True


@scenario("I93")
@covers("503 unavailable")
def test_when_the_object_store_is_full_chunks_are_told_to_come_again_and_nothing_is_lost(stack, people, disks):
    kept, upload = (Bundle(people.a, people.b, [("scan.png", os.urandom(700000))], chunk_size=400000) for _ in range(2))
    people.at_a.send(kept)
    people.at_a.put(upload)
    disks["objects"].fill(0)
    told_to_come_again(people.at_a.put_chunk(upload, 0))
    assert people.at_a.sent(upload).json["missing_chunks"] == [0, 1]
    eventually(lambda: "\nrelay_object_store_up 0\n" in stack.admin("/metrics")[1], 15, "monitoring sees it")
    small = Bundle(people.a, people.b)
    people.at_a.send(small)
    assert people.at_b.fetch(small) == small.payload, "what needs no object goes on"
    disks["objects"].empty()
    assert [people.at_a.put_chunk(upload, n).status for n in (0, 1)] == [204, 201]
    for bundle in (kept, upload):
        assert people.at_b.fetch(bundle) == bundle.payload


@scenario("I93")
@covers("503 unavailable")
def test_when_the_database_is_full_no_acknowledged_bundle_is_lost_and_it_recovers(stack, people, disks):
    accepted, refused = [], []
    disks["database"].fill(0)
    for _ in range(200):
        bundle = Bundle(people.a, people.b, [("scan.png", os.urandom(200000))])
        reply = people.at_a.put(bundle)
        if reply.status == 201:
            accepted.append(bundle)
        else:
            refused.append(bundle)
            if reply.status != 500:  # a commit in doubt
                told_to_come_again(reply)
            break
    assert refused, "the disk never was full"
    disks["database"].empty()
    eventually(lambda: stack.embedded("status", stack.dir, check=False)[1].startswith("running"), 10, "the server has stayed")
    stack.database().start()  # PostgreSQL ends when there is no room for its log; whoever runs it starts it again
    for bundle in refused:
        eventually(lambda b=bundle: people.at_a.put(b).status in (200, 201), 60, "it recovers")
    stack.wait_for_database(people.at_a)
    for bundle in accepted + refused:
        assert people.at_b.fetch(bundle) == bundle.payload
    assert stack.database().sql("select count(*) from events where type = 'bundle_accepted' and bundle_id in (%s)" % ",".join(
        "'%s'" % bundle.bundle_id for bundle in accepted + refused), "relay") == str(len(accepted + refused))
