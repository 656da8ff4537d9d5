#!/usr/bin/python3 -B
"""Large payloads through the relay beside curl straight to the same Ceph RGW, in one run; one JSON object at the end.

  tests/bench/object_store.py [--chunks N] [--rounds N]

One bundle of N chunks (32) of 16 MiB goes up and comes down chunk after chunk by curl over one connection; the same bytes go to
the store and back by curl, too. Told are MiB/s of each, their ratio (relay ÷ straight, medians of the rounds), the relay's CPU
seconds for a GiB, and beside them what cannot be avoided, measured in the same run: TLS records opened or sealed, SHA-256,
copies from and to sockets. The servers come from build/release/bin or $RELAY_BIN.
"""

import argparse
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

from object_store import ObjectStore  # noqa: E402
from relay_client import Bundle, Terminal, make_zip, sha256  # noqa: E402
from relay_stack import Stack, cms  # noqa: E402

MIB = 1 << 20
CHUNK = 16 * MIB
TICK = os.sysconf("SC_CLK_TCK")


def cpu_of(pid):
    """CPU seconds of a process so far."""
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def curl(common, transfers, expected):
    """One curl for all transfers, one after the other over one connection; seconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".curl") as config:
        config.write("\nnext\n".join("\n".join(common + one + ["silent", 'write-out = "%{http_code}\\n"']) for one in transfers))
        config.flush()
        began = time.monotonic()
        done = subprocess.run(["curl", "-q", "-K", config.name], capture_output=True, text=True, timeout=1200)
        took = time.monotonic() - began
    codes = done.stdout.split()
    assert len(codes) == len(transfers) and set(codes) <= expected, (codes, done.stderr)
    return took


def openssl_rate(*words):
    """Bytes a second of CPU of one primitive on pieces of 16 KiB."""
    out = subprocess.run(["openssl", "speed", "-seconds", "1", "-bytes", "16384", *words], capture_output=True, text=True, timeout=60, check=True).stdout
    return float(re.search(r"([\d.]+)k\s*$", out.strip()).group(1)) * 1000


def socket_costs(size=256 * MIB):
    """(receiving, sending): CPU seconds for a GiB over loopback, in pieces of 16 KiB."""
    listener = socket.create_server(("127.0.0.1", 0))
    costs = {}

    def thread_cpu():
        used = resource.getrusage(resource.RUSAGE_THREAD)
        return used.ru_utime + used.ru_stime

    def receive():
        source, buffer = listener.accept()[0], bytearray(16384)
        before = thread_cpu()
        while source.recv_into(buffer):
            pass
        costs["receive"] = thread_cpu() - before
    receiver = threading.Thread(target=receive)
    receiver.start()
    sink, piece = socket.create_connection(listener.getsockname()), bytes(16384)
    before = thread_cpu()
    for _ in range(size // len(piece)):
        sink.sendall(piece)
    costs["send"] = thread_cpu() - before
    sink.close()
    receiver.join()
    return tuple(costs[what] * (1024 * MIB / size) for what in ("receive", "send"))


class Comparison:
    def __init__(self, chunks):
        self.store = ObjectStore("bluestore").up()
        self.stack = Stack(**self.store.settings("bench")).up()
        self.a, self.b = self.stack.office(), self.stack.office()
        self.folder = tempfile.mkdtemp(prefix="relay-bench-")
        self.payload = cms.encrypt(make_zip([("film.gif", os.urandom(chunks * CHUNK - MIB))]), [self.b.cert])
        self.gib = len(self.payload) / (1024 * MIB)
        self.up, self.down = Terminal(self.stack.endpoint, self.a).open(), Terminal(self.stack.endpoint, self.b).open()

    def close(self):
        subprocess.run(["rm", "-rf", self.folder], check=False)
        try:
            self.stack.close()
        finally:
            self.store.close()

    def file(self, n):
        return os.path.join(self.folder, "chunk%d" % n)

    def relay(self, person, terminal):
        return ['cacert = "%s"' % self.stack.endpoint.ca, 'cert = "%s"' % person.cert, 'key = "%s"' % person.key,
                'header = "Authorization: Bearer %s"' % terminal.token, 'output = "/dev/null"']

    def straight(self):
        return ['user = "%s:%s"' % (self.store.access_key, self.store.secret_key), 'aws-sigv4 = "aws:amz:us-east-1:s3"', 'output = "/dev/null"']

    def measured(self, call):
        """(seconds, the relay's CPU seconds)"""
        before = cpu_of(self.stack.process())
        return call(), cpu_of(self.stack.process()) - before

    def round(self):
        bundle = Bundle(self.a, self.b, [("film.gif", b"x")], payload=self.payload, chunk_size=CHUNK)
        for n, chunk in enumerate(bundle.chunks):
            with open(self.file(n), "wb") as file:
                file.write(chunk)
        assert self.up.put(bundle).status == 202
        base = "https://127.0.0.1:%d/v1/" % self.stack.endpoint.port
        numbers = range(len(bundle.chunks))
        put = [['url = "%soutbox/%s/chunks/%d"' % (base, bundle.bundle_id, n), 'upload-file = "%s"' % self.file(n)] for n in numbers]
        get = [['url = "%sinbox/%s/chunks/%d"' % (base, bundle.bundle_id, n), 'header = "Relay-Claim: %s"' % bundle.claim_id] for n in numbers]
        place = "http://localhost:%d/%s/straight/" % (self.store.port, self.store.bucket)
        there = [['url = "%s%d"' % (place, n), 'upload-file = "%s"' % self.file(n),
                  'header = "x-amz-content-sha256: %s"' % sha256(bundle.chunks[n])] for n in numbers]
        back = [['url = "%s%d"' % (place, n), 'header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"'] for n in numbers]
        upload = self.measured(lambda: curl(self.relay(self.a, self.up), put, {"201", "204"}))
        straight_up = curl(self.straight(), there, {"200"})
        assert self.down.claim(bundle).status == 200
        download = self.measured(lambda: curl(self.relay(self.b, self.down), get, {"200"}))
        straight_down = curl(self.straight(), back, {"200"})
        assert self.down.confirm(bundle).status == 200
        return {"upload": upload, "straight_up": straight_up, "download": download, "straight_down": straight_down}


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/object_store.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    comparison = Comparison(options.chunks)
    try:
        rounds = [comparison.round() for _ in range(options.rounds)]
        receive, send = socket_costs()
        seal, digest = 1024 * MIB / openssl_rate("-evp", "aes-256-gcm"), 1024 * MIB / openssl_rate("-evp", "sha256")
        mib = comparison.gib * 1024
        result = {"mib": round(mib)}
        unavoidable = {"upload": receive + seal + digest + send, "download": receive + digest + seal + send}
        for way, straight in (("upload", "straight_up"), ("download", "straight_down")):
            ours, theirs = [mib / one[way][0] for one in rounds], [mib / one[straight] for one in rounds]
            cpu = statistics.median(one[way][1] for one in rounds) / comparison.gib
            result[way] = {"relay_mib_s": round(statistics.median(ours), 1), "straight_mib_s": round(statistics.median(theirs), 1),
                           "ratio": round(statistics.median(a / b for a, b in zip(ours, theirs)), 3), "cpu_s_per_gib": round(cpu, 2),
                           "unavoidable_s_per_gib": round(unavoidable[way], 2), "cpu_ratio": round(cpu / unavoidable[way], 2)}
        result["parts_s_per_gib"] = {"receive": round(receive, 3), "send": round(send, 3), "aes_256_gcm": round(seal, 3), "sha_256": round(digest, 3)}
        print(json.dumps(result, indent=1))
    finally:
        comparison.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
