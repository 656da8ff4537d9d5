"""Folders on small disks (tmpfs) that a test can make full; in mounts of this process's own, which end with it."""

import ctypes
import os
import shutil
import subprocess

CLONE_NEWNS = 0x00020000


def enter_own_mounts():
    """True: this process may mount, and what it mounts is nobody else's and ends with it."""
    if os.geteuid() != 0:
        return False
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        return False
    probe = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, check=False)
    return probe.returncode == 0 and subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False).returncode == 0


class Disk:
    """A folder on a tmpfs that can be made full, and whole again, at once."""

    def __init__(self, folder, mebibytes):
        self.folder, self.size = folder, mebibytes << 20
        aside = folder + ".aside"
        os.rename(folder, aside)
        os.mkdir(folder)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % self.size, "tmpfs", folder], check=True)
        owner = os.stat(aside)
        os.chmod(folder, 0o700)
        os.chown(folder, owner.st_uid, owner.st_gid)
        subprocess.run(["cp", "-a", aside + "/.", folder], check=True)
        shutil.rmtree(aside)

    def resize(self, size):
        subprocess.run(["mount", "-o", "remount,size=%d" % size, self.folder], check=True, capture_output=True)

    def fill(self, spare):
        found = os.statvfs(self.folder)
        # Writers go on meanwhile: a size below what is used by now is refused, and then asked for again.
        for extra in (spare, spare + (1 << 20), spare + (4 << 20)):
            try:
                return self.resize(max(found.f_bsize, (found.f_blocks - found.f_bfree) * found.f_bsize + extra))  # 0: no limit
            except subprocess.CalledProcessError:
                continue

    def empty(self):
        self.resize(self.size)

    def close(self):
        subprocess.run(["umount", "-l", self.folder], check=False)
