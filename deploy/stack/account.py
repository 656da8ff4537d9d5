"""The unprivileged account that the embedded stack runs as, and what it can reach."""

import os
import pwd
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

    def give(self, path, mode):
        """Makes the account the owner of a file or folder."""
        if self.changes_user:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        os.chmod(path, mode)

    def make_folder(self, path, mode=0o700):
        os.makedirs(path, exist_ok=True)
        self.give(path, mode)

    def write(self, path, content, mode=0o600):
        """A new file of the account, there whole or not at all."""
        data = content.encode() if isinstance(content, str) else content
        temporary = path + ".tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        self.give(temporary, mode)
        os.replace(temporary, path)

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
