"""Ports for the servers of tests: one that a test process has taken is its own for as long as it lives."""

import fcntl
import os
import random
import socket

FOLDER = "/tmp/relay-test-ports"
# Below those that deploy/embedded chooses for itself, and those that the kernel gives to outgoing connections.
RANGE = range(12000, 20000)
_kept = []


def reserve_port():
    """A port of 127.0.0.1 that nobody listens on and that no other test process is given."""
    os.makedirs(FOLDER, exist_ok=True)
    for port in random.sample(RANGE, len(RANGE)):
        lock = open(os.path.join(FOLDER, str(port)), "ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            continue
        _kept.append(lock)
        return port
    raise OSError("every port from %d to %d is taken" % (RANGE.start, RANGE.stop - 1))
