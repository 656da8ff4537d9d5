"""The unprivileged account that the embedded stack runs as, and what it can reach."""

import contextlib
import os
import pwd
import stat
import subprocess

SYSTEM_USER = "relay"


class Refusal(Exception):
    """A reason to stop, told in one line on standard error; exit 1."""


class Account:
    """Root's stack runs as a system user (or as the one who owns it already), anybody else's as oneself."""

    def __init__(self, entry):
        self.name, self.uid, self.gid = entry.pw_name, entry.pw_uid, entry.pw_gid
        self.changes_user = os.geteuid() != self.uid

    @classmethod
    def of(cls, directory):
        if os.geteuid() != 0:
            return cls(pwd.getpwuid(os.geteuid()))
        config = os.path.join(directory, "relay.toml")
        if os.path.exists(config) and os.stat(directory).st_uid != 0:
            return cls(pwd.getpwuid(os.stat(directory).st_uid))
        try:
            return cls(pwd.getpwnam(SYSTEM_USER))
        except KeyError:
            subprocess.run(["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent",
                            "--shell", "/usr/sbin/nologin", SYSTEM_USER], check=True)
            return cls(pwd.getpwnam(SYSTEM_USER))

    def run(self, args, **options):
        """subprocess.run as this account, with an environment of nothing but a path and a locale."""
        drop = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.changes_user else {}
        clean = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
        return subprocess.run(args, stdin=subprocess.DEVNULL, env=clean, **drop, **options)

    # Root works here in folders that the account may change meanwhile: links are never followed, and what is handed over or
    # read is judged by its open descriptor.
    def give(self, descriptor, mode):
        """Makes the account the owner of a file or folder that was opened without following links."""
        facts = os.fstat(descriptor)
        linked = stat.S_ISREG(facts.st_mode) and facts.st_nlink != 1
        if self.changes_user and (facts.st_uid not in (0, self.uid) or linked):
            raise Refusal("a file of somebody else lies in a folder of the user %s" % self.name)
        if self.changes_user:
            os.fchown(descriptor, self.uid, self.gid)
        os.fchmod(descriptor, mode)

    def make_folder(self, path, mode=0o700):
        os.makedirs(path, exist_ok=True)
        with self._folder(path) as folder:
            self.give(folder, mode)

    def read(self, path):
        """The text of a file of the account's own."""
        with self._folder(os.path.dirname(path)) as folder:
            descriptor = os.open(os.path.basename(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as file:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode) or facts.st_uid != self.uid:
                raise Refusal("%s is no file of the user %s" % (path, self.name))
            return file.read().decode()

    def write(self, path, content, mode=0o600):
        """A new file of the account, there whole or not at all."""
        data = content.encode() if isinstance(content, str) else content
        name = os.path.basename(path)
        with self._folder(os.path.dirname(path)) as folder:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name + ".tmp", dir_fd=folder)
            descriptor = os.open(name + ".tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                self.give(descriptor, mode)
            os.replace(name + ".tmp", name, src_dir_fd=folder, dst_dir_fd=folder)

    @staticmethod
    @contextlib.contextmanager
    def _folder(path):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except NotADirectoryError:
            raise Refusal("%s is no folder, or a link to one" % path) from None
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def check_reach(self, directory):
        """Refuses a directory below one that the account may not enter."""
        parent = os.path.dirname(directory)
        while not os.path.exists(parent):
            parent = os.path.dirname(parent)
        if self.run(["/usr/bin/test", "-x", parent], cwd="/").returncode == 0:
            return
        while parent != "/" and self.run(["/usr/bin/test", "-x", os.path.dirname(parent)], cwd="/").returncode != 0:
            parent = os.path.dirname(parent)
        raise Refusal("%s: the user %s, as which the stack runs, may not enter %s; choose a directory elsewhere, "
                      "below /srv or /var/lib for example" % (directory, self.name, parent))
