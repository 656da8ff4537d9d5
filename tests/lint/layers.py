"""Includes go downward only (docs/architecture.md), and third-party libraries stay in the rooms that are allowed them."""

import re

import tree

ROOMS = {"protocol": (), "auth": ("protocol",), "storage": ("protocol",), "server": ("protocol", "auth", "storage"),
         "client": ("protocol",)}
# Inside server/: what a part may include beside itself. `main` files and ctl/ lie on top.
SERVER = {"config": (), "ops": ("config",), "http": ("ops", "config"), "mailbox": ("ops", "config"),
          "accounts": ("ops", "config"), "api": ("ops", "config", "http", "mailbox", "accounts")}
# Library → folders whose files may include it; the first matching pattern of an include counts.
THIRD_PARTY = (
    (r"boost/(system|assert|config|throw_exception|utility|core)\b", ("protocol", "auth", "storage", "server", "client")),
    (r"boost/url", ("server", "client")),
    (r"boost/(asio|smart_ptr|container)", ("storage", "server", "client")),
    (r"boost/beast", ("server", "client", "storage/asio.cpp")),
    (r"boost/", ()),
    (r"openssl/", ("protocol", "auth", "server", "client")),
    (r"nlohmann/", ("protocol", "server", "client")),
    (r"sodium", ("auth",)),
    (r"sanitizer/", ("server",)),
    (r"unicode/", ("auth", "server/accounts")),
    (r"pqxx/|libpq-fe\.h|postgres_ext\.h", ("storage/postgres",)),
    (r"curl/", ("storage/objects", "client")),
    (r"spdlog/|fmt/", ("server",)),
    (r"prometheus/", ("server",)),
    (r"toml\+\+/", ("server", "client")),
    (r"CLI/", ("server", "client")),
    (r"archive", ("client",)),
    (r"catch2/", ()),
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def below(path, folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def server_part(path):
    """The part of server/ that a path belongs to; None for what lies on top (app, main, ctl)."""
    name = path.split("/")[1]
    name = "config" if name.startswith("config") else name
    return name if name in SERVER else None


def own_violation(path, included):
    room, other = path.split("/")[0], included.split("/")[0]
    if other not in ROOMS:
        return "include our own files by their path from the project's root" if other != "tests" else "%s/ may not include tests/" % room
    if room != other and other not in ROOMS[room]:
        return "%s/ may not include %s/" % (room, other)
    if room == other == "server":
        mine, theirs = server_part(path), server_part(included)
        if mine and mine != theirs and theirs not in SERVER[mine]:
            return "server/%s may not include %s" % (mine, included)
    return None


def check(root):
    for path in tree.sources(root, tuple(ROOMS)):
        text = tree.without(tree.read(root, path), literals=False)
        for match in INCLUDE.finditer(text):
            kind, included = match.groups()
            where = "%s:%d: " % (path, tree.line_of(text, match.start()))
            if kind == '"':
                why = own_violation(path, included)
                if why:
                    yield where + why
                continue
            for pattern, folders in THIRD_PARTY:
                if re.match(pattern, included):
                    if not below(path, folders):
                        yield where + "<%s> is not allowed here" % included
                    break
            else:
                if "/" in included and not included.startswith(("sys/", "netinet/", "arpa/", "bits/")):
                    yield where + "<%s> belongs to no library that tests/lint/layers.py knows" % included


PLANTED = [
    ({"auth/a.cpp": '#include "storage/bundle_store.hpp"\n'}, 1),
    ({"protocol/a.cpp": '#include "auth/token.hpp"\n'}, 1),
    ({"server/http/a.cpp": '#include "server/mailbox/sending.hpp"\n'}, 1),
    ({"server/ops/a.cpp": '#include "server/api/routes.hpp"\n'}, 1),
    ({"storage/a.cpp": "#include <pqxx/pqxx>\n"}, 1),
    ({"protocol/a.cpp": "#include <boost/asio.hpp>\n#include <spdlog/spdlog.h>\n"}, 2),
    ({"server/a.cpp": '#include "config.hpp"\n#include <unknown/thing.hpp>\n'}, 2),
    ({"server/api/a.cpp": '#include "server/http/request.hpp"\n#include <vector>\n// #include "client/a.hpp"\n',
      "storage/postgres/a.cpp": "#include <pqxx/pqxx>\n#include <libpq-fe.h>\n"}, 0),
]

if __name__ == "__main__":
    tree.main(check, PLANTED)
