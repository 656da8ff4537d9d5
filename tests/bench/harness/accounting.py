"""CPU and memory of processes, apart for client, server and PostgreSQL: read before and after, never sampled."""

import os

TICK = os.sysconf("SC_CLK_TCK")


def stat(pid):
    """The fields of /proc/PID/stat behind the name, from field 3 on; None when it is gone."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
            return file.read().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def run_time(pid):
    """Seconds that the threads of a process have run, user and system, to the nanosecond. The programs that are
    measured end no thread meanwhile. None when it is gone."""
    total, folder = 0, "/proc/%d/task" % pid
    try:
        for thread in os.listdir(folder):
            with open(os.path.join(folder, thread, "schedstat"), encoding="ascii") as file:
                total += int(file.read().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return None
    return total / 1e9


def cpu(pid):
    return run_time(pid) or 0.0


def children(pid):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat(int(entry))
            if fields and int(fields[1]) == pid:
                found.append(int(entry))
    return found


class PostgresCpu:
    """CPU of a PostgreSQL cluster: its processes by their run time, those that ended meanwhile by what their
    postmaster has reaped."""

    def __init__(self, postmaster):
        self.postmaster = postmaster
        self.before = self._look()

    def _look(self):
        fields = stat(self.postmaster)
        living = {pid: run_time(pid) for pid in [self.postmaster, *children(self.postmaster)]}
        return {pid: t for pid, t in living.items() if t is not None}, (int(fields[13]) + int(fields[14])) / TICK

    def seconds(self):
        living, reaped = self._look()
        old, old_reaped = self.before
        ended = sum(t for pid, t in old.items() if pid not in living)
        return sum(t - old.get(pid, 0) for pid, t in living.items()) + max(0.0, reaped - old_reaped - ended)


def resident(pid):
    """Resident bytes of a process."""
    with open("/proc/%d/statm" % pid, encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# What a connection holds in the kernel, as slabs are called. Their sum, not all slabs: other programs open files, too.
SOCKET_SLABS = ("TCP", "sock_inode_cache", "filp", "lsm_inode_cache", "eventpoll_epi", "eventpoll_pwq")


def kernel_memory():
    """Bytes that the kernel keeps for sockets: slabs and buffers. Without the right to see slabs: all slabs."""
    try:
        with open("/proc/slabinfo", encoding="ascii") as file:
            rows = [line.split() for line in file if line.startswith(SOCKET_SLABS)]
        slab = sum(int(row[1]) * int(row[3]) for row in rows if row[0] in SOCKET_SLABS)
    except OSError:
        with open("/proc/meminfo", encoding="ascii") as file:
            slab = next(int(line.split()[1]) * 1024 for line in file if line.startswith("Slab:"))
    with open("/proc/net/sockstat", encoding="ascii") as file:
        words = next(line.split() for line in file if line.startswith("TCP:"))
    return slab + int(words[words.index("mem") + 1]) * os.sysconf("SC_PAGE_SIZE")


def available_memory():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable:"))


class Cpu:
    """Seconds of CPU of a server, its PostgreSQL and the client since it was made."""

    def __init__(self, servers=(), postmaster=None, client=None):
        self.servers, self.client = list(servers), client
        self.server_before = sum(cpu(pid) for pid in self.servers)
        self.client_before = cpu(client) if client else 0.0
        self.postgres = PostgresCpu(postmaster) if postmaster else None

    def read(self):
        return {"server": sum(cpu(pid) for pid in self.servers) - self.server_before,
                "postgres": self.postgres.seconds() if self.postgres else 0.0,
                "client": cpu(self.client) - self.client_before if self.client else 0.0}
