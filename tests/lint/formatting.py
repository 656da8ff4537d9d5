"""Every C++ file is as clang-format 14 writes it (.clang-format)."""

import os
import shutil
import subprocess
import sys

import tree

PROGRAM = shutil.which("clang-format-14")
SIDE_BY_SIDE = 40


def check(root):
    paths = tree.sources(root)
    style = os.path.join(root, ".clang-format")
    for i in range(0, len(paths), SIDE_BY_SIDE):
        done = subprocess.run([PROGRAM, "--dry-run", "-Werror", "--style=file:" + style, *paths[i:i + SIDE_BY_SIDE]], cwd=root,
                              capture_output=True, text=True)
        seen = {line.split(":")[0] for line in done.stderr.splitlines() if ": error:" in line}
        yield from sorted("%s: clang-format-14 would change it" % path for path in seen)
        if done.returncode and not seen:
            yield done.stderr.strip()


STYLE = "BasedOnStyle: LLVM\nIndentWidth: 4\n"
PLANTED = [
    ({".clang-format": STYLE, "server/a.cpp": "int f( ) {return 1;}\n"}, 1),
    ({".clang-format": STYLE, "server/a.cpp": "int f() { return 1; }\n"}, 0),
]

if __name__ == "__main__":
    if not PROGRAM:
        sys.exit("clang-format-14 is not installed; deploy/install installs it")
    tree.main(check, PLANTED)
