"""One office's slow uploads leave memory to the others (commands.md, limits.memory)."""

import json

from coverage_tags import covers
from raw_http import RawConnection, has_answers, split_answers
from relay_client import Bundle, eventually
from slow_clients import asked, body_memory

SETTINGS = {"limits__memory": "128MiB"}  # a caller's share is 16 MiB of it
BATCH = 16 << 20


def begin_batch(stack, terminal, length):
    head = "POST /v1/outbox HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return RawConnection(stack.endpoint, terminal.person).send((head % (terminal.token, length)).encode())


@covers("503 unavailable")
def test_unfinished_uploads_of_one_office_leave_room_to_the_others(stack, people):
    slow = [begin_batch(stack, people.at_a, BATCH) for _ in range(9)]
    try:
        eventually(lambda: body_memory(stack) >= BATCH, 10, "memory is granted")
        other = stack.terminal(people.b)
        bundle = Bundle(people.b, people.c)
        body = json.dumps({"bundles": [bundle.body()]}).encode().ljust(10 << 20)
        reply = other.call("POST", "/v1/outbox", body, headers={"Content-Type": "application/json"})
        assert [result["status"] for result in reply.json["results"]] == [201]
        eventually(lambda: body_memory(stack) == BATCH, 5, "nothing but its one upload holds memory")
        refused = [split_answers(connection.receive(has_answers(1), seconds=3)) for connection in slow]
        codes = sorted(answers[0].code if answers else "waits" for answers in refused)
        assert codes == ["unavailable"] * 8 + ["waits"], "its own share is used up"
    finally:
        for connection in slow:
            connection.socket.close()
    eventually(lambda: body_memory(stack) == 0, 10, "the memory is given back")


@covers("503 unavailable")
def test_a_large_answer_takes_of_the_memory_until_it_was_read(stack, people):
    office = stack.office()
    terminal = stack.terminal(office)
    bundles = [Bundle(people.a, office, [("%s%d.pdf" % ("x" * 200, n), b"") for n in range(100)]) for _ in range(30)]
    for bundle in bundles:
        people.at_a.send(bundle)
    claims = {"claims": [{"bundle_id": bundle.bundle_id, "claim_id": bundle.claim_id} for bundle in bundles]}
    for line, body in (("GET /v1/inbox", b""), ("POST /v1/inbox/claims", json.dumps(claims).encode())):
        with asked(stack, terminal, line, body=body) as connection:
            eventually(lambda: body_memory(stack) > 500000, 10, "the answer is counted: " + line)
            connection.receive(has_answers(1))
        eventually(lambda: body_memory(stack) == 0, 10, "it is no longer counted: " + line)
