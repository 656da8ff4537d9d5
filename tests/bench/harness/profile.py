"""Where the time goes: perf over the server and PostgreSQL while a scenario runs (tests/bench/run --profile DIR)."""

import collections
import contextlib
import os
import shutil
import signal
import subprocess
import time

from .accounting import children

folder = None  # set by --profile
LINES = 60


def tell(data, name, pids):
    """One text for some processes of a recording: their own time by library, then by function."""
    done = subprocess.run(["perf", "report", "--stdio", "-i", data, "--percentage", "relative", "--sort", "dso,symbol", "-t", "|",
                           "--pid", ",".join(map(str, pids))], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    functions = []
    for line in done.stdout.splitlines():
        percent, bar, rest = line.partition("|")
        library, bar, function = rest.partition("|")
        if bar and percent.strip().rstrip("%").replace(".", "").isdigit():
            functions.append((float(percent.strip().rstrip("%")), library.strip(), function.split("|")[0].strip()[4:120]))
    libraries = collections.Counter()
    for share, library, _ in functions:
        libraries[library] += share
    with open(os.path.join(folder, name + ".txt"), "w", encoding="utf-8") as file:
        file.writelines("%6.2f%% %s\n" % (share, library) for library, share in libraries.most_common() if share > 0.3)
        file.write("\n")
        file.writelines("%6.2f%% %-24s %s\n" % function for function in functions[:LINES])


@contextlib.contextmanager
def profiled(stack, scenario):
    """Records the whole machine: a recording of single processes misses those that run for less than its period."""
    if folder is None or not shutil.which("perf"):
        yield
        return
    os.makedirs(folder, exist_ok=True)
    data = os.path.join(folder, scenario + ".data")
    process = subprocess.Popen(["perf", "record", "-q", "-a", "-e", "cpu-clock", "-F", "997", "-o", data],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)  # until it records
    try:
        yield
    finally:
        postgres = children(stack.postmaster())
        process.send_signal(signal.SIGINT)
        process.wait(60)
        tell(data, scenario + "-server", [stack.pid()])
        tell(data, scenario + "-postgres", postgres)
        os.unlink(data)
