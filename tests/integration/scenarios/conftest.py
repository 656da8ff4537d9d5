"""All scenarios share one service: two server processes that do the same, and a hasty one that makes seconds of hours."""

import types

import pytest
from fast_cms import Signer
from relay_client import Bundle, Terminal, make_zip
from relay_stack import Stack, cms, running


@pytest.fixture(scope="session")
def stack():
    yield from running(Stack())


@pytest.fixture(scope="session")
def people(stack):
    """Offices a, b and c, their terminals and an auditor (Stack.people); a and c also sign in the test's own process."""
    people = stack.people()
    for office in (people.a, people.c):
        office.signer = Signer(office)
    return people


def twins(people, endpoint):
    """The same offices' terminals at another server process, with the same tokens."""
    return types.SimpleNamespace(endpoint=endpoint, **{
        name: Terminal(endpoint, getattr(people, name[-1]), getattr(people, name).token) for name in ("at_a", "at_b", "at_c")})


@pytest.fixture(scope="session")
def second(stack, people):
    return twins(people, stack.second(clients__minimum__old="1.10"))


@pytest.fixture(scope="session")
def hasty(stack, people):
    """Its claims lapse after three seconds, its bundles expire after four, its uploads are dropped after two."""
    return twins(people, stack.second(claims__partial_lapse="3s", claims__sent_lapse="3s", bundles__expire_after="4s",
                                      bundles__unfinished_upload="2s", passwords__lifetime="1s"))


@pytest.fixture(scope="session")
def quick():
    """Bundles that are signed in this process, for scenarios with many of them; the sender has a P-256 key."""
    class Quick(Bundle):
        def sign(self, data):
            return self.sender.signer.sign(data)
    return Quick


@pytest.fixture(scope="session")
def for_a(people):
    """A payload for office a, encrypted once."""
    return cms.encrypt(make_zip([("memo.pdf", b"%PDF-1.4 ")]), [people.a.cert])
