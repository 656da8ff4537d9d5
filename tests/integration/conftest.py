"""Each file of tests has one service, with the SETTINGS it names, and these people on it."""

import os
import sys
import types

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

from relay_stack import Stack  # noqa: E402


@pytest.fixture(scope="module")
def stack(request):
    service = Stack(**getattr(request.module, "SETTINGS", {}))
    try:
        service.up()
        yield service
    finally:
        service.close()


@pytest.fixture(scope="module")
def people(stack):
    """Offices a (P-256), b (RSA) and c (P-256, a letter in its number), with signed-in terminals at_a, at_b, at_c, and an auditor."""
    a = stack.office("2670100011", "やまと居宅介護支援")
    b = stack.office("2670100029", "みどり訪問介護", key_type="rsa2048")
    c = stack.office("26A0100037", "総合事業センター")
    return types.SimpleNamespace(a=a, b=b, c=c, at_a=stack.terminal(a), at_b=stack.terminal(b), at_c=stack.terminal(c),
                                 auditor=stack.terminal(stack.auditor()))
