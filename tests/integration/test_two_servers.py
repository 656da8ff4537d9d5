"""Two server processes on one database are one relay (protocol.md §3, §5, §7)."""

import os

import pytest
from coverage_tags import covers, scenario
from relay_client import Bundle, Terminal, eventually, new_id, together
from relay_stack import PASSWORD, cms, events_of


@pytest.fixture(scope="module")
def second(stack):
    return stack.second()


@pytest.fixture(scope="module")
def there(people, second):
    """The terminals' twins at the second process, with the tokens of the first."""
    return {name: Terminal(second, getattr(people, name), getattr(people, "at_" + name).token) for name in "abc"}


@covers("§3 tokens hold on every replica")
@scenario("A10")
def test_a_token_of_one_process_holds_at_the_other_and_signing_out_ends_it_at_both(stack, people, second):
    here = stack.terminal(people.a)
    other = Terminal(second, people.a, here.token)
    assert other.inbox().status == 200
    assert here.call("DELETE", "/v1/sessions/current").status == 204
    eventually(lambda: other.inbox().answer == (401, "session_expired"), 6, "the token ends at the other process")


@covers("§5 chunks through any process")
def test_chunks_go_up_through_both_and_come_down_through_both(people, there):
    bundle = Bundle(people.a, people.b, [("scan.png", os.urandom(400000))], chunk_size=65536)
    people.at_a.put(bundle)
    replies = [(people.at_a, there["a"])[n % 2].put_chunk(bundle, n) for n in range(len(bundle.chunks))]
    assert [reply.status for reply in replies] == [204] * (len(bundle.chunks) - 1) + [201]
    assert there["b"].claim(bundle).status == 200
    read = b"".join((people.at_b, there["b"])[n % 2].chunk(bundle, n).body for n in range(len(bundle.chunks)))
    assert read == bundle.payload
    assert people.at_b.confirm(bundle).status == 200
    assert there["a"].sent(bundle).json["state"] == "fetched"


@covers("§7.1 one download", "409 claimed_elsewhere")
def test_a_race_over_both_processes_has_one_winner(stack, people, second):
    terminals = [stack.terminal(people.b, second if i % 2 else None) for i in range(16)]
    for _ in range(4):
        bundle = Bundle(people.a, people.b)
        people.at_a.send(bundle)
        replies = together(*[lambda t=t: t.claim(bundle, new_id()) for t in terminals])
        assert sorted(reply.status for reply in replies) == [200] + [409] * 15
        assert events_of(people.auditor, bundle).count("bundle_claimed") == 1


@covers("§5 exactly one call gets the 201")
def test_the_same_bundle_sent_to_both_at_once_is_accepted_once(people, there):
    for _ in range(4):
        bundle = Bundle(people.a, people.b)
        replies = together(lambda: people.at_a.put(bundle), lambda: there["a"].put(bundle))
        assert sorted(reply.status for reply in replies) == [200, 201]
        assert events_of(people.auditor, bundle).count("bundle_accepted") == 1


@covers("§6 a poll wakes at the other process")
def test_a_poll_at_one_process_is_woken_by_a_bundle_that_the_other_accepts(stack, people, second):
    office = stack.office()
    waiting = stack.terminal(office, second)
    bundle = Bundle(people.a, office)

    def send():
        eventually(lambda: people.at_a.get("/v1/offices/" + office.number).json["accepting"], 6, "the office is known")
        return people.at_a.send(bundle)
    polled, _ = together(lambda: waiting.inbox("?wait=30"), send)
    assert [one["bundle_id"] for one in polled.json["bundles"]] == [bundle.bundle_id]
    assert stack.terminal(office).inbox().header("ETag") == polled.header("ETag"), "the same page, the same tag"


@covers("401 certificate_revoked", "§3 revocation everywhere within five seconds")
def test_a_revocation_reaches_both(stack, people, second):
    person = people.c.using(*stack.issue(people.c.user_id))
    terminals = [stack.terminal(person), stack.terminal(person, second)]
    stack.ctl("certificate", "revoke", cms.fingerprint(person.cert), "--reason", "superseded")

    def refused(terminal):
        try:
            return terminal.inbox().status == 401
        except OSError:
            return True
    for terminal in terminals:
        eventually(lambda t=terminal: refused(t), 6, "the revocation is effective")


@covers("429 locked_out", "§3 the count is one")
def test_wrong_passwords_are_counted_over_both(stack, second):
    office = stack.office()
    here, other = Terminal(stack.endpoint, office), Terminal(second, office)
    assert [t.sign_in(password="wrong1234").status for t in (here, other, here)] == [401, 401, 401]
    assert other.sign_in(password=PASSWORD).answer == (429, "locked_out")
