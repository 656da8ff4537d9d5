"""Figures of uploads, deliveries, polls and sign-ins: CPU of server and PostgreSQL for each."""

import os
import shutil
import subprocess

from .driving import CORES, US, cheapest, drive, each, least, saturated
from .stack import BINARIES, PASSWORD, POSTGRES, ROOT, Failed, Load

# Offices (numbers in the file of identities): 0 uploads, 100 batches, 200 uploads on a slow disk, 300 sign-ins, 400 into a
# crowded inbox, 500 deliveries, 700 deliveries at a rate, 1000 deliveries beside sign-ins, 1500 large payloads. What
# leaves nothing behind uses any.


def cost_note(used, done):
    server, postgres = each(used, done)
    return "server %.0f + PostgreSQL %.0f µs; %.0f/s on the clock beside a client of %.0f µs" % (
        server, postgres, done["per_second"], used["client"] / done["done"] * US)


def accepted_uploads(bench, report):
    done, used, depths = saturated(bench.stack, "uploads", identities=bench.offices, seconds=bench.seconds / 2, count=int(3500 * bench.seconds))
    server, postgres = each(used, done)
    limit = bench.limits.upload()
    value = CORES * US / (server + postgres)
    report.add("accepted_uploads", value, "1/s, %d cores" % CORES, CORES * US / limit, 0.7 * CORES * US / limit,
               note="%s; p50 %.1f ms, p99 %.1f ms; %s" % (
                   cost_note(used, done), done["latency_ms"]["p50"], done["latency_ms"]["p99"], depths))
    report.add("accepted_vs_pgbench", value, "1/s, %d cores" % CORES, bench.limits.pgbench, 0.7 * bench.limits.pgbench,
               note="limit: pgbench on the clock, the best of 4, 8 and 16 connections, unbatched transaction of equal rows")
    report.add("accept_server_cpu", server, "µs", bench.limits.upload_server(), lower=True)
    report.add("accept_postgres_cpu", postgres, "µs", bench.limits.insert(), 1.6 * bench.limits.insert(), lower=True)


def batch_uploads(bench, report):
    done, used = cheapest(bench.stack, "uploads", identities=bench.offices, first=100, connections=8, batch=50, seconds=bench.seconds / 4,
                          count=int(2000 * bench.seconds))
    limit = bench.limits.upload()
    report.add("batch_upload_cpu", sum(each(used, done)), "µs", limit, limit / 0.7, lower=True, note="50 in a call; " + cost_note(used, done))


def delivery_cpu(bench, report):
    done, used, depths = saturated(bench.stack, "deliveries", identities=bench.offices, first=500, seconds=bench.seconds / 2,
                                   count=int(1500 * bench.seconds))
    limit = bench.limits.delivery()
    report.add("delivery_cpu", sum(each(used, done)), "µs", limit, 1.6 * limit, lower=True, note=cost_note(used, done) + "; " + depths)


def delivery_cpu_paced(bench, report):
    # Plans are kept: those made for tables that are known to be empty would be kept for ten seconds.
    drive(bench.stack, "deliveries", identities=bench.offices, first=500, connections=64, seconds=bench.seconds / 8, count=int(500 * bench.seconds))
    bench.stack.settle()
    done, used = drive(bench.stack, "deliveries", identities=bench.offices, first=700, connections=100, seconds=bench.seconds, rate=106,
                       count=int(120 * bench.seconds) + 200)
    limit = bench.limits.delivery_single()
    report.add("delivery_cpu_at_106", sum(each(used, done)), "µs", limit, 2 * limit, lower=True, note=cost_note(used, done))
    report.add("delivery_at_106_vs_paced", sum(each(used, done)), "µs", bench.limits.delivery_single(106), lower=True,
               note="the same beside the limit's programs at the same pace, 106 requests and transactions of each kind a second")
    wake = done["wake_after_accepted_ms"]
    report.add("wakeup_p50", wake["p50"], "ms", None, 3, lower=True)
    report.add("wakeup_p99", wake["p99"], "ms", None, 50, lower=True,
               note="from the database's accepted_at (before the commit, cut to whole ms) to the bytes at the client; after the sender's 201: "
                    "p50 %.2f, p99 %.2f ms" % (done["wake_after_201_ms"]["p50"], done["wake_after_201_ms"]["p99"]))


def mailbox_polls(bench, report):
    bench.stack.settle()
    done, used = cheapest(bench.stack, "polls", identities=bench.offices, first=2000, connections=32, seconds=bench.seconds / 4,
                          path="/v1/inbox?limit=100")
    limit = bench.limits.http(0)["small"] + bench.limits.batched["poll"] + bench.limits.batched["poll_client"]
    report.add("poll_cpu", sum(each(used, done)), "µs", limit, lower=True, note="an empty inbox, no wait; " + cost_note(used, done))
    # Many waits of a second that end empty: what each costs from its request to its answer.
    done, used = drive(bench.stack, "polls", identities=bench.offices, first=2000, connections=1000, seconds=bench.seconds / 2,
                       path="/v1/inbox?limit=100&wait=1")
    report.add("empty_wait_cpu", sum(each(used, done)), "µs", limit, lower=True, note="an empty wait of 1 s; " + cost_note(used, done))


def sign_ins(bench, report):
    done, used = drive(bench.stack, "sign-ins", identities=bench.offices, first=300, connections=16, seconds=bench.seconds / 2, password=PASSWORD)
    report.add("sign_in_cpu", sum(each(used, done)), "µs", lower=True, note="Argon2id as configured by default; " + cost_note(used, done))
    with Load("sign-ins", bench.stack.port, bench.offices, first=300, connections=50, seconds=bench.seconds, rate=50, password=PASSWORD) as beside:
        beside.meet()
        beside.go()
        done, used = drive(bench.stack, "deliveries", identities=bench.offices, first=1000, connections=100, seconds=bench.seconds, rate=106,
                           count=int(120 * bench.seconds) + 200)
        signed_in = beside.meet()
    if signed_in["failures"]:
        raise Failed("sign-ins: " + signed_in["first_failure"])
    report.add("wakeup_p99_beside_sign_ins", done["wake_after_accepted_ms"]["p99"], "ms", None, 50, lower=True,
               note="106 deliveries/s beside %.0f sign-ins/s; uploads p99 %.1f ms, sign-ins p99 %.0f ms" % (
                   signed_in["per_second"], done["upload_ms"]["p99"], signed_in["latency_ms"]["p99"]))


def slow_disk(bench, report):
    """Accepted uploads while every fdatasync() of PostgreSQL takes 1 ms or 5 ms longer."""
    stack = bench.stack
    library = os.path.join(stack.base, "slow-fsync.so")
    shutil.copy(os.path.join(BINARIES, "relay-bench-slow-fsync.so"), library)
    os.chmod(library, 0o755)
    try:
        for number, ms in enumerate((1, 5)):
            stack.down()
            cluster = stack.cluster
            started = cluster.account.run(["/usr/bin/env", "LD_PRELOAD=" + library, "RELAY_BENCH_FSYNC_US=%d" % (ms * 1000),
                                           os.path.join(POSTGRES, "pg_ctl"), "-D", cluster.data, "-l", cluster.log, "-w", "-s", "start"],
                                          cwd=cluster.sock, timeout=120)
            if started.returncode:
                raise Failed("PostgreSQL did not start on the slow disk")
            stack.up()
            done, used = drive(stack, "uploads", identities=bench.offices, first=200, connections=64, seconds=bench.seconds,
                               count=int(5000 * bench.seconds))
            report.add("accepts_fsync_%dms" % ms, done["per_second"], "1/s on the clock", CORES * US / bench.limits.upload(),
                       8000 if ms == 1 else None, note=cost_note(used, done))
            report.add("accept_p99_fsync_%dms" % ms, done["latency_ms"]["p99"], "ms", None, 10 if ms == 1 else None, lower=True)
    finally:
        stack.restart()


def flatness(bench, report):
    """The same calls with few and with many bundles waiting in an inbox, with few and with many events in the log."""
    stack = bench.stack

    def page():
        done, used = drive(stack, "polls", identities=bench.offices, first=400, connections=1, seconds=bench.seconds / 2, path="/v1/inbox?limit=100")
        return sum(each(used, done))

    def accept():
        done, used = drive(stack, "uploads", identities=bench.offices, first=450, connections=16, recipient=401, seconds=bench.seconds / 2,
                           count=int(2500 * bench.seconds))
        return sum(each(used, done))

    drive(stack, "uploads", identities=bench.offices, first=420, connections=4, recipient=401, seconds=30, count=120)
    stack.settle()
    page_few, accept_few = least(page), least(accept)
    stack.psql("-v", "recipient=" + bench.number_of(400), "-v", "count=%d" % bench.waiting, "-f", os.path.join(ROOT, "tests", "bench", "big_inbox.sql"))
    stack.settle()
    report.add("crowded_inbox_page", least(page), "µs", page_few, 1.1 * page_few, lower=True,
               note="a page of 100 from an inbox of %d, limit: of some hundred" % bench.waiting)
    report.add("crowded_inbox_accept", least(accept), "µs", accept_few, 1.1 * accept_few, lower=True)
    stack.down()
    stack.cluster.start()
    stack.psql("-v", "count=%d" % bench.events, "-f", os.path.join(ROOT, "tests", "bench", "many_events.sql"), timeout=3000)
    stack.settle()
    stack.up()
    bench.wait_until(stack.has_sequenced, 300, "the sequencer's first look")
    report.add("long_log_accept", least(accept), "µs", accept_few, 1.1 * accept_few, lower=True, note="after %d events more" % bench.events)


def large_payloads(bench, report):
    stack, chunk, chunks = bench.stack, (16 if bench.seconds >= 1 else 1) << 20, 4
    for direction, count, file in (("up", 4, "write"), ("down", 6, "read")):
        # First a little of it, so that memory is of the transfers and not of code that runs for the first time.
        drive(stack, "chunks-" + direction, identities=bench.offices, first=1500, connections=2, chunks=2, chunk_size=1 << 20, count=2)
        before = bench.reset_peak()
        done, used = drive(stack, "chunks-" + direction, identities=bench.offices, first=1500, connections=2, chunks=chunks, chunk_size=chunk,
                           count=count)
        memory = (bench.peak() - before) / 2 / 2**20
        cpu = (used["server"] + used["postgres"]) * 1000 / (done["bytes"] / 2**30)
        name = {"up": "upload", "down": "download"}[direction]
        parts = bench.limits.bulk_tls[direction], bench.limits.sha256, bench.limits.file[file]
        report.add("large_%s_cpu" % name, cpu, "ms/GiB", sum(parts), 1.3 * sum(parts), lower=True,
                   note="limit: raw TLS %.0f + SHA-256 %.0f + file %.0f; chunks of %d MiB, %.0f MiB, two at a time, %.0f MiB/s on the clock" % (
                       *parts, chunk >> 20, done["bytes"] / 2**20, done["bytes"] / 2**20 / done["seconds"]))
        report.add("large_%s_memory" % name, memory, "MiB", 1.5, 1.5, lower=True, note="growth of the server's peak for each of two transfers")


PGBENCH = """\\set office random(2600000000, 2600005000)
\\set n random(1, 9000000000000000)
BEGIN;
INSERT INTO bundles VALUES (md5(:n::text)::uuid, :office::text, :office::text, 1, 'waiting', now(), NULL, convert_to(repeat('m', 1900), 'UTF8'));
INSERT INTO payloads VALUES (md5(:n::text)::uuid, convert_to(repeat('p', 10000), 'UTF8'));
INSERT INTO events VALUES (gen_random_uuid(), md5(:n::text)::uuid, repeat('e', 400));
COMMIT;
"""


def pgbench_best(stack, seconds):
    """Transactions a second of pgbench on the clock: BEGIN, three INSERTs of equal rows, COMMIT."""
    name = "limit_pgbench"
    stack.sql("CREATE DATABASE %s" % name, database="postgres")
    try:
        stack.psql("-f", os.path.join(ROOT, "tests", "bench", "postgres_limits.sql"), database=name)
        script = os.path.join(stack.base, "pgbench.sql")
        with open(script, "w", encoding="ascii") as file:
            file.write(PGBENCH)
        best = 0
        for clients in (4, 8, 16):
            done = subprocess.run([os.path.join(POSTGRES, "pgbench"), "-n", "-M", "prepared", "-f", script, "-c", str(clients), "-j", "1", "-T", str(max(1, int(seconds))),
                                   "-h", stack.socket, "-U", "relay_owner", name], capture_output=True, text=True, timeout=120)
            lines = [line for line in done.stdout.splitlines() if line.startswith("tps")]
            if done.returncode or not lines:
                raise Failed("pgbench: " + done.stderr[-500:])
            best = max(best, float(lines[0].split()[2]))
        return best
    finally:
        stack.sql("DROP DATABASE %s WITH (FORCE)" % name, database="postgres")


ALL = (accepted_uploads, batch_uploads, delivery_cpu, delivery_cpu_paced, mailbox_polls, sign_ins, large_payloads, slow_disk, flatness)
