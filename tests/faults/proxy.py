"""A TCP proxy between clients and servers, in a process of its own, that loses, stalls and cuts connections on order.

Every listener of a Proxy leads to one server. Orders are functions of the parent; what they do is decided by the numbers
given with them, so that a plan replays.
"""

import asyncio
import multiprocessing
import random
import socket
import struct

BLOCK = 16384


class Line:
    """One client's connection and its twin to the server."""

    def __init__(self, route, client):
        self.route, self.client, self.server = route, client, None
        self.left = None  # bytes until it breaks, once ordered

    def reset(self):
        for writer in (self.client, self.server):
            if writer is not None:
                plain = writer.get_extra_info("socket")
                try:
                    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                except OSError:
                    pass
                writer.transport.abort()

    async def pump(self, reader, writer):
        while True:
            block = await reader.read(BLOCK)
            await self.route.flows.wait()
            if not block:
                return
            if self.left is not None:
                block, self.left = block[:self.left], self.left - len(block)
            writer.write(block)
            await writer.drain()
            if self.left is not None and self.left <= 0:
                self.reset()
                return

    async def run(self, client_reader):
        self.route.lines.add(self)
        try:
            server_reader, self.server = await asyncio.open_connection("127.0.0.1", self.route.target)
            pumps = [asyncio.ensure_future(self.pump(client_reader, self.server)),
                     asyncio.ensure_future(self.pump(server_reader, self.client))]
            _, others = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for other in others:
                other.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:
            pass
        finally:
            self.route.lines.discard(self)
            self.reset()


class Route:
    def __init__(self, target):
        self.target, self.lines, self.flows = target, set(), asyncio.Event()
        self.flows.set()

    async def accept(self, reader, writer):
        await Line(self, writer).run(reader)

    def some(self, fraction, seed):
        chance = random.Random(seed)
        return [line for line in list(self.lines) if chance.random() < fraction]

    def obey(self, order, fraction, seed):
        if order == "cut":
            for line in self.some(fraction, seed):
                line.reset()
        elif order == "cut_within":
            chance = random.Random(seed)
            for line in self.some(fraction, seed):
                line.left = chance.choice((1, 300, 3000, 30000, 90000))
        elif order == "stall":
            self.flows.clear()
        elif order == "flow":
            self.flows.set()


async def serve(targets, ports, orders):
    routes = [Route(target) for target in targets]
    for route, port in zip(routes, ports):
        await asyncio.start_server(route.accept, "127.0.0.1", port)
    orders.send("ready")
    ended = asyncio.get_running_loop().create_future()

    def read():
        try:
            route, order, fraction, seed = orders.recv()
            routes[route].obey(order, fraction, seed)
        except (EOFError, OSError):
            if not ended.done():
                ended.set_result(None)
    asyncio.get_running_loop().add_reader(orders.fileno(), read)
    await ended


def main(targets, ports, orders, parents_end):
    parents_end.close()  # so that its end in the parent is the end of orders
    asyncio.run(serve(targets, ports, orders))


class Proxy:
    def __init__(self, targets, ports):
        self.orders, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("fork")
        self.process = context.Process(target=main, args=(targets, ports, theirs, self.orders), daemon=True)
        self.process.start()
        theirs.close()
        assert self.orders.poll(20) and self.orders.recv() == "ready"

    def order(self, route, order, fraction=1.0, seed=0):
        self.orders.send((route, order, fraction, seed))

    def close(self):
        self.orders.close()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
