"""All scenarios share one service: two server processes that do the same, and a hasty one that makes seconds of hours."""

import types

import pytest
from fast_cms import Signer
from relay_client import Bundle, Terminal, make_zip
from relay_stack import Stack, cms


@pytest.fixture(scope="session")
def stack():
    service = Stack()
    try:
        service.up()
        yield service
    finally:
        service.close()


@pytest.fixture(scope="session")
def people(stack):
    """Offices a and c (P-256), b (RSA), with signed-in terminals at_a, at_b, at_c, and an auditor."""
    a = stack.office("2670100011", "やまと居宅介護支援")
    b = stack.office("2670100029", "みどり訪問介護", key_type="rsa2048")
    c = stack.office("26A0100037", "総合事業センター")
    for office in (a, c):
        office.signer = Signer(office)
    return types.SimpleNamespace(a=a, b=b, c=c, at_a=stack.terminal(a), at_b=stack.terminal(b), at_c=stack.terminal(c),
                                 auditor=stack.terminal(stack.auditor()))


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
