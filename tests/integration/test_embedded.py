"""deploy/embedded, as scripts rely on it (commands.md)."""

import importlib.machinery
import importlib.util
import os
import socket
import stat
import subprocess

import pytest
from relay_stack import BINARIES, ROOT, Stack, reserve_port
from stack import settings
from stack.service import Service


def embedded_stack():
    """The class of deploy/embedded, which is a program without an ending that import would know."""
    loader = importlib.machinery.SourceFileLoader("embedded", os.path.join(ROOT, "deploy", "embedded"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("embedded", loader))
    loader.exec_module(module)
    return module.Stack


@pytest.fixture
def empty():
    """A stack that was not started."""
    stack = Stack()
    yield stack
    stack.close()


def test_an_unknown_key_starts_nothing_and_leaves_relay_toml_as_it_was(stack, empty):
    code, said = empty.embedded("up", empty.dir, "--set", "nonsense.key=1", check=False)
    assert code == 1 and "nonsense.key" in said and not os.path.exists(empty.dir)
    stack.down()
    with open(stack.config, encoding="utf-8") as file:
        before = file.read()
    code, said = stack.embedded("up", stack.dir, "--set", "claims.partial_lapse=soon", check=False)
    assert code == 1 and "claims.partial_lapse" in said
    with open(stack.config, encoding="utf-8") as file:
        assert file.read() == before
    assert stack.embedded("status", stack.dir, check=False)[0] == 3
    stack.up()


def test_down_waits_for_a_drain_of_any_unit_and_for_what_comes_after_it(tmp_path):
    assert [settings.seconds(text) for text in ("500ms", "90s", "15m", "2h", "1d", 45, "soon")] == [0.5, 90, 900, 7200, 86400, 45, None]
    service = Service(str(tmp_path), None, None)
    for drain, least in (("2m", 120 + 22), ("500ms", 22), ("30s", 30 + 22), ("soon", 30 + 22)):
        (tmp_path / "relay.toml").write_text('[server]\ndrain = "%s"\n' % drain)
        assert service._drain_limit() > least
    with open(os.path.join(ROOT, "deploy", "compose.yaml"), encoding="utf-8") as file:
        grace = next(line.split(":")[1] for line in file if "stop_grace_period:" in line)
    assert settings.seconds(grace) > 30 + 22


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the stack as another user")
def test_root_follows_no_link_that_the_service_made(stack, tmp_path):
    secret, victim = tmp_path / "secret", tmp_path / "victim"
    secret.write_text("of root alone")
    secret.chmod(0o600)
    victim.mkdir(0o700)
    ca, objects = os.path.join(stack.dir, "tls", "ca.pem"), os.path.join(stack.dir, "objects")
    stack.down()
    for path, target in ((ca, secret), (objects, victim)):
        os.rename(path, path + ".kept")
        os.symlink(target, path)
        code, said = stack.embedded("up", stack.dir, check=False)
        assert code == 1 and "Traceback" not in said, said
        os.unlink(path)
        os.rename(path + ".kept", path)
    with open(os.path.join(stack.dir, "ca.pem"), encoding="ascii") as file:
        assert "of root alone" not in file.read()
    assert os.stat(victim).st_uid == 0 and os.stat(secret).st_mode & 0o777 == 0o600
    stack.up()


def test_a_relay_toml_that_is_no_toml_is_told_in_one_line_and_hinders_no_down(stack):
    with stack.config_with("this is no TOML"):
        assert stack.embedded("down", stack.dir)[0] == 0
        code, said = stack.embedded("up", stack.dir, check=False)
        assert code == 1 and "relay.toml" in said and "Traceback" not in said, said
    stack.up()


def test_up_again_says_so_and_down_again_is_fine(stack):
    code, said = stack.embedded("up", stack.dir)
    assert code == 0 and "running already" in said
    assert stack.embedded("up", stack.dir, "--port", str(reserve_port()), check=False)[0] == 1
    assert stack.embedded("up", stack.dir, "--set", "claims.sent_lapse=7s", check=False)[0] == 1
    assert stack.embedded("status", stack.dir)[0] == 0
    stack.down()
    assert stack.embedded("status", stack.dir, check=False)[0] == 3
    stack.down()
    stack.up()


def test_settings_last_and_the_data_too(stack):
    office = stack.office()
    stack.down()
    stack.embedded("up", stack.dir, "--set", "server.log_level=warn", "--set", "clients.minimum.some-client=1.2")
    stack.down()
    stack.up()
    assert stack.setting("server.log_level") == "warn" and stack.setting("clients.minimum.some-client") == "1.2"
    assert stack.terminal(office).inbox().status == 200


def test_it_starts_again_after_the_server_was_killed(stack):
    office = stack.office()
    stack.kill()
    assert stack.embedded("status", stack.dir, check=False)[0] == 3
    stack.up()
    assert stack.terminal(office).inbox().status == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's stack changes user")
def test_started_by_root_server_and_database_run_without_roots_rights(stack):
    assert os.stat(stack.dir).st_uid != 0
    assert os.stat("/proc/%d" % stack.process()).st_uid == os.stat(stack.dir).st_uid
    with open(os.path.join(stack.dir, "pg", "postmaster.pid"), encoding="ascii") as file:
        assert os.stat("/proc/%d" % int(file.readline())).st_uid == os.stat(stack.dir).st_uid
    for name in ("log.key", "ticket.keys", "tls/server.key", "relay.toml"):
        assert stat.S_IMODE(os.stat(os.path.join(stack.dir, name)).st_mode) == 0o600, name


@pytest.mark.skipif(os.geteuid() != 0, reason="root's home is closed to others only when others run the stack")
def test_a_directory_that_the_stacks_user_cannot_reach_is_refused_with_the_reason(empty):
    os.chmod(empty.base, 0o700)
    code, said = empty.embedded("up", empty.dir, check=False)
    assert code == 1 and "may not enter" in said and empty.base in said


def test_without_a_port_named_one_that_somebody_took_meanwhile_is_replaced(empty, monkeypatch):
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", reserve_port()))
        somebody.listen()
        taken, offered = somebody.getsockname()[1], iter(())
        monkeypatch.setattr(settings, "free_port", lambda: next(offered, reserve_port()))
        offered = iter((taken, reserve_port()))
        monkeypatch.setenv("RELAY_BIN", BINARIES)
        embedded_stack()(empty.dir).up({})
        assert str(taken) not in empty.setting("server.listen")
        assert empty.admin("/readyz")[0] == 200


def test_a_port_that_was_asked_for_is_never_replaced(empty):
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", reserve_port()))
        somebody.listen()
        code, said = empty.embedded("up", empty.dir, "--port", str(somebody.getsockname()[1]), check=False)
        assert code == 1 and "Address already in use" in said


def test_wrong_usage_is_told(empty):
    for args in (("up",), ("sideways", empty.dir), ("up", empty.dir, "--port", "0"), ("up", empty.dir, "--set", "nokey")):
        assert empty.embedded(*args, check=False)[0] == 2, args


def test_the_example_configuration_is_one_that_the_server_takes(stack):
    done = subprocess.run([os.path.join(BINARIES, "careplan-relay"), "check-config", "--config", os.path.join(ROOT, "deploy", "relay.example.toml")],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
