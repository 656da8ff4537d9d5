"""HTTP as bytes over mutual TLS: what a client may send that no HTTP library would, and every byte that comes back."""

import functools
import json
import socket
import ssl
import time

from relay_client import tls

LONGEST_WAIT = 60
context_of = functools.lru_cache(maxsize=64)(tls)  # reading certificates takes longer than a handshake


class RawConnection:
    """One TLS connection whose ends can be closed one by one. `receive` never waits longer than its bound."""

    def __init__(self, endpoint, person, receive_buffer=None, segment=None):
        """A small receive_buffer and segment (bytes a packet) leave what is not read yet at the server."""
        self.socket = socket.socket()
        if segment:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(LONGEST_WAIT)
        self.socket.connect((endpoint.host, endpoint.port))
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context_of(endpoint.ca, person.cert, person.key).wrap_bio(self.incoming, self.outgoing, server_hostname=endpoint.host)
        self.received, self.ended, self.reset = b"", False, False
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._pull()
        self._flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _flush(self):
        try:
            self.socket.sendall(self.outgoing.read())
        except (ConnectionError, BrokenPipeError):
            self.reset = True

    def _pull(self, most=65536):
        """Waits for bytes of the line; the end of the line ends the incoming side."""
        try:
            more = self.socket.recv(most)
        except ConnectionError:
            more, self.reset = b"", True
        if more:
            self.incoming.write(more)
        else:
            self.incoming.write_eof()
        return bool(more)

    def send(self, data):
        self.tls.write(data) if data else None
        self._flush()
        return self

    def half_close(self, notify=True):
        """No more will be sent; with close_notify unless told otherwise, then with the line's own end."""
        if notify:
            try:
                self.tls.unwrap()
            except (ssl.SSLWantReadError, ssl.SSLError):
                pass
            self._flush()
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def _read(self):
        """What is here already; False at the end of the server's sending side."""
        while True:
            try:
                more = self.tls.read(65536)
            except ssl.SSLWantReadError:
                return True
            except ssl.SSLError:  # an alert, or the line ended within the connection
                more = b""
            if not more:
                self.ended = True
                return False
            self.received += more

    def receive(self, enough=None, seconds=LONGEST_WAIT):
        """Everything until the server's end, or until enough(bytes so far), or for so long."""
        until = time.monotonic() + seconds
        while self._read() and not (enough and enough(self.received)):
            left = until - time.monotonic()
            if left <= 0:
                break
            self.socket.settimeout(left)
            try:
                self._pull()
            except TimeoutError:
                break
        return self.received

    def sip(self, seconds):
        """Reads on for so long, no more than 4 KiB at a time and little in all."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._pull(4096)
            self._read()
            time.sleep(0.2)
        return self.received


class RawAnswer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    @property
    def code(self):
        return json.loads(self.body)["code"] if self.fields.get("content-type") == "application/problem+json" else None

    @property
    def answer(self):
        return self.status, self.code

    def __repr__(self):
        return "%d %s" % (self.status, self.code or "")


def next_answer(data):
    """(the first answer in data, the bytes behind it), or nothing while it is not whole."""
    head, blank, rest = data.partition(b"\r\n\r\n")
    if not blank:
        return None
    assert head.startswith(b"HTTP/1.1 "), "no answer: %r" % data[:200]
    lines = head.decode().split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    status = int(lines[0].split()[1])
    size = 0 if status in (100, 204, 304) else int(fields["content-length"])
    return (RawAnswer(status, fields, rest[:size]), rest[size:]) if len(rest) >= size else None


def split_answers(data):
    """The answers in data, each exactly as long as it says; whatever is left over fails."""
    answers = []
    while data:
        first = next_answer(data)
        assert first, "an answer was cut: %r" % data[:200]
        answers.append(first[0])
        data = first[1]
    return answers


def has_answers(count):
    """For RawConnection.receive: until so many answers are whole."""
    def enough(data):
        for _ in range(count):
            first = next_answer(data)
            if not first:
                return False
            data = first[1]
        return True
    return enough
