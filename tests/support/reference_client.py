"""relay-client as one person runs it."""

import json
import os
import subprocess

from relay_stack import BINARIES


class Client:
    """relay-client with the settings of one person in a TOML file."""

    def __init__(self, stack, person, port=None):
        """port: of a proxy in front of the server."""
        self.config = os.path.join(stack.certs, "%s-%s.toml" % (person.user_id, port or "direct"))
        password = os.path.join(stack.certs, person.user_id + ".password")
        with open(password, "w", encoding="utf-8") as file:
            file.write(person.password + "\n")
        values = {"url": "https://127.0.0.1:%d" % (port or stack.endpoint.port), "ca": stack.endpoint.ca, "cert": person.cert, "key": person.key,
                  "user": person.user_id, "password_file": password, "state": person.user_id + ".state"}
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("".join("%s = %s\n" % (key, json.dumps(value)) for key, value in values.items()))

    def command(self, *args):
        return [os.path.join(BINARIES, "relay-client"), "--config", self.config, *map(str, args)]

    def start(self, *args):
        return subprocess.Popen(self.command(*args), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def run(self, *args, code=0, language="C.UTF-8"):
        done = subprocess.run(self.command(*args), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240,
                              env={**os.environ, "LC_ALL": language})
        assert done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def json(self, *args, code=0):
        """The JSON that it prints, whatever it says on standard error."""
        done = subprocess.run(self.command("--json", *args), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
        assert done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)
