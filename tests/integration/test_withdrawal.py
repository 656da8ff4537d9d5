"""Taking back what was sent, as long as nobody has claimed it (protocol.md §5)."""

import os

import pytest
from coverage_tags import covers
from relay_client import Bundle, together
from relay_stack import events_of


@pytest.fixture
def sent(people):
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    return bundle


@covers("DELETE /v1/outbox/{bundle_id}", "410 withdrawn")
def test_a_waiting_bundle_is_withdrawn_once_and_again(people, sent):
    done = people.at_a.withdraw(sent)
    assert done.status == 200 and done.json["state"] == "withdrawn" and "withdrawn_at" in done.json
    again = people.at_a.withdraw(sent)
    assert again.status == 200 and again.json["withdrawn_at"] == done.json["withdrawn_at"]
    late = people.at_b.claim(sent)
    assert late.answer == (410, "withdrawn")
    assert people.at_b.received(sent).json["state"] == "withdrawn"
    assert events_of(people.auditor, sent).count("bundle_withdrawn") == 1


@covers("409 already_claimed")
def test_a_claimed_bundle_cannot_be_withdrawn(people, sent):
    people.at_b.claim(sent)
    assert people.at_a.withdraw(sent).answer == (409, "already_claimed")


@covers("409 already_fetched")
def test_a_fetched_or_rejected_bundle_cannot_be_withdrawn(people, sent):
    people.at_b.fetch(sent)
    assert people.at_a.withdraw(sent).answer == (409, "already_fetched")
    other = Bundle(people.a, people.b)
    people.at_a.send(other)
    people.at_b.claim(other)
    people.at_b.confirm(other, "rejected")
    assert people.at_a.withdraw(other).answer == (409, "already_fetched")


@covers("§7 one way out")
def test_withdrawal_and_claim_at_once_have_one_winner(people):
    for _ in range(5):
        bundle = Bundle(people.a, people.b, [("a.txt", os.urandom(10))])
        people.at_a.send(bundle)
        taken, back = together(lambda: people.at_b.claim(bundle), lambda: people.at_a.withdraw(bundle))
        assert (taken.answer, back.answer) in (((200, None), (409, "already_claimed")), ((410, "withdrawn"), (200, None)))
