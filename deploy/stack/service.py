"""The server process of a stack: started, watched until it answers, stopped."""

import json
import os
import signal
import socket
import subprocess
import time
import tomllib
import urllib.error
import urllib.request

from . import settings
from .account import Refusal

START_LIMIT = 120
# Seconds; server.drain's default, what server/app.cpp and the object store's threads allow after it, and some more.
DRAIN, AFTER_DRAIN, MARGIN = 30, 12 + 5 + 5, 8
NAMES = ("careplan-relay", "relayctl")


class PortTaken(Refusal):
    """Somebody else listens where the server was to."""


class Programs:
    """Where the executables are: RELAY_BIN, or what deploy/build makes."""

    def __init__(self, root):
        self.folder = os.environ.get("RELAY_BIN") or os.path.join(root, "build", "release", "bin")

    def check(self):
        for name in NAMES:
            if not os.access(self.path(name), os.X_OK):
                raise Refusal("%s is missing: run deploy/build first" % self.path(name))

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, name, *args):
        """Runs one to its end; a refusal tells its last words. As root it changes user by itself."""
        # Variables for one of several servers must not reach the commands that set up what they share.
        clean = {k: v for k, v in os.environ.items() if not k.startswith("RELAY_")}
        done = subprocess.run([self.path(name), *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                              env=clean, cwd="/")
        if done.returncode:
            raise Refusal("%s: %s" % (name, (done.stderr or done.stdout).strip()[-1500:] or "exit %d" % done.returncode))
        return done.stdout


class Service:
    """`careplan-relay serve` of DIR/relay.toml, its process number in DIR/relay.pid and its words in DIR/relay.log."""

    def __init__(self, directory, account, programs):
        self.directory, self.account, self.programs = directory, account, programs
        self.config, self.pid_file, self.log = (os.path.join(directory, name) for name in ("relay.toml", "relay.pid", "relay.log"))

    def pid(self):
        """The process that runs, or None; a number that belongs to some other program by now counts as none."""
        try:
            with open(self.pid_file, encoding="ascii") as file:
                pid = int(file.read().split()[0])
            with open("/proc/%d/cmdline" % pid, "rb") as file:
                words = file.read().split(b"\0")
        except (OSError, ValueError, IndexError):
            return None
        return pid if b"serve" in words and self.config.encode() in words else None

    def url(self):
        host, _, port = settings.read(self.config)["server.listen"].rpartition(":")
        return "https://%s:%s" % ("127.0.0.1" if host in ("", "0.0.0.0", "[::]") else host, port)

    def start(self):
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o640)
        self.account.give(descriptor, 0o640)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("RELAY_")}
        with os.fdopen(descriptor, "ab") as log:
            begin = log.tell()
            process = subprocess.Popen([self.programs.path("careplan-relay"), "serve", "--config", self.config], env=clean, cwd="/",
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.account.write(self.pid_file, "%d\n" % process.pid, 0o644)
        try:
            self._wait(process, begin)
        except Refusal:
            process.kill()
            process.wait()
            os.unlink(self.pid_file)
            raise

    def _wait(self, process, begin):
        values = settings.read(self.config)
        admin = values.get("server.admin_listen")
        until = time.monotonic() + START_LIMIT
        missing = "no answer"
        while time.monotonic() < until:
            if process.poll() is not None:
                said = self._last_words(begin)
                kind = PortTaken if "Address already in use" in said else Refusal
                raise kind("careplan-relay ended at once (exit %d): %s" % (process.returncode, said))
            try:
                host, _, port = values["server.listen"].rpartition(":")
                socket.create_connection(("127.0.0.1" if host in ("", "0.0.0.0") else host.strip("[]"), int(port)), 2).close()
                if not admin:
                    return
                with urllib.request.urlopen("http://%s/readyz" % admin, timeout=5) as answer:
                    if answer.status == 200:
                        return
            except urllib.error.HTTPError as error:
                missing = error.read().decode(errors="replace")
            except OSError as error:
                missing = str(error)
            time.sleep(0.05)
        raise Refusal("careplan-relay is not ready after %d s (%s): %s" % (START_LIMIT, missing, self._last_words(begin)))

    def _last_words(self, begin):
        with open(self.log, "rb") as file:
            file.seek(begin)
            return file.read()[-1500:].decode(errors="replace").strip()

    def stop(self):
        pid = self.pid()
        if pid is not None:
            try:
                os.kill(pid, signal.SIGTERM)
                self._wait_end(pid, self._drain_limit())
                if self.pid() is not None:
                    os.kill(pid, signal.SIGKILL)
                    self._wait_end(pid, 10)
            except ProcessLookupError:
                pass
        if os.path.exists(self.pid_file):
            os.unlink(self.pid_file)

    def _drain_limit(self):
        """Longer than the server takes to drain, to close what is left and to write down what was sent (docs/operations.md)."""
        try:
            drain = settings.seconds(settings.read(self.config).get("server.drain", DRAIN))
        except tomllib.TOMLDecodeError:  # broken since the server read it, which must stop all the same
            drain = None
        return (DRAIN if drain is None else drain) + AFTER_DRAIN + MARGIN

    def _wait_end(self, pid, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
            if self.pid() is None:
                return
            time.sleep(0.05)


def differences(before, after):
    """The keys whose values differ, told as key=value."""
    return ["%s=%s" % (key, json.dumps(value)) for key, value in after.items() if before.get(key) != value]
