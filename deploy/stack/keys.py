"""Keys and certificates of the stack's own making, by the openssl command line."""

import os
import subprocess
import tempfile

from .account import Refusal

SERVER = """
[ca]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1,IP:::1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def openssl(*args):
    done = subprocess.run(["openssl", *args], stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode:
        raise Refusal("openssl %s failed: %s" % (args[0], done.stderr.decode(errors="replace").strip()[-400:]))
    return done.stdout


def make_server_certificate(folder, account):
    """A CA for this stack's server alone and a certificate for localhost: ca.pem, server.pem, server.key."""
    names = {name: os.path.join(folder, name) for name in ("ca.pem", "server.key", "server.pem")}
    if all(os.path.exists(path) for path in names.values()):
        return
    account.make_folder(folder, 0o755)
    with tempfile.TemporaryDirectory() as scratch:
        def at(name):
            return os.path.join(scratch, name)
        with open(at("cnf"), "w", encoding="ascii") as file:
            file.write("[req]\ndistinguished_name = dn\n[dn]\n" + SERVER)
        for name in ("ca.key", "server.key"):
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", at(name))
        openssl("req", "-x509", "-new", "-config", at("cnf"), "-extensions", "ca", "-key", at("ca.key"), "-out", at("ca.pem"),
                "-days", "3650", "-subj", "/CN=Embedded relay server CA")
        openssl("req", "-new", "-config", at("cnf"), "-key", at("server.key"), "-out", at("csr"), "-subj", "/CN=localhost")
        openssl("x509", "-req", "-in", at("csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "825",
                "-extfile", at("cnf"), "-extensions", "leaf", "-out", at("server.pem"))
        # The CA's key goes away with the scratch folder: nothing else is ever to be signed with it.
        for name, path in names.items():
            with open(at(name), "rb") as file:
                account.write(path, file.read(), 0o600 if name.endswith(".key") else 0o644)


def make_secret_files(directory, account):
    """The delivery log's Ed25519 key and the key of TLS session tickets."""
    log_key, tickets = os.path.join(directory, "log.key"), os.path.join(directory, "ticket.keys")
    if not os.path.exists(log_key):
        account.write(log_key, openssl("genpkey", "-algorithm", "ED25519"))
    if not os.path.exists(tickets):
        account.write(tickets, os.urandom(80))


def write_client_trust(directory, account):
    """DIR/ca.pem: the server's CA, and the CA of the offices' certificates so that clients can check those too."""
    text = ""
    for path in (os.path.join(directory, "tls", "ca.pem"), os.path.join(directory, "ca", "ca.pem")):
        text += account.read(path).rstrip("\n") + "\n"
    account.write(os.path.join(directory, "ca.pem"), text, 0o644)
