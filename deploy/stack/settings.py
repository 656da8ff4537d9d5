"""relay.toml: read by tomllib, written as plain sections; the values of --set."""

import json
import os
import random
import re
import socket
import tomllib

KEY = re.compile(r"[a-z0-9_]+(\.[A-Za-z0-9_-]+)+")
INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
UNITS = {"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
HEAD = "# Written by deploy/embedded; every key is in deploy/relay.example.toml.\n"


def free_port():
    """A port nobody listens on, below the range that outgoing connections take theirs from."""
    for port in random.sample(range(20000, 32000), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("no free port found")


def free_listeners():
    """The listeners that get a port of our choice."""
    return {key: "127.0.0.1:%d" % free_port() for key in ("server.listen", "server.admin_listen")}


def parse_assignment(text):
    """("section.key", value) of key=value: whole numbers and booleans as such, all else as text; ValueError otherwise."""
    key, equals, value = text.partition("=")
    if not equals or not KEY.fullmatch(key):
        raise ValueError("'%s' is not section.key=value" % text)
    if value in ("true", "false"):
        return key, value == "true"
    return key, int(value) if INTEGER.fullmatch(value) else value


def seconds(value):
    """What a duration of relay.toml ("500ms", "90s", "15m", "24h", "93d") or a bare number of seconds lasts; None for no such thing."""
    found = re.fullmatch(r"([0-9]+)(ms|s|m|h|d|)", str(value).strip())
    return int(found.group(1)) * UNITS[found.group(2)] if found else None


def flatten(table, prefix=""):
    out = {}
    for key, value in table.items():
        if isinstance(value, dict):
            out.update(flatten(value, prefix + key + "."))
        else:
            out[prefix + key] = value
    return out


def read(path):
    """The keys of a relay.toml as {"section.key": value}."""
    with open(path, "rb") as file:
        return flatten(tomllib.load(file))


def render(values):
    """The TOML text of {"section.key": value}."""
    sections = {}
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        sections.setdefault(section, {})[name] = value
    lines = [HEAD]
    for section, pairs in sections.items():
        lines.append("[%s]" % section)
        # A JSON string, number, boolean or list of strings is also a TOML one.
        lines += ["%s = %s" % (name, json.dumps(value, ensure_ascii=False)) for name, value in pairs.items()]
        lines.append("")
    return "\n".join(lines)


def first_values(directory, origin):
    """What a new stack starts with."""
    def below(*parts):
        return os.path.join(directory, *parts)
    database = "host=%s dbname=relay connect_timeout=5 user=" % below("sock")
    return {
        **free_listeners(),
        "tls.certificate": below("tls", "server.pem"),
        "tls.key": below("tls", "server.key"),
        "tls.client_ca": below("ca", "ca.pem"),
        "tls.client_crl": below("ca", "ca.crl"),
        "tls.ticket_keys_file": below("ticket.keys"),
        "ca.directory": below("ca"),
        "database.url": database + "relay_app",
        "database.owner_url": database + "relay_owner",
        "objects.url": "file://" + below("objects"),
        "log.key_file": below("log.key"),
        "log.origin": origin,
    }
