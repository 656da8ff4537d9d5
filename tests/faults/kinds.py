"""How each kind of fault is done to the world, and how it ends. Each is a generator: before its yield the fault begins."""

import signal
import subprocess
import time

from world import gone, send

TRACE_START_LIMIT = 10
USUAL_DESCRIPTORS = 4096


def connections_reset(world, fault):
    chance = fault.chance()
    world.proxy.order(chance.randrange(2), "cut", chance.choice((0.2, 0.5, 1.0)), fault.number)
    yield


def connections_cut_within_a_message(world, fault):
    chance = fault.chance()
    world.proxy.order(chance.randrange(2), "cut_within", chance.choice((0.2, 0.5, 1.0)), fault.number)
    yield


def line_stalled(world, fault):
    route = fault.chance().randrange(2)
    world.proxy.order(route, "stall")
    yield
    world.proxy.order(route, "flow")


def database_connections_closed(world, fault):
    """SIGTERM is what pg_terminate_backend sends."""
    chance = fault.chance()
    fraction = chance.choice((0.2, 0.6, 1.0))
    for pid in world.database.backends():
        if chance.random() < fraction:
            send(pid, signal.SIGTERM)
    yield


def database_processes_frozen(world, fault):
    chance = fault.chance()
    pids = world.database.children(chance.choice(("relay_app", "relay_app", "walwriter", "")))
    for pid in pids:
        send(pid, signal.SIGSTOP)
    yield
    for pid in pids:
        send(pid, signal.SIGCONT)


def database_process_killed(world, fault):
    """PostgreSQL then ends all its sessions and recovers by itself."""
    pids = world.database.backends()
    if pids:
        send(fault.chance().choice(pids), signal.SIGKILL)
    yield
    world.database.start()


def database_killed(world, fault):
    world.database.crash()
    yield
    world.database.start()


def database_disk_full(world, fault):
    world.disks["database"].fill(fault.chance().choice((0, 16384, 131072)))
    yield
    world.disks["database"].empty()
    world.database.start()  # without room for its log it ends


def trace(pids, *injections):
    """System calls of processes that fail while it is attached."""
    words = [word for injection in injections for word in ("-e", "inject=" + injection)]
    names = ",".join(sorted({name for injection in injections for name in injection.split(":")[0].split(",")}))
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + names, *words,
                               *[word for pid in pids for word in ("-p", str(pid))]],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + TRACE_START_LIMIT
    while pids and tracer.poll() is None and not traced(pids[0]) and time.monotonic() < until:
        time.sleep(0.01)
    if tracer.poll() is not None and pids and not gone(pids[0]):
        raise OSError("strace does not hold %s" % pids)
    try:
        yield
    finally:
        tracer.terminate()
        try:
            tracer.wait(20)
        except subprocess.TimeoutExpired:
            tracer.kill()
            tracer.wait()


def may_trace():
    """Whether strace is here and may attach to other processes."""
    sleeper = subprocess.Popen(["sleep", "60"])
    steps = trace([sleeper.pid], "fsync:error=EIO")
    try:
        next(steps)
        return traced(sleeper.pid)
    except OSError:
        return False
    finally:
        steps.close()
        sleeper.kill()
        sleeper.wait()


def traced(pid):
    try:
        with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as file:
            return "TracerPid:\t0\n" not in file.read()
    except OSError:
        return True


def database_fsync_fails(world, fault):
    yield from trace(world.database.children(), "fsync,fdatasync:error=EIO")
    world.database.start()


def database_write_fails(world, fault):
    yield from trace(world.database.children(), "pwrite64,pwritev,ftruncate,fallocate:error=ENOSPC")
    world.database.start()


def of_server(fault):
    return int(fault.lane[-1])


def server_killed(world, fault):
    server = world.servers[of_server(fault)]
    server.kill()
    yield
    server.start()


def server_frozen(world, fault):
    server = world.servers[of_server(fault)]
    server.signal(signal.SIGSTOP)
    yield
    server.signal(signal.SIGCONT)


def object_disk_full(world, fault):
    world.disks["objects"].fill(fault.chance().choice((0, 16384, 131072)))
    yield
    world.disks["objects"].empty()


def failing_call(injection):
    def fails(world, fault):
        yield from trace([world.servers[of_server(fault)].process.pid], injection)
    return fails


def limit_descriptors(world, pid, soft):
    """Told as the server's own user: root of a container may not."""
    account = world.database.cluster.account
    done = subprocess.run(["prlimit", "--pid", str(pid), "--nofile=%s:" % soft], user=account.uid, group=account.gid,
                          capture_output=True, text=True, check=False)
    if done.returncode and not gone(pid):
        raise OSError("prlimit: " + done.stderr.strip())


def no_descriptors(world, fault):
    pid = world.servers[of_server(fault)].process.pid
    limit_descriptors(world, pid, fault.chance().choice((3, 20, 40)))
    yield
    limit_descriptors(world, pid, USUAL_DESCRIPTORS)


def clock_jumps(world, fault):
    """Up to two hours: what still holds then must go on; what a wrong clock may refuse, it may refuse meanwhile."""
    server = world.servers[of_server(fault)]
    server.skewed_at = time.monotonic()
    server.set_clock(fault.chance().choice(("+2h", "-2h", "+10m", "-10m", "+20", "-20")))
    yield
    server.set_clock("+0")
    server.skewed_at = time.monotonic()


HOW = {
    "connections reset": connections_reset,
    "connections cut within a message": connections_cut_within_a_message,
    "line stalled": line_stalled,
    "database connections closed": database_connections_closed,
    "database processes frozen": database_processes_frozen,
    "database frozen for long": database_processes_frozen,
    "database process killed": database_process_killed,
    "database killed": database_killed,
    "database disk full": database_disk_full,
    "database fsync fails": database_fsync_fails,
    "database write fails": database_write_fails,
    "server killed": server_killed,
    "server frozen": server_frozen,
    "object disk full": object_disk_full,
    "object cannot be opened": failing_call("openat:error=EIO"),
    "object fsync fails": failing_call("fsync:error=EIO"),
    "object rename fails": failing_call("rename:error=EIO"),
    "object read fails": failing_call("pread64:error=EIO"),
    "no descriptors": no_descriptors,
    "clock jumps": clock_jumps,
}


def do(world, fault):
    """Begins the fault, holds it, ends it."""
    steps = HOW[fault.kind](world, fault)
    next(steps)
    try:
        time.sleep(fault.hold)
    finally:
        for _ in steps:
            pass
