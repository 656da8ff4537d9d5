"""A database that fails over to its standby (I91), with commits that both have."""

import os
import signal

import pytest
from coverage_tags import scenario
from relay_client import Bundle, eventually
from relay_stack import Stack
from stack.postgres import Cluster


class Standby(Cluster):
    """A streaming standby of a stack's PostgreSQL, beside it."""

    def __init__(self, service):
        self.primary = service.database()
        super().__init__(os.path.join(service.dir, "standby"), self.primary.account)

    def make(self):
        with open(os.path.join(self.primary.data, "pg_hba.conf"), "a", encoding="ascii") as file:
            file.write("local replication all peer map=relay\n")
        self.primary.sql("select pg_reload_conf()")
        self.account.make_folder(os.path.dirname(self.data), 0o755)
        self.account.make_folder(self.sock, 0o755)
        eventually(lambda: self._run("pg_basebackup", "-h", self.primary.sock, "-U", "relay_owner", "-D", self.data, "-R", "-c", "fast",
                                     check=False).returncode == 0, 60, "the base backup")
        with open(os.path.join(self.data, "conf.d.conf"), "a", encoding="ascii") as file:
            file.write("unix_socket_directories = '%s'\n" % self.sock)
        self.start()
        self.primary.sql("alter system set synchronous_standby_names = '*'")
        self.primary.sql("select pg_reload_conf()")
        eventually(lambda: self.primary.sql("select count(*) from pg_stat_replication where sync_state = 'sync'") == "1", 60, "it follows")

    def promote(self):
        self.sql("alter system set synchronous_standby_names = ''")
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-s", "promote")


@pytest.fixture(scope="module")
def stack():
    service = Stack()
    socks = [os.path.join(service.dir, name) for name in ("sock", "standby/sock")]
    service.settings["database.url"] = "host=%s dbname=relay user=relay_app connect_timeout=5 target_session_attrs=read-write" % ",".join(socks)
    standby = Standby(service)
    try:
        yield service.up()
    finally:
        standby.stop()
        service.close()


def crash(cluster):
    """Like a power cut. The number of its process may be another program's soon, so it does not stay for pg_ctl to ask."""
    pid_file = os.path.join(cluster.data, "postmaster.pid")
    with open(pid_file, encoding="ascii") as file:
        postmaster = int(file.readline())
    with open("/proc/%d/task/%d/children" % (postmaster, postmaster), encoding="ascii") as file:
        for pid in [postmaster, *map(int, file.read().split())]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    os.unlink(pid_file)


@scenario("I91")
def test_a_crashed_database_is_told_and_its_standby_takes_over_with_all_that_was_accepted(stack, people):
    standby = Standby(stack)
    standby.make()
    accepted = [Bundle(people.a, people.b) for _ in range(5)]
    for bundle in accepted:
        people.at_a.send(bundle)
    assert people.at_b.claim(accepted[0]).status == 200
    crash(stack.database())
    late = Bundle(people.a, people.b)
    refused = eventually(lambda: (lambda reply: reply if reply.status == 503 else None)(people.at_a.put(late)), 15, "503")
    assert refused.code == "unavailable" and int(refused.header("Retry-After")) >= 1
    standby.promote()
    eventually(lambda: people.at_a.sent(late).status == 404, 60, "the relay recovers alone, and nothing was kept")
    eventually(lambda: people.at_a.put(late).status == 201, 30, "and accepts again")
    for bundle in [*accepted, late]:
        assert people.at_b.fetch(bundle) == bundle.payload
    eventually(lambda: stack.admin("/readyz")[0] == 200, 30, "ready again")
