"""CMS as other people's programs make it: everything by the openssl command line."""

import base64
import hashlib
import os
import subprocess
import tempfile


def openssl(*args, data=b""):
    done = subprocess.run(["openssl", *args], input=data, capture_output=True, timeout=60)
    if done.returncode:
        raise RuntimeError("openssl %s: %s" % (" ".join(args[:3]), done.stderr.decode(errors="replace")[-400:]))
    return done.stdout


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def b64(data):
    return base64.b64encode(data).decode()


def sign(data, person, *options, md="sha256", cades=True):
    """A SignedData over data by (cert, key) of a person; the form that protocol.md §4 documents unless told otherwise."""
    form = ["-cades"] if cades else []
    return openssl("cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-md", md, *form, "-signer", person.cert,
                   "-inkey", person.key, *options, data=data)


def encrypt(data, certs, *options, cipher="aes-256-gcm"):
    """An AuthEnvelopedData of data for the certificates; options apply to each recipient."""
    recipients = [word for cert in certs for word in ("-recip", cert, *options)]
    return openssl("cms", "-encrypt", "-" + cipher, "-binary", "-outform", "DER", *recipients, data=data)


def encrypt_to_size(size, cert):
    """A message of exactly `size` bytes."""
    inner = size - 400
    for _ in range(40):
        made = encrypt(os.urandom(inner), [cert])
        if len(made) == size:
            return made
        inner += size - len(made)
    raise RuntimeError("no message of %d bytes" % size)


def decrypt(data, person):
    return openssl("cms", "-decrypt", "-binary", "-inform", "DER", "-recip", person.cert, "-inkey", person.key, data=data)


def content(signed_base64):
    """(content, SHA-256 of the signer's certificate) of a SignedData whose signature is good; its chain is not checked."""
    with tempfile.TemporaryDirectory() as scratch:
        signer = os.path.join(scratch, "signer.pem")
        inner = openssl("cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-signer", signer,
                        data=base64.b64decode(signed_base64))
        return inner, fingerprint(signer)


def fingerprint(pem):
    """Hex SHA-256 over the DER of the first certificate of a file."""
    return sha256(openssl("x509", "-in", pem, "-outform", "DER"))


class OutsideCa:
    """A certification authority that the relay does not know, or not as its own."""

    def __init__(self, folder, name="Outside CA"):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.made, self.sent_along = folder, 0, None
        self.pem, self.key = os.path.join(folder, "ca.pem"), os.path.join(folder, "ca.key")
        openssl("req", "-x509", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key,
                "-out", self.pem, "-days", "30", "-subj", "/CN=" + name, "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def intermediate(self, name):
        """A CA below this one, whose certificates come with its own."""
        below = OutsideCa(os.path.join(self.folder, name), name)
        request = below.pem + ".csr"
        openssl("req", "-new", "-key", below.key, "-subj", "/CN=" + name, "-out", request)
        with open(below.pem + ".ext", "w", encoding="ascii") as file:
            file.write("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n")
        openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial", "-days", "20",
                "-extfile", below.pem + ".ext", "-out", below.pem)
        below.sent_along = below.pem
        return below

    def issue(self, subject, key=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), days=10, usage="clientAuth", md="sha256"):
        """(cert, key) paths of a new certificate; a negative number of days has expired already."""
        self.made += 1
        base = os.path.join(self.folder, "leaf-%d" % self.made)
        openssl("req", "-new", "-newkey", *key, "-nodes", "-keyout", base + ".key", "-out", base + ".csr", "-subj", subject)
        with open(base + ".ext", "w", encoding="ascii") as file:
            file.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment,keyAgreement\n"
                       "extendedKeyUsage=%s\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n" % usage)
        openssl("x509", "-req", "-in", base + ".csr", "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial", "-" + md,
                "-days", str(days), "-extfile", base + ".ext", "-out", base + ".pem")
        if self.sent_along:
            with open(base + ".pem", "a", encoding="ascii") as chain, open(self.sent_along, encoding="ascii") as own:
                chain.write(own.read())
        return base + ".pem", base + ".key"
