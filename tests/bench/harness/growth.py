"""How cost grows: with the payload, the offices, the bundles that wait in one inbox, the events of the log; three sizes each."""

import os

from .driving import cheapest, drive, each
from .stack import ROOT


def accept(bench, **options):
    """µs of server and PostgreSQL for an accepted upload."""
    done, used = cheapest(bench.stack, "uploads", identities=bench.offices, seconds=bench.seconds / 2, count=int(2500 * bench.seconds),
                          **{"first": 0, "connections": 32, **options})
    return sum(each(used, done))


def growth(bench, report):
    stack = bench.stack
    first = None
    for size in (1000, 10000, 100000):
        cost = accept(bench, payload=size, first=100)
        first = first or cost
        report.add("growth_payload_%d" % size, cost, "µs", first, lower=True, note="an accepted upload; limit: of the smallest")
    first = accept(bench, first=200)
    report.add("growth_offices_%d" % stack.offices, first, "µs", first, lower=True, note="an accepted upload")
    for count in (16000, 64000):
        stack.provision(count - stack.offices, name="offices-%d" % count)
        stack.settle()
        report.add("growth_offices_%d" % count, accept(bench, first=200), "µs", first, lower=True)
    first = None
    drive(stack, "uploads", identities=bench.offices, first=420, connections=4, recipient=401, seconds=60, count=120)
    there = 100
    for waiting in (100, 10000, 100000):
        if waiting > there:
            stack.psql("-v", "recipient=" + bench.number_of(400), "-v", "count=%d" % (waiting - there),
                       "-f", os.path.join(ROOT, "tests", "bench", "big_inbox.sql"))
            stack.settle()
            there = waiting
        done, used = drive(stack, "polls", identities=bench.offices, first=400, connections=1, seconds=bench.seconds, path="/v1/inbox?limit=100")
        cost = sum(each(used, done))
        first = first or cost
        report.add("growth_waiting_%d" % waiting, cost, "µs", first, lower=True, note="a page of 100")
    there, first = 0, None
    for events in (100000, 1000000, 3000000):
        stack.down()
        stack.cluster.start()
        stack.psql("-v", "count=%d" % (events - there), "-f", os.path.join(ROOT, "tests", "bench", "many_events.sql"), timeout=3000)
        stack.settle()
        stack.up()
        bench.wait_until(stack.has_sequenced, 300, "the sequencer's first look")
        there = events
        cost = accept(bench, first=300)
        first = first or cost
        report.add("growth_events_%d" % events, cost, "µs", first, lower=True, note="an accepted upload")
