"""One bundle of 1 GiB by relay-client, killed and resumed on its way (tests/faults/large bundle)."""

import hashlib
import json
import os
import random
import subprocess
import threading
import time

from large_world import MIB, peak_mib, say
from relay_client import Terminal
from relay_stack import BINARIES

class Client:
    def __init__(self, world, person):
        self.config = os.path.join(world.stack.certs, person.user_id + ".toml")
        self.state = os.path.join(world.stack.certs, person.user_id + ".state")
        password = self.config + ".password"
        with open(password, "w", encoding="utf-8") as file:
            file.write(person.password)
        values = {"url": "https://127.0.0.1:%d" % world.balancer.port, "ca": world.stack.endpoint.ca, "cert": person.cert, "key": person.key,
                  "user": person.user_id, "password_file": password, "state": self.state}
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("".join("%s = %s\n" % (key, json.dumps(value)) for key, value in values.items()))

    def start(self, *words):
        return subprocess.Popen([os.path.join(BINARIES, "relay-client"), "--config", self.config, "--json", *map(str, words)],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    @staticmethod
    def finish(process):
        """(standard output, peak memory in MiB). What wait4 tells as peak may be that of this process, from before the exec."""
        peak, ended = [0.0], threading.Event()

        def watch():
            while not ended.wait(0.01):
                try:
                    peak[0] = max(peak[0], peak_mib(process.pid))
                except (OSError, StopIteration):
                    return  # it has ended
        watcher = threading.Thread(target=watch)
        watcher.start()
        out, error = process.communicate()
        ended.set()
        watcher.join()
        assert process.returncode == 0 and peak[0] > 0, (out + error).decode()
        return out, peak[0]


def kill_when(process, reached, what):
    while not reached():
        assert process.poll() is None, "%s: it ended before: %s" % (what, process.stderr.read().decode())
        time.sleep(0.1)
    process.kill()
    process.wait()
    say("killed -9: " + what)


def file_of(path, size):
    digest, generator = hashlib.sha256(), random.Random(size)
    with open(path, "wb") as file:
        for at in range(0, size, MIB):
            piece = generator.randbytes(min(MIB, size - at))
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(MIB):
            digest.update(piece)
    return digest.hexdigest()


def one_large_bundle(world, mib):
    if mib < 512:
        world.line.set("pass", rate=4 * MIB)  # of each connection; else it is over before it can be killed
    sender, recipient = Client(world, world.a), Client(world, world.b)
    into, path = os.path.join(world.stack.base, "in"), os.path.join(world.stack.base, "scan.png")
    digest = file_of(path, mib * MIB * 1999 // 2000)  # archive and envelope add a little: just below the limit
    terminal = Terminal(world.second, world.a).open()

    def missing():
        bundles = terminal.get("/v1/outbox").json["bundles"]
        return len(terminal.get("/v1/outbox/" + bundles[0]["bundle_id"]).json.get("missing_chunks", [])) if bundles else None

    def chunks_there(at_least):
        total = len(terminal.get("/v1/outbox/" + terminal.get("/v1/outbox").json["bundles"][0]["bundle_id"]).json["payload"]["chunks"]) \
            if terminal.get("/v1/outbox").json["bundles"] else None
        return total is not None and total - missing() >= total * at_least
    words = ("send", "--to", world.b.number, path)
    began = time.monotonic()
    first = sender.start(*words)
    kill_when(first, lambda: chunks_there(0.25), "the sending client, a quarter was there")
    again = sender.start(*words)
    while not chunks_there(0.5):
        assert again.poll() is None
        time.sleep(0.1)
    world.restart()
    say("killed -9 and started again: one server, while half was there")
    out, sending = Client.finish(again)
    sent = json.loads(out)
    assert len(terminal.pages("/v1/outbox", "bundles")) == 1, "one bundle, whatever was killed"
    assert mib - 1 < sent["payload"]["size"] / MIB <= mib
    say("sent %.1f MiB in %.0f s; peak of the client %.0f MiB" % (sent["payload"]["size"] / MIB, time.monotonic() - began, sending))
    began = time.monotonic()
    payload = os.path.join(into, ".relay-claims", sent["bundle_id"] + ".work", "payload.cms")
    fetch = recipient.start("fetch", "--all", "--into", into)
    kill_when(fetch, lambda: os.path.exists(payload) and os.stat(payload).st_blocks * 512 > sent["payload"]["size"] * 0.5,
              "the fetching client, half was there")
    out, fetching = Client.finish(recipient.start("fetch", "--all", "--into", into))
    assert digest_of(os.path.join(into, sent["bundle_id"], "scan.png")) == digest, "byte for byte"
    say("fetched in %.0f s, byte for byte the same; peak of the client %.0f MiB" % (time.monotonic() - began, fetching))
    world.note_peaks()
    say("peak memory of the servers: %s MiB" % ", ".join("%.0f" % peak for peak in world.peaks))
    say("all objects are destroyed; of the killed server %d were left until their time was up" % world.destroy_everything())
    assert max(world.peaks) < 200 and max(sending, fetching) <= 64
