"""The scenarios: each measures one thing on a stack and puts its figures into the report.

Offices (numbers in the file of identities): 0 uploads, 500 deliveries, 700 deliveries at a rate; the scenarios that
leave nothing behind use any.
"""

import os

from .accounting import Cpu, kernel_memory, resident
from .profile import profiled
from .stack import Failed, Load

US = 1e6
CORES = os.cpu_count()


def drive(stack, scenario, **options):
    """(figures, CPU seconds) of one run of the load generator against the stack, from "ready" to its end."""
    with Load(scenario, stack.port, **options) as load:
        load.meet()
        with profiled(stack, scenario):
            cpu = Cpu([stack.pid()], stack.postmaster(), load.pid)
            load.go()
            done = load.meet()
            used = cpu.read()
    if done["failures"] or done.get("unfinished"):
        raise Failed("%s: %d failures (%s), %d unfinished: %s" % (scenario, done["failures"], done.get("first_failure", ""),
                                                                done.get("unfinished", 0), done.get("stuck", "")))
    if not done["done"]:
        raise Failed("%s: nothing was done" % scenario)
    return done, used


def each(used, done):
    """µs of server and of PostgreSQL for each of what was done."""
    return used["server"] / done["done"] * US, used["postgres"] / done["done"] * US


def accepted_uploads(bench, report):
    done, used = drive(bench.stack, "uploads", identities=bench.offices, connections=64, seconds=bench.seconds,
                       count=int(6000 * bench.seconds))
    server, postgres = each(used, done)
    limit = bench.limits.upload()
    report.add("accepted_uploads", CORES * US / (server + postgres), "1/s of %d cores" % CORES, CORES * US / limit, 0.7 * CORES * US / limit,
               note="by CPU of server %.0f + PostgreSQL %.0f µs; on the clock %.0f/s beside a client of %.0f µs; p50 %.1f ms, p99 %.1f ms" % (
                   server, postgres, done["per_second"], used["client"] / done["done"] * US, done["latency_ms"]["p50"],
                   done["latency_ms"]["p99"]))
    report.add("accept_postgres_cpu", postgres, "µs", bench.limits.insert(), 1.6 * bench.limits.insert(), lower=True)


def delivery_cpu(bench, report):
    done, used = drive(bench.stack, "deliveries", identities=bench.offices, first=500, connections=64, seconds=bench.seconds,
                       count=int(2500 * bench.seconds))
    server, postgres = each(used, done)
    limit = bench.limits.delivery()
    report.add("delivery_cpu", server + postgres, "µs", limit, 1.6 * limit, lower=True,
               note="server %.0f + PostgreSQL %.0f µs; %.0f deliveries/s beside a client of %.0f µs" % (
                   server, postgres, done["per_second"], used["client"] / done["done"] * US))
    return done


def delivery_cpu_paced(bench, report):
    done, used = drive(bench.stack, "deliveries", identities=bench.offices, first=700, connections=100, seconds=bench.seconds, rate=106,
                       count=int(120 * bench.seconds) + 200)
    server, postgres = each(used, done)
    limit = bench.limits.delivery_single()
    report.add("delivery_cpu_at_106", server + postgres, "µs", limit, 2 * limit, lower=True,
               note="server %.0f + PostgreSQL %.0f µs, one by one at 106/s" % (server, postgres))
    wake = done["wake_after_accepted_ms"]
    report.add("wakeup_p50", wake["p50"], "ms", None, 3, lower=True)
    report.add("wakeup_p99", wake["p99"], "ms", None, 50, lower=True,
               note="from the database's accepted_at (before the commit, cut to whole ms) to the bytes at the client; after the sender's 201: "
                    "p50 %.2f, p99 %.2f ms" % (done["wake_after_201_ms"]["p50"], done["wake_after_201_ms"]["p99"]))


def poll_memory(bench, report):
    stack = bench.stack
    count = bench.parked
    with Load("parked", stack.port, bench.offices, connections=count, path="/v1/inbox?limit=1") as load:
        load.meet()
        resident_before, kernel_before = resident(stack.pid()), kernel_memory()
        load.go()
        load.meet()
        idle = resident(stack.pid()) - resident_before
        load.go()
        parked = load.meet()
        if parked["ended"]:
            raise Failed("%d polls ended early: %s" % (parked["ended"], parked["first_failure"]))
        bench.wait_until(lambda: stack.metric("relay_parked_polls") >= count, 60, "%d parked polls" % count)
        parked, kernel = resident(stack.pid()) - resident_before, kernel_memory() - kernel_before
        load.go()
        done = load.meet()
    if done["failures"]:
        raise Failed(done["first_failure"])
    limit = bench.limits.idle_memory()
    report.add("idle_memory", idle / count / 1000, "kB", limit, limit, lower=True, note="%d connections after a full handshake" % count)
    report.add("poll_memory", parked / count / 1000, "kB", limit, limit, lower=True, note="%d parked long polls" % count)
    report.add("poll_memory_kernel", kernel / 2 / count / 1000, "kB", 4.8, 5, lower=True, note="half of the growth of both ends")


def handshake_cpu(bench, report):
    count = int(150 * bench.seconds)
    for resume in (False, True):
        done, used = drive(bench.stack, "handshakes", identities=bench.offices, connections=16, count=count * (1 + resume),
                           path="/v1/none", expect=404, resume=resume)
        name = "handshake_cpu_resumed" if resume else "handshake_cpu"
        if done["resumed"] != (done["done"] if resume else 0):
            raise Failed("%s: %d of %d were resumed" % (name, done["resumed"], done["done"]))
        server, _ = each(used, done)
        limit = bench.limits.handshake(resume)
        report.add(name, server, "µs", limit, 200 if resume else 1.05 * limit, lower=True, note="accept and one small answer included")


ALL = {f.__name__: f for f in (accepted_uploads, delivery_cpu, delivery_cpu_paced, poll_memory, handshake_cpu)}
