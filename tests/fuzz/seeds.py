#!/usr/bin/env python3
"""Writes what the fuzzers start from: seeds.py FOLDER → FOLDER/seeds/TARGET/… and FOLDER/dictionaries/TARGET.dict.

Seeds come from the unit tests' string literals, from tests/vectors, and from the openssl command line for signatures and
payloads. Nothing is written over, so a second run costs nothing.
"""

import ast
import base64
import hashlib
import io
import json
import os
import re
import sys
import tempfile
import warnings
import zipfile
from types import SimpleNamespace

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(TESTS, "support"))
sys.path.insert(0, os.path.join(os.path.dirname(TESTS), "deploy", "stack"))
import openssl_cms as cms  # noqa: E402  (found through the lines above)
import standard_files  # noqa: E402

LITERAL = re.compile(r'R"(\w*)\((.*?)\)\1"|"((?:\\.|[^"\\\n])*)"', re.DOTALL)
SIGNED = b'{"signed":"by the seeds"}'  # signed_data.cpp knows it
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
BUNDLE = "0193493a-7d2e-7c3b-a1f2-5d0c6e8b9a10"
NAME = "UPPLAN_202611_2670100011_43_2670100029_11_20261120091500.CSV"


def literals(*paths):
    """The string literals of unit tests, as bytes."""
    for path in paths:
        with open(os.path.join(TESTS, "unit", path), encoding="utf-8") as file:
            for match in LITERAL.finditer(file.read()):
                raw, plain = match.group(2), match.group(3)
                try:
                    text = raw if raw is not None else ast.literal_eval('"%s"' % plain)
                except (SyntaxError, ValueError):
                    continue  # an escape that Python writes otherwise
                yield text.encode("utf-8", "surrogatepass")


def manifest(**changes):
    good = {"version": 1, "bundle_id": BUNDLE, "sender": "2670100011", "recipient": "2670100029",
            "created_at": "2026-11-20T09:15:00+09:00",
            "files": [{"name": NAME, "size": 18233, "sha256": DIGEST, "csv_version": "202407"},
                      {"name": "図.pdf", "size": 0, "sha256": DIGEST}],
            "cover": "Zm9v", "payload": {"size": 20841, "chunk_size": 20841, "chunks": [DIGEST]}}
    return json.dumps({**good, **changes}, ensure_ascii=False).encode()


def manifests():
    yield manifest()
    yield manifest(payload={"size": 131073, "chunk_size": 65536, "chunks": [DIGEST] * 3})
    yield manifest(payload={"size": 131072, "chunk_size": 65536, "chunks": [DIGEST] * 3}, files=[])
    yield manifest(unknown=[{"a": None}], version=2, cover="Zm9=")
    yield b'{"bundle_id" : "' + BUNDLE.encode() + b'", '


def receipts():
    good = {"version": 1, "bundle_id": BUNDLE, "claim_id": BUNDLE, "outcome": "stored", "manifest_sha256": DIGEST,
            "at": "2026-11-20T00:15:00.000Z"}
    yield json.dumps(good).encode()
    yield json.dumps({**good, "outcome": "rejected", "reason": "復号できない"}).encode()
    yield json.dumps({**good, "reason": "\u0000", "extra": True}).encode()


def documents():
    yield from literals("protocol/json_reader_test.cpp")
    yield from manifests()
    yield b"[" * 17 + b"]" * 17
    yield '{"a":[1,-0,1.5e3,9223372036854775807,9223372036854775808,"\\ud83d\\ude00\\u0000",{"b":null}],"a":true}'.encode()


def units():
    offices = "2670100011_43_2670100029_11_20261120091500"
    old = "2670100011_2670100029_20261120091500"

    def names(prefixes, rest):
        return "\n".join("%s_%s.CSV" % (prefix, rest) for prefix in prefixes.split()).encode()

    yield names("UP1KYO UP2KYO UP3KYO UPHOSOKU_000000", offices)
    yield names("UP1KYO UP2KYO UPHOSOKU_000000", old)
    yield names("UPPLAN_202611 UPSIKYU_202611 UPHOSOKU_202611", offices)
    yield names("UPYOBO UPYOBO_SUB UPKIHON UPKIHON_SUB1 UPKIHON_SUB2", offices)
    yield names("UPKIHON", offices) + b"\nUPKIHON_IMAGE_" + offices.encode() + b"_0001.JPG\nphoto.png"
    for one in "DLT1KYO DLTPLAN_202611 UPJSK_202611 DLTJSK_202611 DLTKIHON DLTYOBO".split():
        yield names(one, offices)
    yield "図.pdf\nletter.txt".encode()
    yield from literals("standard/file_name_test.cpp", "standard/sending_unit_test.cpp")


def csv_files():
    """Rows of the generator, and each fault of the unit tests, as each table and in pieces of 1 to 32 bytes."""
    for kind in ("P2", "P3", "P8", "P7"):
        for i, (name, data) in enumerate(standard_files.unit(kind, people=1)):
            yield bytes([8 * i + i]) + data[:3000]
    row = b"202407,999999,9999900001,20261120,202611"
    for i, text in enumerate((row + b"," * 20 + b"\r\n", row + b',"a""b\r\nc"' + b"," * 19, row + b',"a"b\n', row + b"\r" + row, b"\xef\xbb\xbf" + row,
                              b"\xff\xfe2\x000\x00", row + b",\x90,\xf0\x40,\x85\x40,\0", row + ",介護".encode(), b"\r\n\r\n", b'"' + row)):
        for start in (i, 8 + i, 255 - i):
            yield bytes([start]) + text
    yield from (bytes([7]) + text for text in literals("standard/csv_check_test.cpp"))


def archives():
    """ZIPs that are right, and the ways of being wrong."""
    def make(*entries, compression=zipfile.ZIP_DEFLATED, kind=None):
        out = io.BytesIO()
        with warnings.catch_warnings(), zipfile.ZipFile(out, "w", compression) as archive:
            warnings.simplefilter("ignore")  # two entries of one name are meant
            for name, data in entries:
                info = zipfile.ZipInfo(name)
                info.compress_type = compression
                info.external_attr = (kind or 0o100644) << 16
                archive.writestr(info, data)
        return out.getvalue()

    good = (("a.txt", b"hello"), ("図.pdf", b""))
    yield make(*good)
    yield make(*good, compression=zipfile.ZIP_STORED)
    yield make(*good[::-1], compression=zipfile.ZIP_BZIP2)
    yield make(*good, compression=zipfile.ZIP_LZMA)
    yield make(*good, *good)
    yield make(*good, ("../a.txt", b"x"))
    yield make(("/tmp/a.txt", b"hello"))
    yield make(("a.txt", bytes(1 << 20)), good[1])
    yield make(("a.txt", b"/etc/passwd"), kind=0o120777)
    yield make(("a.txt/", b""))
    yield make(*good)[:-30]
    yield make(*good).replace(b"a.txt", b"b.txt", 1)
    yield b"PK\5\6" + bytes(18)
    yield b"no archive"


def heads():
    get = b"GET /v1/inbox?after=aW5ib3g6MQ&limit=%31 HTTP/1.1\r\nHost: relay.example:8443\r\n"
    put = b"PUT /v1/outbox/" + BUNDLE.encode() + b" HTTP/1.1\r\nHost: relay.example\r\n"
    yield get + b"\r\n"
    yield b"\r\n" + get + b"Connection: keep-alive, close\r\nAuthorization: Bearer x\r\nIf-None-Match: \"1\"\r\n\r\n"
    yield put + b"Content-Length: 12\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n\r\n"
    yield put + b"\r\n"
    for field in (b"Content-Length: 1\r\nContent-Length: 1", b"Content-Length: 1, 1", b"Content-Length: +1", b"Content-Length : 1",
                  b"Transfer-Encoding: chunked", b"Transfer-Encoding : chunked", b"Content-Length: 1\r\n folded",
                  b"Transfer-Encoding: identity\r\nContent-Length: 0", b"Content-Length: 9223372036854775808", b"X: a\nb: c"):
        yield put + field + b"\r\n\r\n"
    yield b"GET https://[::1]:8443/v1/inbox HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n"
    yield b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"
    yield b"GET / HTTP/1.0\r\n\r\n"
    with open(os.path.join(TESTS, "vectors", "http", "cases.json"), encoding="utf-8") as file:
        for case in json.load(file):
            lines = ["%s %s %s" % (case["method"], case["uri"], case["version"])] + [": ".join(pair) for pair in case["headers"]]
            yield "".join(line + "\r\n" for line in [*lines, ""]).encode("latin-1", "replace")


def words():
    yield from literals("protocol/bytes_test.cpp", "protocol/ids_test.cpp", "auth/token_test.cpp")
    yield from (w.encode() for w in ("2670100011", "26A0100011", "KJ000000000001", BUNDLE, DIGEST, "1.20.3", "Zm9vYg==", "A" * 43))


def cursors():
    for text in ("inbox:0", "inbox:9223372036854775807", "outbox:17", "inbox:007", "inbox:-1", "ev:5", "ev:-1:7:900:850:870"):
        yield base64.urlsafe_b64encode(text.encode()).rstrip(b"=")
    yield from (b"100", b"007", b"2026-11-20T00:15:00Z")


def vectors():
    """(certificates that lead to the leaf, CRLs, leaf) of every fifth case of tests/vectors, in base64."""
    def cases(suite):
        with open(os.path.join(TESTS, "vectors", suite, "cases.json"), encoding="utf-8") as file:
            whole = json.load(file)
        return whole, whole["cases"][::5]

    for case in cases("bsi")[1]:
        yield case["anchors"] + case["intermediates"], case["crls"], case["leaf"]
    pkits, some = cases("pkits")
    for case in some:
        path = [pkits["certs"][name] for name in case["certs"]]
        yield path[:-1], [pkits["crls"][name] for name in case["crls"]], path[-1]


def pem(kind, text):
    lines = "\n".join(text[at:at + 64] for at in range(0, len(text), 64))
    return ("-----BEGIN %s-----\n%s\n-----END %s-----\n" % (kind, lines, kind)).encode()


def certificates(people):
    for person in people:
        with open(person.cert, "rb") as file:
            yield file.read()
        yield cms.openssl("x509", "-in", person.cert, "-outform", "DER")
    for _, _, leaf in vectors():
        yield base64.b64decode(leaf)


def trusts(people, ca):
    for person in people:
        with open(ca.pem, "rb") as root, open(person.cert, "rb") as leaf:
            yield root.read() + b"\0\0" + leaf.read()
    for path, crls, leaf in vectors():
        roots = b"".join(pem("CERTIFICATE", one) for one in path)
        yield roots + b"\0" + b"".join(pem("X509 CRL", one) for one in crls) + b"\0" + pem("CERTIFICATE", leaf)


def signatures(people):
    for person in people:
        yield cms.sign(SIGNED, person)
        yield cms.sign(SIGNED, person, "-stream")
        yield cms.sign(SIGNED, person, "-keyid", md="sha384")
        yield cms.sign(SIGNED, person, cades=False)
    yield cms.sign(SIGNED, people[0], "-keyopt", "rsa_padding_mode:pss")
    yield cms.sign(SIGNED, people[0], "-signer", people[1].cert, "-inkey", people[1].key)


def payloads(people):
    certs = [person.cert for person in people]
    for cert in certs:
        yield cms.encrypt(b"plain", [cert])
        yield cms.encrypt(b"plain", [cert], "-keyid", cipher="aes-128-gcm")
    yield cms.encrypt(b"plain" * 100, certs)
    yield cms.openssl("cms", "-encrypt", "-aes-256-gcm", "-binary", "-stream", "-outform", "DER", "-recip", certs[0],
                      "-recip", certs[1], data=b"plain")
    yield cms.openssl("cms", "-encrypt", "-aes-256-cbc", "-binary", "-outform", "DER", "-recip", certs[1], data=b"plain")


def walks(structures):
    """Programs for the BER reader: enter, read, skip, leave in some orders, before a structure."""
    for program in (bytes([3, 7, 3, 3, 7, 3, 5]), bytes([1] * 20), bytes([3, 1, 1, 5, 5, 6]), b""):
        for structure in structures[:4]:
            yield bytes([len(program)]) + program + structure


DICTIONARIES = {
    "head": ["GET ", "PUT ", "POST ", "DELETE ", " HTTP/1.1", "\r\n", "\r\n\r\n", "Host: a", "Content-Length: ", "Transfer-Encoding: ",
             "chunked", "identity", "Connection: close", "Expect: 100-continue", "?", "%", "https://a", "[::1]", "\x0b", "\x85"],
    "json": ["{", "}", "[", "]", ":", ",", '"a"', '"b"', "true", "false", "null", "\\u0000", "\\ud83d", "\\ude00", "1e9", "-0",
             "9223372036854775807", "0.1", "\\\\", "\\/", "\ufeff"],
    "manifest": ['"version"', '"bundle_id"', '"sender"', '"recipient"', '"created_at"', '"files"', '"name"', '"size"', '"sha256"',
                 '"csv_version"', '"cover"', '"payload"', '"chunk_size"', '"chunks"', DIGEST, BUNDLE, "65536", "131072", "\\u0000"],
    "receipt": ['"claim_id"', '"outcome"', '"stored"', '"rejected"', '"reason"', '"manifest_sha256"', '"at"', DIGEST, BUNDLE],
    "file_name": ["UPHOSOKU", "UP1KYO", "DLT1KYO", "UP2KYO", "UP3KYO", "UPPLAN", "UPJSK", "DLTPLAN", "DLTJSK", "UPSIKYU", "UPKIHON",
                  "DLTKIHON", "_SUB1", "_SUB2", "_IMAGE", "UPYOBO", "DLTYOBO", "_SUB", "_202611", "_000000", "_2670100011",
                  "_2670100029", "_43", "_20261120091500", "_0001", ".CSV", ".jpg", ".pdf", "\n"],
    "language": ["ja", "en", "ja-JP", "en-US", "*", ";q=", "0.", "1.000", ",", "q=0", "fr"],
    "conditions": ["bytes=", "-", ",", "W/", '"0193493a"', "*", "9223372036854775807", "18446744073709551616"],
    "query": ["%00", "%ff", "%e3%81%82", "+", "&", "=", "after=", "limit=", "%f0%9f%98%80", "%ed%a0%80"],
    "time": ["-", ":", "T", "Z", "+09:00", "-23:59", "23:59:60", ".999", "9999-12-31", "0000-01-01", "2024-02-29"],
    "csv": [",", '"', '""', "\r\n", "\r", "\n", "202407", "202208", "999999", "20261120", "202611", "000000", "00000000", "\ufeff",
            "UPKIHON_IMAGE_1.jpg"],
    "archive": ["PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "PK\x07\x08", "a.txt", "../", "hello"],
    "words": ["KJ", "AU", "OP", "HD", "-", "=", "==", "_", "+", "/", ".", BUNDLE, DIGEST, "bundle_accepted"],
    "cursor": [base64.urlsafe_b64encode(b"inbox:").decode(), "2026-11-20T00:15:00Z", "100"],
}
# Identifier octets and lengths that matter in BER.
BER = ["\x30\x80", "\x31\x80", "\xa0\x80", "\xa1\x80", "\x24\x80", "\x00\x00", "\x30\x84\xff\xff\xff\xff", "\x02\x01\x00", "\x80", "\x1f",
       "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", "\x04\x81\x00"]
DICTIONARIES.update({target: BER for target in ("ber", "certificate", "recipients", "signed_data")})


def write_dictionary(path, words_of_target):
    encoding = "latin-1" if words_of_target is BER else "utf-8"
    with open(path, "w", encoding="ascii") as file:
        for word in words_of_target:
            file.write('"%s"\n' % "".join("\\x%02x" % byte for byte in word.encode(encoding)))


def write_seeds(folder, seeds):
    os.makedirs(folder, exist_ok=True)
    for seed in seeds:
        with open(os.path.join(folder, hashlib.sha1(seed).hexdigest()), "wb") as file:
            file.write(seed)


def rearrangements():
    """Programs for known_signer: every kind of step on every element, and pairs with a signature between them."""
    for what in range(8):
        for which in range(0, 96, 1 if what in (1, 2, 3) else 4):
            yield bytes((what, what, which, which * 7 % 256, 0x41))
    for which in range(0, 96, 3):
        yield bytes((0x40, 0x81, which, 1, 0, 0x05, which + 1, 3, 0x39))


def all_seeds(scratch):
    ca = cms.OutsideCa(scratch)
    keys = (("rsa:2048",), ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), ("ec", "-pkeyopt", "ec_paramgen_curve:P-384"))
    people = [SimpleNamespace(cert=c, key=k) for c, k in (ca.issue("/CN=KJ00000000000%d" % n, key=key, days=3650)
                                                          for n, key in enumerate(keys))]
    signed, encrypted = list(signatures(people)), list(payloads(people))
    sizes = (b"\x63\x00", b"\x00\x00", b"\xff\xff")
    return {
        "archive": archives(),
        "ber": walks(signed[:2] + encrypted[:2]),
        "certificate": certificates(people),
        "conditions": (size + text for text in literals("server/conditions_test.cpp") for size in sizes),
        "csv": csv_files(),
        "cursor": cursors(),
        "file_name": units(),
        "head": heads(),
        "json": documents(),
        "language": literals("protocol/problem_test.cpp"),
        "manifest": manifests(),
        "query": iter((b"after=aW5ib3g6MQ&limit=100", b"a=%e3%81%82+b&a=2", b"=%00&%zz", b"x=%ff&&y", b"from=2026-11-20T00:15:00%2B09:00")),
        "receipt": receipts(),
        "recipients": encrypted,
        "known_signer": rearrangements(),
        "signed_data": signed,
        "time": literals("protocol/time_test.cpp"),
        "trust": trusts(people, ca),
        "words": words(),
    }


def main(folder):
    dictionaries, seeds = os.path.join(folder, "dictionaries"), os.path.join(folder, "seeds")
    os.makedirs(dictionaries, exist_ok=True)
    for target, target_words in DICTIONARIES.items():
        write_dictionary(os.path.join(dictionaries, target + ".dict"), target_words)
    if os.path.isdir(seeds):
        return
    with tempfile.TemporaryDirectory() as scratch:
        for target, of_target in all_seeds(scratch).items():
            write_seeds(os.path.join(seeds + ".new", target), of_target)
    os.rename(seeds + ".new", seeds)


if __name__ == "__main__":
    main(sys.argv[1])
