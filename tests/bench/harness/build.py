"""What the benchmark needs before it starts."""

import os
import subprocess
import sys

from .stack import ROOT

PROGRAMS = ("careplan-relay", "relayctl", "relay-bench-provision", "relay-bench-load", "relay-bench-raw-server", "relay-bench-crypto",
            "relay-bench-postgres", "relay-bench-slow-fsync")


def build():
    """Executables of the release build, with their packages, unless RELAY_BIN names others."""
    if "RELAY_BIN" not in os.environ:
        subprocess.run([os.path.join(ROOT, "deploy", "install"), "build", "run", "bench"], check=True, stdout=sys.stderr)
        subprocess.run([os.path.join(ROOT, "deploy", "build"), "release", *PROGRAMS], check=True, stdout=sys.stderr)
