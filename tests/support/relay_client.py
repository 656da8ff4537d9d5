"""A small client of the wire protocol, written from docs/protocol.md alone; nothing is shared with the server's code."""

import base64
import datetime
import http.client
import io
import json
import os
import socket
import ssl
import threading
import time
import urllib.parse
import uuid
import zipfile

import openapi
import openssl_cms as cms
from openssl_cms import b64, sha256

ANSWER_LIMIT = 60
INLINE_LIMIT = 262144
JAPAN = datetime.timezone(datetime.timedelta(hours=9))


def now(offset_seconds=0):
    moment = datetime.datetime.now(JAPAN) + datetime.timedelta(seconds=offset_seconds)
    return moment.replace(microsecond=0).isoformat()


def epoch(text):
    """Seconds since 1970 of an RFC 3339 time."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def new_id():
    return str(uuid.uuid4())


def eventually(probe, seconds=10, what="a condition"):
    """The first true value of probe(), asked again for at most `seconds`."""
    until = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        assert time.monotonic() < until, "not within %s s: %s" % (seconds, what)
        time.sleep(0.1)


def together(*functions):
    """All functions started at one moment in threads of their own; their results in order."""
    gate, results = threading.Barrier(len(functions)), [None] * len(functions)

    def run(i):
        gate.wait(30)
        try:
            results[i] = functions[i]()
        except Exception as error:  # a failed exchange is a result that the test judges
            results[i] = error
    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


# ---------------------------------------------------------------- bundles
def make_zip(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def open_payload(payload, person):
    """The files of a payload as [(name, bytes)], opened with the recipient's key."""
    with zipfile.ZipFile(io.BytesIO(cms.decrypt(payload, person))) as archive:
        return [(entry.filename, archive.read(entry)) for entry in archive.infolist()]


class Bundle:
    """A bundle as its sender makes it. `changes` replace members of the manifest; a value of None removes one."""

    def __init__(self, sender, recipient, files=None, /, *, chunk_size=None, payload=None, bundle_id=None, cover=None, **changes):
        self.sender, self.recipient = sender, recipient
        self.files = files or [("memo.pdf", b"%PDF-1.4 " + os.urandom(100))]
        self.bundle_id = bundle_id or new_id()
        self.payload = cms.encrypt(make_zip(self.files), [recipient.cert]) if payload is None else payload
        size = chunk_size or len(self.payload)
        self.chunks = [self.payload[i:i + size] for i in range(0, len(self.payload), size)]
        self.manifest = {
            "version": 1, "bundle_id": self.bundle_id, "sender": sender.number, "recipient": recipient.number, "created_at": now(),
            "files": [self.entry(name, data) for name, data in self.files],
            "payload": {"size": len(self.payload), "chunk_size": size, "chunks": [sha256(chunk) for chunk in self.chunks]}}
        if cover is not None:
            self.manifest["cover"] = b64(cms.encrypt(cover.encode(), [recipient.cert]))
        self.manifest.update(changes)
        self.manifest = {key: value for key, value in self.manifest.items() if value is not None}
        self.raw = json.dumps(self.manifest, ensure_ascii=False).encode()
        self.signed = self.sign(self.raw)
        self.claim_id = new_id()

    def sign(self, data):
        return cms.sign(data, self.sender)

    @staticmethod
    def entry(name, data):
        entry = {"name": name, "size": len(data), "sha256": sha256(data)}
        if name.upper().endswith(".CSV"):
            entry["csv_version"] = "202407"
        return entry

    def sign_raw(self, raw):
        """Puts other bytes in the manifest's place and signs them."""
        self.raw = raw
        self.signed = self.sign(raw)
        return self

    @property
    def inline(self):
        return len(self.chunks) == 1 and len(self.payload) <= INLINE_LIMIT

    def body(self, inline=None):
        body = {"signed_manifest": b64(self.signed)}
        if self.inline if inline is None else inline:
            body["payload"] = b64(self.payload)
        return body


def receipt(bundle, person, outcome="stored", *, signer=None, **changes):
    """base64 of a signed receipt for a bundle under its claim_id."""
    word = {"version": 1, "bundle_id": bundle.bundle_id, "claim_id": bundle.claim_id, "outcome": outcome,
            "manifest_sha256": sha256(bundle.raw), "at": now()}
    if outcome == "rejected":
        word["reason"] = "cannot be opened"
    word.update(changes)
    word = {key: value for key, value in word.items() if value is not None}
    return b64(cms.sign(json.dumps(word, ensure_ascii=False).encode(), signer or person))


# ---------------------------------------------------------------- HTTP
class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        is_problem = (self.header("Content-Type") or "").startswith("application/problem+json")
        return self.json["code"] if is_problem else None

    @property
    def answer(self):
        """(status, code) at once, for comparisons that show both when they fail."""
        return self.status, self.code

    def __repr__(self):
        return "%d %s" % (self.status, self.body[:300])


def tls(ca, cert=None, key=None, version=ssl.TLSVersion.TLSv1_3):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = min(version, ssl.TLSVersion.TLSv1_3)
    context.maximum_version = version
    context.load_verify_locations(ca)
    context.set_alpn_protocols(["http/1.1"])
    if cert:
        context.load_cert_chain(cert, key)
    return context


class Terminal:
    """One computer of an office, an auditor or an operator: a certificate, a token, one connection."""

    def __init__(self, endpoint, person, token=None, context=None):
        self.endpoint, self.person, self.token = endpoint, person, token
        self.context = context or tls(endpoint.ca, person.cert, person.key)
        self.connection, self.session = None, None

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def call(self, method, path, body=None, headers=None, token=True, timeout=ANSWER_LIMIT):
        """One request; once more when a kept connection turns out to be closed. A dict goes as JSON, bytes as they are."""
        head = {}
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            head["Content-Type"] = "application/json"
        elif body is not None:
            head["Content-Type"] = "application/octet-stream"
        if token and self.token:
            head["Authorization"] = "Bearer " + self.token
        head.update(headers or {})
        kept = self.connection is not None
        try:
            return self._exchange(method, path, body, head, timeout)
        except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError, ssl.SSLEOFError):
            if not kept:
                raise
            return self._exchange(method, path, body, head, timeout)

    def _exchange(self, method, path, body, head, timeout):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(self.endpoint.host, self.endpoint.port, context=self.context,
                                                          timeout=timeout)
            self.connection.connect()
        try:
            self.connection.sock.settimeout(timeout)
            self.connection.request(method, path, body=body, headers=head)
            answer = self.connection.getresponse()
            reply = Reply(answer.status, answer.getheaders(), answer.read())
            openapi.check(method, path, reply)
            if answer.will_close:
                self.close()
            return reply
        except BaseException:
            self.close()
            raise

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def begin(self, path):
        """Sends a GET whose answer nobody waits for yet."""
        self.connection = http.client.HTTPSConnection(self.endpoint.host, self.endpoint.port, context=self.context, timeout=ANSWER_LIMIT)
        self.connection.request("GET", path, headers={"Authorization": "Bearer " + self.token})

    # -- sessions
    def sign_in(self, **changes):
        body = {"user_id": self.person.user_id, "password": self.person.password, "client": {"name": "tests", "version": "1.0"}}
        body.update(changes)
        return self.call("POST", "/v1/sessions", {k: v for k, v in body.items() if v is not None}, token=False)

    def open(self):
        reply = self.sign_in()
        assert reply.status == 201, reply
        self.session, self.token = reply.json, reply.json["token"]
        return self

    # -- sending
    def put(self, bundle, inline=None, **options):
        return self.call("PUT", "/v1/outbox/" + bundle.bundle_id, bundle.body(inline), **options)

    def put_chunk(self, bundle, n, data=None, **options):
        return self.call("PUT", "/v1/outbox/%s/chunks/%s" % (bundle.bundle_id, n), bundle.chunks[n] if data is None else data, **options)

    def send(self, bundle):
        """Sends a bundle whole; the last answer."""
        reply = self.put(bundle)
        if reply.status == 202:
            for n in range(len(bundle.chunks)):
                reply = self.put_chunk(bundle, n)
        assert reply.status == 201, reply
        return reply.json

    def sent(self, bundle):
        return self.get("/v1/outbox/" + bundle.bundle_id)

    def withdraw(self, bundle):
        return self.call("DELETE", "/v1/outbox/" + bundle.bundle_id)

    # -- receiving
    def inbox(self, query="", **options):
        return self.get("/v1/inbox" + query, **options)

    def received(self, bundle):
        return self.get("/v1/inbox/" + bundle.bundle_id)

    def claim(self, bundle, claim_id=None):
        return self.call("POST", "/v1/inbox/%s/claim" % bundle.bundle_id, {"claim_id": claim_id or bundle.claim_id})

    def chunk(self, bundle, n, claim_id=None, headers=None):
        head = {"Relay-Claim": claim_id or bundle.claim_id, **(headers or {})}
        return self.get("/v1/inbox/%s/chunks/%s" % (bundle.bundle_id, n), headers=head)

    def confirm(self, bundle, outcome="stored", **changes):
        return self.call("POST", "/v1/inbox/%s/receipt" % bundle.bundle_id,
                         {"signed_receipt": receipt(bundle, self.person, outcome, **changes)})

    def fetch(self, bundle):
        """Claims, reads every byte and confirms; the payload."""
        taken = self.claim(bundle)
        assert taken.status == 200, taken
        if "payload" in taken.json:
            payload = base64.b64decode(taken.json["payload"])
        else:
            payload = b"".join(self.chunk(bundle, n).body for n in range(len(bundle.chunks)))
        done = self.confirm(bundle)
        assert done.status == 200, done
        return payload

    def pages(self, path, member, limit=None):
        """All items of a paged list."""
        items, after = [], None
        for _ in range(10000):
            extra = {**({"limit": limit} if limit else {}), **({"after": after} if after else {})}
            join = "&" if "?" in path else "?"
            reply = self.get(path + (join + urllib.parse.urlencode(extra) if extra else ""))
            assert reply.status == 200, reply
            items += reply.json[member]
            after = reply.json.get("next")
            if not after:
                return items
        raise AssertionError("no last page of " + path)


def exchange_raw(endpoint, person, *pieces, timeout=20, until_closed=True, pause=0):
    """Sends bytes as they are over TLS; all bytes that come back until the server closes (or `timeout`)."""
    out, until = b"", time.monotonic() + timeout
    context = tls(endpoint.ca, person.cert, person.key)
    with socket.create_connection((endpoint.host, endpoint.port), timeout=timeout) as plain:
        with context.wrap_socket(plain, server_hostname=endpoint.host, suppress_ragged_eofs=True) as stream:
            try:
                for piece in pieces:
                    stream.sendall(piece)
                    time.sleep(pause)
                while time.monotonic() < until:
                    stream.settimeout(max(0.05, until - time.monotonic()))
                    more = stream.recv(65536)
                    if not more:
                        break
                    out += more
                    if not until_closed and b"\r\n\r\n" in out:
                        break
            except (TimeoutError, ConnectionError, ssl.SSLError):
                pass
    return out
