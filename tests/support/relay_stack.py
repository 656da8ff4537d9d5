"""The service under test: deploy/embedded in a temporary directory, provisioned by relayctl."""

import contextlib
import datetime
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import types

import openssl_cms as cms
import relay_client
from ports import reserve_port
from relay_client import Terminal, eventually

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARIES = os.environ.get("RELAY_BIN") or os.path.join(ROOT, "build", "release", "bin")
PASSWORD = "Kaigo2026a"
SANITIZED = "asan" in BINARIES or "tsan" in BINARIES
SANITIZER = re.compile(rb"ERROR: (?:Address|Leak|Thread)Sanitizer|runtime error:|WARNING: ThreadSanitizer")

sys.path.insert(0, os.path.join(ROOT, "deploy"))
from stack.account import Account  # noqa: E402
from stack.postgres import Cluster  # noqa: E402
from stack import settings  # noqa: E402


class Endpoint:
    """Where one server process listens, and the certificates that its clients trust."""

    def __init__(self, port, ca, host="127.0.0.1"):
        self.host, self.port, self.ca = host, port, ca


class Person:
    """An account with its password and certificate; `number` and `name` are its office's."""

    def __init__(self, user_id, cert=None, key=None, number=None, name=None, password=PASSWORD):
        self.user_id, self.cert, self.key, self.number, self.name, self.password = user_id, cert, key, number, name, password

    def using(self, cert, key):
        """The same person with another certificate."""
        return Person(self.user_id, cert, key, self.number, self.name, self.password)


class Stack:
    """One embedded service with settings of its own."""

    def __init__(self, **changes):
        """changes: claims__partial_lapse="2s" is --set claims.partial_lapse=2s."""
        self.base = tempfile.mkdtemp(prefix="relay-test-")
        os.chmod(self.base, 0o755)  # the unprivileged user of the stack must get through
        self.dir, self.certs = os.path.join(self.base, "stack"), os.path.join(self.base, "certs")
        os.mkdir(self.certs)
        self.config = os.path.join(self.dir, "relay.toml")
        self.settings = {"server.listen": "127.0.0.1:%d" % reserve_port(), "server.admin_listen": "127.0.0.1:%d" % reserve_port(),
                         "limits.requests_per_second": 0, **{k.replace("__", "."): v for k, v in changes.items()}}
        self.count, self.offices, self.others = 0, 0, []
        self.endpoint = None

    # -- processes
    def embedded(self, *args, check=True):
        environment = dict(os.environ, RELAY_BIN=BINARIES)
        # Not a pipe: the server in the background would keep it open.
        with tempfile.TemporaryFile() as out:
            done = subprocess.run([os.path.join(ROOT, "deploy", "embedded"), *args], env=environment, stdin=subprocess.DEVNULL,
                                  stdout=out, stderr=out, timeout=200)
            out.seek(0)
            said = out.read().decode(errors="replace")
        if check:
            assert done.returncode == 0, "deploy/embedded %s: %d: %s" % (" ".join(args), done.returncode, said)
        return done.returncode, said

    def up(self):
        words = [word for key, value in self.settings.items() for word in ("--set", "%s=%s" % (key, value))]
        said = self.embedded("up", self.dir, *words)[1]
        port = int(re.search(r"https://127\.0\.0\.1:(\d+)", said).group(1))
        self.endpoint = Endpoint(port, os.path.join(self.dir, "ca.pem"))
        return self

    def down(self):
        self.embedded("down", self.dir)

    def process(self):
        with open(os.path.join(self.dir, "relay.pid"), encoding="ascii") as file:
            return int(file.read())

    def signal(self, number):
        os.kill(self.process(), number)

    def kill(self):
        """The server process ends as in a power cut of its machine."""
        pid = self.process()
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not os.path.exists("/proc/%d" % pid) or open("/proc/%d/stat" % pid).read().split(") ")[1][0] == "Z",
                   10, "the killed server is gone")

    def second(self, **changes):
        """One more server process on the same data, with settings of its own; its endpoint."""
        port = reserve_port()
        environment = dict(os.environ, RELAY_SERVER_LISTEN="127.0.0.1:%d" % port,
                           RELAY_SERVER_ADMIN_LISTEN="127.0.0.1:%d" % reserve_port(),
                           **{"RELAY_" + key.upper().replace("__", "_"): str(value) for key, value in changes.items()})
        with open(os.path.join(self.base, "second.log"), "ab") as log:
            process = subprocess.Popen([os.path.join(BINARIES, "careplan-relay"), "serve", "--config", self.config],
                                       env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.others.append(process)

        def listens():
            assert process.poll() is None, "the second server ended: %s" % self.words("second.log")[-800:]
            try:
                relay_client.socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                return False
        eventually(listens, 60, "the second server listens")
        return Endpoint(port, self.endpoint.ca)

    def words(self, name):
        path = os.path.join(self.base, name)
        if not os.path.exists(path):
            return b""
        with open(path, "rb") as file:
            return file.read()

    @contextlib.contextmanager
    def config_with(self, text):
        """The configuration with that behind it, while it lasts."""
        with open(self.config, encoding="utf-8") as file:
            before = file.read()
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("\n" + text + "\n")
        try:
            yield
        finally:
            with open(self.config, "w", encoding="utf-8") as file:
                file.write(before)

    def log(self):
        """What the main server has logged."""
        return self.words("stack/relay.log")

    def close(self):
        """Stops everything, removes the folder, and fails when a sanitizer had something to say."""
        for process in self.others:
            process.terminate()
        for process in self.others:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        try:
            if os.path.exists(self.config):
                self.down()
            for name in ("stack/relay.log", "second.log"):
                said = self.words(name)
                assert not SANITIZER.search(said), said[SANITIZER.search(said).start():][:6000].decode(errors="replace")
        finally:
            if not os.environ.get("RELAY_KEEP"):
                shutil.rmtree(self.base, ignore_errors=True)

    def database(self):
        """The database server of this stack, to be stopped and started."""
        return Cluster(self.dir, Account.of(self.dir))

    def setting(self, key):
        return settings.read(self.config)[key]

    def admin(self, path):
        """(status, body) of the admin listener."""
        host, _, port = self.setting("server.admin_listen").rpartition(":")
        connection = relay_client.http.client.HTTPConnection(host, int(port), timeout=20)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def wait_for_parked_poll(self):
        """Until a poll waits at the main server."""
        parked = re.compile(r"^relay_parked_polls [1-9]", re.MULTILINE)
        eventually(lambda: parked.search(self.admin("/metrics")[1]), 15, "a parked poll")

    def wait_for_no_parked_poll(self):
        eventually(lambda: "\nrelay_parked_polls 0\n" in self.admin("/metrics")[1], 15, "no parked poll")

    # -- accounts
    def ctl(self, *args, stdin="", check=True):
        """relayctl; its standard output, or the finished process when it need not succeed."""
        done = subprocess.run([os.path.join(BINARIES, "relayctl"), "--config", self.config, *args], input=stdin,
                              capture_output=True, text=True, timeout=120)
        if not check:
            return done
        assert done.returncode == 0, "relayctl %s: %d: %s" % (" ".join(args), done.returncode, done.stderr)
        return done.stdout

    def start_ctl(self, *args):
        """relayctl in the background."""
        return subprocess.Popen([os.path.join(BINARIES, "relayctl"), "--config", self.config, *args], stdout=subprocess.DEVNULL)

    def issue(self, user_id, key_type="p256", **options):
        """(cert, key) of a new certificate for a user."""
        self.count += 1
        prefix = os.path.join(self.certs, "%s-%d" % (user_id, self.count))
        more = [word for name, value in options.items() for word in ("--" + name, str(value))]
        self.ctl("certificate", "issue", user_id, "--out", prefix, "--key-type", key_type, *more)
        return prefix + ".pem", prefix + ".key"

    def grant(self, number, first=-30, last=300):
        today = datetime.datetime.now(relay_client.JAPAN).date()
        self.ctl("licence", "grant", number, "--from", str(today + datetime.timedelta(days=first)),
                 "--until", str(today + datetime.timedelta(days=last)))

    def user(self, number, name=None, key_type="p256", temporary=False, password=PASSWORD, certificate=True):
        self.count += 1
        user_id = "KJ%012d" % (100000 + self.count)
        self.ctl("user", "add", user_id, "--office", number, "--password-stdin", *(["--temporary"] if temporary else []), stdin=password)
        cert, key = self.issue(user_id, key_type) if certificate else (None, None)
        return Person(user_id, cert, key, number, name, password)

    def office(self, number=None, name=None, prefecture="26", licence=True, **options):
        """A new office with a licence, a user and a certificate."""
        self.offices += 1
        number, name = number or "26701%05d" % (self.offices * 13), name or "介護事業所%d" % self.offices
        self.ctl("office", "add", number, "--name", name, "--prefecture", prefecture)
        if licence:
            self.grant(number)
        return self.user(number, name, **options)

    def special(self, prefix, role):
        self.count += 1
        user_id = "%s%012d" % (prefix, 900000 + self.count)
        self.ctl("user", "add", user_id, "--role", role, "--password-stdin", stdin=PASSWORD)
        return Person(user_id, *self.issue(user_id))

    def auditor(self):
        return self.special("AU", "auditor")

    def operator(self):
        return self.special("OP", "operator")

    def people(self):
        """Offices a (P-256), b (RSA) and c (P-256, a letter in its number), with signed-in terminals at_a, at_b, at_c, and an auditor."""
        a = self.office("2670100011", "やまと居宅介護支援")
        b = self.office("2670100029", "みどり訪問介護", key_type="rsa2048")
        c = self.office("26A0100037", "総合事業センター")
        return types.SimpleNamespace(a=a, b=b, c=c, at_a=self.terminal(a), at_b=self.terminal(b), at_c=self.terminal(c),
                                     auditor=self.terminal(self.auditor()))

    @staticmethod
    def wait_for_database(terminal):
        """After it was away: a refused connection speaks for a second, and every worker has to find it again."""
        eventually(lambda: all(terminal.sign_in().status == 201 for _ in range(8)), 30, "sign-ins reach the database")

    def terminal(self, person, endpoint=None):
        """A signed-in terminal."""
        return Terminal(endpoint or self.endpoint, person).open()

    def trust_outside(self, authority):
        """Lets the running server accept the client certificates of another CA."""
        with open(authority.pem, encoding="ascii") as file:
            text = file.read()
        with open(self.setting("tls.client_ca"), "a", encoding="ascii") as file:
            file.write("\n" + text)
        self.signal(signal.SIGHUP)


def running(service):
    """A fixture's body: the service started, handed out, and stopped whatever happens."""
    try:
        yield service.up()
    finally:
        service.close()


def events_of(auditor, bundle):
    """The types of a bundle's events, in order."""
    return [event["type"] for event in auditor.pages("/v1/audit/events?bundle_id=" + bundle.bundle_id, "events")]


__all__ = ["Stack", "Person", "Endpoint", "Terminal", "cms", "events_of", "reserve_port", "running", "PASSWORD", "ROOT", "SANITIZED"]
