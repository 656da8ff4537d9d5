"""A private PostgreSQL 15 cluster on a unix socket, for its own user alone."""

import os
import pwd

from .account import Refusal

BINARIES = "/usr/lib/postgresql/15/bin"
ROLES = ("relay_owner", "relay_app", "relay_audit")
SOCKET_LIMIT = 107

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{sock}'
max_connections = 64
shared_buffers = 128MB
fsync = on
synchronous_commit = on
full_page_writes = on
wal_compression = lz4
max_wal_size = 1GB
checkpoint_timeout = 15min
jit = off
timezone = 'UTC'
log_min_messages = warning
idle_in_transaction_session_timeout = 60s
wal_level = replica
max_wal_senders = 5
"""


class Cluster:
    """Below `directory`: pg (the data), sock (the socket), postgres.log."""

    def __init__(self, directory, account):
        self.account = account
        self.data, self.sock = os.path.join(directory, "pg"), os.path.join(directory, "sock")
        self.log = os.path.join(directory, "postgres.log")

    def check(self):
        if not os.access(os.path.join(BINARIES, "initdb"), os.X_OK):
            raise Refusal("PostgreSQL 15 is not installed; deploy/build installs it")
        longest = len(os.path.join(self.sock, ".s.PGSQL.5432").encode())
        if longest >= SOCKET_LIMIT:
            raise Refusal("%s: too long a path for a unix socket (%d bytes, at most %d)" % (self.sock, longest, SOCKET_LIMIT - 1))

    def _run(self, program, *args, timeout=120, check=True, **options):
        done = self.account.run([os.path.join(BINARIES, program), *args], cwd=self.sock, capture_output=True, text=True,
                                timeout=timeout, **options)
        if check and done.returncode:
            raise Refusal("%s failed: %s" % (program, (done.stderr or done.stdout).strip()[-600:]))
        return done

    def sql(self, text, database="postgres"):
        return self._run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.sock, "-U", "relay_owner",
                         "-d", database, "-c", text).stdout.strip()

    def create(self):
        """initdb, access for this account and root alone, and the settings; nothing when it is there."""
        self.account.make_folder(self.sock, 0o755)
        if os.path.exists(os.path.join(self.data, "relay-ready")):
            return
        self.account.make_folder(self.data)
        if not os.path.exists(os.path.join(self.data, "PG_VERSION")):
            self._run("initdb", "-D", self.data, "-U", "relay_owner", "--auth-local=peer", "--auth-host=reject", "-E", "UTF8",
                      "--locale=C.UTF-8", "--data-checksums", "--no-instructions")
        users = sorted({self.account.name, pwd.getpwuid(0).pw_name})
        self.account.write(os.path.join(self.data, "pg_ident.conf"),
                           "".join("relay %s %s\n" % (user, role) for user in users for role in ROLES))
        self.account.write(os.path.join(self.data, "pg_hba.conf"), "local all all peer map=relay\n")
        self.account.write(os.path.join(self.data, "conf.d.conf"), SETTINGS.format(sock=self.sock))
        main = os.path.join(self.data, "postgresql.conf")
        with open(main, encoding="utf-8") as file:
            text = file.read()
        if "include 'conf.d.conf'" not in text:
            self.account.write(main, text + "\ninclude 'conf.d.conf'\n")
        self.start()
        existing = self.sql("select string_agg(rolname, ' ') from pg_roles").split()
        for role in ROLES[1:]:
            if role not in existing:
                self.sql("create role %s login" % role)
        self.sql("grant relay_audit to relay_app")
        if self.sql("select count(*) from pg_database where datname = 'relay'") == "0":
            self.sql("create database relay owner relay_owner")
        self.account.write(os.path.join(self.data, "relay-ready"), "")

    def running(self):
        if not os.path.isdir(self.data) or not os.path.isdir(self.sock):
            return False
        return self._run("pg_ctl", "-D", self.data, "status", check=False).returncode == 0

    def start(self):
        if not self.running():
            self._run("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", "60", "-s", "start")

    def stop(self):
        if self.running():
            self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", "60", "-s", "stop")
