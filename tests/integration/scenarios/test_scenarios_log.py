"""H: the delivery log, read by auditors."""

import csv
import io
import json
import os
import re

from coverage_tags import scenario
from relay_client import Bundle, eventually, now

# RELAY_LONG=1 plays the scenarios at their full size.
LONG = bool(os.environ.get("RELAY_LONG"))


@scenario("H89")
def test_a_long_log_is_the_same_set_as_lines_as_a_table_and_in_pages_and_holds_no_secret(stack, people):
    """Three thousand events here; a million with RELAY_LONG=1, and then the server's memory is judged too."""
    count, begin = 1000000 if LONG else 3000, now(-1)
    bundle = Bundle(people.a, people.b)
    people.at_a.send(bundle)
    people.at_b.claim(bundle)
    people.at_b.confirm(bundle, "rejected", reason="himitsu no riyuu")
    stack.database().sql("insert into events (event_id, type, at, actor_user, sender, recipient) select relay_uuid7(clock_timestamp()), "
                         "'bundle_claimed', date_trunc('milliseconds', clock_timestamp()), 'KJ000000000001', '%s', '%s' "
                         "from generate_series(1, %d)" % (people.a.number, people.b.number, count), "relay")
    stack.database().sql("analyze events", "relay")
    eventually(lambda: stack.database().sql("select count(*) = 0 from audit_events where index is null", "relay") == "t", 600,
               "every event has its index")
    path, before = "/v1/audit/events?from=" + begin.replace("+", "%2B"), memory(stack)
    lines = people.auditor.get(path, headers={"Accept": "application/x-ndjson"}, timeout=600).body.decode()
    table = people.auditor.get(path, headers={"Accept": "text/csv"}, timeout=600).body.decode()
    grown = memory(stack) - before
    paged = [event["event_id"] for event in people.auditor.pages(path, "events", 500)]
    in_lines = [json.loads(line)["event_id"] for line in lines.splitlines()]
    in_table = [row["event_id"] for row in csv.DictReader(io.StringIO(table))]
    assert len(set(in_lines)) == len(in_lines) >= count + 3
    assert in_lines[:len(paged)] == paged[:len(in_lines)] and in_table[:len(in_lines)] == in_lines[:len(in_table)]
    assert min(len(paged), len(in_table)) >= len(in_lines), "what came meanwhile may only be more"
    for secret in ("himitsu", bundle.claim_id, people.at_a.token, people.a.password, bundle.files[0][0], people.a.name):
        assert secret not in lines and secret not in table
    assert not LONG or grown < 100 << 20, grown


def memory(stack):
    with open("/proc/%d/status" % stack.process(), encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) * 1024
