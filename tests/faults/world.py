"""What faults are done to: two server processes, a proxy in front of each, and one PostgreSQL, on small disks of their own."""

import os
import signal
import subprocess
import threading
import time

import relay_stack
from ledger import INLINE_LIMIT
from ports import reserve_port
from proxy import Proxy
from relay_client import eventually
from relay_stack import Endpoint, Stack
from small_disk import Disk

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
SETTINGS = {"claims__partial_lapse": "4s", "claims__sent_lapse": "8s", "bundles__unfinished_upload": "30s", "limits__inline_payload": INLINE_LIMIT,
            "passwords__memory": "1MiB", "server__drain": "3s", "database__connections": 6}
POSTGRES = "max_wal_size = 80MB\nmin_wal_size = 32MB\ncheckpoint_timeout = 30s\nautovacuum_naptime = 5s\n"
READY_LIMIT = 90


class Server:
    """One server process: killed and started again at will, always on the same port."""

    def __init__(self, world, nth):
        self.world, self.nth = world, nth
        self.port, self.admin, self.front = reserve_port(), reserve_port(), reserve_port()
        self.process, self.skewed_at = None, 0.0
        self.clock = os.path.join(world.stack.base, "clock-%d" % nth)
        self.set_clock("+0")

    def set_clock(self, offset):
        with open(self.clock + ".new", "w", encoding="ascii") as file:
            file.write(offset + "\n")
        os.chmod(self.clock + ".new", 0o644)
        os.replace(self.clock + ".new", self.clock)

    def start(self):
        """Starts the process and waits until it takes connections; a database that is away keeps it from starting."""
        environment = dict(os.environ, RELAY_SERVER_LISTEN="127.0.0.1:%d" % self.port,
                           RELAY_SERVER_ADMIN_LISTEN="127.0.0.1:%d" % self.admin)
        if self.world.can_skew:
            environment.update(LD_PRELOAD=FAKETIME, FAKETIME_TIMESTAMP_FILE=self.clock, FAKETIME_CACHE_DURATION="1",
                               FAKETIME_DONT_FAKE_MONOTONIC="1", FAKETIME_DONT_RESET="1")
        until = time.monotonic() + READY_LIMIT
        while True:
            with open(os.path.join(self.world.stack.base, "server-%d.log" % self.nth), "ab") as log:
                self.process = subprocess.Popen(
                    [os.path.join(relay_stack.BINARIES, "careplan-relay"), "serve", "--config", self.world.stack.config],
                    env=environment, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            if self.wait_for_listener(until):
                return
            assert time.monotonic() < until, "server %d does not start" % self.nth
            time.sleep(0.1)

    def wait_for_listener(self, until):
        while self.process.poll() is None and time.monotonic() < until:
            try:
                relay_stack.relay_client.socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                time.sleep(0.02)
        return False

    def kill(self):
        self.process.kill()
        self.process.wait(30)

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.alive():
            self.process.send_signal(number)

    def ready(self):
        done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-m", "5", "-w", "%{http_code}", "http://127.0.0.1:%d/readyz" % self.admin],
                              capture_output=True, text=True, check=False)
        return done.stdout == "200"


class Database:
    """The PostgreSQL of the stack, by its processes."""

    def __init__(self, stack):
        self.cluster = stack.database()
        self.lock = threading.Lock()  # one crash or start at a time

    def postmaster(self):
        with open(os.path.join(self.cluster.data, "postmaster.pid"), encoding="ascii") as file:
            return int(file.readline())

    def children(self, word=""):
        """Processes of the server whose title holds `word`."""
        found = []
        try:
            with open("/proc/%d/task/%d/children" % (self.postmaster(), self.postmaster()), encoding="ascii") as file:
                pids = file.read().split()
            for pid in pids:
                try:
                    with open("/proc/%s/cmdline" % pid, "rb") as file:
                        title = file.read().decode(errors="replace")
                except OSError:
                    continue
                if word in title:
                    found.append(int(pid))
        except (OSError, ValueError):
            pass
        return found

    def backends(self):
        return self.children("relay_app")

    def crash(self):
        """Every process of it ends at once."""
        try:
            pids = [self.postmaster(), *self.children()]
        except (OSError, ValueError):
            return
        for pid in pids:
            send(pid, signal.SIGKILL)
        eventually(lambda: all(gone(pid) for pid in pids), 30, "the killed database is gone")

    def start(self):
        """Starts it unless it runs and answers; recovers what a crash left."""
        until = time.monotonic() + READY_LIMIT
        while True:
            try:
                self.cluster.start()
                self.cluster.sql("select 1", "relay")
                return
            except Exception:  # recovering, or ended again meanwhile
                assert time.monotonic() < until, "the database does not come back"
                time.sleep(0.1)

    def sql(self, text):
        return self.cluster.sql(text, "relay")

    def rows(self, text):
        return [line.split("|") for line in self.sql(text).splitlines() if line]


def gone(pid):
    """Ended, whether or not anybody has asked how."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
            return file.read().rpartition(") ")[2][0] == "Z"
    except OSError:
        return True


def send(pid, number):
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


class World:
    def __init__(self, can_mount):
        self.can_mount, self.can_skew = can_mount, os.path.exists(FAKETIME)
        self.stack = Stack(**SETTINGS)
        self.stack.up()
        self.stack.down()
        with open(os.path.join(self.stack.dir, "pg", "postgresql.conf"), "a", encoding="ascii") as file:
            file.write(POSTGRES)
        self.disks = {}
        if can_mount:
            self.disks = {"database": Disk(os.path.join(self.stack.dir, "pg"), 2048),
                          "objects": Disk(os.path.join(self.stack.dir, "objects"), 256)}
        self.database = Database(self.stack)
        self.database.start()
        self.servers = [Server(self, 0), Server(self, 1)]
        for server in self.servers:
            server.start()
        self.proxy = Proxy([server.port for server in self.servers], [server.front for server in self.servers])
        self.endpoints = [Endpoint(server.front, self.stack.endpoint.ca) for server in self.servers]

    def heal(self):
        """Everything runs and answers again."""
        for nth in range(2):
            self.proxy.order(nth, "flow")
        for disk in self.disks.values():
            disk.empty()
        self.database.start()
        for server in self.servers:
            server.signal(signal.SIGCONT)
            server.set_clock("+0")
            if not server.alive():
                server.start()
        for server in self.servers:
            eventually(server.ready, READY_LIMIT, "server %d is ready" % server.nth)

    def words(self):
        """What the servers said, one text each."""
        return [self.stack.words("server-%d.log" % server.nth) for server in self.servers]

    def close(self):
        for server in self.servers:
            if server.process and server.alive():
                server.signal(signal.SIGCONT)
                server.process.terminate()
        for server in self.servers:
            try:
                server.process.wait(60)
            except subprocess.TimeoutExpired:
                server.process.kill()
                server.process.wait()
        self.proxy.close()
        self.database.cluster.stop()
        for disk in self.disks.values():
            disk.close()
        self.stack.close()
