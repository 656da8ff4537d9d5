"""What may be written in certain places alone: SQL, logging, streams, the environment; and words left for later."""

import re

import tree

SQL = re.compile(r'"[^"\n]*(?:\bselect\b[^"\n]*\bfrom\b|\binsert\s+into\b|\bupdate\s+\w+\s+set\b|\bdelete\s+from\b|'
                 r'\bcreate\s+(?:table|role|index)\b)', re.IGNORECASE)
RAW_SQL = re.compile(r'R"\w*\(\s*(?:--[^\n]*\n\s*)*(?:with|select|insert|update|delete|create|alter)\b', re.IGNORECASE)
LATER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
PROSE = (".md", ".yaml", ".toml", ".sql", ".py", ".sh", ".txt", ".cmake")


def found(text, pattern, path, why):
    for match in pattern.finditer(text):
        yield "%s:%d: %s" % (path, tree.line_of(text, match.start()), why)


def rules(path):
    """(pattern, with literals, why) that hold for a C++ file outside tests/."""
    in_queries = re.match(r"storage/postgres/(?:\w+_)?queries\w*\.hpp$", path)
    on_top = path.startswith(("server/ctl/", "client/")) or re.match(r"server/\w*main\w*\.cpp$", path)
    if not in_queries:
        why = "SQL stands in storage/postgres/*queries*.hpp and migrations/ alone"
        yield SQL, True, why
        yield RAW_SQL, True, why
    if not path.startswith("server/"):
        yield re.compile(r"\bspdlog\b"), False, "only server/ logs"
    if not on_top:
        yield re.compile(r"#\s*include\s*<iostream>|\bstd::(?:cout|cerr|clog)\b"), False, "streams belong to the executables"
    if not path.startswith(("server/config", "client/settings", "client/words")):
        yield re.compile(r"\b(?:secure_)?getenv\b"), False, "only the configuration and the choice of language read the environment"


def check(root):
    for path in tree.sources(root, tuple(room for room in tree.ROOMS if room != "tests")):
        text = tree.read(root, path)
        commentless = tree.without(text, literals=False)
        bare = tree.without(text)
        for pattern, with_literals, why in rules(path):
            yield from found(commentless if with_literals else bare, pattern, path, why)
    for path in tree.sources(root, tree.ROOMS + ("migrations", "deploy", "docs", "cmake"), tree.CPP + PROSE):
        yield from found(tree.read(root, path), LATER, path, "nothing is left for later")


PLANTED = [
    ({"storage/postgres/a.cpp": 'auto q = "SELECT id FROM bundles";\n'}, 1),
    ({"storage/postgres/a.cpp": 'auto q = R"(\n  update bundles set state = 1)";\n'}, 1),
    ({"storage/postgres/queries.hpp": 'auto q = "select id from bundles";\n', "migrations/0001.sql": "create table a ();\n"}, 0),
    ({"auth/a.cpp": "void f() { spdlog::info(1); std::cout << 1; }\n#include <iostream>\n"}, 3),
    ({"server/app.cpp": 'auto x = std::getenv("A");\n', "server/config.cpp": 'auto x = std::getenv("A");\n'}, 1),
    ({"server/a.cpp": "// TO" "DO: later\n", "docs/a.md": "FIX" "ME\n"}, 2),
    ({"server/ctl/a.cpp": "#include <iostream>\n// select a from b\n", "server/a.cpp": 'auto t = "please select one";\n'}, 0),
]

if __name__ == "__main__":
    tree.main(check, PLANTED)
