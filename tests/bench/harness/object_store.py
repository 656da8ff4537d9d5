"""Large payloads through the relay into a real Ceph RGW, beside curl straight to the same RGW in the same run."""

import os
import resource
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time

from object_store import ObjectStore
from relay_client import Bundle, Terminal, make_zip, sha256
from relay_stack import Stack, cms

from .accounting import Cpu
from .stack import Failed

MIB = 1 << 20
PIECE = 64 * 1024


def curl(common, transfers, expected):
    """One curl for all transfers, one after the other over one connection; seconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".curl") as config:
        config.write("\nnext\n".join("\n".join(common + one + ["silent", 'write-out = "%{http_code}\\n"']) for one in transfers))
        config.flush()
        began = time.monotonic()
        done = subprocess.run(["curl", "-q", "-K", config.name], capture_output=True, text=True, timeout=1200)
        took = time.monotonic() - began
    codes = done.stdout.split()
    if len(codes) != len(transfers) or not set(codes) <= expected:
        raise Failed("curl: %s %s" % (codes, done.stderr[-500:]))
    return took


def socket_costs(size=256 * MIB):
    """(receiving, sending): ms of CPU for a GiB over loopback."""
    listener, costs = socket.create_server(("127.0.0.1", 0)), {}

    def thread_cpu():
        used = resource.getrusage(resource.RUSAGE_THREAD)
        return used.ru_utime + used.ru_stime

    def receive():
        source, buffer = listener.accept()[0], bytearray(PIECE)
        before = thread_cpu()
        while source.recv_into(buffer):
            pass
        costs["receive"] = thread_cpu() - before
        source.close()
    receiver = threading.Thread(target=receive)
    receiver.start()
    with listener, socket.create_connection(listener.getsockname()) as sink:
        piece, before = bytes(PIECE), thread_cpu()
        for _ in range(size // len(piece)):
            sink.sendall(piece)
        costs["send"] = thread_cpu() - before
    receiver.join()
    return tuple(costs[what] * 1000 * (1024 * MIB / size) for what in ("receive", "send"))


class Comparison:
    """A relay whose payloads lie in a Ceph RGW, two offices, and one payload of `chunks` chunks."""

    def __init__(self, kind, chunks, chunk):
        self.chunk, self.folder = chunk, tempfile.mkdtemp(prefix="relay-bench-")
        self.store = ObjectStore(kind)
        self.stack = Stack(**self.store.settings("bench", server__log_level="warn"))
        try:
            self.store.up()
            self.stack.up()
            self.a, self.b = self.stack.office(), self.stack.office()
            self.payload = cms.encrypt(make_zip([("film.gif", os.urandom(chunks * chunk - chunk // 16))]), [self.b.cert])
            self.up, self.down = Terminal(self.stack.endpoint, self.a).open(), Terminal(self.stack.endpoint, self.b).open()
        except BaseException:
            self.close()
            raise

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)
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
        """(MiB/s, ms of the relay's CPU for a GiB)"""
        cpu = Cpu([self.stack.process()])
        took = call()
        return len(self.payload) / MIB / took, cpu.read()["server"] * 1000 / (len(self.payload) / MIB / 1024)

    def round(self):
        """{way: (MiB/s, ms/GiB)}: a bundle up and down through the relay, its chunks to the store and back without it."""
        bundle = Bundle(self.a, self.b, [("film.gif", b"x")], payload=self.payload, chunk_size=self.chunk)
        for n, chunk in enumerate(bundle.chunks):
            with open(self.file(n), "wb") as file:
                file.write(chunk)
        base, numbers = "https://127.0.0.1:%d/v1/" % self.stack.endpoint.port, range(len(bundle.chunks))
        place = "http://localhost:%d/%s/straight/" % (self.store.port, self.store.bucket)
        put = [['url = "%soutbox/%s/chunks/%d"' % (base, bundle.bundle_id, n), 'upload-file = "%s"' % self.file(n)] for n in numbers]
        get = [['url = "%sinbox/%s/chunks/%d"' % (base, bundle.bundle_id, n), 'header = "Relay-Claim: %s"' % bundle.claim_id] for n in numbers]
        there = [['url = "%s%d"' % (place, n), 'upload-file = "%s"' % self.file(n),
                  'header = "x-amz-content-sha256: %s"' % sha256(bundle.chunks[n])] for n in numbers]
        back = [['url = "%s%d"' % (place, n), 'header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"'] for n in numbers]
        figures = {}
        self.expect(self.up.put(bundle), 202)
        figures["upload"] = self.measured(lambda: curl(self.relay(self.a, self.up), put, {"201", "204"}))
        figures["straight_upload"] = self.measured(lambda: curl(self.straight(), there, {"200"}))
        self.expect(self.down.claim(bundle), 200)
        figures["download"] = self.measured(lambda: curl(self.relay(self.b, self.down), get, {"200"}))
        figures["straight_download"] = self.measured(lambda: curl(self.straight(), back, {"200"}))
        self.expect(self.down.confirm(bundle), 200)
        return figures

    @staticmethod
    def expect(reply, status):
        if reply.status != status:
            raise Failed("object store: %r" % reply)


def object_store(bench, report):
    """Throughput beside curl straight to the store; CPU beside raw TLS, SHA-256 and the copies to or from a socket."""
    if not shutil.which("radosgw"):
        raise Failed("radosgw is missing: deploy/install test")
    small = bench.seconds < 1
    comparison = Comparison("memstore", 2, MIB) if small else Comparison("bluestore", 16, 16 * MIB)
    try:
        rounds = [comparison.round() for _ in range(1 if small else 3)]
    finally:
        comparison.close()
    receive, send = socket_costs((16 if small else 256) * MIB)
    raw, sha = bench.limits.bulk_tls, bench.limits.sha256
    parts = {"upload": (raw["up"], sha, send), "download": (raw["down"], sha, receive)}
    for way in ("upload", "download"):
        def median(name, i):
            return statistics.median(one[name][i] for one in rounds)
        report.add("object_%s_rate" % way, median(way, 0), "MiB/s", median("straight_" + way, 0),
                   note="limit: curl straight to the same RGW; chunks of %d MiB, one at a time" % (comparison.chunk // MIB))
        report.add("object_%s_cpu" % way, median(way, 1), "ms/GiB", sum(parts[way]), lower=True,
                   note="limit: raw TLS %.0f + SHA-256 %.0f + socket to the store %.0f ms/GiB" % parts[way])
