"""GCC 12 destroys temporaries twice (bug 107288) when a statement with co_await also holds a brace-initialised
temporary or a lambda that captures by value. Such a statement wants named locals instead. No exceptions."""

import re

import tree

AWAIT = re.compile(r"\bco_await\b")
BRACE_TEMPORARY = re.compile(r"(?:[\w>]\s*|[(,=]\s*|\breturn\s*)\{")
VALUE_LAMBDA = re.compile(r"\[([^\[\]]*)\]\s*(?:\([^()]*\)[^{;]*)?\{")
STATEMENT_HEAD = re.compile(r"\b(?:if|while|for|switch)\s*(?:constexpr\s*)?\(")


def closing(text, at):
    """The position of the bracket that closes the one at `at`."""
    pairs, depth = {"(": ")", "{": "}", "[": "]"}, []
    for i in range(at, len(text)):
        if text[i] in pairs:
            depth.append(pairs[text[i]])
        elif depth and text[i] == depth[-1]:
            depth.pop()
            if not depth:
                return i
    return len(text) - 1


def is_block(text, at):
    """Whether the brace at `at` opens a block, a body or a type rather than an initialiser."""
    before = text[:at].rstrip()
    if not before or before[-1] in ";{}:" or before.endswith(("else", "do", "try", "noexcept", "const", "mutable", "override", "final")):
        return True
    if before[-1] == ")":
        return True
    line = before[max(before.rfind(c) for c in ";{}") + 1:]
    return bool(re.search(r"\b(?:namespace|struct|class|enum|union|extern)\b[^=()]*$", line) or re.search(r"\)\s*->\s*[^=;]*$", line))


def statements(text, start=0, end=None):
    """(start, end) of each statement and statement head between two places: what lies between ; { } of blocks."""
    end = len(text) if end is None else end
    begin = i = start
    while i < end:
        c = text[i]
        if c == "(" or (c == "{" and not is_block(text, i)):
            stop = closing(text, i)
            yield from lambda_statements(text, i + 1, stop)
            i = stop
        elif c in ";{}":
            yield begin, i
            begin = i + 1
        i += 1
    yield begin, end


def lambda_statements(text, start, end):
    """The statements in the bodies of the lambdas between two brackets."""
    i = start
    while i < end:
        if text[i] == "{":
            stop = closing(text, i)
            body = is_block(text, i) or text[start:i].rstrip().endswith("]")
            yield from (statements if body else lambda_statements)(text, i + 1, stop)
            i = stop
        i += 1


def without_lambda_bodies(text):
    """The statement with the bodies of lambdas blanked: their contents are statements of their own."""
    out, i = list(text), 0
    while i < len(text):
        if text[i] == "{" and (re.search(r"[\])]\s*(?:mutable\s*|noexcept\s*)*(?:->\s*[^{};=]*)?$", text[:i]) and
                               re.search(r"\[[^\[\]]*\]\s*(?:\([^{}]*\)[^{}]*)?$", text[:i])):
            end = closing(text, i)
            for k in range(i + 1, end):
                out[k] = "\n" if text[k] == "\n" else " "
            i = end
        i += 1
    return "".join(out)


def by_value(captures):
    names = [c.strip() for c in captures.split(",")]
    return any(c and not c.startswith("&") and c != "this" for c in names)


def violation(statement):
    plain = without_lambda_bodies(statement)
    if not AWAIT.search(plain):
        return None
    for match in VALUE_LAMBDA.finditer(plain):
        if by_value(match.group(1)):
            return "a lambda that captures by value"
    bare = VALUE_LAMBDA.sub("(0)", plain)
    if BRACE_TEMPORARY.search(bare):
        return "braces"
    if len(AWAIT.findall(plain)) > 1:
        return "a second co_await"
    return None


def check(root):
    for path in tree.sources(root):
        text = tree.without(tree.read(root, path))
        if not AWAIT.search(text):
            continue
        text = re.sub(r"^[ \t]*#.*$", "", text, flags=re.MULTILINE)
        for start, end in statements(text):
            why = violation(text[start:end])
            if why:
                head = STATEMENT_HEAD.search(text, start, end)
                at = AWAIT.search(text, head.start() if head else start, end) or AWAIT.search(text, start, end)
                yield "%s:%d: %s in a statement with co_await" % (path, tree.line_of(text, at.start()), why)


def function(body):
    return {"server/a.cpp": "awaitable<void> f(int s) {\n    %s\n}\n" % body}


PLANTED = [(function(body), 1) for body in (
    "co_await f(Agg{1, 2});", "Agg g{.a = co_await h()};", "v.push_back(Agg{co_await h()});", "co_await run([s] { return 1; });",
    "co_await run([=] { return s; });", "co_spawn(co_await this_coro::executor, [s]() { }, token);", "co_await f({a, b});",
    "auto r = co_await g(std::optional<Agg>{Agg{1}});", "if (co_await f(Agg{1})) { g(); }", "x = co_await f() + co_await g();",
    "co_spawn(ex, [&]() -> awaitable<void> { co_await f(Agg{1}); }, token);",
    "run([&] { return 1; }); auto x = [&]() -> awaitable<int> { co_return co_await f({1, 2}); };",
)] + [(function(body), 0) for body in (
    "auto a = Agg{1, 2};\n    co_await f(std::move(a));", "co_await run([&] { return 1; });", "co_return Agg{1};",
    "if (co_await f()) {\n        auto b = Agg{2};\n    } else {\n        co_await g();\n    }", "co_await f(\"{x}\");  // {y}",
    "for (;;) {\n        co_await g(a[1]);\n    }", "auto l = [s]() -> awaitable<void> { co_await f(s); };",
    "while (co_await f()) { x = Agg{1}; }", "const auto r = co_await f();\n    switch (r) { case 1: { co_await g(); break; } }",
    "co_await run([this] { return s_; });", "struct A { int x; };\n    co_await f();",
)]

if __name__ == "__main__":
    tree.main(check, PLANTED)
