"""Parts of a chunk (protocol.md §6, RFC 9110 §14)."""

import os

import pytest
from coverage_tags import covers, scenario
from relay_client import Bundle, new_id

SIZE = 65536


@pytest.fixture(scope="module")
def claimed(people):
    bundle = Bundle(people.a, people.b, [("scan.png", os.urandom(150000))], chunk_size=SIZE)
    people.at_a.send(bundle)
    assert people.at_b.claim(bundle).status == 200
    return bundle


@covers("GET /v1/inbox/{bundle_id}/chunks/{n}", "§6 one range")
@pytest.mark.parametrize("value, start, end", [("0-0", 0, 0), ("1000-1999", 1000, 1999), ("65000-", 65000, SIZE - 1), ("-100", SIZE - 100, SIZE - 1),
                                               ("65000-99999999", 65000, SIZE - 1), ("-99999999", 0, SIZE - 1), ("0-65535", 0, SIZE - 1)])
@scenario("E63")
def test_one_range_gives_exactly_its_bytes(people, claimed, value, start, end):
    reply = people.at_b.chunk(claimed, 1, headers={"Range": "bytes=" + value})
    assert reply.status == 206 and reply.body == claimed.chunks[1][start:end + 1]
    assert reply.header("Content-Range") == "bytes %d-%d/%d" % (start, end, SIZE)
    assert reply.header("Repr-Digest") == people.at_b.chunk(claimed, 1).header("Repr-Digest"), "the digest of the whole"


@covers("416 range_not_satisfiable")
@pytest.mark.parametrize("value", ["bytes=65536-", "bytes=70000-70001", "bytes=-0"])
@scenario("E63")
def test_a_range_beyond_the_chunk_is_refused_with_its_size(people, claimed, value):
    reply = people.at_b.chunk(claimed, 1, headers={"Range": value})
    assert reply.answer == (416, "range_not_satisfiable") and reply.header("Content-Range") == "bytes */%d" % SIZE


@covers("§6 other ranges")
@pytest.mark.parametrize("value", ["bytes=0-1,5-9", "lines=0-1", "bytes=9-5", "bytes=x", "bytes 0-1"])
@scenario("E63")
def test_what_is_no_single_byte_range_gets_the_whole(people, claimed, value):
    reply = people.at_b.chunk(claimed, 1, headers={"Range": value})
    assert reply.status == 200 and reply.body == claimed.chunks[1]


@covers("§6 If-Range")
@scenario("E64")
def test_if_range_gives_the_part_only_of_the_same_chunk(people, claimed):
    tag = people.at_b.chunk(claimed, 0).header("ETag")
    same = people.at_b.chunk(claimed, 0, headers={"Range": "bytes=0-9", "If-Range": tag})
    other = people.at_b.chunk(claimed, 0, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    weak = people.at_b.chunk(claimed, 0, headers={"Range": "bytes=0-9", "If-Range": "W/" + tag})
    assert (same.status, other.status, weak.status) == (206, 200, 200)


@covers("§6 If-None-Match on a chunk")
def test_a_chunk_that_the_recipient_has_already_is_not_sent_again(people):
    bundle = Bundle(people.a, people.b, [("scan.png", os.urandom(90000))], chunk_size=SIZE)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    tag = '"%s"' % bundle.manifest["payload"]["chunks"][0]
    for value in (tag, '"other", W/' + tag, "*"):
        reply = people.at_b.chunk(bundle, 0, headers={"If-None-Match": value, "Range": "bytes=0-9"})
        assert (reply.status, reply.header("ETag"), reply.body) == (304, tag, b""), value
    assert people.at_b.chunk(bundle, 0, new_id(), {"If-None-Match": tag}).answer == (409, "not_claimed")
    people.at_b.chunk(bundle, 1)
    assert people.at_b.confirm(bundle).answer == (409, "not_sent_yet"), "no byte of it was sent"
    reply = people.at_b.chunk(bundle, 0, headers={"If-None-Match": '"other"'})
    assert reply.status == 200 and reply.body == bundle.chunks[0]
    assert people.at_b.confirm(bundle).status == 200


@covers("§7.3 ranges add up", "409 not_sent_yet")
def test_ranges_add_up_to_the_whole_before_a_receipt_is_taken(stack, people):
    bundle = Bundle(people.a, people.b, [("scan.png", os.urandom(90000))], chunk_size=SIZE)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    other = stack.terminal(people.b)
    other.chunk(bundle, 0, headers={"Range": "bytes=30000-"})
    people.at_b.chunk(bundle, 1)
    people.at_b.chunk(bundle, 0, headers={"Range": "bytes=0-29998"})
    assert people.at_b.confirm(bundle).answer == (409, "not_sent_yet")
    people.at_b.chunk(bundle, 0, headers={"Range": "bytes=29999-29999"})
    assert people.at_b.confirm(bundle).status == 200
