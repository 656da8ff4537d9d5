"""C: sending in chunks, through two servers, over lines that are cut."""

import glob
import os
import random

import pytest
from coverage_tags import scenario
from relay_client import Bundle, eventually, exchange_raw
from relay_stack import events_of

SIZE = 65536


def in_chunks(people, count, chunk_size=SIZE):
    return Bundle(people.a, people.b, [("scan.png", os.urandom(count * chunk_size - chunk_size // 2))], chunk_size=chunk_size)


@pytest.fixture
def four(people):
    bundle = in_chunks(people, 4)
    assert people.at_a.put(bundle).status == 202
    return bundle


def raw_chunk(people, bundle, n, framing, body=b"", **options):
    head = "PUT /v1/outbox/%s/chunks/%d HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s\r\n" % (
        bundle.bundle_id, n, people.at_a.token, framing)
    return exchange_raw(people.at_a.endpoint, people.a, head.encode() + body, **options)


@scenario("C35")
def test_ten_chunks_in_order_are_202_nine_times_204_and_201(people):
    bundle = in_chunks(people, 10)
    begun = people.at_a.put(bundle)
    assert begun.status == 202 and begun.json["missing_chunks"] == list(range(10))
    assert [people.at_a.put_chunk(bundle, n).status for n in range(10)] == [204] * 9 + [201]


@scenario("C36")
def test_chunks_in_random_order_through_both_servers_arrive_identical(people, second):
    bundle = in_chunks(people, 8)
    people.at_a.put(bundle)
    order = random.sample(range(8), 8)
    replies = [(people.at_a, second.at_a)[i % 2].put_chunk(bundle, n).status for i, n in enumerate(order)]
    assert replies == [204] * 7 + [201]
    assert second.at_b.fetch(bundle) == bundle.payload


@scenario("C37")
def test_half_way_the_sender_sees_what_is_missing_and_the_recipient_nothing(people):
    bundle = in_chunks(people, 8)
    people.at_a.put(bundle)
    for n in (6, 1, 4, 3):
        people.at_a.put_chunk(bundle, n)
    assert people.at_a.sent(bundle).json["missing_chunks"] == [0, 2, 5, 7]
    assert people.at_a.put(bundle).json["missing_chunks"] == [0, 2, 5, 7]
    assert people.at_b.received(bundle).answer == (404, "not_found")


@scenario("C40")
def test_a_chunk_with_wrong_bytes_stays_missing_until_the_right_one_comes(people, four):
    for wrong in (os.urandom(SIZE), four.chunks[2][:-1], b""):
        assert people.at_a.put_chunk(four, 2, wrong).answer == (422, "chunk_digest_mismatch")
        assert 2 in people.at_a.sent(four).json["missing_chunks"]
    assert people.at_a.put_chunk(four, 2).status == 204
    assert people.at_a.sent(four).json["missing_chunks"] == [0, 1, 3]


@scenario("C41")
def test_one_byte_too_many_or_a_content_range_keeps_nothing(people, four):
    assert people.at_a.put_chunk(four, 1, four.chunks[1] + b"x").answer == (413, "too_large")
    ranged = people.at_a.put_chunk(four, 1, headers={"Content-Range": "bytes 0-%d/%d" % (SIZE - 1, SIZE)})
    assert ranged.answer == (400, "malformed_request")
    assert people.at_a.sent(four).json["missing_chunks"] == [0, 1, 2, 3]


@scenario("C42")
@pytest.mark.parametrize("number", ["4", "-1", "01", "abc", "1e0", "%31", "99999999999999999999"])
def test_a_chunk_number_that_is_none_of_the_bundles_is_not_found(people, four, number):
    assert people.at_a.put_chunk(four, number, four.chunks[1]).answer == (404, "not_found")


@scenario("C43")
def test_a_chunk_without_a_plain_length_is_refused(people, four):
    assert raw_chunk(people, four, 1, "").startswith(b"HTTP/1.1 411 ")
    assert raw_chunk(people, four, 1, "Transfer-Encoding: chunked\r\n", b"1\r\nx\r\n0\r\n\r\n").startswith(b"HTTP/1.1 411 ")
    packed = people.at_a.put_chunk(four, 1, headers={"Content-Encoding": "gzip"})
    assert packed.answer == (415, "unsupported_media_type")
    assert people.at_a.sent(four).json["missing_chunks"] == [0, 1, 2, 3]


@scenario("C46")
def test_a_line_cut_at_ten_places_leaves_nothing_partial(people):
    bundle = in_chunks(people, 2, chunk_size=400000)
    people.at_a.put(bundle)
    for tenth in range(10):
        cut = bundle.chunks[0][:tenth * len(bundle.chunks[0]) // 10]
        answer = raw_chunk(people, bundle, 0, "Content-Length: %d\r\n" % len(bundle.chunks[0]), cut, until_closed=False, timeout=0.3)
        assert answer == b""
        assert people.at_a.sent(bundle).json["missing_chunks"] == [0, 1]
    assert [people.at_a.put_chunk(bundle, n).status for n in (0, 1)] == [204, 201]
    assert people.at_b.fetch(bundle) == bundle.payload


@scenario("C48")
def test_an_upload_that_is_not_finished_in_time_is_gone_with_its_objects_and_its_id_is_free(stack, people, hasty):
    def objects():
        return {path for path in glob.glob(stack.dir + "/objects/*/**/*", recursive=True) if os.path.isfile(path)}
    before, bundle = objects(), in_chunks(people, 3, chunk_size=300000)
    assert hasty.at_a.put(bundle).status == 202
    people.at_a.put_chunk(bundle, 1)
    eventually(lambda: people.at_a.sent(bundle).status == 404, 20, "the upload is dropped")
    assert people.at_a.put_chunk(bundle, 0).answer == (404, "not_found")
    eventually(lambda: not objects() - before, 60, "its objects are gone")
    assert events_of(people.auditor, bundle) == []
    assert people.at_c.put(Bundle(people.c, people.b, bundle_id=bundle.bundle_id)).status == 201


