"""Which test stands for which part of the protocol: docs/protocol-coverage.md, from the tags of the tests.

  make_protocol_coverage.py ROOT            writes the page
  make_protocol_coverage.py ROOT --check    fails when the page is out of date, or a call or an error code has no test
  make_protocol_coverage.py --self-test

Tags: @covers("PUT /v1/outbox/{bundle_id}", "409 bundle_id_reused", "§5 a repeated call") before a Python test;
// covers: 409 bundle_id_reused; §5 a repeated call    on the line before or after a TEST_CASE's head in C++.
"""

import ast
import os
import re
import sys

PAGE = "docs/protocol-coverage.md"
CALL = re.compile(r"`(GET|PUT|POST|DELETE) (/[^\s`?]*)")
CODES = re.compile(r"(\d{3}) ((?:`[a-z_]+`[^`·]*)+)")
CPP_TAG = re.compile(r"//\s*covers:\s*(.+)")
CPP_CASE = re.compile(r'(?:TEST_CASE|SCENARIO)\(\s*"((?:[^"\\]|\\.)*)"')
# Parts of the contract that this version of the server does not serve; docs/protocol.md is the whole contract.
NOT_SERVED = ("/v1/evidence/", "/log/", "/.well-known/est/")


def contract(text):
    """(calls, error codes with their status) that docs/protocol.md names."""
    calls = []
    for method, path in CALL.findall(text):
        call = "%s %s" % (method, path)
        if call not in calls and path.startswith(("/v1", "/log", "/.well-known")) and "…" not in path:
            calls.append(call)
    errors = text[text.index("## 11. Errors"):]
    codes = ["%s %s" % (status, code) for status, list_ in CODES.findall(errors) for code in re.findall(r"`([a-z_]+)`", list_)]
    return calls, list(dict.fromkeys(code for code in codes if not code.endswith(" errors")))


def python_tags(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "covers":
                    for item in mark.args:
                        yield item.value, node.name


def cpp_tags(text):
    """Each tag belongs to the nearest TEST_CASE, above or below it."""
    cases = [(match.start(), match.group(1)) for match in CPP_CASE.finditer(text)]
    for match in CPP_TAG.finditer(text):
        if cases:
            name = min(cases, key=lambda case: abs(case[0] - match.start()))[1]
            for item in match.group(1).split(";"):
                yield item.strip(), name


def tags(root):
    """{item: ["file: test", …]} of the whole tree of tests."""
    found = {}
    for where, folders, names in os.walk(os.path.join(root, "tests")):
        folders[:] = sorted(name for name in folders if name != "vectors")
        for name in sorted(names):
            path = os.path.join(where, name)
            reader = python_tags if name.startswith("test_") and name.endswith(".py") else cpp_tags if name.endswith(".cpp") else None
            if reader:
                with open(path, encoding="utf-8") as file:
                    for item, test in reader(file.read()):
                        found.setdefault(item, []).append("%s: %s" % (os.path.relpath(path, os.path.join(root, "tests")), test))
    return found


def judge(calls, codes, found):
    """What is wrong: items without a test, and tags that name no part of the contract."""
    problems = ["no test stands for %s" % item for item in calls + codes
                if item not in found and not any(part in item for part in NOT_SERVED)]
    known = set(calls) | set(codes)
    problems += ["%s is no part of the protocol (%s)" % (item, found[item][0]) for item in sorted(found)
                 if item not in known and not re.match(r"§(1[01]|[1-9])(\.\d)? .", item)]
    return problems


def render(calls, codes, found):
    lines = ["# Which test stands for which part of the protocol", "",
             "Written by tests/coverage/make_protocol_coverage.py from the tags of the tests; a ctest keeps it up to date.", ""]

    def table(title, items):
        lines.extend(["## " + title, "", "| part | tests |", "| --- | --- |"])
        for item in items:
            tests = found.get(item, [])
            told = "<br>".join(test.replace("|", "\\|") for test in tests) or "not served by this version"
            lines.append("| %s | %s |" % (item.replace("|", "\\|"), told))
        lines.append("")
    table("Calls", calls)
    table("Errors", codes)

    def place(item):
        section = item[1:].split()[0]
        return [int(part) for part in section.split(".")], item
    table("Statements", sorted((item for item in found if item.startswith("§")), key=place))
    return "\n".join(lines)


def self_test():
    page = "`GET /v1/inbox?state=` `PUT /v1/outbox/{bundle_id}`\n## 11. Errors\n400 `malformed_request` · 409 `already_fetched` (x), `not_claimed` · 410 `already_fetched`\n"
    calls, codes = contract(page)
    assert calls == ["GET /v1/inbox", "PUT /v1/outbox/{bundle_id}"], calls
    assert codes == ["400 malformed_request", "409 already_fetched", "409 not_claimed", "410 already_fetched"], codes
    found = dict((item, [test]) for item, test in python_tags('@covers("GET /v1/inbox", "§6 wait")\ndef test_x(): pass\n'))
    assert found == {"GET /v1/inbox": ["test_x"], "§6 wait": ["test_x"]}, found
    assert list(cpp_tags('// covers: 409 not_claimed; §7 x\nTEST_CASE("a name", "[t]") {}\n')) == [("409 not_claimed", "a name"), ("§7 x", "a name")]
    problems = judge(calls, codes, {"GET /v1/inbox": ["t"], "409 nonsense": ["t"]})
    assert len(problems) == 6 and problems[-1].startswith("409 nonsense"), problems


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    root = sys.argv[1]
    with open(os.path.join(root, "docs", "protocol.md"), encoding="utf-8") as file:
        calls, codes = contract(file.read())
    found = tags(root)
    page = os.path.join(root, PAGE)
    text = render(calls, codes, found)
    if "--check" not in sys.argv:
        with open(page, "w", encoding="utf-8") as file:
            file.write(text)
        return 0
    problems = judge(calls, codes, found)
    with open(page, encoding="utf-8") as file:
        if file.read() != text:
            problems.append("%s is out of date: run tests/coverage/make_protocol_coverage.py ." % PAGE)
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
