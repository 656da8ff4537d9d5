"""Clients that are slow, silent or never read; each works in a thread of its own (see tests/integration/test_http.py)."""

import re
import socket
import threading
import time

from http_cases import HOST
from raw_http import RawConnection
from relay_stack import SANITIZED

# What is freed stays in a sanitizer's quarantine for a while: 256 MiB, and what stands around it.
QUARANTINE_KIB = 393216 if SANITIZED else 0
PATIENCE = 60  # seconds; the longest deadline that is waited for here is 15


class Slow:
    """One slow client in a thread of its own: what it got, and when the server ended it."""

    def __init__(self, work):
        self.work, self.received, self.ended, self.seconds, self.failure = work, b"", False, None, None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        begin = time.monotonic()
        try:
            self.received, self.ended = self.work()
        except Exception as error:  # judged by join()
            self.failure = error
        self.seconds = time.monotonic() - begin

    def join(self):
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive() and self.failure is None, self.failure
        return self


def silent_line(stack):
    with socket.create_connection((stack.endpoint.host, stack.endpoint.port), timeout=PATIENCE) as plain:
        return plain.recv(100), True


def silent_after_handshake(stack, person):
    with RawConnection(stack.endpoint, person) as connection:
        return connection.receive(seconds=PATIENCE), connection.ended


def dribble(stack, person, begin):
    """Says how a request begins, then one byte a second, whatever it is a byte of."""
    with RawConnection(stack.endpoint, person) as connection:
        connection.send(begin)
        until = time.monotonic() + PATIENCE
        while not connection.ended and time.monotonic() < until:
            connection.receive(seconds=1)
            if not connection.ended:
                connection.send(b"a")
        return connection.received, connection.ended


def start_slow_clients(stack, person):
    """All of them at once, by name."""
    return {"silent line": Slow(lambda: silent_line(stack)),
            "silent after the handshake": Slow(lambda: silent_after_handshake(stack, person)),
            "slow line": Slow(lambda: dribble(stack, person, b"GET /v1/in")),
            "slow field": Slow(lambda: dribble(stack, person, b"GET /v1/inbox HTTP/1.1\r\n" + HOST + b"A: "))}


def asked(stack, terminal, line, fields="", body=b""):
    """A connection on which a request was sent, whose answer stays at the server until it is read."""
    head = "%s HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer %s\r\n%s" % (line, terminal.token, fields)
    if body:
        head += "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    connection = RawConnection(stack.endpoint, terminal.person, receive_buffer=4096, segment=536)
    return connection.send(head.encode() + b"\r\n" + body)


def resident_kib(stack):
    with open("/proc/%d/status" % stack.process(), encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


def body_memory(stack):
    return int(float(re.search(r"^relay_body_memory_bytes (\S+)", stack.admin("/metrics")[1], re.MULTILINE).group(1)))


def open_connections(stack):
    return int(float(re.search(r"^relay_connections (\S+)", stack.admin("/metrics")[1], re.MULTILINE).group(1)))
