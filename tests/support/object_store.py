"""A real S3 store for tests: Ceph RGW on loopback (tests/support/rgw), with a bucket; to be broken and mended at will."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from urllib.parse import quote

from ports import reserve_port

HERE = os.path.dirname(os.path.abspath(__file__))
MARK = "0" * 32  # the object that tells whose the store is
DAEMONS = ("mon.a", "osd.0", "client.rgw")


class ObjectStore:
    """kind: memstore (fast, forgets) or bluestore (survives kill -9). With tls, a listener with a CA of its own as well."""

    def __init__(self, kind="memstore", tls=False):
        self.kind, self.bucket = kind, "relay-payloads"
        self.base = tempfile.mkdtemp(prefix="relay-rgw-")
        os.chmod(self.base, 0o755)
        self.dir, self.port, self.monitor = os.path.join(self.base, "ceph"), reserve_port(), reserve_port()
        self.access_key, self.secret_key = secrets.token_hex(10), secrets.token_hex(20)
        self.tls_port, self.ca = None, ""
        self.environment = dict(os.environ, ACCESS_KEY=self.access_key, SECRET_KEY=self.secret_key)
        if tls:
            self.make_certificates()

    def make_certificates(self):
        self.tls_port, self.ca = reserve_port(), os.path.join(self.base, "ca.pem")
        key, pem = os.path.join(self.base, "rgw.key"), os.path.join(self.base, "rgw.pem")

        def openssl(*words):
            subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=self.base, timeout=60)
        new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
        openssl(*new, "-subj", "/CN=object store CA", "-keyout", "ca.key", "-out", "ca.pem")
        openssl("req", "-new", *new[2:-2], "-subj", "/CN=localhost", "-keyout", "rgw.key", "-out", "rgw.csr")
        with open(os.path.join(self.base, "names"), "w", encoding="ascii") as file:
            file.write("subjectAltName=DNS:localhost,DNS:*.localhost")
        openssl("x509", "-req", "-in", "rgw.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "names",
                "-out", "rgw.pem")
        os.chmod(key, 0o644)  # the gateway runs as nobody
        self.environment["RGW_TLS"] = "%s:%s:%d" % (pem, key, self.tls_port)

    def up(self):
        done = subprocess.run([os.path.join(HERE, "rgw"), "up", self.dir, str(self.port), str(self.monitor), self.kind], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stdout + done.stderr
        assert self.curl("PUT", "/" + self.bucket)[0] == 200
        self.put("first", "object", b"x")  # makes the pool for data, which takes its time
        self.delete("first", "object")
        return self

    def close(self):
        subprocess.run([os.path.join(HERE, "rgw"), "down", self.dir], check=False, timeout=60)
        if not os.environ.get("RELAY_KEEP"):
            shutil.rmtree(self.base, ignore_errors=True)

    # -- how the relay is told of it
    def url(self, prefix="", port=None, bucket=None):
        return "s3://%s/%s?endpoint=http://localhost:%d&region=us-east-1" % (bucket or self.bucket, prefix, port or self.port)

    def settings(self, prefix="", port=None, **more):
        """Of a Stack."""
        return {"objects__url": self.url(prefix, port), "objects__access_key": self.access_key, "objects__secret_key": self.secret_key, **more}

    # -- as its operator
    def pid(self, daemon):
        with open(os.path.join(self.dir, "run", daemon + ".pid"), encoding="ascii") as file:
            return int(file.read())

    def signal(self, daemon, number):
        os.kill(self.pid(daemon), number)

    def frozen(self, daemon):
        """with store.frozen("osd.0"): it answers nothing."""
        return Frozen(self, daemon)

    def radosgw_admin(self, *words):
        environment = dict(self.environment, CEPH_CONF=os.path.join(self.dir, "ceph.conf"))
        try:
            return subprocess.run(["radosgw-admin", *words], env=environment, check=True, capture_output=True, text=True, timeout=120).stdout
        except subprocess.TimeoutExpired as late:
            state = subprocess.run(["timeout", "20", "ceph", "--connect-timeout", "10", "-s"], env=environment, capture_output=True, text=True)
            with open(os.path.join(self.dir, "log", "osd.0.log"), encoding="utf-8", errors="replace") as log:
                raise AssertionError("the store hangs: %s\n%s\n%s" % (late, state.stdout + state.stderr, "".join(log.readlines()[-30:]))) from late

    def restart_gateway(self, *options):
        """kill -9 and start again."""
        self.signal("client.rgw", signal.SIGKILL)
        self.start_gateway(*options)

    def start_gateway(self, *options):
        as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"] if os.geteuid() == 0 else []
        subprocess.run([*as_nobody, "radosgw", "-n", "client.rgw", *options], check=True, capture_output=True, timeout=60, cwd=self.dir,
                       env=dict(self.environment, CEPH_CONF=os.path.join(self.dir, "ceph.conf")))

    # -- as another client
    def curl(self, method, path, data=None):
        """(status, body) of a signed request."""
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out")
            words = ["curl", "-s", "-o", out, "-w", "%{http_code}", "--max-time", "60", "--user", "%s:%s" % (self.access_key, self.secret_key),
                     "--aws-sigv4", "aws:amz:us-east-1:s3", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
            if data is not None:
                with open(os.path.join(folder, "in"), "wb") as file:
                    file.write(data)
                words += ["-T", os.path.join(folder, "in")]
            else:
                words += ["-X", method]
            done = subprocess.run([*words, "http://localhost:%d%s" % (self.port, path)], capture_output=True, text=True, timeout=90)
            body = b""
            if os.path.exists(out):
                with open(out, "rb") as file:
                    body = file.read()
            return int(done.stdout or 0), body

    def path(self, prefix, key):
        return "/%s/%s/%s" % (self.bucket, prefix, key)

    def keys(self, prefix):
        """All payloads below a prefix."""
        found, after = [], ""
        while True:
            query = "list-type=2&max-keys=1000&prefix=" + quote(prefix + "/", safe="")
            query += "&start-after=" + quote(prefix + "/" + after, safe="") if after else ""
            status, body = self.curl("GET", "/%s?%s" % (self.bucket, query))
            assert status == 200, body
            page = [key.rpartition("/")[2] for key in re.findall(r"<Key>([^<]+)</Key>", body.decode())]
            found += [key for key in page if key != MARK]
            if b"<IsTruncated>true" not in body:
                return found
            after = page[-1]

    def get(self, prefix, key):
        status, body = self.curl("GET", self.path(prefix, key))
        assert status == 200, status
        return body

    def put(self, prefix, key, data):
        assert self.curl("PUT", self.path(prefix, key), data)[0] == 200

    def delete(self, prefix, key):
        assert self.curl("DELETE", self.path(prefix, key))[0] == 204


class Frozen:
    def __init__(self, store, daemon):
        self.store, self.daemon = store, daemon

    def __enter__(self):
        self.store.signal(self.daemon, signal.SIGSTOP)

    def __exit__(self, *_):
        self.store.signal(self.daemon, signal.SIGCONT)


def main(command):
    """Runs a command beside a store of its own, which its environment describes."""
    store = ObjectStore(tls=True)
    try:
        store.up()
        told = {"RELAY_TEST_S3_BUCKET": store.bucket, "RELAY_TEST_S3_PORT": store.port, "RELAY_TEST_S3_TLS_PORT": store.tls_port,
                "RELAY_TEST_S3_CA": store.ca, "RELAY_TEST_S3_ACCESS_KEY": store.access_key, "RELAY_TEST_S3_SECRET_KEY": store.secret_key,
                "RELAY_TEST_S3_RUN": os.path.join(store.dir, "run")}
        return subprocess.run(command, env={**os.environ, **{name: str(value) for name, value in told.items()}}).returncode
    finally:
        store.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
