"""Which test plays which of the 100 scenarios: docs/scenarios.md, from scenarios.tsv and the tags of the tests.

  make_scenarios.py ROOT            writes the page
  make_scenarios.py ROOT --check    fails when the page is out of date, or a scenario has neither test nor reason
  make_scenarios.py --self-test

Tags: @scenario("B17") before a Python test; "# scenario: I100" in a script that ctest runs.
"""

import ast
import os
import re
import sys

PAGE = "docs/scenarios.md"
TABLE = "tests/coverage/scenarios.tsv"
SCRIPT_TAG = re.compile(r"^# scenario: ([A-I]\d+(?:, [A-I]\d+)*): (.+)$", re.MULTILINE)
# Scenarios of parts that this version does not serve.
LEFT_OUT = {
    "H86": "evidence is not served by this version",
    "H87": "checkpoints are not served by this version",
    "H88": "the Merkle log is not kept by this version",
}


def table(text):
    """{number: (scenario, expected)} in the order of the file."""
    return {number: (what, expected) for number, what, expected in (line.split("\t") for line in text.splitlines())}


def python_tags(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "scenario":
                    for number in mark.args:
                        yield number.value, node.name


def script_tags(text):
    for match in SCRIPT_TAG.finditer(text):
        for number in match.group(1).split(", "):
            yield number, match.group(2)


def tags(root):
    """{number: ["file: test", …]} of the whole tree of tests."""
    found = {}
    base = os.path.join(root, "tests")
    for where, folders, names in os.walk(base):
        folders[:] = sorted(name for name in folders if name not in ("vectors", "__pycache__"))
        for name in sorted(names):
            path = os.path.join(where, name)
            is_script = os.path.basename(where) == "faults" and (name.endswith(".py") or "." not in name)
            reader = python_tags if name.startswith("test_") and name.endswith(".py") else script_tags if is_script else None
            if reader:
                with open(path, encoding="utf-8") as file:
                    for number, test in reader(file.read()):
                        found.setdefault(number, []).append("%s: %s" % (os.path.relpath(path, base), test))
    return found


def judge(scenarios, found, left_out):
    problems = ["scenario %s has neither a test nor a reason" % number for number in scenarios
                if number not in found and number not in left_out]
    problems += ["scenario %s has a test, and a reason to have none" % number for number in left_out if number in found]
    return problems + ["%s is no scenario (%s)" % (number, found[number][0]) for number in found if number not in scenarios]


def render(scenarios, found, left_out):
    lines = ["# The hundred scenarios", "",
             "What a national relay must pass, black box, with the answers that docs/protocol.md gives, and the tests that play it with",
             "times shortened by configuration. \"Both\" is on either of two server processes over one database. Written by",
             "tests/coverage/make_scenarios.py from the tags of the tests; a ctest keeps it up to date.", "",
             "| # | scenario | expected | tests |", "| --- | --- | --- | --- |"]
    for number, (what, expected) in scenarios.items():
        tests = "<br>".join(found.get(number, [])) or "none: " + left_out.get(number, "")
        lines.append("| %s | %s | %s | %s |" % (number, what.replace("|", "\\|"), expected.replace("|", "\\|"), tests))
    return "\n".join(lines) + "\n"


def self_test():
    scenarios = table("A1\tone\tx\nA2\ttwo\ty\nA3\tthree\tz\n")
    found = {number: [test] for number, test in python_tags('@scenario("A1", "A9")\ndef test_x(): pass\n')}
    assert found == {"A1": ["test_x"], "A9": ["test_x"]}, found
    assert list(script_tags("# scenario: A1, A2: races\n")) == [("A1", "races"), ("A2", "races")]
    problems = judge(scenarios, found, {"A1": "no", "A3": "no"})
    assert [problem.split()[1 if problem.startswith("s") else 0] for problem in problems] == ["A2", "A1", "A9"], problems
    assert "| A3 | three | z | none: no |" in render(scenarios, found, {"A3": "no"})


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    root = sys.argv[1]
    with open(os.path.join(root, TABLE), encoding="utf-8") as file:
        scenarios = table(file.read())
    found = tags(root)
    page, text = os.path.join(root, PAGE), render(scenarios, found, LEFT_OUT)
    if "--check" not in sys.argv:
        with open(page, "w", encoding="utf-8") as file:
            file.write(text)
        print("\n".join(judge(scenarios, found, LEFT_OUT)))
        return 0
    problems = judge(scenarios, found, LEFT_OUT)
    with open(page, encoding="utf-8") as file:
        if file.read() != text:
            problems.append("%s is out of date: run tests/coverage/make_scenarios.py ." % PAGE)
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
