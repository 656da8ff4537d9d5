"""A line that can be broken in many ways: a TCP proxy of our own, between the relay and its object store or its clients."""

import select
import socket
import struct
import threading
import time

from ports import reserve_port

BUSY = (b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: 70\r\n\r\n"
        b"<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message/></Error>   ")
TAKEN = b"HTTP/1.1 200 OK\r\nETag: \"0123456789abcdef0123456789abcdef\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class TcpProxy:
    """mode:
    pass    moves bytes both ways, `rate` bytes a second where that is set
    refuse  resets every connection, open ones too
    stall   keeps connections and moves nothing
    cut     resets a connection when `after` bytes of its request were moved
    hold    moves `after` bytes of a connection's request and keeps the rest to itself
    mute    keeps every answer to itself once `after` bytes of a connection's request were moved
    busy    answers every request with 503 SlowDown; after `times` of them it passes
    lie     says 200 to every upload and keeps nothing
    """

    def __init__(self, *targets):
        """targets: ports of 127.0.0.1; connections go to them in turn, and on to the next when one does not listen."""
        self.targets, self.port, self.turn = targets, reserve_port(), 0
        self.mode, self.rate, self.after, self.times = "pass", None, 0, 1 << 30
        self.closed = False
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=512)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.closed = True
        self.listener.close()

    def set(self, mode, **values):
        for name, value in values.items():
            setattr(self, name, value)
        self.mode = mode

    def accept(self):
        while not self.closed:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        server = None
        try:
            if self.mode == "refuse":
                return
            server = self.connect()
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                one.settimeout(60)
            asked = [0]
            back = threading.Thread(target=self.pump, args=(server, client, False, asked), daemon=True)
            back.start()
            self.pump(client, server, True, asked)
        except OSError:
            pass
        finally:
            for one in (client, server):
                self.reset(one)

    def connect(self):
        for left in range(len(self.targets), 0, -1):
            self.turn += 1
            try:
                return socket.create_connection(("127.0.0.1", self.targets[self.turn % len(self.targets)]), 10)
            except OSError:
                if left == 1:
                    raise

    @staticmethod
    def reset(one):
        if one is not None:
            try:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def pump(self, source, sink, is_request, asked):
        """asked: bytes of the connection's request that were moved."""
        try:
            while not self.closed:
                if self.mode == "refuse" or (self.mode == "cut" and is_request and asked[0] >= self.after):
                    break
                if self.mode == "stall":
                    time.sleep(0.02)
                    continue
                if not select.select([source], [], [], 0.1)[0]:
                    continue
                data = source.recv(65536)
                if not data:
                    break
                if is_request and self.answers_itself(source, data):
                    break
                while self.mode == "stall" and not self.closed:
                    time.sleep(0.02)
                if self.mode == "mute" and not is_request and asked[0] >= self.after:
                    continue
                if self.mode in ("cut", "hold") and is_request:
                    data = data[:max(self.after - asked[0], 0)]
                asked[0] += len(data) if is_request else 0  # before its answer can come
                sink.sendall(data)
                if self.rate:
                    time.sleep(len(data) / self.rate)
        except (OSError, ValueError):  # the other direction has closed both
            pass
        finally:
            if is_request or self.mode in ("refuse", "cut"):
                self.reset(sink)
                self.reset(source)
            else:
                try:
                    sink.shutdown(socket.SHUT_WR)
                except OSError:
                    pass

    def answers_itself(self, client, data):
        if self.mode == "busy" and self.times > 0:
            self.times -= 1
            client.sendall(BUSY)
        elif self.mode == "lie" and data.startswith(b"PUT "):
            self.swallow(client, data)
            client.sendall(TAKEN)
        else:
            return False
        client.shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        return True

    @staticmethod
    def swallow(client, data):
        head, _, body = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        left = int(fields[b"content-length"]) - len(body)
        if b"expect" in fields:
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        client.settimeout(30)
        while left > 0 and (data := client.recv(65536)):
            left -= len(data)
