"""The benchmark's own embedded stack, its offices, and the load generator that drives it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))))
BINARIES = os.environ.get("RELAY_BIN") or os.path.join(ROOT, "build", "release", "bin")
PASSWORD = "bench-password-1"

sys.path.insert(0, os.path.join(ROOT, "deploy"))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from ports import reserve_port  # noqa: E402
from stack import settings  # noqa: E402
from stack.account import Account  # noqa: E402
from stack.postgres import BINARIES as POSTGRES, Cluster  # noqa: E402

BASE_SETTINGS = {"limits.requests_per_second": 0, "server.log_level": "warn"}


class Failed(Exception):
    """A part of the benchmark that did not work; told, and the other figures go on."""


class Stack:
    """One embedded service below a temporary directory, with settings of its own."""

    def __init__(self, **changes):
        self.base = tempfile.mkdtemp(prefix="relay-bench-", dir=os.environ.get("RELAY_BENCH_DIR"))
        os.chmod(self.base, 0o755)  # the unprivileged user of the stack must get through
        self.dir = os.path.join(self.base, "stack")
        self.config = os.path.join(self.dir, "relay.toml")
        self.settings = {"server.listen": "127.0.0.1:%d" % reserve_port(), "server.admin_listen": "127.0.0.1:%d" % reserve_port(),
                         **BASE_SETTINGS, **{key.replace("__", "."): value for key, value in changes.items()}}
        self.offices = 0
        self.port = None

    def __enter__(self):
        try:
            self.up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    # -- processes
    def embedded(self, *args):
        with tempfile.TemporaryFile() as out:  # not a pipe: the server in the background would keep it open
            done = subprocess.run([os.path.join(ROOT, "deploy", "embedded"), *args], env=dict(os.environ, RELAY_BIN=BINARIES),
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=300)
            out.seek(0)
            said = out.read().decode(errors="replace")
        if done.returncode:
            raise Failed("deploy/embedded %s: %s" % (" ".join(args[:1]), said.strip()[-1500:]))
        return said

    def up(self, **changes):
        self.settings.update({key.replace("__", "."): value for key, value in changes.items()})
        words = [word for key, value in self.settings.items() for word in ("--set", "%s=%s" % (key, value))]
        said = self.embedded("up", self.dir, *words)
        self.port = int(re.search(r"https://127\.0\.0\.1:(\d+)", said).group(1))

    def down(self):
        self.embedded("down", self.dir)

    def restart(self, **changes):
        """The same data with other settings."""
        self.down()
        self.up(**changes)

    def close(self):
        try:
            if os.path.exists(self.config):
                self.down()
        finally:
            if not os.environ.get("RELAY_KEEP"):
                shutil.rmtree(self.base, ignore_errors=True)

    def pid(self):
        with open(os.path.join(self.dir, "relay.pid"), encoding="ascii") as file:
            return int(file.read())

    def postmaster(self):
        with open(os.path.join(self.dir, "pg", "postmaster.pid"), encoding="ascii") as file:
            return int(file.readline())

    # -- database
    @property
    def cluster(self):
        return Cluster(self.dir, Account.of(self.dir))

    @property
    def socket(self):
        return os.path.join(self.dir, "sock")

    def psql(self, *args, database="relay", timeout=600):
        """psql as the owner, by the caller's own rights on files."""
        done = subprocess.run([os.path.join(POSTGRES, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.socket,
                               "-U", "relay_owner", "-d", database, *args], capture_output=True, text=True, timeout=timeout)
        if done.returncode:
            raise Failed("psql: " + done.stderr.strip()[-1000:])
        return done.stdout.strip()

    def sql(self, text, **options):
        return self.psql("-c", text, **options)

    def settle(self):
        """What rows that were just put in bulk leave to be done, done now and not while something is measured."""
        self.sql("VACUUM (ANALYZE)")
        self.sql("CHECKPOINT")

    def has_sequenced(self):
        """Whether the sequencer has ended a run: its first one, after a start, is of all events behind the mark."""
        return self.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'careplan-relay sequencer' AND query = 'COMMIT'") != "0"

    # -- offices
    def provision(self, count, name="offices", key_type="p256"):
        """`count` more offices; the file of their identities."""
        identities, rows = os.path.join(self.base, name), os.path.join(self.base, name + ".copy")
        done = subprocess.run([program("relay-bench-provision"), "--ca", self.settings_value("ca.directory"), "--identities", identities,
                               "--rows", rows, "--first", str(self.offices + 1), "--count", str(count), "--key-type", key_type,
                               "--password", PASSWORD], capture_output=True, text=True, timeout=900)
        if done.returncode:
            raise Failed(done.stderr.strip())
        self.psql("-v", "rows=" + rows, "-v", "hash=" + done.stdout.strip(), "-f", os.path.join(ROOT, "tests", "bench", "provision.sql"),
                  timeout=900)
        os.unlink(rows)
        self.offices += count
        return identities

    def settings_value(self, key):
        return settings.read(self.config)[key]

    def metrics(self, admin=None):
        with urllib.request.urlopen("http://%s/metrics" % (admin or self.settings["server.admin_listen"]), timeout=20) as answer:
            return answer.read().decode()

    def metric(self, name):
        found = re.search(r"^%s(?:\{[^}]*\})? ([0-9.e+-]+)$" % re.escape(name), self.metrics(), re.MULTILINE)
        return float(found.group(1)) if found else 0.0


def program(name):
    path = os.path.join(BINARIES, name)
    if not os.access(path, os.X_OK):
        raise Failed("%s is missing: run deploy/build release %s" % (path, name))
    return path


class Load:
    """A running relay-bench-load. `meet` reads its next line, `go` lets it go on."""

    def __init__(self, scenario, port, identities, **options):
        words = ["--port", str(port), "--identities", identities]
        for key, value in options.items():
            if value is True:
                words.append("--" + key.replace("_", "-"))
            elif value is not None and value is not False:
                words += ["--" + key.replace("_", "-"), str(value)]
        self.process = subprocess.Popen([program("relay-bench-load"), scenario, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.scenario = scenario

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def meet(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(30)
            raise Failed("relay-bench-load %s: %s" % (self.scenario, self.process.stderr.read().strip()[-800:]))
        return json.loads(line)

    def say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def go(self):
        self.say("go")
