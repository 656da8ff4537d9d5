"""Says which part of docs/protocol.md a test stands for; read by tests/coverage/make_protocol_coverage.py.

  @covers("PUT /v1/outbox/{bundle_id}", "409 bundle_id_reused", "§5 a repeated call")
"""


def covers(*items):
    assert items and all(isinstance(item, str) for item in items)

    def same(function):
        return function
    return same


def scenario(*numbers):
    """Says which of tests/coverage/scenarios.tsv a test plays; read by tests/coverage/make_scenarios.py."""
    return covers(*numbers)
