"""Each file of tests has one service, with the SETTINGS it names, and these people on it."""

import os
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

from reference_client import Client  # noqa: E402
from relay_stack import Stack, running  # noqa: E402
from tcp_proxy import TcpProxy  # noqa: E402


@pytest.fixture(scope="module")
def stack(request):
    yield from running(Stack(**getattr(request.module, "SETTINGS", {})))


@pytest.fixture(scope="module")
def people(stack):
    """Offices a, b and c, their terminals and an auditor (Stack.people)."""
    return stack.people()


@pytest.fixture(scope="module")
def line(stack):
    """Between clients and the server, to be cut."""
    proxy = TcpProxy(stack.endpoint.port)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def sender(stack, people, line):
    """The reference client of office a, over that line."""
    return Client(stack, people.a, line.port)
