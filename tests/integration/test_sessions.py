"""Signing in: who gets a session, in which order refusals come, how long a token holds (protocol.md §3)."""

import time

import pytest
from coverage_tags import covers, scenario
from relay_client import Terminal, epoch, eventually
from relay_stack import PASSWORD


@covers("POST /v1/sessions", "§3 what a session tells")
def test_an_office_learns_who_it_is_and_what_its_limits_are(people):
    session = people.at_a.session
    assert session["role"] == "office" and session["user_id"] == people.a.user_id
    assert session["office"] == {"number": people.a.number, "name": people.a.name}
    assert session["licence"]["state"] == "valid" and len(session["licence"]["valid_until"]) == 10
    assert session["limits"] == {"inline_payload": 262144, "chunk_size": 16 << 20, "payload_size": 1 << 30,
                                 "json_body": 1 << 20, "batch_body": 16 << 20}
    assert 8 * 3600 - 120 < epoch(session["expires_at"]) - time.time() <= 8 * 3600 + 5
    assert 179 * 86400 < epoch(session["password"]["expires_at"]) - time.time() < 181 * 86400


@covers("§3 roles of auditors and operators")
def test_auditors_and_operators_have_no_office(stack, people):
    operator = stack.terminal(stack.operator())
    for terminal, role in ((people.auditor, "auditor"), (operator, "operator")):
        assert terminal.session["role"] == role
        assert "office" not in terminal.session and "licence" not in terminal.session


@covers("400 malformed_request")
@pytest.mark.parametrize("changes, pointer, code", [
    ({"password": None}, "/password", "missing"), ({"user_id": 7}, "/user_id", "wrong_type"), ({"extra": 1}, "/extra", "unknown_member"),
    ({"client": {"name": "x"}}, "/client/version", "missing"), ({"user_id": "XX000000000001"}, "/user_id", "bad_format"),
    ({"client": {"name": "x", "version": "one"}}, "/client/version", "bad_format")])
@scenario("A8")
def test_a_malformed_sign_in_is_told_member_by_member(people, changes, pointer, code):
    reply = Terminal(people.at_a.endpoint, people.a).sign_in(**changes)
    assert reply.answer == (400, "malformed_request")
    assert [(error["pointer"], error["code"]) for error in reply.json["errors"]] == [(pointer, code)]


@covers("400 malformed_request", "§11 errors lists all")
def test_everything_wrong_with_a_sign_in_is_told_at_once(people):
    reply = Terminal(people.at_a.endpoint, people.a).sign_in(
        user_id="XX000000000001", password=None, client={"name": "x", "version": "one"}, extra=1)
    assert reply.answer == (400, "malformed_request")
    assert sorted((error["pointer"], error["code"]) for error in reply.json["errors"]) == [
        ("/client/version", "bad_format"), ("/extra", "unknown_member"), ("/password", "missing"), ("/user_id", "bad_format")]


@covers("400 malformed_request", "§2 strict JSON")
def test_duplicate_members_are_refused(people):
    body = b'{"user_id":"KJ000000000001","user_id":"KJ000000000002","password":"x","client":{"name":"a","version":"1"}}'
    reply = people.at_a.call("POST", "/v1/sessions", body, headers={"Content-Type": "application/json"}, token=False)
    assert reply.answer == (400, "malformed_request")
    assert "duplicate_member" in [error["code"] for error in reply.json["errors"]]


@covers("403 agent_user_id")
@scenario("A8")
def test_a_billing_agent_is_refused_before_anything_else_is_looked_at(people):
    reply = Terminal(people.at_a.endpoint, people.a).sign_in(user_id="HD000000000001")
    assert reply.answer == (403, "agent_user_id")


@covers("401 wrong_certificate")
def test_only_the_owner_of_the_certificate_signs_in_and_nobody_learns_which_users_exist(people):
    terminal = Terminal(people.at_a.endpoint, people.a)
    for user_id in (people.b.user_id, "KJ999999999999"):
        reply = terminal.sign_in(user_id=user_id)
        assert reply.answer == (401, "wrong_certificate")
        assert reply.header("WWW-Authenticate") == "Bearer"


@covers("401 wrong_credentials", "429 locked_out")
@scenario("A7")
def test_three_wrong_passwords_lock_the_account_and_the_right_one_no_longer_helps(stack):
    office = stack.office()
    running, other = stack.terminal(office), Terminal(stack.endpoint, office)
    for _ in range(3):
        assert other.sign_in(password="wrong1234").answer == (401, "wrong_credentials")
    for password in ("wrong1234", PASSWORD):
        locked = other.sign_in(password=password)
        assert locked.answer == (429, "locked_out")
        assert 0 < int(locked.header("Retry-After")) <= 1800
    assert running.inbox().status == 200, "sessions that run go on"
    stack.ctl("user", "unlock", office.user_id)
    eventually(lambda: other.sign_in().status == 201, 6, "sign-in after the unlock")


@covers("401 wrong_credentials", "§3 three in a row")
def test_a_right_password_between_wrong_ones_starts_the_count_anew(stack):
    terminal = Terminal(stack.endpoint, stack.office())
    for password in ("wrong1", "wrong2", PASSWORD, "wrong3", "wrong4"):
        assert terminal.sign_in(password=password).status == (201 if password == PASSWORD else 401)
    assert terminal.sign_in().status == 201


@covers("DELETE /v1/sessions/current", "401 session_expired")
def test_signing_out_ends_the_token(stack, people):
    terminal = stack.terminal(people.a)
    assert terminal.call("DELETE", "/v1/sessions/current").status == 204
    gone = terminal.inbox()
    assert gone.answer == (401, "session_expired") and gone.header("WWW-Authenticate") == "Bearer"


@covers("401 not_signed_in")
@pytest.mark.parametrize("header", [None, "Basic S0o6eA==", "Bearer", "Bearer " + "A" * 43, "Bearer ü"])
def test_no_token_another_scheme_and_an_unknown_token_are_all_not_signed_in(people, header):
    headers = {"Authorization": header.encode()} if header else {}
    reply = people.at_a.call("GET", "/v1/inbox", headers=headers, token=False)
    assert reply.answer == (401, "not_signed_in")
    assert reply.header("WWW-Authenticate") == "Bearer"


@covers("401 wrong_certificate", "§3 tokens are bound to a certificate")
def test_a_token_is_worth_nothing_under_another_certificate_even_of_the_same_user(stack, people):
    own_other = people.a.using(*stack.issue(people.a.user_id))
    for thief in (people.b, own_other):
        reply = Terminal(people.at_a.endpoint, thief, people.at_a.token).inbox()
        assert reply.answer == (401, "wrong_certificate")


@covers("§3 licence states")
def test_the_state_of_the_licence_is_told(stack):
    none = stack.terminal(stack.office(licence=False)).session["licence"]
    assert none == {"state": "none"}
    future, ended = stack.office(licence=False), stack.office(licence=False)
    stack.grant(future.number, 10, 20)
    stack.grant(ended.number, -20, -1)
    assert stack.terminal(future).session["licence"]["state"] == "future"
    assert stack.terminal(ended).session["licence"]["state"] == "ended"


@covers("§3 a closed account")
def test_closing_an_account_ends_its_sessions_within_five_seconds(stack):
    office = stack.office()
    terminal = stack.terminal(office)
    stack.ctl("user", "close", office.user_id)
    eventually(lambda: terminal.inbox().status == 401, 6, "the session ends")


@covers("403 role_not_allowed")
def test_every_role_keeps_to_its_own_calls(stack, people):
    operator = stack.terminal(stack.operator())
    for terminal, path in ((people.auditor, "/v1/inbox"), (people.auditor, "/v1/outbox"), (operator, "/v1/inbox"),
                           (people.at_a, "/v1/audit/events"), (operator, "/v1/audit/events")):
        assert terminal.get(path).answer == (403, "role_not_allowed"), path
    for terminal in (people.at_a, people.auditor, operator):
        assert terminal.get("/v1/offices").status == 200
