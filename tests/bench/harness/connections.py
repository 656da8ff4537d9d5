"""Figures of connections: handshakes, memory, small requests; and nginx beside them."""

from .accounting import kernel_memory, resident
from .driving import cheapest, each
from .nginx import Nginx
from .stack import Failed, Load


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
        done, used = cheapest(bench.stack, "handshakes", identities=bench.offices, connections=16, count=count * (1 + resume),
                              path="/v1/none", expect=404, resume=resume)
        name = "handshake_cpu_resumed" if resume else "handshake_cpu"
        if done["resumed"] != (done["done"] if resume else 0):
            raise Failed("%s: %d of %d were resumed" % (name, done["resumed"], done["done"]))
        server, _ = each(used, done)
        limit = bench.limits.handshake(resume)
        report.add(name, server, "µs", limit, 200 if resume else 1.05 * limit, lower=True, note="accept and one small answer included")


def handshake_cpu_tickets(bench, report):
    """As replicas that share ticket keys have it."""
    bench.stack.restart(tls__resumption="tickets")
    try:
        for resume in (False, True):
            done, used = cheapest(bench.stack, "handshakes", identities=bench.offices, connections=16, count=int(150 * bench.seconds),
                                  path="/v1/none", expect=404, resume=resume)
            if done["resumed"] != (done["done"] if resume else 0):
                raise Failed("tickets: %d of %d were resumed" % (done["resumed"], done["done"]))
            limit = bench.limits.handshake(resume, tickets=True)
            report.add("handshake_cpu_ticket" + ("_resumed" if resume else ""), each(used, done)[0], "µs", limit, 450 if resume else 1.05 * limit,
                       lower=True)
    finally:
        bench.stack.restart(tls__resumption="stateful")


def small_requests(bench, report):
    """Requests that end before the storage: a path that does not exist; an upload whose body is no JSON."""
    for name, options, limit, goal in (
            ("request_cpu", {"path": "/v1/none", "expect": 404}, "small", 11),
            ("post_10k_cpu", {"path": "/v1/outbox/00000000-0000-7000-8000-000000000000", "method": "PUT", "body": 10000, "expect": 400}, "post_10k", 18)):
        done, used = cheapest(bench.stack, "polls", identities=bench.offices, connections=16, seconds=bench.seconds / 4, **options)
        server, _ = each(used, done)
        raw = bench.limits.http(0)[limit]
        # The goal is that of a quiet machine: it grows as the limit has grown.
        report.add(name, server, "µs", raw, goal * max(1, raw / {"small": 9.0, "post_10k": 16.1}[limit]), lower=True,
                   note="outside the storage: a refusal in JSON is its answer")


def side_by_side(bench, report):
    """nginx with mutual TLS and WebDAV: it checks no signature, asks no database and syncs nothing to the disk."""
    if not Nginx.program():
        report.say("nginx is not installed: nothing beside it")
        return
    nginx = bench.limits.nginx
    for part in ("small", "get_10k", "put_10k", "handshake", "handshake_resumed", "idle_kB"):
        report.add("nginx_" + part.replace("_kB", ""), nginx[part], "kB" if part.endswith("kB") else "µs", lower=True)


ALL = (handshake_cpu, poll_memory, small_requests, side_by_side, handshake_cpu_tickets)
