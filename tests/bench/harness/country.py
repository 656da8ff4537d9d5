"""The country: replicas of the server, client processes with thousands of offices each, and what happens to them."""

import math
import os
import resource
import signal
import subprocess
import time

from .accounting import Cpu, available_memory, kernel_memory, resident
from .stack import BINARIES, Failed, Load, Stack, reserve_port

COUNTRY = 181566
HEADROOM = 2000  # descriptors of a process that are no connections
CLIENT_LIMIT = 18000  # connections of a client process
OPEN_LIMIT = 1800  # seconds that everybody may take to come
BACK_LIMIT = 600


class Country:
    def __init__(self, scale, rate, resumption, report):
        self.connections, self.rate, self.report = max(100, round(COUNTRY * scale)), rate, report
        self.scale = self.connections / COUNTRY
        each = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - HEADROOM
        self.replicas = math.ceil(self.connections / each)
        self.clients_wanted = max(2, self.replicas, math.ceil(self.connections / CLIENT_LIMIT))
        few = self.replicas > 3
        self.stack = Stack(server__drain="10s", tls__resumption=resumption, **({"database__connections": 4} if few else {}))
        self.others, self.ports, self.clients = [], [], []

    # -- processes
    def __enter__(self):
        try:
            self.stack.up()
            if self.replicas > 3:
                with open(os.path.join(self.stack.dir, "pg", "conf.d.conf"), "a", encoding="ascii") as file:
                    file.write("max_connections = %d\n" % (40 + 20 * self.replicas))
                self.stack.restart()
            self.ports = [self.stack.port] + [reserve_port() for _ in range(self.replicas - 1)]
            self.admins = [self.stack.settings["server.admin_listen"]] + ["127.0.0.1:%d" % reserve_port() for _ in self.ports[1:]]
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.__exit__()
        self.stop_servers()
        self.stack.close()

    def start_servers(self, first):
        if not first:
            self.stack.up()
        with open(os.path.join(self.stack.base, "replicas.log"), "ab") as log:
            for port, admin in list(zip(self.ports, self.admins))[1:]:
                environment = dict(os.environ, RELAY_SERVER_LISTEN="127.0.0.1:%d" % port, RELAY_SERVER_ADMIN_LISTEN=admin)
                self.others.append(subprocess.Popen([os.path.join(BINARIES, "careplan-relay"), "serve", "--config", self.stack.config],
                                                    env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"))
        for admin in self.admins:
            self.wait(lambda admin=admin: self.answers(admin), 120, "a replica that answers")

    def answers(self, admin):
        try:
            return "relay_parked_polls" in self.stack.metrics(admin)
        except OSError:
            return False

    def stop_servers(self):
        for process in self.others:
            process.send_signal(signal.SIGTERM)
        for process in self.others:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.others = []

    def stop_all_servers(self):
        main = self.stack.pid()
        os.kill(main, signal.SIGTERM)
        self.stop_servers()
        self.wait(lambda: not os.path.exists("/proc/%d" % main) or open("/proc/%d/stat" % main, encoding="ascii").read().split(") ")[1][0] == "Z",
                  60, "the end of the server")

    def servers(self):
        return [self.stack.pid(), *(process.pid for process in self.others)]

    @staticmethod
    def wait(probe, seconds, what):
        until = time.monotonic() + seconds
        while not probe():
            if time.monotonic() > until:
                raise Failed("not within %d s: %s" % (seconds, what))
            time.sleep(0.25)

    # -- clients
    def start_clients(self, identities):
        first = 0
        for n in range(self.clients_wanted):
            count = self.connections // self.clients_wanted + (n < self.connections % self.clients_wanted)
            self.clients.append(Load("country", self.ports[n % self.replicas], identities, first=first, connections=count,
                                     rate=self.rate / self.clients_wanted, source="127.0.%d.%d" % (1 + n // 200, 1 + n % 200)))
            first += count
        for client in self.clients:
            client.meet()

    def tell(self, command):
        """The clients' figures, each figure added up."""
        for client in self.clients:
            client.say(command)
        answers = [client.meet() for client in self.clients]
        total = {key: sum(answer[key] for answer in answers) for key, value in answers[0].items() if isinstance(value, int)}
        total["wake"] = sorted(value / 10 for answer in answers for value in answer.get("wake_tenths_ms", ()))
        total["first_failure"] = next((answer["first_failure"] for answer in answers if answer["first_failure"]), "")
        return total

    def wait_for_all(self, seconds, what):
        """Seconds until every office is connected and waits, or is busy with a delivery."""
        began = time.monotonic()
        while True:
            figures = self.tell("status")
            if figures["back"] == self.connections:
                return time.monotonic() - began
            if time.monotonic() - began > seconds:
                raise Failed("%s: only %d of %d within %d s; %s" % (what, figures["back"], self.connections, seconds, figures))
            time.sleep(0.5)

    # -- the story
    def run(self, seconds):
        report, stack = self.report, self.stack
        report.say("%d offices, %d server processes (%d descriptors each), %d client processes" % (
            self.connections, self.replicas, resource.getrlimit(resource.RLIMIT_NOFILE)[1], self.clients_wanted))
        began = time.monotonic()
        identities = stack.provision(self.connections)
        report.say("… %.0f s for the offices and their certificates" % (time.monotonic() - began))
        self.start_servers(first=True)
        self.start_clients(identities)
        self.arrive()
        self.deliver(seconds)
        self.cut()
        self.restart()
        self.finish()

    def arrive(self):
        before, kernel = sum(map(resident, self.servers())), kernel_memory()
        self.tell("open")
        took = self.wait_for_all(OPEN_LIMIT, "arrival")
        used, kernel = sum(map(resident, self.servers())), (kernel_memory() - kernel) / 2
        report, gib = self.report, 2**30
        report.add("country_connections", self.connections, "parked polls", note="%d server processes; arrived within %.0f s" % (self.replicas, took))
        report.add("country_memory", (used + kernel) / gib, "GiB", None, 5.5 * self.scale, lower=True,
                   note="servers %.2f GiB (%.2f before anybody came, %d times the accounts), kernel's half %.2f GiB; %.1f kB of server for each; "
                        "%.1f GiB are left" % (used / gib, before / gib, self.replicas, kernel / gib, (used - before) / self.connections / 1000,
                                               available_memory() / gib))

    def deliver(self, seconds):
        cpu = Cpu(self.servers(), self.stack.postmaster())
        clients = [Cpu(client=client.pid) for client in self.clients]
        began = time.monotonic()
        self.tell("deliver")
        while time.monotonic() - began < seconds:
            time.sleep(min(60, max(0.1, seconds - (time.monotonic() - began))))
            figures = self.tell("status")
            self.report.say("… %4.0f s: %d delivered, %d under way, %d refused" % (
                time.monotonic() - began, figures["done"], figures["under_way"], figures["refused"]))
        figures, took, used = self.tell("figures"), time.monotonic() - began, cpu.read()
        self.totals = dict(figures)
        report, wake = self.report, figures["wake"]
        report.add("country_deliveries", figures["done"] / took, "1/s", None, 0.97 * self.rate, note="asked for: %.0f/s, for %.0f s" % (self.rate, took))
        if wake:
            report.add("country_wakeup_p50", wake[len(wake) // 2], "ms", None, 3, lower=True)
            report.add("country_wakeup_p99", wake[int(len(wake) * 0.99)], "ms", None, 50, lower=True, note="from accepted_at, the commit included")
        report.add("country_cpu", (used["server"] + used["postgres"]) / took * 100, "% of a core", lower=True,
                   note="servers %.0f, PostgreSQL %.0f, clients %.0f" % (used["server"] / took * 100, used["postgres"] / took * 100,
                                                                        sum(c.read()["client"] for c in clients) / took * 100))

    def cut(self):
        cpu = Cpu(self.servers(), self.stack.postmaster())
        self.tell("cut")
        took, used = self.wait_for_all(BACK_LIMIT, "back after the cut"), cpu.read()
        self.add_up(self.tell("figures"))
        self.report.add("country_back_after_cut", took, "s", None, max(5, 25 * self.scale), lower=True,
                        note="%d sessions were resumed; CPU of servers %.1f s, PostgreSQL %.1f s" % (
                            self.last["resumed"], used["server"], used["postgres"]))

    def restart(self):
        down = time.monotonic()
        self.stop_all_servers()
        self.start_servers(first=False)
        ready = time.monotonic()
        took = self.wait_for_all(BACK_LIMIT, "back after the restart")
        self.add_up(self.tell("figures"))
        self.report.add("country_back_after_restart", took, "s", None, max(5, 90 * self.scale), lower=True,
                        note="counted from the servers' being ready, which took %.1f s from SIGTERM; %d sessions were resumed" % (
                            ready - down, self.last["resumed"]))

    def add_up(self, figures):
        self.last = figures
        for key, value in figures.items():
            if isinstance(value, int):
                self.totals[key] = self.totals.get(key, 0) + value

    def finish(self):
        """Deliveries that were under way at the cut and at the restart must end as well."""
        time.sleep(10)
        self.tell("stop")
        try:
            self.wait(lambda: self.tell("status")["under_way"] == 0, 180, "the end of what was under way")
        except Failed:
            pass
        under_way = self.tell("status")["under_way"]
        self.add_up(self.tell("figures"))
        started, done = self.totals["started"], self.totals["done"]
        fetched = int(self.stack.sql("SELECT count(*) FROM bundles WHERE state = 'fetched' AND confirmation = 'receipt'"))
        waiting = int(self.stack.sql("SELECT count(*) FROM bundles WHERE state <> 'fetched'"))
        self.report.add("country_lost", started - done, "deliveries", None, 0, lower=True,
                        note="%d begun, %d confirmed, %d still under way; in the database %d confirmed and %d not" % (
                            started, done, under_way, fetched, waiting))
        self.report.add("country_refused", self.totals["refused"], "answers", None, 0, lower=True,
                        note="answers that were neither good nor 503; 503 and repeated: %d. %s" % (
                            self.totals["unavailable"], self.last["first_failure"]))
        if fetched != done:
            raise Failed("the database knows %d confirmed bundles, the offices %d" % (fetched, done))
