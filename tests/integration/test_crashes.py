"""Nothing accepted is lost and nothing half done is visible when the server is killed (protocol.md §5, §7)."""

import glob
import os
import threading

from coverage_tags import covers, scenario
from object_store import MARK
from relay_client import Bundle, eventually, together
from relay_stack import events_of


def restart(stack, *terminals):
    stack.kill()
    stack.up()
    for terminal in terminals:
        terminal.close()
        terminal.endpoint = stack.endpoint


@covers("§5 accepted means durable")
def test_everything_that_was_answered_with_201_is_there_after_kill_9(stack, people):
    taken, stop = [], threading.Event()

    def send_until_the_end():
        terminal = stack.terminal(people.a)
        while not stop.is_set():
            bundle = Bundle(people.a, people.b)
            try:
                if terminal.put(bundle).status == 201:
                    taken.append(bundle)
            except OSError:
                return
    senders = [threading.Thread(target=send_until_the_end) for _ in range(3)]
    for sender in senders:
        sender.start()
    while len(taken) < 12:
        assert any(sender.is_alive() for sender in senders)
    restart(stack, people.at_a, people.at_b, people.auditor)
    stop.set()
    for sender in senders:
        sender.join()
    for bundle in taken:
        assert people.at_a.sent(bundle).json["state"] == "waiting"
        assert people.at_b.fetch(bundle) == bundle.payload
        assert events_of(people.auditor, bundle).count("bundle_accepted") == 1


@covers("§3 tokens outlive a process", "§7.2 a crash costs nothing")
def test_claims_chunks_and_tokens_outlive_the_process(stack, people):
    bundle = Bundle(people.a, people.b, [("scan.png", os.urandom(150000))], chunk_size=65536)
    people.at_a.put(bundle)
    people.at_a.put_chunk(bundle, 1)
    restart(stack, people.at_a, people.at_b, people.auditor)
    assert people.at_a.sent(bundle).json["missing_chunks"] == [0, 2]
    people.at_a.put_chunk(bundle, 0)
    assert people.at_a.put_chunk(bundle, 2).status == 201
    people.at_b.claim(bundle)
    people.at_b.chunk(bundle, 0)
    restart(stack, people.at_a, people.at_b, people.auditor)
    assert people.at_b.claim(bundle).status == 200, "the same claim_id goes on"
    for n in range(3):
        assert people.at_b.chunk(bundle, n).body == bundle.chunks[n]
    assert people.at_b.confirm(bundle).status == 200


@covers("§11 nothing was kept, try again")
@scenario("B18")
def test_a_call_that_a_kill_cut_off_can_simply_be_repeated(stack, people):
    bundles = [Bundle(people.a, people.b) for _ in range(6)]
    terminals = [stack.terminal(people.a) for _ in bundles]
    together(*[lambda t=t, b=b: t.put(b) for t, b in zip(terminals, bundles)], stack.kill)
    stack.up()
    for terminal in (people.at_a, people.at_b, people.auditor):
        terminal.close()
        terminal.endpoint = stack.endpoint
    for bundle in bundles:
        assert people.at_a.put(bundle).status in (200, 201)
        assert events_of(people.auditor, bundle).count("bundle_accepted") == 1
        assert people.at_b.fetch(bundle) == bundle.payload


@covers("503 unavailable")
def test_without_its_database_the_relay_says_try_again_and_goes_on_when_it_is_back(stack, people):
    bundle = Bundle(people.a, people.b)
    stack.database().stop()
    refused = eventually(lambda: (lambda reply: reply if reply.status == 503 else None)(people.at_a.put(bundle)), 15, "503")
    assert refused.code == "unavailable" and int(refused.header("Retry-After")) >= 1
    assert stack.admin("/readyz")[0] == 503 and stack.admin("/healthz")[0] == 200
    stack.database().start()
    eventually(lambda: people.at_a.put(bundle).status in (200, 201), 30, "the bundle is accepted")
    eventually(lambda: stack.admin("/readyz")[0] == 200, 15, "ready again")
    stack.wait_for_database(people.at_a)


@covers("§6 never a wrong chunk")
def test_a_chunk_that_the_store_lost_is_told_as_a_fault_of_ours(stack, people):
    bundle = Bundle(people.a, people.b, [("scan.png", os.urandom(700000))], chunk_size=350000)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    for path in glob.glob(stack.dir + "/objects/**/*", recursive=True):
        if os.path.isfile(path) and os.path.basename(path) != MARK:
            os.unlink(path)
    for headers in ({}, {"Range": "bytes=5-9"}):
        reply = people.at_b.chunk(bundle, 0, headers=headers)
        assert reply.answer == (500, "internal") and stack.dir not in reply.body.decode()
