"""The container image: built by its Dockerfile, and run as operations would run it: not root, read-only, no capabilities."""

import json
import os
import shutil
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))

from containers import Engine  # noqa: E402
from relay_client import Bundle, eventually, open_payload  # noqa: E402
from relay_stack import ROOT, Stack, settings  # noqa: E402

IMAGE, USER, INSIDE = "localhost/careplan-relay:test", 65532, "/etc/careplan-relay"
LOCKED = ("--network", "host", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "512m")


@pytest.fixture(scope="module")
def engine():
    engine = Engine()
    try:
        engine.make_base()
        engine.build(ROOT, IMAGE, "--target", "server")
        yield engine
    finally:
        engine.close()


@pytest.fixture(scope="module")
def relay(engine):
    """A database and certificates as of deploy/embedded, and the image's server on them in its own server's place."""
    stack = Stack()
    try:
        stack.up()
        give_password(stack)
        stack.kill()
        options = ("--volume", configure(stack) + ":%s:ro" % INSIDE, "--volume", stack.dir + "/sock:%s/sock" % stack.dir,
                   "--volume", folder_of_image_user(stack, "objects") + ":/var/lib/careplan-relay/objects",
                   "--env", "RELAY_DATABASE_URL_FILE=%s/app-url" % INSIDE)
        engine.run("podman", "run", "--detach", "--name", "relay", *LOCKED, *options, IMAGE)
        eventually(lambda: engine.run("podman", "healthcheck", "run", "relay", check=False)[0] == 0, 60, "a healthy container")
        yield stack
    finally:
        stack.close()


def give_password(stack):
    """The image's user has no account on this machine, so it signs in to PostgreSQL with a password."""
    database = stack.database()
    with open(os.path.join(database.data, "pg_hba.conf"), "r+", encoding="ascii") as file:
        text = file.read()
        file.seek(0)
        file.write("local relay relay_app scram-sha-256\n" + text)
    database.sql("alter role relay_app password 'of-this-test'; select pg_reload_conf()")


def folder_of_image_user(stack, name):
    path = os.path.join(stack.base, name)
    os.mkdir(path)
    os.chown(path, USER, USER)
    return path


def configure(stack):
    """What an operator lays beside the image: relay.toml, certificates, and the database's URL as a secret file."""
    folder = folder_of_image_user(stack, "config")
    values = {key: value for key, value in settings.read(stack.config).items() if not key.startswith(("database.", "ca."))}
    for key in ("tls.certificate", "tls.key", "tls.client_ca", "tls.client_crl", "tls.ticket_keys_file", "log.key_file"):
        shutil.copy(values[key], folder)
        values[key] = os.path.join(INSIDE, os.path.basename(values[key]))
    values["objects.url"] = "file:///var/lib/careplan-relay/objects"
    url = "host=%s/sock dbname=relay user=relay_app password=of-this-test" % stack.dir
    for name, text in (("relay.toml", settings.render(values)), ("app-url", url)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    for name in os.listdir(folder):
        os.chown(os.path.join(folder, name), USER, USER)
        os.chmod(os.path.join(folder, name), 0o400)
    return folder


def test_the_image_holds_what_runs_and_nothing_that_builds(engine):
    for program in ("careplan-relay version", "relayctl --version", "relay-client --version"):
        name, option = program.split()
        assert engine.run("podman", "run", "--rm", *LOCKED, "--entrypoint", "/usr/local/bin/" + name, IMAGE, option)[1], program
    for tool in ("g++", "cmake", "ninja", "psql", "git"):
        assert engine.run("podman", "run", "--rm", *LOCKED, "--entrypoint", "/usr/bin/test", IMAGE, "-e", "/usr/bin/" + tool, check=False)[0] == 1
    told = json.loads(engine.run("podman", "inspect", "--type", "image", IMAGE)[1])[0]
    assert told["User"] == "%d:%d" % (USER, USER) and told["HealthCheck" if "HealthCheck" in told else "Healthcheck"]


def test_a_care_plan_goes_through_the_container_whole(engine, relay):
    sender, recipient = relay.office(), relay.office()
    at_sender, at_recipient = relay.terminal(sender), relay.terminal(recipient)
    small = Bundle(sender, recipient)
    assert at_sender.put(small).status == 201
    large = Bundle(sender, recipient, [("scan.pdf", os.urandom(300000))], chunk_size=131072)
    at_sender.send(large)
    for bundle in (small, large):
        assert open_payload(at_recipient.fetch(bundle), recipient) == bundle.files
    told = json.loads(engine.run("podman", "inspect", "relay")[1])[0]
    pid = told["State"]["Pid"]
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        status = dict(line.split(":", 1) for line in file.read().splitlines())
    assert status["Uid"].split() == [str(USER)] * 4 and int(status["CapEff"], 16) == 0 and status["NoNewPrivs"].strip() == "1"
    assert not engine.run("podman", "diff", "relay")[1].replace("C /etc", "").strip()


def test_it_drains_when_it_is_told_to_stop(engine, relay):
    assert engine.run("podman", "stop", "--time", "40", "relay")[0] == 0
    assert json.loads(engine.run("podman", "inspect", "relay")[1])[0]["State"]["ExitCode"] == 0
    assert b"drain" in engine.run("podman", "logs", "relay")[1].encode()
