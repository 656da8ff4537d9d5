"""As much of AMQP 0-9-1 as publishing with confirms and consuming take: one channel on one TLS connection."""

import asyncio
import struct

from .stack import Failed

FRAME = struct.Struct(">BHI")
METHOD, HEADER, BODY, END = 1, 2, 3, b"\xce"
START, START_OK, TUNE, TUNE_OK, OPEN, OPEN_OK = (10, 10), (10, 11), (10, 30), (10, 31), (10, 40), (10, 41)
CHANNEL_OPEN, CHANNEL_OPEN_OK = (20, 10), (20, 11)
DECLARE, DECLARE_OK, DELETE, DELETE_OK = (50, 10), (50, 11), (50, 40), (50, 41)
CONSUME, CONSUME_OK, PUBLISH, DELIVER, ACK = (60, 20), (60, 21), (60, 40), (60, 60), (60, 80)
CONFIRM_SELECT, CONFIRM_SELECT_OK = (85, 10), (85, 11)
FRAME_MAX = 131072


def short(text):
    return bytes([len(text)]) + text


def long(data):
    return struct.pack(">I", len(data)) + data


def frame(kind, channel, payload):
    return FRAME.pack(kind, channel, len(payload)) + payload + END


def method(name, arguments=b"", channel=1):
    return frame(METHOD, channel, struct.pack(">HH", *name) + arguments)


class Channel:
    """Fails at whatever the broker says that was not expected."""

    @classmethod
    async def open(cls, port, tls):
        channel = cls()
        channel.reader, channel.writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
        channel.writer.write(b"AMQP\0\0\x09\x01")
        await channel.expect(START)
        channel.writer.write(method(START_OK, long(b"") + short(b"PLAIN") + long(b"\0guest\0guest") + short(b"en_US"), channel=0))
        await channel.expect(TUNE)
        channel.writer.write(method(TUNE_OK, struct.pack(">HIH", 1, FRAME_MAX, 0), channel=0))
        await channel.call(method(OPEN, short(b"/") + short(b"") + b"\0", channel=0), OPEN_OK)
        await channel.call(method(CHANNEL_OPEN, short(b"")), CHANNEL_OPEN_OK)
        return channel

    async def read(self):
        try:
            kind, _, size = FRAME.unpack(await self.reader.readexactly(FRAME.size))
            return kind, (await self.reader.readexactly(size + 1))[:-1]
        except asyncio.IncompleteReadError as error:
            raise Failed("AMQP: the broker ended the connection") from error

    async def expect(self, name):
        """The arguments of the next method, which must be this one."""
        kind, payload = await self.read()
        if kind != METHOD or struct.unpack_from(">HH", payload) != name:
            raise Failed("AMQP: %r instead of %r" % (payload[:300], name))
        return payload[4:]

    async def call(self, sent, answer):
        self.writer.write(sent)
        return await self.expect(answer)

    async def declare(self, queue, kind):
        """A durable queue of this kind: classic, quorum."""
        table = short(b"x-queue-type") + b"S" + long(kind)
        await self.call(method(DECLARE, bytes(2) + short(queue) + b"\x02" + long(table)), DECLARE_OK)

    async def delete(self, queue):
        await self.call(method(DELETE, bytes(2) + short(queue) + b"\0"), DELETE_OK)

    async def select_confirms(self):
        await self.call(method(CONFIRM_SELECT, b"\0"), CONFIRM_SELECT_OK)

    async def consume(self, queue):
        """With acknowledgement of every message."""
        await self.call(method(CONSUME, bytes(2) + short(queue) + short(b"") + b"\0" + long(b"")), CONSUME_OK)

    def publish(self, queue, body):
        """One persistent message through the default exchange, `mandatory`: one that reaches no queue would come back."""
        self.writer.write(method(PUBLISH, bytes(2) + short(b"") + short(queue) + b"\x01")
                          + frame(HEADER, 1, struct.pack(">HHQHB", 60, 0, len(body), 0x1000, 2)) + frame(BODY, 1, body))

    async def confirmed(self):
        await self.expect(ACK)

    async def receive_and_ack(self):
        """One message, acknowledged; its body."""
        arguments = await self.expect(DELIVER)
        tag = arguments[1 + arguments[0]:][:8]
        _, header = await self.read()
        left, body = struct.unpack_from(">Q", header, 4)[0], b""
        while len(body) < left:
            body += (await self.read())[1]
        self.writer.write(method(ACK, tag + b"\0"))
        return body

    def close(self):
        self.writer.close()
