"""Passwords: changing one's own, temporary and expired ones, client versions (protocol.md §3)."""

import pytest
from coverage_tags import covers
from relay_client import Terminal, eventually
from relay_stack import PASSWORD

SETTINGS = {"clients__minimum__old-client": "2.10"}


def change(terminal, old, new, user_id=None):
    body = {"user_id": user_id or terminal.person.user_id, "old": old, "new": new}
    return terminal.call("PUT", "/v1/password", body, token=False)


@covers("PUT /v1/password", "401 session_expired")
def test_a_changed_password_ends_every_session_and_is_the_one_that_counts(stack):
    office = stack.office()
    terminal = stack.terminal(office)
    assert change(terminal, PASSWORD, "Kaigo2027b").status == 204
    eventually(lambda: terminal.inbox().answer == (401, "session_expired"), 6, "the old session ends")
    assert terminal.sign_in().answer == (401, "wrong_credentials")
    assert terminal.sign_in(password="Kaigo2027b").status == 201


@covers("422 bad_password")
@pytest.mark.parametrize("new", ["Kaigo1", "onlyletters", "1234567890", "a1" * 40, PASSWORD])
def test_a_weak_or_used_password_is_refused(people, new):
    reply = change(people.at_a, PASSWORD, new)
    assert reply.answer == (422, "bad_password")
    assert reply.json["errors"] and all(error["pointer"] == "/new" for error in reply.json["errors"])


@covers("422 bad_password", "§3 not one of the last three")
def test_none_of_the_last_three_passwords_comes_back_but_the_fourth_may(stack):
    terminal = Terminal(stack.endpoint, stack.office())
    used = [PASSWORD, "Second2026", "Third2026x", "Fourth2026"]
    for old, new in zip(used, used[1:]):
        assert change(terminal, old, new).status == 204
    for old in used[1:]:
        assert change(terminal, used[3], old).answer == (422, "bad_password")
    assert change(terminal, used[3], used[0]).status == 204


@covers("§3 password length in code points")
def test_length_counts_characters_not_bytes(stack):
    terminal = Terminal(stack.endpoint, stack.office())
    assert change(terminal, PASSWORD, "介護支援専門a1").status == 204
    assert terminal.sign_in(password="介護支援専門a1").status == 201


@covers("403 password_expired")
def test_a_temporary_password_must_be_changed_before_the_first_session(stack):
    terminal = Terminal(stack.endpoint, stack.office(temporary=True))
    assert terminal.sign_in().answer == (403, "password_expired")
    assert change(terminal, PASSWORD, "Kaigo2027b").status == 204
    assert terminal.sign_in(password="Kaigo2027b").status == 201


@covers("403 password_expired")
def test_a_password_set_by_operations_is_temporary(stack):
    office = stack.office()
    stack.ctl("user", "password", office.user_id, "--password-stdin", stdin="Reset2026x")
    terminal = Terminal(stack.endpoint, office)
    eventually(lambda: terminal.sign_in(password="Reset2026x").answer == (403, "password_expired"), 6, "the new password holds")


@covers("401 wrong_credentials", "401 wrong_certificate", "429 locked_out", "PUT /v1/password")
def test_changing_a_password_is_guarded_like_signing_in(stack, people):
    office = stack.office()
    terminal = Terminal(stack.endpoint, office)
    assert change(terminal, PASSWORD, "Kaigo2027b", people.b.user_id).answer == (401, "wrong_certificate")
    for _ in range(3):
        assert change(terminal, "wrong1234", "Kaigo2027b").answer == (401, "wrong_credentials")
    assert change(terminal, PASSWORD, "Kaigo2027b").answer == (429, "locked_out")
    assert terminal.sign_in().answer == (429, "locked_out")


@covers("403 client_too_old")
@pytest.mark.parametrize("version, taken", [("2.9", False), ("2.10", True), ("2.10.0", True), ("2", False), ("3", True), ("10.0", True)])
def test_versions_compare_as_numbers(people, version, taken):
    reply = Terminal(people.at_a.endpoint, people.a).sign_in(client={"name": "old-client", "version": version})
    if taken:
        assert reply.status == 201
    else:
        assert reply.answer == (403, "client_too_old") and reply.json["minimum_version"] == "2.10"
