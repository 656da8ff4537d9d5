"""What is done when: a list of faults that a seed alone decides, in lanes that run side by side."""

import random

LANES = ("network", "database", "server 0", "server 1")
# kind: (lane, weight). Those of "server" are shared by its two lanes.
KINDS = {
    "connections reset": ("network", 40),
    "connections cut within a message": ("network", 30),
    "line stalled": ("network", 10),
    "database connections closed": ("database", 40),
    "database processes frozen": ("database", 18),
    "database frozen for long": ("database", 0.4),
    "database process killed": ("database", 6),
    "database killed": ("database", 6),
    "database disk full": ("database", 12),
    "database fsync fails": ("database", 6),
    "database write fails": ("database", 8),
    "server killed": ("server", 36),
    "server frozen": ("server", 24),
    "object disk full": ("server", 12),
    "object cannot be opened": ("server", 6),
    "object fsync fails": ("server", 6),
    "object rename fails": ("server", 3),
    "object read fails": ("server", 3),
    "no descriptors": ("server", 10),
    "clock jumps": ("server", 10),
}
SHARE = {"network": 0.44, "database": 0.22, "server": 0.34}
NEEDS = {"database disk full": "mount", "object disk full": "mount", "clock jumps": "skew",
         **{kind: "trace" for kind in KINDS if kind.endswith(("fails", "opened"))}}
# Of kinds that would otherwise be over before anybody notices.
HOLD = {"database frozen for long": 14.0, "clock jumps": 1.3, "connections reset": 0.0, "connections cut within a message": 0.0}


class Fault:
    """One fault: what, where, how long it lasts, how long it is quiet before, and a number for every further choice."""

    def __init__(self, kind, lane, chance):
        self.kind, self.lane = kind, lane
        self.pause = chance.uniform(0.0, 0.25)
        self.hold = HOLD.get(kind, chance.choice((0.02, 0.1, 0.2, 0.4)))
        self.number = chance.randrange(1 << 30)

    def chance(self):
        return random.Random(self.number)

    def __repr__(self):
        return "%s: %s, after %.2f s for %.2f s (%d)" % (self.lane, self.kind, self.pause, self.hold, self.number)


def make(seed, count, able):
    """`count` faults of the kinds that `able` ("mount", "skew", "trace") allows."""
    chance = random.Random(seed)
    faults = []
    for _ in range(count):
        group = chance.choices(list(SHARE), list(SHARE.values()))[0]
        kinds = [kind for kind, (lane, _) in KINDS.items() if lane == group]
        kind = chance.choices(kinds, [KINDS[kind][1] for kind in kinds])[0]
        lane = group if group != "server" else "server %d" % chance.randrange(2)
        faults.append(Fault(kind, lane, chance))
    return [fault for fault in faults if NEEDS.get(fault.kind, "") in (*able, "")]
