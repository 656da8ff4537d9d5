"""What the lints share: the project's own files, C++ without its comments and literals, and how findings are told."""

import os
import re
import sys
import tempfile

ROOMS = ("protocol", "auth", "storage", "server", "client", "tests")
CPP = (".cpp", ".hpp", ".h")
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\((?:.*?)\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)


def sources(root, folders=ROOMS, endings=CPP, skip=("tests/vectors",)):
    """Paths, relative to root, of the files below the folders."""
    found = []
    for folder in folders:
        for where, inside, names in os.walk(os.path.join(root, folder)):
            inside.sort()
            relative = os.path.relpath(where, root)
            if relative.startswith(skip) or "__pycache__" in relative:
                continue
            found += [os.path.join(relative, name) for name in sorted(names) if name.endswith(endings)]
    return found


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def without(text, literals=True):
    """C++ with comments (and string literals) blanked out; every line keeps its number."""
    def blank(match):
        token = match.group(0)
        if not token.startswith(("//", "/*")) and not literals:
            return token
        kept = '""' if token[0] in 'R"' else "0" if token[0] == "'" else " "
        return kept + "\n" * token.count("\n")
    return TOKEN.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def main(check, planted):
    """`check(root)` yields "path:line: words". Self-test: `planted` are (files, number of findings) of little trees."""
    if sys.argv[1:] == ["--self-test"]:
        wrong = 0
        for files, expected in planted:
            with tempfile.TemporaryDirectory() as root:
                for path, content in files.items():
                    os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                    with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                        file.write(content)
                findings = list(check(root))
            if len(findings) != expected:
                wrong += 1
                print("expected %d findings in %r, got %r" % (expected, files, findings))
        sys.exit(1 if wrong else 0)
    findings = list(check(os.path.abspath(sys.argv[1])))
    print("\n".join(findings))
    sys.exit(1 if findings else 0)
