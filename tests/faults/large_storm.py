"""Uploads while store and line fail at random, and what stands afterwards (tests/faults/large storm)."""

import http.client
import json
import os
import random
import threading

from fast_cms import Signer
from large_world import MIB, say
from relay_client import Bundle, Terminal, make_zip, new_id, now, sha256
from relay_stack import cms


# What happens to the line between servers and store (tcp_proxy.py).
FAULTS = {"slow": ("pass", {"rate": 3 * MIB}), "refuse": ("refuse", {}), "stall": ("stall", {}), "cut": ("cut", {"after": 50000}),
          "busy": ("busy", {}), "lie": ("lie", {})}


class Storm:
    def __init__(self, world, uploads, seed):
        self.world, self.count, self.random = world, uploads, random.Random(seed)
        self.payload = cms.encrypt(make_zip([("scan.png", os.urandom(320000))]), [world.b.cert])
        self.signer = Signer(world.a)
        self.lock, self.left = threading.Lock(), uploads
        self.accepted, self.unfinished, self.seen = [], [], {}
        self.token = Terminal(world.stack.endpoint, world.a).open().token
        self.stop = threading.Event()

    def bundle(self):
        size = 131072
        chunks = [self.payload[i:i + size] for i in range(0, len(self.payload), size)]
        one = Bundle.__new__(Bundle)
        one.sender, one.recipient, one.payload, one.chunks = self.world.a, self.world.b, self.payload, chunks
        one.bundle_id, one.claim_id, one.files = new_id(), new_id(), []
        one.manifest = {"version": 1, "bundle_id": one.bundle_id, "sender": one.sender.number, "recipient": one.recipient.number,
                        "created_at": now(), "files": [{"name": "scan.png", "size": 320000, "sha256": "0" * 64}],
                        "payload": {"size": len(self.payload), "chunk_size": size, "chunks": [sha256(chunk) for chunk in chunks]}}
        one.raw = json.dumps(one.manifest).encode()
        one.signed = self.signer.sign(one.raw)
        return one

    def try_chunk(self, terminal, bundle, n, choose):
        """One attempt, good or broken; True when the chunk is there, "accepted" when it was the last."""
        what = choose.random()
        try:
            if what < 0.1:  # another chunk's bytes
                reply = terminal.put_chunk(bundle, n, bundle.chunks[n][::-1])
                assert reply.status in (422, 503, 204), reply
                return reply.status == 204
            if what < 0.2:  # the sender goes away in the middle
                terminal.call("GET", "/v1/outbox/" + bundle.bundle_id)
                terminal.connection.putrequest("PUT", "/v1/outbox/%s/chunks/%d" % (bundle.bundle_id, n))
                terminal.connection.putheader("Authorization", "Bearer " + terminal.token)
                terminal.connection.putheader("Content-Length", str(len(bundle.chunks[n])))
                terminal.connection.endheaders(bundle.chunks[n][:choose.randrange(len(bundle.chunks[n]))])
                terminal.close()
                return False
            reply = terminal.put_chunk(bundle, n)
        except (OSError, http.client.HTTPException):
            terminal.close()
            return False
        assert reply.status in (201, 204, 503), reply
        return "accepted" if reply.status == 201 else reply.status == 204

    def upload(self, choose):
        bundle = self.bundle()
        terminal = Terminal(choose.choice((self.world.stack.endpoint, self.world.second)), self.world.a, self.token)
        while True:
            try:
                if terminal.put(bundle).status == 202:
                    break
            except (OSError, http.client.HTTPException):
                terminal.close()
        gives_up = choose.random() < 0.2
        left = list(range(len(bundle.chunks)))
        choose.shuffle(left)
        for _ in range(200):
            done = self.try_chunk(terminal, bundle, left[0], choose)
            if done:
                left.pop(0)
            if not left:
                break
            if gives_up and len(left) == 1:
                with self.lock:
                    self.unfinished.append(bundle)
                terminal.close()
                return
        terminal.close()
        with self.lock:
            (self.accepted if not left else self.unfinished).append(bundle)

    def work(self, seed):
        choose = random.Random(seed)
        while True:
            with self.lock:
                if self.left == 0:
                    return
                self.left -= 1
            self.upload(choose)

    def break_things(self):
        """Every kind of fault in turn, in an order drawn anew for each turn, until all uploads were tried."""
        while not self.stop.is_set():
            turn = list(FAULTS) + ["kill -9 of the gateway", "kill -9 of a server"]
            self.random.shuffle(turn)
            for fault in turn:
                if not self.stop.is_set():
                    self.seen[fault] = self.seen.get(fault, 0) + 1
                    self.break_with(fault)
                    self.stop.wait(self.random.uniform(0.1, 0.5))

    def break_with(self, fault):
        if fault == "kill -9 of the gateway":
            self.world.store.restart_gateway()
        elif fault == "kill -9 of a server":
            self.world.restart()
        else:
            mode, values = FAULTS[fault]
            self.world.line.set(mode, **{"rate": None, "times": 1 << 30, **values})
            self.stop.wait(self.random.uniform(0.2, 1.0))
            self.world.line.set("pass", rate=None)

    def run(self):
        workers = [threading.Thread(target=self.work, args=(self.random.random(),)) for _ in range(12)]
        breaker = threading.Thread(target=self.break_things)
        for thread in [breaker, *workers]:
            thread.start()
        for worker in workers:
            worker.join()
        self.stop.set()
        breaker.join()
        self.world.line.set("pass", rate=None)
        say("%d uploads: %d accepted, %d unfinished; faults: %s" % (self.count, len(self.accepted), len(self.unfinished), self.seen))
        assert len(self.accepted) + len(self.unfinished) == self.count, "no worker may have ended early"
        assert self.count < 500 or len(self.seen) == len(FAULTS) + 2, "every kind of fault has its turn"
        self.prove()

    def prove(self):
        first, second = self.world.sweep(), self.world.sweep()
        say("first sweep: %s" % {k: v for k, v in first.items() if k not in ("orphans", "lost")})
        say("second sweep: %d orphaned objects, %d rows without object" % (second["orphaned_objects"], second["rows_without_object"]))
        assert second["orphaned_objects"] == 0 and first["rows_without_object"] == second["rows_without_object"] == 0
        sender, recipient = Terminal(self.world.second, self.world.a, self.token), Terminal(self.world.second, self.world.b).open()
        for bundle in self.unfinished:  # nothing of them was touched: what is there stays, the rest completes them
            for n in sender.sent(bundle).json.get("missing_chunks", []):
                reply = sender.put_chunk(bundle, n)
            assert sender.sent(bundle).json["state"] == "waiting", reply
        for bundle in self.accepted + self.unfinished:
            assert recipient.claim(bundle).status == 200
            for n, chunk in enumerate(bundle.chunks):
                assert recipient.chunk(bundle, n).body == chunk, "an accepted bundle lacks bytes"
            assert recipient.confirm(bundle).status == 200
        say("every unfinished upload was finished from where it was, and all %d bundles are whole" % self.count)
        left = self.world.destroy_everything()
        say("all objects are destroyed; %d that never became a chunk were left until their time was up" % left)
