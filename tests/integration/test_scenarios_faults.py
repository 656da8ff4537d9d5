"""I, and what else of the scenarios needs a server or a database that ends: killed, crashed, stopped, flooded."""

import os
import signal
import ssl
import threading
import time

import pytest
from coverage_tags import scenario
from fast_cms import Signer
from relay_client import Bundle, Terminal, eventually, make_zip, new_id, tls, together
from relay_stack import cms, events_of

# RELAY_LONG=1 plays the scenarios at their full size.
LONG = bool(os.environ.get("RELAY_LONG"))
AWAY = (OSError, EOFError)


@pytest.fixture
def again(stack, people):
    """Kills the server and starts it again."""
    def restart():
        stack.kill()
        stack.up()
        for terminal in (people.at_a, people.at_b, people.at_c, people.auditor):
            terminal.close()
            terminal.endpoint = stack.endpoint
    return restart


def quick_bundles(people, count):
    """Bundles of office a for office b with one payload, signed in this process."""
    class Quick(Bundle):
        def sign(self, data):
            return signer.sign(data)
    signer, payload = Signer(people.a), cms.encrypt(make_zip([("memo.pdf", b"%PDF-1.4 ")]), [people.b.cert])
    return [Quick(people.a, people.b, payload=payload) for _ in range(count)]


def large(people, count=3, chunk_size=65536):
    return Bundle(people.a, people.b, [("scan.png", os.urandom(count * chunk_size - 3000))], chunk_size=chunk_size)


@scenario("C47")
def test_a_kill_between_chunks_and_at_the_last_keeps_what_was_acknowledged(stack, people, again):
    bundle = large(people)
    people.at_a.put(bundle)
    assert people.at_a.put_chunk(bundle, 1).status == 204
    again()
    assert people.at_a.sent(bundle).json["missing_chunks"] == [0, 2]
    assert people.at_a.put_chunk(bundle, 0).status == 204
    together(lambda: people.at_a.put_chunk(bundle, 2), again)
    assert people.at_a.put_chunk(bundle, 2).status in (201, 204)
    assert people.at_a.sent(bundle).json["state"] == "waiting"
    assert events_of(people.auditor, bundle) == ["bundle_accepted"]
    assert people.at_b.fetch(bundle) == bundle.payload


def stack_lives(stack):
    return stack.embedded("status", stack.dir, check=False)[0] == 0


@scenario("D55")
def test_a_parked_poll_wakes_after_its_database_was_restarted(stack, people):
    office = stack.office()
    terminal, bundle = stack.terminal(office), Bundle(people.a, office)

    def restart_and_send():
        stack.wait_for_parked_poll()
        stack.database().stop()
        stack.database().start()
        eventually(lambda: people.at_a.put(bundle).status in (200, 201), 30, "the bundle is accepted")
    polled, _ = together(lambda: terminal.inbox("?wait=60"), restart_and_send)
    if polled.status == 503:  # the poll asked when the database was away: told to come again, and does
        polled = eventually(lambda: (lambda reply: reply if reply.status == 200 else None)(terminal.inbox("?wait=10")), 30, "an answer")
    assert [one["bundle_id"] for one in polled.json["bundles"]] == [bundle.bundle_id]
    stack.wait_for_database(terminal)


@scenario("F76")
def test_a_receipt_whose_answer_a_kill_took_is_repeated_and_counts_once(stack, people, again):
    bundles = [Bundle(people.a, people.b) for _ in range(4)]
    terminals = [stack.terminal(people.b) for _ in bundles]
    for bundle in bundles:
        people.at_a.send(bundle)
        assert people.at_b.claim(bundle).status == 200
    together(*[lambda t=t, b=b: t.confirm(b) for t, b in zip(terminals, bundles)], again)
    for bundle in bundles:
        people.at_b.claim(bundle)  # the bytes of before may not be known as sent any more
        done = people.at_b.confirm(bundle)
        assert (done.status, done.json["confirmation"]) == (200, "receipt")
        assert events_of(people.auditor, bundle).count("bundle_fetched") == 1


@scenario("I90")
def test_a_kill_under_many_parallel_sends_leaves_each_whole_or_absent(stack, people, again):
    """Sixty at once here, a thousand with RELAY_LONG=1."""
    bundles = quick_bundles(people, 1000 if LONG else 60)
    context, answers, lock = tls(stack.endpoint.ca, people.a.cert, people.a.key), {}, threading.Lock()

    def send(bundle):
        try:
            status = Terminal(stack.endpoint, people.a, people.at_a.token, context).put(bundle).status
        except AWAY:
            status = None
        with lock:
            answers[bundle.bundle_id] = status
    threads = [threading.Thread(target=send, args=(bundle,), daemon=True) for bundle in bundles]
    for thread in threads:
        thread.start()
    eventually(lambda: list(answers.values()).count(201) >= len(bundles) // 4, 60, "a quarter is accepted")
    again()
    for thread in threads:
        thread.join(60)
    accepted = {bundle_id for bundle_id, status in answers.items() if status == 201}
    kept = {one["bundle_id"]: one["state"] for one in people.at_a.pages("/v1/outbox", "bundles", 500)}
    assert accepted <= set(kept) and {kept[bundle_id] for bundle_id in accepted} == {"waiting"}
    for bundle in bundles:
        reply = people.at_a.put(bundle)
        assert reply.status == (200 if bundle.bundle_id in kept else 201) and reply.json["state"] == "waiting"
    told = [event["bundle_id"] for event in people.auditor.pages("/v1/audit/events?type=bundle_accepted", "events", 500)]
    assert all(told.count(bundle.bundle_id) == 1 for bundle in bundles)


@scenario("I92")
def test_without_the_object_store_small_bundles_go_on_and_chunks_are_told_to_come_again(stack, people):
    upload, stored, small = large(people, 2, 300000), large(people, 2, 300000), Bundle(people.a, people.b)
    people.at_a.send(stored)
    people.at_b.claim(stored)
    people.at_a.put(upload)
    assert people.at_a.put_chunk(upload, 0).status == 204
    os.rename(stack.dir + "/objects", stack.dir + "/objects.away")
    try:
        refused = people.at_a.put_chunk(upload, 1)
        assert refused.answer == (503, "unavailable") and int(refused.header("Retry-After")) >= 1
        assert people.at_a.sent(upload).json["missing_chunks"] == [1]
        people.at_a.send(small)
        assert people.at_b.fetch(small) == small.payload
    finally:
        os.rename(stack.dir + "/objects.away", stack.dir + "/objects")
    assert people.at_a.put_chunk(upload, 1).status == 201
    for bundle in (upload, stored):
        assert people.at_b.fetch(bundle) == bundle.payload


@scenario("I94")
@pytest.mark.parametrize("step", ["claim", "chunk", "receipt"])
def test_when_one_server_is_killed_the_other_goes_on_with_the_same_claim(stack, people, step):
    bundle = large(people)
    people.at_a.send(bundle)
    there = Terminal(stack.second(), people.b, people.at_b.token)
    assert there.claim(bundle).status == 200
    if step != "claim":
        assert [there.chunk(bundle, n).body for n in range(2)] == bundle.chunks[:2]
    if step == "receipt":
        assert there.chunk(bundle, 2).status == 200 and there.confirm(bundle).status == 200
    stack.others[-1].kill()
    stack.others[-1].wait(30)
    if step == "receipt":
        again = people.at_b.confirm(bundle)
        assert (again.status, again.json["confirmation"]) == (200, "receipt")
    else:
        assert people.at_b.claim(bundle).status == 200
        assert [people.at_b.chunk(bundle, n).body for n in range(3)] == bundle.chunks
        assert people.at_b.confirm(bundle).status == 200
    kinds = events_of(people.auditor, bundle)
    assert [kinds.count(kind) for kind in ("bundle_claimed", "bundle_sent", "bundle_fetched")] == [1, 1, 1]


@scenario("I95")
def test_a_hundred_slow_clients_hold_nobody_else_back(stack, people):
    context, slow = tls(stack.endpoint.ca, people.c.cert, people.c.key), []
    body = "PUT /v1/outbox/%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{"
    for nth in range(100):
        plain = ssl.create_connection((stack.endpoint.host, stack.endpoint.port), 30)
        stream = context.wrap_socket(plain, server_hostname=stack.endpoint.host)
        stream.sendall(b"GET /v1/inbox HTTP/1.1\r\nHo" if nth % 2 else (body % (new_id(), people.at_c.token)).encode())
        slow.append(stream)
    for _ in range(5):
        bundle = Bundle(people.a, people.b)
        people.at_a.send(bundle)
        assert people.at_b.fetch(bundle) == bundle.payload
    for stream in slow:
        stream.close()


@scenario("I98")
def test_a_server_that_is_stopped_under_load_costs_clients_nothing_when_there_is_another(stack, people):
    endpoints, stop, errors, done = [stack.endpoint, stack.second()], threading.Event(), [], []
    bundles = quick_bundles(people, 400)

    def client(mine):
        terminals = [Terminal(endpoint, people.a, people.at_a.token) for endpoint in endpoints]
        for bundle in mine:
            for _ in range(20):
                try:
                    reply = terminals[0].put(bundle)
                except AWAY:  # no new connections: the other one takes them
                    terminals.reverse()
                    continue
                if reply.status not in (200, 201):
                    errors.append(reply)
                done.append(bundle)
                break
            else:
                errors.append("nobody answers")
            if stop.is_set():
                return
    threads = [threading.Thread(target=client, args=(bundles[i::4],), daemon=True) for i in range(4)]
    office = stack.office()
    poller = stack.terminal(office)
    for thread in threads:
        thread.start()

    def stop_one():
        stack.wait_for_parked_poll()
        eventually(lambda: len(done) > 20, 60, "work goes on")
        os.kill(stack.process(), signal.SIGTERM)
    polled, _ = together(lambda: poller.inbox("?wait=60"), stop_one)
    assert polled.status in (200, 304), "the parked poll is answered"
    eventually(lambda: not stack_lives(stack), 60, "the server has ended")
    before = len(done)
    eventually(lambda: len(done) > before + 20 or not any(thread.is_alive() for thread in threads), 60, "work goes on at the other")
    stop.set()
    for thread in threads:
        thread.join(60)
    assert errors == []
    stack.up()
    for terminal in (people.at_a, people.at_b, people.at_c, people.auditor):
        terminal.close()
    assert {one["bundle_id"] for one in people.at_a.pages("/v1/outbox", "bundles", 500)} >= {bundle.bundle_id for bundle in done}


@scenario("I99")
def test_a_flood_of_failing_sign_ins_is_refused_and_those_inside_work_on(stack, people):
    victim, stop, answers = stack.office(), threading.Event(), []

    def flood():
        terminal = Terminal(stack.endpoint, victim)
        while not stop.is_set():
            answers.append(terminal.sign_in(password="wrong1234").answer)
    threads = [threading.Thread(target=flood, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    until, sent = time.monotonic() + (20 if LONG else 2), 0
    while time.monotonic() < until or len(answers) < 50:
        bundle = Bundle(people.a, people.b)
        people.at_a.send(bundle)
        assert people.at_b.fetch(bundle) == bundle.payload
        sent += 1
    stop.set()
    for thread in threads:
        thread.join(60)
    assert sent >= 1 and set(answers) <= {(401, "wrong_credentials"), (429, "locked_out"), (429, "too_many_requests")}
    assert answers.count((401, "wrong_credentials")) <= 3
