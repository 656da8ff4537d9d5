"""An object store that takes connections and never answers delays nothing that does not need it (protocol.md §7.3)."""

import os
import socket
import threading
import time

import pytest
from ports import reserve_port
from relay_client import Bundle, eventually
from relay_stack import Stack

LATE = 5


class SilentStore:
    """Takes every connection, and keeps it without a word."""

    def __init__(self):
        self.port, self.kept = reserve_port(), []
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=512)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                self.kept.append(self.listener.accept()[0])
            except OSError:
                return

    def close(self):
        self.listener.close()
        for connection in self.kept:
            connection.close()


@pytest.fixture(scope="module")
def silent():
    one = SilentStore()
    yield one
    one.close()


@pytest.fixture(scope="module")
def stack(silent):
    url = "s3://payloads?endpoint=http://127.0.0.1:%d&region=us-east-1" % silent.port
    service = Stack(objects__url=url, objects__access_key="a", objects__secret_key="b", claims__partial_lapse="2s")
    try:
        yield service.up()
    finally:
        service.close()


def sql(stack, text):
    return stack.database().sql(text, database="relay")


def claimed(people, count=1):
    """Bundles whose claims lapse in 2 s, for nothing of them is fetched."""
    bundles = [Bundle(people.a, people.b, [("scan.png", os.urandom(90000))], chunk_size=65536) for _ in range(count)]
    for bundle in bundles:
        people.at_a.send(bundle)
        assert people.at_b.claim(bundle).status == 200
    return bundles


def states(stack, bundles):
    """Straight from the table: a call of the API might settle what it looks at."""
    ids = ", ".join("'%s'" % bundle.bundle_id for bundle in bundles)
    return set(sql(stack, "SELECT DISTINCT state FROM bundles WHERE bundle_id IN (%s)" % ids).split())


def test_claims_lapse_in_time_while_the_store_answers_no_delete(stack, silent, people):
    sql(stack, "INSERT INTO pending_objects (key, at, doomed) "
               "SELECT md5(n::text), clock_timestamp(), true FROM generate_series(1, 300) n")
    eventually(lambda: len(silent.kept) > 3, 20, "objects are being deleted")
    bundles = claimed(people)
    begin = time.monotonic()
    eventually(lambda: states(stack, bundles) == {"waiting"}, 2 + LATE, "the claim lapses")
    assert time.monotonic() - begin < 2 + LATE
    assert sql(stack, "SELECT count(*) FROM pending_objects WHERE doomed") == "300", "none is called gone"


def test_more_than_the_database_settles_in_one_statement_is_settled_in_smaller_ones(stack, people):
    whole = sql(stack, "SELECT pg_get_functiondef('settle_bundles(uuid[])'::regprocedure)")
    sql(stack, whole.replace("settle_bundles(", "settle_bundles_whole(", 1))
    sql(stack, """CREATE OR REPLACE FUNCTION settle_bundles(ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            IF cardinality(ids) > 2 THEN RAISE 'canceling statement due to statement timeout' USING ERRCODE = '57014'; END IF;
            PERFORM settle_bundles_whole(ids);
        END $$""")
    try:
        bundles = claimed(people, 6)
        eventually(lambda: states(stack, bundles) == {"waiting"}, 40, "all of them lapse")
    finally:
        sql(stack, whole)


def test_a_new_crl_is_in_force_in_time_while_the_store_answers_nothing(stack):
    def reloads():
        return stack.log().count(b'"event":"reloaded"')
    crl = stack.setting("tls.client_crl")
    for _ in range(7):
        before, begin = reloads(), time.monotonic()
        with open(crl, "rb") as file:
            content = file.read()
        with open(crl, "wb") as file:
            file.write(content + b"\n")
        eventually(lambda: reloads() > before, 10, "the CRL is read again")
        assert time.monotonic() - begin < 3.5
        time.sleep(1.2)  # another moment of the rounds in which the store is asked
