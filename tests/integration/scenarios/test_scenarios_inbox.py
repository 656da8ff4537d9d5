"""D: the inbox, its pages and its polls."""

import os
import re
import resource

from coverage_tags import scenario
from relay_client import Bundle, Terminal, eventually, make_zip, new_id, together
from relay_stack import cms

# RELAY_LONG=1 plays the scenarios at their full size.
LONG = bool(os.environ.get("RELAY_LONG"))


def crowd(stack, people, quick, count):
    """An office in whose inbox `count` bundles wait, in their order; with its terminal and a way to send one more."""
    office = stack.office()
    eventually(lambda: people.at_c.get("/v1/offices/" + office.number).json["accepting"], 6, "the office is known")
    payload = cms.encrypt(make_zip([("memo.pdf", b"%PDF-1.4 ")]), [office.cert])

    def send(number):
        bundles = [quick(people.c, office, payload=payload) for _ in range(number)]
        for begin in range(0, number, 100):
            batch = {"bundles": [bundle.body() for bundle in bundles[begin:begin + 100]]}
            results = people.at_c.call("POST", "/v1/outbox", batch).json["results"]
            assert {result["status"] for result in results} == {201}
        return bundles
    return office, stack.terminal(office), send, send(count)


@scenario("D49")
def test_an_empty_inbox_has_a_tag_and_no_next_page(stack):
    reply = stack.terminal(stack.office()).inbox()
    assert reply.status == 200 and reply.json == {"bundles": []}
    assert re.fullmatch('"[^"]+"', reply.header("ETag"))


@scenario("D50")
def test_pages_show_nothing_twice_and_miss_nothing_while_bundles_come_and_are_claimed(stack, people, quick):
    size = 500 if LONG else 100
    _, terminal, send, first = crowd(stack, people, quick, size * 12 // 5)
    stay, taken = first[1::2], first[::2]
    shown, after, page = [], "", 0
    while page == 0 or after:
        reply = terminal.inbox("?limit=%d%s" % (size, "&after=" + after if after else ""))
        shown += [one["bundle_id"] for one in reply.json["bundles"]]
        after, page = reply.json.get("next"), page + 1
        for bundle in taken[page * 20:page * 20 + 20]:
            assert terminal.claim(bundle).status == 200
        if page == 1:
            late = send(30)
    order = {bundle.bundle_id: place for place, bundle in enumerate(first + late)}
    assert len(set(shown)) == len(shown)
    assert {bundle.bundle_id for bundle in stay + late} <= set(shown)
    # A batch's bundles are accepted at one moment, in an order of the relay's choice.
    assert [order[one] // 100 for one in shown] == sorted(order[one] // 100 for one in shown)


@scenario("D52")
def test_the_inbox_shows_what_waits_each_state_or_all(stack, people, hasty):
    office = stack.office()
    terminal = stack.terminal(office)
    eventually(lambda: hasty.at_a.get("/v1/offices/" + office.number).json["accepting"], 6, "the office is known")
    made = {state: Bundle(people.a, office) for state in ("waiting", "claimed", "fetched", "rejected", "withdrawn", "expired")}
    for state, bundle in made.items():
        (hasty.at_a if state == "expired" else people.at_a).send(bundle)
    for state in ("claimed", "fetched", "rejected"):
        terminal.claim(made[state])
    terminal.confirm(made["fetched"])
    terminal.confirm(made["rejected"], "rejected")
    people.at_a.withdraw(made["withdrawn"])
    eventually(lambda: terminal.received(made["expired"]).json["state"] == "expired", 20, "it expires")

    def shown(query):
        return [one["bundle_id"] for one in terminal.pages("/v1/inbox" + query, "bundles")]
    for state, bundle in made.items():
        assert shown("?state=" + state) == [bundle.bundle_id]
    assert shown("") == [made["waiting"].bundle_id]
    assert shown("?state=all") == [bundle.bundle_id for bundle in made.values()]


@scenario("D53")
def test_a_poll_at_one_server_is_answered_when_the_other_accepts_a_bundle(stack, people, second):
    office = stack.office()
    terminal = stack.terminal(office)
    eventually(lambda: second.at_a.get("/v1/offices/" + office.number).json["accepting"], 6, "the office is known")
    bundle = Bundle(people.a, office)

    def send():
        stack.wait_for_parked_poll()
        return second.at_a.send(bundle)
    polled, _ = together(lambda: terminal.inbox("?wait=60"), send)
    assert [one["bundle_id"] for one in polled.json["bundles"]] == [bundle.bundle_id]


@scenario("D56")
def test_of_many_parked_polls_only_the_right_office_wakes(stack, people):
    """A hundred here; ten thousand with RELAY_LONG=1, and then the memory of each is judged too."""
    count = 10000 if LONG else 100
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    sleeper, receiver = stack.office(), stack.office()
    signed_in, waker = stack.terminal(sleeper), stack.terminal(receiver)
    eventually(lambda: people.at_a.get("/v1/offices/" + receiver.number).json["accepting"], 6, "the office is known")
    before, parked = memory(stack), []
    for _ in range(count):
        terminal = Terminal(stack.endpoint, sleeper, signed_in.token, signed_in.context)
        terminal.begin("/v1/inbox?wait=60")
        parked.append(terminal)
    eventually(lambda: parked_polls(stack) >= count, 60, "all are parked")
    each = (memory(stack) - before) / count
    bundle = Bundle(people.a, receiver)

    def send():
        eventually(lambda: parked_polls(stack) > count, 30, "the last poll is parked")
        return people.at_a.send(bundle)
    polled, _ = together(lambda: waker.inbox("?wait=30"), send)
    assert [one["bundle_id"] for one in polled.json["bundles"]] == [bundle.bundle_id]
    assert parked_polls(stack) >= count - 2, "nobody else woke"
    assert not LONG or each < 100000, each
    for terminal in parked:
        terminal.close()


def memory(stack):
    with open("/proc/%d/status" % stack.process(), encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) * 1024


def parked_polls(stack):
    return int(re.search(r"^relay_parked_polls (\d+)", stack.admin("/metrics")[1], re.MULTILINE).group(1))


@scenario("D57")
def test_a_new_bundle_is_fetched_at_once_however_many_old_ones_wait(stack, people, quick):
    office, terminal, _, old = crowd(stack, people, quick, 600)
    new = Bundle(people.a, office)
    people.at_a.send(new)
    assert terminal.fetch(new) == new.payload
    assert len(terminal.pages("/v1/inbox", "bundles", 500)) == len(old)


@scenario("D58")
def test_what_is_not_in_ones_inbox_is_not_found_whatever_it_is(people):
    others, upload, nothing = Bundle(people.a, people.b), Bundle(people.a, people.c), Bundle(people.a, people.c)
    people.at_a.send(others)
    people.at_a.put(upload, inline=False)
    said = set()
    for bundle in (others, upload, nothing):
        for reply in (people.at_c.received(bundle), people.at_c.claim(bundle), people.at_c.chunk(bundle, 0), people.at_c.confirm(bundle)):
            assert reply.answer == (404, "not_found")
            said.add((reply.json["title"], reply.json["detail"]))
    assert len(said) == 1 and people.at_c.get("/v1/inbox/" + new_id()).answer == (404, "not_found")
