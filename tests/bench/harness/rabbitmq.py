"""RabbitMQ with mutual TLS: what people would otherwise put messages through."""

import asyncio
import base64
import os
import signal
import ssl
import struct
import subprocess
import time

from .accounting import Cpu, children
from .amqp import Channel
from .driving import RUNS, US
from .stack import Failed, reserve_port

PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"  # Debian's wrapper in /usr/sbin would change to the user rabbitmq
PAIRS = 64
BODY = os.urandom(10000)
PATIENCE = 60  # seconds: for the start, the end, and a run beside what it lasts
CONFIG = """
listeners.tcp = none
listeners.ssl.default = 127.0.0.1:{port}
ssl_options.versions.1 = tlsv1.3
ssl_options.certfile = {certificate}
ssl_options.keyfile = {key}
ssl_options.cacertfile = {ca}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
log.file.level = warning
"""


class RabbitMQ:
    """One node on the stack's certificates, all as by default but for TLS; directories and a port mapper (epmd) of its own."""

    def __init__(self, stack):
        self.base, self.port, self.stack = os.path.join(stack.base, "rabbitmq"), reserve_port(), stack
        self.output = os.path.join(self.base, "output")
        self.processes = []

    def __enter__(self):
        os.makedirs(self.base)
        config, epmd = os.path.join(self.base, "rabbitmq.conf"), str(reserve_port())
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(port=self.port, certificate=self.stack.settings_value("tls.certificate"),
                                     key=self.stack.settings_value("tls.key"), ca=self.stack.settings_value("tls.client_ca")))
        environment = {
            "PATH": os.environ["PATH"], "HOME": self.base, "LANG": "C.UTF-8", "ERL_EPMD_PORT": epmd, "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "bench@localhost", "RABBITMQ_DIST_PORT": str(reserve_port()), "RABBITMQ_CONFIG_FILE": config,
            "RABBITMQ_CONF_ENV_FILE": os.devnull, "RABBITMQ_MNESIA_BASE": os.path.join(self.base, "data"),
            "RABBITMQ_LOG_BASE": os.path.join(self.base, "log"), "RABBITMQ_ENABLED_PLUGINS_FILE": os.path.join(self.base, "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"}
        with open(self.output, "wb") as out:
            for words in (["/usr/bin/epmd", "-address", "127.0.0.1", "-port", epmd], [PROGRAM]):
                self.processes.append(subprocess.Popen(words, env=environment, cwd=self.base, stdin=subprocess.DEVNULL, stdout=out, stderr=out))
        until = time.monotonic() + PATIENCE
        while "completed with" not in self.said():
            if self.processes[-1].poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise Failed("RabbitMQ did not start: " + self.said()[-800:])
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)

    def said(self):
        with open(self.output, encoding="utf-8", errors="replace") as file:
            return file.read()

    def pids(self):
        """The shell of the start, the virtual machine, and what that has started."""
        found = [self.processes[-1].pid]
        for pid in found:
            found += children(pid)
        return found


def identities(bench):
    """TLS settings of one office after the other, each with its own certificate."""
    path = os.path.join(bench.stack.base, "rabbitmq", "client.pem")
    with open(bench.offices, "rb") as file:
        while True:
            *_, certificate, key = (file.read(struct.unpack("=I", file.read(4))[0]) for _ in range(5))
            with open(path, "w", encoding="ascii") as pem:
                pem.write(ssl.DER_cert_to_PEM_cert(certificate))
                pem.write("-----BEGIN EC PRIVATE KEY-----\n%s-----END EC PRIVATE KEY-----\n" % base64.encodebytes(key).decode())
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE  # as relay-bench-load
            tls.load_cert_chain(path)
            yield tls


async def measure(node, bench, kind, consumed):
    """One message in flight in each of the queues, for a while. µs of the broker and of the client for one; messages a
    second."""
    tls, queues = identities(bench), [b"bench-%d" % n for n in range(PAIRS)]
    senders = [await Channel.open(node.port, next(tls)) for _ in queues]
    receivers = [await Channel.open(node.port, next(tls)) for _ in queues] if consumed else []
    for sender, queue in zip(senders, queues):
        await sender.declare(queue, kind)
        await sender.select_confirms()
    for receiver, queue in zip(receivers, queues):
        await receiver.consume(queue)

    async def messages(number, until):
        done = 0
        while time.monotonic() < until:
            senders[number].publish(queues[number], BODY)
            if consumed and await receivers[number].receive_and_ack() != BODY:
                raise Failed("RabbitMQ gave another message")
            await senders[number].confirmed()
            done += 1
        return done

    cpu, began = Cpu(node.pids(), client=os.getpid()), time.monotonic()
    done = sum(await asyncio.gather(*(messages(n, began + bench.seconds / 4) for n in range(PAIRS))))
    used, seconds = cpu.read(), time.monotonic() - began
    for sender, queue in zip(senders, queues):
        await sender.delete(queue)
    for channel in senders + receivers:
        channel.close()
    return {"server": used["server"] / done * US, "client": used["client"] / done * US, "per_second": done / seconds}


def rabbitmq(bench, report):
    """One broker, durable queues, persistent messages of 10 kB: it checks no signature and no rule and keeps no log."""
    if not os.access(PROGRAM, os.X_OK):
        report.say("RabbitMQ is not installed: nothing beside it")
        return
    with RabbitMQ(bench.stack) as node:
        for kind in (b"classic", b"quorum"):
            for name, consumed in (("publish", False), ("delivery", True)):
                runs = [asyncio.run(asyncio.wait_for(measure(node, bench, kind, consumed), bench.seconds + PATIENCE)) for _ in range(RUNS)]
                best = min(runs, key=lambda run: run["server"])
                report.add("rabbitmq_%s_%s" % (kind.decode(), name), best["server"], "µs", lower=True,
                           note="%d queues, one message in flight in each, %d connections; %.0f/s on the clock beside a client of %.0f µs" % (
                               PAIRS, PAIRS * (1 + consumed), best["per_second"], best["client"]))
