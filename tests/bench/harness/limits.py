"""What the machine can do at best, measured in the same run by programs that do the least: OpenSSL and epoll without a
relay, PostgreSQL without rules. Each part is measured when it is first asked for."""

import contextlib
import functools
import json
import os
import subprocess
import time

from .accounting import Cpu, kernel_memory, resident
from .driving import US, least_of_runs
from .nginx import Nginx
from .stack import ROOT, Failed, Load, program, reserve_port

BODY = 16400  # an upload of 10 kB with its signed manifest, as JSON
BATCHES = 32, 100  # bundles in a transaction


class Limits:
    """Figures in µs of CPU, kB, ms/GiB. `bench` gives the stack, its offices and how long a scenario lasts."""

    def __init__(self, bench):
        self.bench = bench
        self.seconds = max(0.2, bench.seconds / 8)

    # -- parts
    @functools.cached_property
    @least_of_runs
    def crypto(self):
        done = subprocess.run([program("relay-bench-crypto"), "--identities", self.bench.offices, "--seconds", "%.2f" % (self.seconds / 20)],
                              capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise Failed(done.stderr.strip())
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def raw_server(self, *options):
        stack, port = self.bench.stack, reserve_port()
        process = subprocess.Popen([program("relay-bench-raw-server"), "--port", str(port), "--certificate", stack.settings_value("tls.certificate"),
                                    "--key", stack.settings_value("tls.key"), "--ca", stack.settings_value("tls.client_ca"), *options],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            if process.stdout.readline() != "ready\n":
                raise Failed("relay-bench-raw-server did not start")
            yield port, process.pid
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    @least_of_runs
    def requests(self, port, pids, connections=16, **options):
        """µs of the server for one request of a keep-alive connection."""
        with Load("polls", port, self.bench.offices, connections=connections, seconds=self.seconds, plain=True, **options) as load:
            load.meet()
            cpu = Cpu(pids)
            load.go()
            done = load.meet()
            used = cpu.read()
        if done["failures"] or not done["done"]:
            raise Failed("requests: " + done.get("first_failure", "none"))
        return used["server"] / done["done"] * US

    @least_of_runs
    def handshakes(self, port, pids, resume, **options):
        with Load("handshakes", port, self.bench.offices, connections=16, count=int(150 * self.bench.seconds), resume=resume, plain=True,
                  **options) as load:
            load.meet()
            cpu = Cpu(pids)
            load.go()
            done = load.meet()
            used = cpu.read()
        if done["failures"] or done["resumed"] != (done["done"] if resume else 0):
            raise Failed("handshakes: %s; %d of %d resumed" % (done.get("first_failure", ""), done["resumed"], done["done"]))
        return used["server"] / done["done"] * US

    @functools.lru_cache(maxsize=None)
    def http(self, rate):
        """µs of the raw server for the requests that a delivery is made of: so many a second; 0: as fast as they go."""
        with self.raw_server() as (port, pid):
            def cost(**options):
                return self.requests(port, [pid], **(dict(options, rate=rate, connections=1) if rate else options))
            return {"small": cost(path="/", expect=204), "get_2k": cost(path="/2k"), "get_10k": cost(path="/10k"), "get_16k": cost(path="/16k"),
                    "post_2k": cost(path="/", body=1900, expect=201), "post_10k": cost(path="/", body=10000, expect=201),
                    "post_16k": cost(path="/", body=BODY, expect=201)}

    @functools.cached_property
    def bulk_tls(self):
        """ms of CPU for a GiB over TLS into the raw server, and out of it."""
        with self.raw_server() as (port, pid):
            up = self.requests(port, [pid], path="/", body=16 << 20, expect=201, connections=2)
            down = self.requests(port, [pid], path="/16m", connections=2)
        return {"up": up * 64 / 1000, "down": down * 64 / 1000}

    @functools.cached_property
    def sha256(self):
        """ms of CPU for a GiB."""
        return self.crypto["sha256_1m"] * 1024 / 1000

    @functools.cached_property
    @least_of_runs
    def file(self):
        """ms of CPU for a GiB: "write" of files of 16 MiB with an fsync of each, "read" from the page cache; blocks of 1 MiB."""
        paths = [os.path.join(self.bench.stack.base, "bulk%d" % n) for n in range(4)]
        blocks = [os.urandom(1 << 20) for _ in range(16)]
        began = time.process_time()
        for path in paths:
            with open(path, "wb", buffering=0) as file:
                for block in blocks:
                    file.write(block)
                os.fsync(file.fileno())
        written = time.process_time()
        for path in paths:
            with open(path, "rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass
        read = time.process_time()
        for path in paths:
            os.unlink(path)
        return {"write": (written - began) * 16 * 1000, "read": (read - written) * 16 * 1000}

    @functools.cached_property
    def pgbench(self):
        from .deliveries import pgbench_best
        return pgbench_best(self.bench.stack, self.seconds)

    @functools.lru_cache(maxsize=None)
    def rows(self, group, rate):
        """µs of PostgreSQL for a bundle's step in transactions of `group`: so many a second; 0: as fast as they go."""
        stack, name = self.bench.stack, "limit_%d_%d" % (group, rate)
        stack.sql("CREATE DATABASE %s" % name, database="postgres")
        try:
            stack.psql("-f", os.path.join(ROOT, "tests", "bench", "postgres_limits.sql"), database=name)
            count = int(max(1, self.seconds) * rate) or int(max(1, self.bench.seconds) * (250 if group > 1 else 75))
            url = "host=%s dbname=%s user=relay_owner" % (stack.socket, name)
            return self._steps([program("relay-bench-postgres"), "--url", url, "--group", str(group), "--count", str(count), "--rate", str(rate)])
        finally:
            stack.sql("DROP DATABASE %s WITH (FORCE)" % name, database="postgres")

    @functools.cached_property
    def batched(self):
        """As rows(), each step in transactions of as many as make it cheapest."""
        some = [self.rows(group, 0) for group in BATCHES]
        return {step: min(rows[step] for rows in some) for step in some[0]}

    @least_of_runs
    def _steps(self, words):
        """µs of PostgreSQL for each of the steps that the program names, and µs of the program itself."""
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            costs = {}

            def go():
                process.stdin.write("go\n")
                process.stdin.flush()
            for line in process.stdout:
                step = json.loads(line)["next"]
                used = Cpu(postmaster=self.bench.stack.postmaster(), client=process.pid)
                go()
                answer = process.stdout.readline()
                if not answer:
                    break
                seconds = used.read()
                done = json.loads(answer)["done"]
                costs[step], costs[step + "_client"] = seconds["postgres"] / done * US, seconds["client"] / done * US
                go()
            if process.wait(30):
                raise Failed(process.stderr.read().strip())
        return costs

    @functools.cached_property
    def nginx(self):
        """nginx with mutual TLS: memory of an idle connection, handshakes, small answers, WebDAV."""
        with Nginx(self.bench.stack) as nginx:
            figures = {"small": self.requests(nginx.port, nginx.workers(), path="/small", expect=204),
                       "get_10k": self.requests(nginx.port, nginx.workers(), path="/files/10k"),
                       "handshake": self.handshakes(nginx.port, nginx.workers(), False, path="/small", expect=204),
                       "handshake_resumed": self.handshakes(nginx.port, nginx.workers(), True, path="/small", expect=204),
                       "put_10k": self.requests(nginx.port, nginx.workers(), path="/put/10k", body=10000, method="PUT", expect=204)}
            figures["idle_kB"], figures["idle_kernel_kB"] = self.idle(nginx.port, nginx.workers, path="/small", expect=204)
        return figures

    def idle(self, port, pids, **options):
        """(kB of the server, kB of the kernel) for a connection that has asked one thing and is silent."""
        count = self.bench.parked
        with Load("parked", port, self.bench.offices, connections=count, plain=True, **options) as load:
            load.meet()
            before, kernel = sum(map(resident, pids())), kernel_memory()
            load.go()
            load.meet()
            used = sum(map(resident, pids())) - before, (kernel_memory() - kernel) / 2
            load.go()
            done = load.meet()
        if done["failures"]:
            raise Failed(done["first_failure"])
        return [size / count / 1000 for size in used]

    # -- what they add up to
    def upload_server(self, rows=None, rate=0):
        c, rows = self.crypto, rows or self.batched
        return (self.http(rate)["post_16k"] + c["verify"] + c["sha256_10k"] + 2 * c["sha256_1k"] + c["base64_decode_10k"] + c["base64_decode_manifest"]
                + c["json_manifest"] + rows["accept_client"])

    def insert(self):
        return self.batched["accept"]

    def upload(self):
        return self.upload_server() + self.insert()

    def delivery(self, rows=None, rate=0):
        """Upload, wake of a poll, claim with its payload, receipt, and two more events of the log."""
        c, rows, http = self.crypto, rows or self.batched, self.http(rate)
        server = (self.upload_server(rows, rate) + http["get_2k"] + http["get_16k"] + c["base64_encode_10k"]
                  + http["post_2k"] + c["verify"] + 3 * c["sha256_1k"]
                  + sum(rows[step + "_client"] for step in ("poll", "claim", "confirm")))
        return server + sum(rows[step] for step in ("accept", "poll", "claim", "confirm")) + 2 * self.batched["log"]

    def delivery_single(self, rate=0):
        """With `rate`, what all these programs cost at that pace: between two of their requests the machine goes idle and cold, as
        between two of the relay's."""
        return self.delivery(self.rows(1, rate), rate)

    def idle_memory(self):
        """None where nginx is not installed."""
        return self.nginx["idle_kB"] if Nginx.program() else None

    @functools.lru_cache(maxsize=None)
    def handshake(self, resume, tickets=False):
        """A full handshake or a resumed one of the raw server, accept and a small answer included."""
        with self.raw_server(*(["--tickets"] if tickets else [])) as (port, pid):
            return self.handshakes(port, [pid], resume, path="/", expect=204)
