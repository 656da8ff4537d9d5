"""Container images without a container engine's daemon: buildah and podman with runc, in a folder of their own."""

import os
import shutil
import subprocess
import tempfile

BASE = "localhost/debian:12-slim"
CONTAINERS = """[containers]
default_ulimits = ["nofile={files}:{files}", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
"""
STORAGE = """[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "{folder}/run"
"""


class Engine:
    """Images and containers below a temporary folder; close() removes them."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="relay-image-")
        files = min(20000, os.sysconf("SC_OPEN_MAX"))
        self.environment = dict(os.environ)
        for name, text in (("containers", CONTAINERS), ("storage", STORAGE)):
            path = os.path.join(self.folder, name + ".conf")
            with open(path, "w", encoding="ascii") as file:
                file.write(text.format(folder=self.folder, files=files))
            self.environment["CONTAINERS_CONF" if name == "containers" else "CONTAINERS_STORAGE_CONF"] = path

    def run(self, *args, check=True, timeout=1800):
        """A command with these images and containers; (exit status, what it said)."""
        done = subprocess.run(args, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=timeout)
        assert not check or done.returncode == 0, "%s: %d: %s" % (" ".join(args[:4]), done.returncode, done.stdout[-4000:])
        return done.returncode, done.stdout.strip()

    def make_base(self):
        """Debian 12 from its packages, since an image registry may not be within reach."""
        root = os.path.join(self.folder, "debian")
        self.run("debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", root)
        container = self.run("buildah", "from", "scratch")[1]
        self.run("buildah", "add", "-q", container, root, "/")
        self.run("buildah", "config", "--env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", container)
        self.run("buildah", "commit", "-q", "--rm", container, BASE)
        shutil.rmtree(root)

    def build(self, context, tag, *options):
        """The image of a Dockerfile. Compiled objects come from this machine's compiler cache and go into it."""
        cache = subprocess.run(["ccache", "--get-config", "cache_dir"], capture_output=True, text=True, check=True).stdout.strip()
        os.makedirs(cache, exist_ok=True)
        self.run("buildah", "build", "--pull=never", "--network", "host", "--format", "docker", "--build-arg", "BASE=" + BASE,
                 "--volume", cache + ":/root/.cache/ccache", "-t", tag, *options, context)

    def close(self):
        self.run("podman", "rm", "--all", "--force", "--time", "5", check=False)
        self.run("podman", "rmi", "--all", "--force", check=False)
        if not os.environ.get("RELAY_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
