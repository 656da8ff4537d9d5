"""No file of ours is longer than 400 lines: beyond that it holds more than one idea."""

import tree

LIMIT = 400
FOLDERS = tree.ROOMS + ("migrations", "cmake", "deploy", "docs")
ENDINGS = tree.CPP + (".py", ".cmake", ".sql", ".txt", ".sh", ".md", ".yaml", ".toml")
# Written by a program (tests/coverage), or one contract that is read whole.
FREE = ("docs/protocol-coverage.md", "protocol/openapi.yaml")


def check(root):
    for path in tree.sources(root, FOLDERS, ENDINGS):
        lines = tree.read(root, path).count("\n")
        if lines > LIMIT and path not in FREE:
            yield "%s: %d lines, at most %d" % (path, lines, LIMIT)


PLANTED = [({"server/long.cpp": "\n" * 401, "server/short.cpp": "\n" * 400, "tests/vectors/x.txt": "\n" * 999}, 1)]

if __name__ == "__main__":
    tree.main(check, PLANTED)
