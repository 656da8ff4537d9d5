#!/usr/bin/env python3
"""How long `relay-client check` takes for a large file, and in how much memory, beside iconv on the same file in the same run.

  csv_check.py [--megabytes 100] [--runs 3] [--table UP2KYO] [--at-most MIB]

Prints the best of the runs of each, their ratio, and the most memory that the check held. Fails when the check says anything but good,
or holds more than --at-most MiB. Judges no speed: that is for the reader.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARIES = os.environ.get("RELAY_BIN") or os.path.join(ROOT, "build", "release", "bin")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "deploy", "stack"))
import standard_files  # noqa: E402


def timed(command):
    """(seconds of work, the process's own most memory in MiB)"""
    began = time.monotonic()
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=nowhere)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit("%s: exit status %d" % (" ".join(command), process.returncode))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--table", default="UP2KYO")
    parser.add_argument("--at-most", type=float, default=64)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, standard_files.file_name(options.table))
        standard_files.large_file(path, options.megabytes * 1000000, options.table)
        size = os.path.getsize(path)
        # The file alone is no complete unit, so that rule is switched off: what takes time is the content.
        config = os.path.join(folder, "check.toml")
        with open(config, "w", encoding="ascii") as file:
            file.write('[standard]\npartial_units = "P1,P2,P3"\n')
        check = [os.path.join(BINARIES, "relay-client"), "--config", config, "check", path]
        convert = ["iconv", "-f", "CP932", "-t", "UTF-8", path]
        timed(convert)  # brings the file into memory
        best = {name: min(timed(command) for _ in range(options.runs)) for name, command in (("check", check), ("iconv", convert))}
    for name, (work, memory, passed) in best.items():
        print("%-6s %7.3f s of work, %7.3f s passed, %6.0f MB/s, %5.1f MiB" % (name, work, passed, size / 1e6 / work, memory))
    print("ratio  %.2f (check : iconv, %d bytes of %s)" % (best["check"][0] / best["iconv"][0], size, options.table))
    if best["check"][1] > options.at_most:
        sys.exit("the check held %.1f MiB, more than %.1f" % (best["check"][1], options.at_most))


if __name__ == "__main__":
    main()
