"""Limits that protect the relay, set low enough to be met (protocol.md §3, §5; commands.md)."""

import os
import time

from coverage_tags import covers, scenario
from relay_client import Bundle, Terminal, eventually

SETTINGS = {"limits__requests_per_second": 5, "limits__burst": 20, "limits__outstanding_upload_bytes": 300000, "sessions__lifetime": "20s",
            "limits__inline_payload": 1000, "sessions__lock_for": "3s"}


def patient(call):
    """The first answer that is not about the rate."""
    return eventually(lambda: (lambda reply: reply if reply.code != "too_many_requests" else None)(call()), 20, "an answer")


@covers("429 too_many_requests")
def test_too_many_requests_are_told_to_come_later_and_then_pass(stack):
    terminal = Terminal(stack.endpoint, stack.office()).open()
    replies = [terminal.inbox() for _ in range(60)]
    refused = [reply for reply in replies if reply.status == 429]
    assert refused and {reply.answer for reply in refused} == {(429, "too_many_requests")}
    assert all(int(reply.header("Retry-After")) >= 1 for reply in refused)
    time.sleep(int(refused[-1].header("Retry-After")))
    assert terminal.inbox().status == 200
    assert Terminal(stack.endpoint, stack.office()).open().inbox().status == 200, "others are not held back"


@covers("429 quota_exceeded")
def test_unfinished_uploads_of_an_office_are_bounded(stack):
    a, b = stack.office(), stack.office()
    terminal = stack.terminal(a)
    bundles = [Bundle(a, b, [("scan.png", os.urandom(130000))], chunk_size=65536) for _ in range(3)]
    answers = [patient(lambda one=one: terminal.put(one)) for one in bundles]
    assert [reply.answer for reply in answers] == [(202, None), (202, None), (429, "quota_exceeded")]
    assert int(answers[2].header("Retry-After")) >= 1
    patient(lambda: terminal.withdraw(bundles[0]))
    assert patient(lambda: terminal.put(bundles[2])).status == 202


@covers("413 too_large", "§3 limits are told")
def test_the_inline_limit_is_the_configured_one_and_told_at_sign_in(stack):
    a, b = stack.office(), stack.office()
    terminal = stack.terminal(a)
    assert terminal.session["limits"]["inline_payload"] == 1000
    bundle = Bundle(a, b, [("memo.pdf", os.urandom(2000))])
    assert patient(lambda: terminal.put(bundle, inline=True)).answer == (413, "too_large")
    assert patient(lambda: terminal.put(bundle, inline=False)).status == 202
    assert patient(lambda: terminal.put_chunk(bundle, 0)).status == 201
    receiver = stack.terminal(b)
    assert "payload" not in receiver.claim(bundle).json


@covers("401 session_expired")
def test_a_session_ends_at_its_time(stack):
    terminal = stack.terminal(stack.office())
    assert terminal.inbox().status == 200
    eventually(lambda: patient(terminal.inbox).answer == (401, "session_expired"), 40, "the session expires")


@covers("§3 the lock ends")
@scenario("A7")
def test_a_lock_ends_by_itself(stack):
    terminal = Terminal(stack.endpoint, stack.office())
    for _ in range(3):
        patient(lambda: terminal.sign_in(password="wrong1234"))
    assert terminal.sign_in().answer == (429, "locked_out")
    eventually(lambda: terminal.sign_in().status == 201, 15, "the lock ends")
