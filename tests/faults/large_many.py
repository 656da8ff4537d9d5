"""Many transfers of one large chunk at once (tests/faults/large many)."""

import threading
import time

from fast_cms import Signer
from large_world import MIB, peak_mib, say
from relay_client import Bundle, Terminal
from relay_stack import cms


def many_at_once(world, count):
    payload = cms.encrypt_to_size(16 * MIB, world.b.cert)
    signer, bundles = Signer(world.a), []
    for _ in range(count):
        one = Bundle(world.a, world.b, [("film.gif", b"x")], payload=payload)
        one.signed = signer.sign(one.raw)
        bundles.append(one)
    up, down = Terminal(world.stack.endpoint, world.a).open(), Terminal(world.stack.endpoint, world.b).open()
    for bundle in bundles:
        assert up.put(bundle).status == 202
    most, stop = [0], threading.Event()

    def watch():
        while not stop.is_set():
            page = world.stack.admin("/metrics")[1]
            most[0] = max(most[0], *(float(line.split()[1]) for line in page.splitlines() if line.startswith("relay_body_memory_bytes")))
            stop.wait(0.2)
    watcher = threading.Thread(target=watch)
    watcher.start()

    def all_at_once(call):
        gate, outcomes = threading.Barrier(count), [None] * count

        def run(i):
            gate.wait()
            try:
                outcomes[i] = call(bundles[i])
            except Exception as error:  # every failure is told
                outcomes[i] = repr(error)
        threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return outcomes, time.monotonic() - began

    def put(bundle):
        return Terminal(world.stack.endpoint, world.a, up.token).put_chunk(bundle, 0, timeout=600).status

    def get(bundle):
        terminal = Terminal(world.stack.endpoint, world.b, down.token)
        assert terminal.claim(bundle).status == 200
        body = terminal.get("/v1/inbox/%s/chunks/0" % bundle.bundle_id, headers={"Relay-Claim": bundle.claim_id}, timeout=600).body
        return body == payload
    outcomes, took = all_at_once(put)
    assert outcomes == [201] * count, [one for one in outcomes if one != 201][:5]
    say("%d uploads of 16 MiB at once: none failed, %.0f s" % (count, took))
    outcomes, took = all_at_once(get)
    assert outcomes == [True] * count, [one for one in outcomes if one is not True][:5]
    say("%d downloads at once: none failed, %.0f s" % (count, took))
    stop.set()
    watcher.join()
    peak = peak_mib(world.stack.process())
    say("memory granted at most %.0f MiB of 512, resident at most %.0f MiB" % (most[0] / MIB, peak))
    assert most[0] <= 512 * MIB and peak <= 512
