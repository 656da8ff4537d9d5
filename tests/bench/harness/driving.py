"""One run of the load generator against a stack, and what it cost."""

import functools
import os

from .accounting import Cpu
from .profile import profiled
from .stack import Failed, Load

US = 1e6
CORES = os.cpu_count()
DEPTHS = 64, 128, 256  # calls in flight
RUNS = 3  # of what counts by its cheapest run: all else that happens on the machine only ever adds to one


def drive(stack, scenario, port=None, **options):
    """(figures, CPU seconds) of one run of the load generator against the stack, from "ready" to its end."""
    with Load(scenario, port or stack.port, **options) as load:
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


def cheapest(stack, scenario, **options):
    """As drive(), the cheapest of equal runs."""
    return cheapest_of([drive(stack, scenario, **options) for _ in range(RUNS)])


def cheapest_of(runs):
    return min(runs, key=lambda run: sum(each(run[1], run[0])))


def saturated(stack, scenario, **options):
    """As drive(), from so many offices at once as make it cheapest, as pgbench's best is of several; and what each number gave."""
    runs = {depth: [] for depth in DEPTHS}
    for _ in range(2):
        for depth in DEPTHS:
            runs[depth].append(drive(stack, scenario, connections=depth, **options))
    best = {depth: cheapest_of(some) for depth, some in runs.items()}
    note = ", ".join("%d at once %.0f µs" % (depth, sum(each(used, done))) for depth, (done, used) in best.items())
    return *cheapest_of(best.values()), note


def least(measure):
    """The least that measure() gives in equal runs; of figures by name: of each."""
    results = [measure() for _ in range(RUNS)]
    return {name: min(result[name] for result in results) for name in results[0]} if isinstance(results[0], dict) else min(results)


def least_of_runs(measure):
    """For a function that measures: its answer becomes the least() of equal runs."""
    @functools.wraps(measure)
    def measured(*args, **options):
        return least(lambda: measure(*args, **options))
    return measured
