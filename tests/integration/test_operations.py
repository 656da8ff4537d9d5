"""What operators rely on: signals, the admin listener, logs, configuration errors (commands.md)."""

import json
import os
import signal
import socket
import subprocess
import time

import pytest
from coverage_tags import covers
from relay_client import Bundle, Terminal, eventually, together
from relay_stack import BINARIES, cms


def program(name, *args, **environment):
    return subprocess.run([os.path.join(BINARIES, name), *args], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **environment})


def test_every_program_explains_itself_and_refuses_wrong_usage():
    for name, args in (("careplan-relay", ()), ("careplan-relay", ("serve",)), ("relayctl", ()), ("relayctl", ("user", "add")),
                       ("relayctl", ("certificate", "issue"))):
        help_text = program(name, *args, "--help")
        assert help_text.returncode == 0 and "--" in help_text.stdout, (name, args)
        assert program(name, *args, "--no-such-option").returncode == 2, (name, args)
    assert program("careplan-relay", "version").stdout.strip()


def test_check_config_names_every_bad_key(stack, tmp_path):
    bad = tmp_path / "relay.toml"
    with open(stack.config, encoding="utf-8") as file:
        bad.write_text(file.read() + '\n[nonsense]\nkey = 1\n\n[claims]\npartial_lapse = "soon"\n')
    done = program("careplan-relay", "check-config", "--config", str(bad))
    assert done.returncode == 1
    assert [word in done.stderr for word in ("nonsense.key", "claims.partial_lapse")] == [True, True]
    assert program("careplan-relay", "check-config", "--config", stack.config).returncode == 0


@pytest.mark.parametrize("key, value", [("objects.url", "ftp://x"), ("objects.url", "s3://bucket"), ("server.listen", "relay.example:8443"),
                                        ("objects.access_key", "s3://b?endpoint=http://h:1"), ("server.admin_listen", "everywhere:1")])
def test_check_config_and_serve_refuse_the_same_values(stack, key, value):
    variable = "OBJECTS_URL" if value.startswith("s3://") else key.upper().replace(".", "_")
    for command in ("check-config", "serve"):
        done = program("careplan-relay", command, "--config", stack.config, **{"RELAY_" + variable: value})
        assert done.returncode == 1 and key + ":" in done.stderr, (command, done.stderr)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to lower")
def test_serve_reads_secrets_with_the_rights_of_the_one_who_wrote_their_names(stack, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("of root alone")
    secret.chmod(0o600)
    done = program("careplan-relay", "serve", "--config", stack.config, RELAY_OBJECTS_SECRET_KEY_FILE=str(secret))
    assert done.returncode == 1 and "objects.secret_key_file: cannot read" in done.stderr


def test_a_configuration_that_cannot_be_read_again_is_told(stack):
    with stack.config_with("[nonsense]\nkey = 1"):
        stack.signal(signal.SIGHUP)
        eventually(lambda: b"config_not_reloaded" in stack.log() and b"nonsense.key" in stack.log(), 10, "the log tells")


def test_a_wrong_environment_variable_is_refused_by_name(stack):
    done = program("careplan-relay", "check-config", "--config", stack.config, RELAY_CLAIMS_SENT_LAPSE="never")
    assert done.returncode == 1 and "claims.sent_lapse" in done.stderr


def test_health_readiness_and_metrics_are_told_on_the_admin_listener(stack):
    assert stack.admin("/healthz")[0] == 200
    assert stack.admin("/readyz")[0] == 200
    status, page = stack.admin("/metrics")
    assert status == 200 and "# TYPE relay_" in page
    assert program("careplan-relay", "health", "--config", stack.config).returncode == 0


def test_health_asks_where_the_admin_listener_listens_and_never_hangs(stack):
    port = stack.setting("server.admin_listen").rpartition(":")[2]
    for host in ("localhost", "0.0.0.0"):
        done = program("careplan-relay", "health", "--config", stack.config, RELAY_SERVER_ADMIN_LISTEN="%s:%s" % (host, port))
        assert done.returncode == 0, (host, done.stderr)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begin = time.monotonic()
        done = program("careplan-relay", "health", "--config", stack.config,
                       RELAY_SERVER_ADMIN_LISTEN="127.0.0.1:%d" % silent.getsockname()[1])
    assert done.returncode == 1 and "in time" in done.stderr and time.monotonic() - begin < 10


@covers("§2 Request-Id")
def test_every_request_is_one_json_line_of_the_log_without_secrets(stack, people):
    bundle = Bundle(people.a, people.b)
    reply = people.at_a.put(bundle)
    request_id = reply.header("Request-Id")

    def line():
        found = [text for text in stack.log().decode().splitlines() if request_id in text]
        return found and json.loads(found[0])
    seen = eventually(line, 10, "the log line")
    assert {"at", "level", "request_id"} <= set(seen)
    whole = stack.log().decode()
    assert people.at_a.token not in whole and people.a.password not in whole and bundle.files[0][0] not in whole


def test_lists_come_as_json_too(stack, people):
    offices = json.loads(stack.ctl("office", "list", "--json"))
    assert people.a.number in json.dumps(offices)
    assert people.a.user_id in stack.ctl("user", "list")
    assert people.a.number in stack.ctl("licence", "list")
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    assert json.loads(stack.ctl("bundle", "show", bundle.bundle_id, "--json"))["state"] == "waiting"
    assert bundle.bundle_id in stack.ctl("bundle", "list", "--office", people.b.number, "--state", "waiting")


def test_refusals_of_relayctl_are_one_line_and_exit_1(stack, people):
    for args, stdin in ((("office", "add", people.a.number, "--name", "x"), ""), (("office", "add", "12", "--name", "x"), ""),
                        (("user", "add", "HD000000000001", "--office", people.a.number, "--password-stdin"), "Kaigo2026a"),
                        (("user", "add", "KJ000000990001", "--office", "9999999999", "--password-stdin"), "Kaigo2026a"),
                        (("user", "add", "KJ000000990002", "--office", people.a.number, "--password-stdin"), "short"),
                        (("user", "unlock", "KJ999999999999"), ""), (("licence", "grant", people.a.number, "--from", "2026-13-01", "--until", "2027-01-01"), "")):
        done = stack.ctl(*args, stdin=stdin, check=False)
        assert done.returncode in (1, 2) and done.stderr.strip(), args


def test_migrations_are_applied_once_and_told(stack):
    assert stack.ctl("migrate", "status")
    assert stack.ctl("migrate") is not None
    assert stack.ctl("migrate", "--dry-run") is not None


def test_sigterm_drains_and_the_poll_that_waits_is_answered(stack):
    office = stack.office()
    terminal = stack.terminal(office)
    pid = stack.process()

    def stop():
        stack.wait_for_parked_poll()
        os.kill(pid, signal.SIGTERM)
    polled, _ = together(lambda: terminal.inbox("?wait=30"), stop)
    assert polled.status in (200, 304)
    eventually(lambda: stack.embedded("status", stack.dir, check=False)[0] == 3, 40, "the server has ended")
    stack.up()
    assert Terminal(stack.endpoint, office).sign_in().status == 201


def read_whole(path):
    with open(path, "rb") as file:
        return file.read()


@covers("§3 reloading")
def test_sighup_takes_a_new_server_certificate_without_ending_connections(stack, people, tmp_path):
    assert people.at_a.inbox().status == 200
    connection = people.at_a.connection
    authority = cms.OutsideCa(str(tmp_path / "new"), "Renewed server CA")
    cert, key = authority.issue("/CN=localhost", usage="serverAuth")
    before = [read_whole(stack.setting(setting)) for setting in ("tls.certificate", "tls.key")]

    def install(certificate, private_key):
        for content, setting in ((certificate, "tls.certificate"), (private_key, "tls.key")):
            with open(stack.setting(setting), "wb") as file:
                file.write(content)
        stack.signal(signal.SIGHUP)

    def renewed():
        shown = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % stack.endpoint.port, "-cert", people.a.cert,
                                "-key", people.a.key], input=b"", capture_output=True, timeout=20).stdout
        return b"Renewed server CA" in shown
    install(read_whole(cert), read_whole(key))
    eventually(renewed, 20, "the new certificate")
    assert people.at_a.inbox().status == 200 and people.at_a.connection is connection
    install(*before)
    eventually(lambda: not renewed(), 20, "the old certificate again")


@covers("§3 reloading")
@pytest.mark.parametrize("setting", ["tls.client_ca", "tls.client_crl", "tls.certificate"])
def test_a_file_that_cannot_be_read_stops_neither_the_service_nor_later_reloads(stack, people, setting):
    def told(event):
        return stack.log().count(b'"event":"%s"' % event)
    path, failures = stack.setting(setting), told(b"reload_failed")
    os.rename(path, path + ".kept")
    os.mkdir(path)
    stack.signal(signal.SIGHUP)
    eventually(lambda: told(b"reload_failed") > failures, 20, "the failure is logged")
    assert people.at_a.inbox().status == 200 and stack.terminal(people.b).inbox().status == 200
    os.rmdir(path)
    os.rename(path + ".kept", path)
    reloads = told(b"reloaded")
    stack.signal(signal.SIGHUP)
    eventually(lambda: told(b"reloaded") > reloads, 20, "the next reload is good")
