"""A real object store behind a line that can be broken, two servers, two offices: where tests/faults/large plays."""

import json
import time

from object_store import ObjectStore
from relay_client import eventually
from relay_stack import Stack
from tcp_proxy import TcpProxy

PREFIX, MIB = "large", 1 << 20


def say(text):
    print("%s  %s" % (time.strftime("%H:%M:%S"), text), flush=True)


def peak_mib(pid):
    """Highest resident memory of a process so far."""
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


class World:
    """A store, a line to it, two servers, a balancer before them, two offices."""

    def __init__(self, **settings):
        self.store = ObjectStore("bluestore").up()
        self.line = TcpProxy(self.store.port)
        self.stack = Stack(**self.store.settings(PREFIX, self.line.port, claims__partial_lapse="2h", **settings)).up()
        self.second = self.stack.second()
        self.balancer = TcpProxy(self.stack.endpoint.port, self.second.port)
        self.a, self.b = self.stack.office(), self.stack.office()
        self.peaks = []

    def servers(self):
        return [self.stack.process()] + [process.pid for process in self.stack.others]

    def note_peaks(self):
        self.peaks += [peak_mib(pid) for pid in self.servers()]

    def restart(self):
        """kill -9 of the first server, and start again."""
        self.note_peaks()
        self.stack.kill()
        self.stack.up()

    def sweep(self):
        done = self.stack.ctl("objects", "sweep", "--older-than", "0s", "--json", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def destroy_everything(self):
        """Chunks go with the receipts of their bundles. What a server was writing when it was killed, or never got to its end, is
        announced, and goes when an upload's time is up: how many objects that were."""
        eventually(lambda: self.sweep()["rows"] == 0, 120, "no row of a chunk is left")
        doomed = "SELECT count(*) FROM pending_objects WHERE doomed"
        eventually(lambda: self.stack.database().sql(doomed, database="relay").strip() == "0", 120, "nor an object of one")
        assert self.sweep()["orphaned_objects"] == 0
        left = len(self.store.keys(PREFIX))
        self.stack.second(bundles__unfinished_upload="1s")
        eventually(lambda: not self.store.keys(PREFIX), 120, "what was announced is destroyed")
        return left

    def close(self):
        self.line.set("pass")
        self.balancer.close()
        try:
            self.stack.close()
        finally:
            self.line.close()
            self.store.close()
