"""Whoever has a Japanese terminal reads Japanese, and everybody else English: from a folder of exports to a batch sent and received."""

import glob
import os
import re
import subprocess

import pytest
from reference_client import Client
from relay_stack import BINARIES, ROOT
from stack import standard_files

JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]")
ENGLISH = re.compile(r"\b[A-Za-z][a-z']+,? [a-z']+,? [a-z']+\b")  # three words in a row make a sentence
FOREIGN = {"ja": ENGLISH, "en": JAPANESE}
LOCALE = {"ja": "ja_JP.UTF-8", "en": "C.UTF-8"}


class Terminal:
    """One office's terminal; keeps all that it showed."""

    def __init__(self, stack, person, language, home):
        self.client, self.shown = Client(stack, person), []
        self.environment = {**os.environ, "LC_ALL": LOCALE[language], "HOME": str(home)}

    def run(self, *args, code=0, config=True):
        command = self.client.command(*args) if config else [os.path.join(BINARIES, "relay-client"), *map(str, args)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, env=self.environment)
        assert done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
        self.shown += [(args, line) for line in (done.stdout + done.stderr).splitlines()]
        return done.stdout + done.stderr


def words_only(line, names):
    """A line without what is nobody's language: names of offices, files and folders, the password prompt's user."""
    for name in names:
        line = line.replace(name, "")
    return re.sub(r"/\S+|\S+\.(CSV|csv|pdf|txt|toml|jpg)\b", "", line)


def write(folder, files):
    folder.mkdir(parents=True)
    for name, data in files:
        (folder / name).write_bytes(data)
    return sorted(folder.iterdir())


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_command_speaks_the_language_of_its_terminal_and_no_other(stack, people, tmp_path, language):
    a, b = people.a, people.b
    sender, recipient = (Terminal(stack, person, language, tmp_path) for person in (a, b))
    unit = lambda name, second: standard_files.unit(name, a.number, b.number, stamp="202611201%s%02d00" % ("0" if language == "ja" else "1", second))  # noqa: E731
    good = write(tmp_path / "good", unit("P3", 1))
    deletion = write(tmp_path / "deletion", unit("P5", 2))
    bad = write(tmp_path / "bad", unit("P3", 3)[1:] + [("free.csv", b"1\r\n"), ("letter.pdf", b"%PDF")])
    (name, data), *rest = unit("P6", 4)
    spoiled = write(tmp_path / "spoiled", [(name, b"\xef\xbb\xbf" + data + b"\xf0\x40,\"\r\n")] + rest)

    sender.run("conformance", tmp_path / "good", "--html", tmp_path / "report.html")
    sender.run("conformance", tmp_path / "spoiled", code=1)
    sender.run("conformance", tmp_path / "nowhere", code=1)
    sender.run("check", *good)
    sender.run("check", *bad, code=1)
    sender.run("check", *spoiled, code=1)
    sender.run("send-batch", tmp_path / "good")
    sender.run("send-batch", tmp_path / "bad", code=1)
    sender.run("send-batch", tmp_path / "nowhere", code=1)
    sender.run("send", "--to", b.number, *deletion)
    sender.run("send", "--to", "12", *deletion, code=2)
    sender.run("send", "--to", people.c.number, *deletion, code=1)
    sender.run("send", "--to", "9999999999", write(tmp_path / "memo", [("memo.pdf", b"%PDF")])[0], code=1)
    sender.run("draft", "list")
    saved = sender.run("draft", "save", "--to", b.number, *deletion)
    draft = re.search(r"\b[0-9a-f]{8}\b", saved).group()
    sender.run("draft", "list")
    sender.run("draft", "send", draft)
    sender.run("draft", "send", draft, code=1)
    sender.run("draft", "drop", "none", code=2)
    recipient.run("inbox")
    recipient.run("inbox", "--state", "expired")
    recipient.run("inbox", "--state", "anything", code=1)
    recipient.run("fetch", "--all", "--into", tmp_path / "in")
    recipient.run("fetch", "--all", "--into", tmp_path / "in")
    recipient.run("fetch", "none", "--into", tmp_path / "in", code=2)
    recipient.run("fetch", "--into", tmp_path / "in", code=2)
    sender.run("outbox")
    fetched = people.at_a.pages("/v1/outbox", "bundles")[0]["bundle_id"]
    sender.run("withdraw", fetched, code=1)
    sender.run("withdraw", "none", code=2)
    sender.run("send", code=2, config=False)
    sender.run("outbox", code=2, config=False)
    sender.run("--config", "nowhere.toml", "outbox", code=2, config=False)
    sender.run("anything", code=2)
    sender.run("draft", code=2)
    sender.run(code=2)
    for command in ("", "send", "send-batch", "draft", "inbox", "fetch", "outbox", "check", "conformance", "withdraw", "password"):
        sender.run(*command.split(), "--help")

    names = [person.name for person in (people.a, people.b, people.c)]
    shown = sender.shown + recipient.shown
    wrong = [(args, line) for args, line in shown if FOREIGN[language].search(words_only(line, names))]
    assert not wrong and len(shown) > 300, wrong
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "合格" in page and "passed" in page, "the page is for both"


def test_no_text_of_the_client_is_written_in_one_language_alone():
    """What a failure says, and what is printed, goes through words(); names and what OpenSSL says are nobody's words."""
    single = re.compile(r'(?:_failure\(|<< )\s*"[^"]*[A-Za-z]{2,} [a-z]{2,}[^"]*"')
    files = glob.glob(os.path.join(ROOT, "client", "**", "*.cpp"), recursive=True)
    found = [(os.path.basename(path), match) for path in files for match in single.findall(open(path, encoding="utf-8").read())]
    assert len(files) > 40 and not found
    assert single.search('return local_failure("the disk is full");') and single.search('std::cout << "all sent";')
