"""Large payloads on a real S3 store: through several servers, and whatever the store does (protocol.md §5, §6, §7.4)."""

import http.client
import json
import os
import re
import threading

import pytest
from coverage_tags import covers
from object_store import ObjectStore
from relay_client import Bundle, Terminal, eventually, together
from relay_stack import Stack, events_of
from tcp_proxy import TcpProxy

PREFIX = "payloads/test"
MIB = 1 << 20


@pytest.fixture(scope="module")
def store():
    one = ObjectStore()
    try:
        yield one.up()
    finally:
        one.close()


@pytest.fixture(scope="module")
def line(store):
    """Between server and store."""
    proxy = TcpProxy(store.port)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def stack(store, line):
    service = Stack(**store.settings(PREFIX, line.port, objects__timeout="5s", limits__memory="16MiB"))
    try:
        service.up()
        yield service
    finally:
        line.set("pass")
        service.close()


@pytest.fixture(autouse=True)
def mended(line):
    yield
    line.set("pass", rate=None, times=1 << 30)


def large(people, size=300000, chunk_size=131072):
    return Bundle(people.a, people.b, [("scan.png", os.urandom(size))], chunk_size=chunk_size)


def begun(people, **options):
    bundle = large(people, **options)
    assert people.at_a.put(bundle).status == 202
    return bundle


def claimed(people, **options):
    bundle = large(people, **options)
    people.at_a.send(bundle)
    assert people.at_b.claim(bundle).status == 200
    return bundle


def counted(stack, pattern):
    found = re.search(r"^" + pattern + r" (\S+)$", stack.admin("/metrics")[1], re.MULTILINE)
    return float(found.group(1)) if found else 0.0


def object_of(stack, store, chunk):
    """The key of the object with these bytes."""
    return next(key for key in store.keys(PREFIX) if store.get(PREFIX, key) == chunk)


@covers("§5 chunks through any process", "§7.4 destroyed in the object store")
def test_a_large_bundle_goes_up_and_down_through_two_servers_and_its_objects_are_destroyed(stack, store, people):
    second = stack.second()
    bundle = begun(people, size=1500000)
    terminals = [Terminal(second if n % 2 else stack.endpoint, people.a, people.at_a.token) for n in range(len(bundle.chunks))]
    replies = together(*[lambda t=t, n=n: t.put_chunk(bundle, n) for n, t in enumerate(terminals)])
    assert sorted(reply.status for reply in replies) == [201] + [204] * (len(bundle.chunks) - 1), replies
    assert len(store.keys(PREFIX)) == len(bundle.chunks)
    assert not any(bundle.bundle_id.replace("-", "") in key or people.a.number in key for key in store.keys(PREFIX))
    there = Terminal(second, people.b, people.at_b.token)
    assert there.claim(bundle).status == 200
    assert b"".join((people.at_b, there)[n % 2].chunk(bundle, n).body for n in range(len(bundle.chunks))) == bundle.payload
    assert people.at_b.confirm(bundle).status == 200
    eventually(lambda: not store.keys(PREFIX), 60, "the objects are gone")
    eventually(lambda: "payload_destroyed" in events_of(people.auditor, bundle), 30, "their end is in the log")


@covers("§6 one range", "§6 If-Range")
def test_parts_of_a_chunk_come_from_the_store(people):
    bundle = claimed(people)
    tag = people.at_b.chunk(bundle, 1).header("ETag")
    part = people.at_b.chunk(bundle, 1, headers={"Range": "bytes=1000-99999", "If-Range": tag})
    assert part.status == 206 and part.body == bundle.chunks[1][1000:100000]
    assert people.at_b.chunk(bundle, 1, headers={"Range": "bytes=-1"}).body == bundle.chunks[1][-1:]


@covers("§6 never a wrong chunk")
def test_bytes_that_the_store_damaged_are_never_ended_as_if_they_were_good(stack, store, people):
    bundle = claimed(people)
    key = object_of(stack, store, bundle.chunks[0])
    damaged = bytearray(bundle.chunks[0])
    damaged[len(damaged) - 5] ^= 1
    store.put(PREFIX, key, bytes(damaged))
    before = counted(stack, r'relay_payload_faults_total\{kind="damaged"\}')
    for headers in ({}, {"Range": "bytes=0-"}, {"Range": "bytes=0-99"}, {"Range": "bytes=-10"}):
        try:
            reply = people.at_b.chunk(bundle, 0, headers=headers)
            assert reply.answer == (500, "internal"), (headers, reply)
        except (http.client.IncompleteRead, ConnectionError, http.client.RemoteDisconnected):
            pass  # broken off
        people.at_b.close()
    assert counted(stack, r'relay_payload_faults_total\{kind="damaged"\}') >= before + 4
    eventually(lambda: b'"payload_fault"' in stack.log() and bundle.bundle_id.encode() in stack.log(), 10, "a line in the log")
    assert people.at_b.confirm(bundle).answer == (409, "not_sent_yet")
    assert people.at_b.chunk(bundle, 1).body == bundle.chunks[1]


@covers("500 internal")
def test_an_object_that_is_gone_is_told_before_the_answer_begins_and_found_by_the_sweep(stack, store, people):
    bundle = claimed(people)
    lost = object_of(stack, store, bundle.chunks[1])
    store.delete(PREFIX, lost)
    reply = people.at_b.chunk(bundle, 1)
    assert reply.answer == (500, "internal") and lost not in reply.body.decode()
    assert counted(stack, r'relay_payload_faults_total\{kind="missing"\}') >= 1
    orphan = "ab" * 24
    store.put(PREFIX, orphan, b"nobody knows me")
    swept = stack.ctl("objects", "sweep", "--json", check=False)
    found = json.loads(swept.stdout)
    assert swept.returncode == 1 and "lost their objects" in swept.stderr
    assert (found["rows_without_object"], found["orphaned_objects"], found["young_objects"]) == (1, 0, 1), found
    assert found["lost"] == [{"bundle_id": bundle.bundle_id, "chunk": 1, "object": lost}]
    assert stack.ctl("objects", "sweep", "--dry-run", "--older-than", "0s", check=False).returncode == 1
    assert orphan in store.keys(PREFIX)
    found = json.loads(stack.ctl("objects", "sweep", "--older-than", "0s", "--json", check=False).stdout)
    assert found["removed"] == 1 and found["orphans"] == [orphan] and orphan not in store.keys(PREFIX)
    assert people.at_b.confirm(bundle, "rejected", reason="lost").status == 200
    eventually(lambda: json.loads(stack.ctl("objects", "sweep", "--json", check=False).stdout)["rows_without_object"] == 0, 30, "no row is left")
    assert stack.ctl("objects", "sweep")


def assert_upload_unavailable(people, bundle, n=0):
    reply = people.at_a.put_chunk(bundle, n)
    assert reply.answer == (503, "unavailable") and int(reply.header("Retry-After")) >= 1, reply
    assert n in people.at_a.sent(bundle).json["missing_chunks"], "nothing was kept"


@covers("503 unavailable", "§5 nothing is kept")
@pytest.mark.parametrize("mode, options", [("refuse", {}), ("stall", {}), ("cut", {"after": 100000}), ("busy", {}), ("lie", {})])
def test_an_upload_to_a_store_that_fails_is_unavailable_and_succeeds_later(line, people, mode, options):
    bundle = begun(people)
    line.set(mode, **options)
    assert_upload_unavailable(people, bundle)
    line.set("pass")
    for n in range(len(bundle.chunks)):
        done = people.at_a.put_chunk(bundle, n)
    assert done.status == 201
    assert people.at_b.fetch(bundle) == bundle.payload


@covers("503 unavailable")
def test_a_sick_or_full_store_is_unavailable_never_forbidden(stack, store, people):
    bundle = begun(people, size=3 * MIB, chunk_size=2 * MIB)
    with store.frozen("osd.0"):
        assert_upload_unavailable(people, bundle)
        small = Bundle(people.a, people.b)
        assert people.at_a.put(small).status == 201, "small bundles keep flowing"
        assert people.at_b.fetch(small) == small.payload
        eventually(lambda: "object store" in stack.admin("/readyz")[1], 30, "readiness tells")
        assert stack.admin("/readyz")[0] == 200
        assert counted(stack, "relay_object_store_up") == 0
    store.radosgw_admin("quota", "set", "--quota-scope=bucket", "--uid=relay", "--max-size=1K")
    store.radosgw_admin("quota", "enable", "--quota-scope=bucket", "--uid=relay")
    try:
        eventually(lambda: people.at_a.put_chunk(bundle, 0).answer == (503, "unavailable"), 30, "the store is full")
    finally:
        store.radosgw_admin("quota", "disable", "--quota-scope=bucket", "--uid=relay")
    eventually(lambda: people.at_a.put_chunk(bundle, 0).status == 204, 60, "the store has room again")
    assert people.at_a.put_chunk(bundle, 1).status == 201
    eventually(lambda: stack.admin("/readyz") == (200, "[]\n"), 30, "ready again")
    assert people.at_b.fetch(bundle) == bundle.payload


@covers("§6 a broken download goes on")
def test_a_download_that_the_store_broke_goes_on_where_it_ended(stack, line, people):
    bundle = claimed(people, size=12 * MIB, chunk_size=None)
    slow = stack.terminal(people.b)
    head = {"Authorization": "Bearer " + slow.token, "Relay-Claim": bundle.claim_id}
    slow.connection = http.client.HTTPSConnection(slow.endpoint.host, slow.endpoint.port, context=slow.context, timeout=60)
    slow.connection.request("GET", "/v1/inbox/%s/chunks/0" % bundle.bundle_id, headers=head)
    answer = slow.connection.getresponse()
    got = answer.read(MIB)
    line.set("refuse")
    with pytest.raises((http.client.IncompleteRead, ConnectionError)) as broken:
        while True:
            piece = answer.read(MIB)
            got += piece
            if not piece or len(got) == len(bundle.chunks[0]):
                raise http.client.IncompleteRead(b"") if len(got) < len(bundle.chunks[0]) else AssertionError("it ended as if whole")
    got += getattr(broken.value, "partial", b"")
    slow.close()
    assert people.at_b.chunk(bundle, 0).answer == (503, "unavailable")
    line.set("pass")
    rest = people.at_b.chunk(bundle, 0, headers={"Range": "bytes=%d-" % len(got), "If-Range": answer.getheader("ETag")})
    assert rest.status == 206 and got + rest.body == bundle.chunks[0]
    assert people.at_b.confirm(bundle).status == 200


@covers("§6 a busy store is asked again")
def test_a_store_that_is_busy_for_a_moment_is_asked_again(line, people):
    bundle = claimed(people)
    line.set("busy", times=1)
    assert people.at_b.chunk(bundle, 0).body == bundle.chunks[0]


@covers("§5 limits.memory")
def test_transfers_share_the_memory_that_is_given_to_them(stack, people):
    bundles = [begun(people, size=900000, chunk_size=None) for _ in range(32)]
    late = begun(people, size=900000, chunk_size=None)
    silent, answers = [], []
    for bundle in bundles:  # each holds half a MiB and sends nothing more
        terminal = Terminal(stack.endpoint, people.a, people.at_a.token)
        terminal.connection = http.client.HTTPSConnection(terminal.endpoint.host, terminal.endpoint.port, context=terminal.context, timeout=60)
        terminal.connection.putrequest("PUT", "/v1/outbox/%s/chunks/0" % bundle.bundle_id)
        for name, value in (("Authorization", "Bearer " + terminal.token), ("Content-Length", str(len(bundle.chunks[0])))):
            terminal.connection.putheader(name, value)
        terminal.connection.endheaders(bundle.chunks[0][:1000])
        silent.append(terminal)
    eventually(lambda: counted(stack, "relay_body_memory_bytes") > 15 * MIB, 20, "all memory is granted")
    waiting = threading.Thread(target=lambda: answers.append(people.at_a.put_chunk(late, 0)))
    waiting.start()
    waiting.join(60)
    assert answers[0].answer == (503, "unavailable")
    assert counted(stack, "relay_body_memory_bytes") <= 16 * MIB
    for terminal, bundle in zip(silent, bundles):  # nothing that had its memory fails
        terminal.connection.send(bundle.chunks[0][1000:])
    assert {terminal.connection.getresponse().status for terminal in silent} == {201}
    eventually(lambda: people.at_a.put_chunk(late, 0).status == 201, 30, "there is room again")
