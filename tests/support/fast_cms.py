"""SignedData in the form of protocol.md §4, made in this process: for tests that need thousands of them.

openssl_cms.py makes the same by the openssl command line, and is what tests of the form itself use.
"""

import datetime
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

# Object identifiers, encoded (RFC 5652 §11, RFC 5035, RFC 5758).
DATA = bytes.fromhex("06092a864886f70d010701")
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
CONTENT_TYPE = bytes.fromhex("06092a864886f70d010903")
MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
SIGNING_TIME = bytes.fromhex("06092a864886f70d010905")
SIGNING_CERTIFICATE_V2 = bytes.fromhex("060b2a864886f70d010910022f")
SHA256 = bytes.fromhex("300b0609608648016503040201")
ECDSA_WITH_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")


def tlv(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(value):
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


class Signer:
    """The certificate and P-256 key of a person, ready to sign."""

    def __init__(self, person):
        with open(person.cert, "rb") as file:
            certificate = x509.load_pem_x509_certificate(file.read())
        with open(person.key, "rb") as file:
            self.key = serialization.load_pem_private_key(file.read(), None)
        self.certificate = certificate.public_bytes(serialization.Encoding.DER)
        self.signer_id = tlv(0x30, certificate.issuer.public_bytes(), integer(certificate.serial_number))
        self.certificate_sha256 = hashlib.sha256(self.certificate).digest()

    def attributes(self, data):
        now = datetime.datetime.utcnow().strftime("%y%m%d%H%M%SZ").encode()
        ess = tlv(0x30, tlv(0x30, tlv(0x30, tlv(0x04, self.certificate_sha256))))
        found = [tlv(0x30, CONTENT_TYPE, tlv(0x31, DATA)),
                 tlv(0x30, SIGNING_TIME, tlv(0x31, tlv(0x17, now))),
                 tlv(0x30, MESSAGE_DIGEST, tlv(0x31, tlv(0x04, hashlib.sha256(data).digest()))),
                 tlv(0x30, SIGNING_CERTIFICATE_V2, tlv(0x31, ess))]
        return b"".join(sorted(found))

    def sign(self, data):
        """The DER of a SignedData that encapsulates `data`."""
        attributes = self.attributes(data)
        signature = self.key.sign(tlv(0x31, attributes), ec.ECDSA(hashes.SHA256()))
        signer_info = tlv(0x30, integer(1), self.signer_id, SHA256, tlv(0xa0, attributes), ECDSA_WITH_SHA256, tlv(0x04, signature))
        signed = tlv(0x30, integer(1), tlv(0x31, SHA256), tlv(0x30, DATA, tlv(0xa0, tlv(0x04, data))),
                     tlv(0xa0, self.certificate), tlv(0x31, signer_info))
        return tlv(0x30, SIGNED_DATA, tlv(0xa0, signed))
