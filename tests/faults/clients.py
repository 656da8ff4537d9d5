"""Clients as offices have them: they repeat what got no answer, and write into the ledger what they were promised."""

import base64
import http.client
import json
import random
import re
import ssl
import threading
import time

from ledger import Parcel
from relay_client import Terminal, new_id, sha256

CALL_LIMIT = 6
SKEW_AFTERMATH = 3
PATIENCE = 30
LOST = (OSError, http.client.HTTPException, ssl.SSLError)
# What a relay whose clock is wrong may say, while it is.
OF_A_WRONG_CLOCK = {"wrong_certificate", "session_expired", "not_signed_in", "licence_required", "clock_skew", "recipient_not_accepting",
                    "signer_not_registered", "not_encrypted_for_recipient", "unknown_recipient"}
ODD = {"bundle_id_reused", "receipt_conflict", "bad_receipt", "bad_signature", "invalid_manifest", "role_not_allowed", "too_many_requests"}


class Stopped(Exception):
    """The time for new work is over."""


class PatientTerminal(Terminal):
    """Asks again for a while when it is told to: for what need not be counted."""

    def call(self, *args, **options):
        until = time.monotonic() + PATIENCE
        while True:
            try:
                reply = super().call(*args, **options)
                if reply.status != 503 or time.monotonic() > until:
                    return reply
            except LOST:
                if time.monotonic() > until:
                    raise
            time.sleep(0.2)


class Client(threading.Thread):
    """One terminal with a connection to each server, through the proxies."""

    def __init__(self, world, ledger, person, token, seed, stop):
        super().__init__(daemon=True)
        self.world, self.ledger, self.person, self.stop = world, ledger, person, stop
        self.chance = random.Random(seed)
        self.terminals = [PatientTerminal(endpoint, person, token) for endpoint in world.endpoints]
        self.at, self.clear = self.chance.randrange(2), True

    def run(self):
        while not self.stop.is_set():
            try:
                self.work()
            except Stopped:
                return
            except Exception as error:  # a client that gives up would prove nothing
                self.ledger.complain("a client broke: %r", error)
                raise

    def once(self, method, path, body=None, headers=None):
        """One request; None when its fate is unknown. Never repeated by itself."""
        terminal = self.terminals[self.at]
        head = dict(headers or {}, Authorization="Bearer " + terminal.token)
        if isinstance(body, dict):
            head["Content-Type"], body = "application/json", json.dumps(body).encode()
        try:
            reply = terminal._exchange(method, path, body, head, CALL_LIMIT)
        except LOST:
            terminal.close()
            reply = None
        self.ledger.note_call(reply is None)
        if reply is None or reply.status >= 500 or self.chance.random() < 0.1:
            self.at = 1 - self.at
        return reply

    def skewed(self):
        return time.monotonic() - max(server.skewed_at for server in self.world.servers) < SKEW_AFTERMATH + CALL_LIMIT

    def call(self, method, path, body=None, headers=None, until_stop=True):
        """Repeats until there is an answer that says something; `clear` tells whether all before it kept nothing."""
        self.clear = True
        for tries in range(100000):
            reply = self.once(method, path, body, headers)
            if reply is None or reply.status == 500:
                self.clear = False
                if reply is not None:
                    self.ledger.note_refusal(500, "to %s %s" % (method, re.sub("[0-9a-f-]{36}", "…", path)))
            elif reply.status in (503, 408):
                if reply.status == 503 and int(reply.header("Retry-After") or 0) < 1:
                    self.ledger.complain("503 without Retry-After")
            elif reply.code in OF_A_WRONG_CLOCK and self.skewed():
                pass
            else:
                if reply.status >= 400:
                    self.ledger.note_refusal(*reply.answer)
                    if reply.code in ODD | OF_A_WRONG_CLOCK or reply.status in (400, 401, 403, 405, 411, 415, 422):
                        self.ledger.complain("%s %s: %r", method, path, reply)
                return reply
            if until_stop and self.stop.is_set():
                return None
            time.sleep(min(0.02 * (tries + 1), 0.3))


class Sender(Client):
    def __init__(self, *args, payloads, recipients):
        super().__init__(*args)
        self.payloads, self.recipients = payloads, recipients

    def work(self):
        recipient = self.chance.choice(self.recipients)
        size = self.chance.choices(("small", "single", "chunked"), (60, 15, 25))[0]
        parcel = Parcel(self.person, recipient, self.payloads[recipient.number, size], 65536 if size == "chunked" else None)
        self.ledger.add(parcel)
        if self.chance.random() < 0.15 and size == "small":
            self.send_batch([parcel, self.another(recipient), self.another(recipient)])
        else:
            self.send(parcel, give_up=self.chance.random() < 0.1)
        if parcel.accepted and self.chance.random() < 0.15:
            self.withdraw(parcel)
        time.sleep(self.chance.uniform(0.02, 0.25))

    def another(self, recipient):
        parcel = Parcel(self.person, recipient, self.payloads[recipient.number, "small"])
        self.ledger.add(parcel)
        return parcel

    def path(self, parcel):
        return "/v1/outbox/" + parcel.bundle_id

    def send(self, parcel, give_up=False):
        """Until it is accepted, or until this client is told to give up: at the first trouble, or half way."""
        while not parcel.accepted and not parcel.dropped:
            reply = self.once("PUT", self.path(parcel), parcel.body()) if give_up else \
                self.call("PUT", self.path(parcel), parcel.body())
            if reply is None or reply.status == 500 or not (give_up or self.clear):
                parcel.in_doubt = True
            if reply is None or reply.status >= 400:
                if reply is not None and not give_up:
                    self.ledger.complain("PUT %s: %r", parcel.bundle_id, reply)
                return
            if reply.status in (200, 201) and reply.json["state"] != "uploading":
                parcel.accepted = True
            elif reply.status == 202:
                if give_up and self.chance.random() < 0.5:
                    return self.drop(parcel) if self.chance.random() < 0.5 else None
                self.send_chunks(parcel, reply.json["missing_chunks"])
            if self.stop.is_set():
                return

    def send_chunks(self, parcel, missing):
        parcel.in_doubt = True  # from now on its last chunk may have arrived
        self.chance.shuffle(missing)
        for n in missing:
            reply = self.call("PUT", "%s/chunks/%d" % (self.path(parcel), n), parcel.chunks[n])
            if reply is None or reply.status == 404:  # dropped meanwhile: from the start
                return
            if reply.status == 201:
                parcel.accepted = True
            elif reply.status != 204:
                self.ledger.complain("chunk %d of %s: %r", n, parcel.bundle_id, reply)
                return

    def send_batch(self, parcels):
        body = {"bundles": [parcel.body() for parcel in parcels]}
        reply = self.call("POST", "/v1/outbox", body)
        in_doubt = not self.clear
        for parcel, result in zip(parcels, reply.json["results"] if reply else [{}] * len(parcels)):
            status = result.get("status")
            parcel.accepted = status in (200, 201)
            parcel.in_doubt = in_doubt or status in (None, 500)
            if status not in (None, 200, 201, 503, 500) and not self.skewed():
                self.ledger.complain("in a batch, %s: %s", parcel.bundle_id, json.dumps(result)[:300])

    def drop(self, parcel):
        parcel.asked_away = True
        reply = self.call("DELETE", self.path(parcel))
        parcel.dropped = reply is not None and reply.status in (204, 404)

    def withdraw(self, parcel):
        parcel.asked_away = True
        reply = self.call("DELETE", self.path(parcel))
        if reply is None:
            return
        if reply.status == 200:
            parcel.withdrawn = True
        elif reply.answer not in ((409, "already_claimed"), (409, "already_fetched")):
            self.ledger.complain("DELETE %s, which was accepted: %r", parcel.bundle_id, reply)


class Receiver(Client):
    def work(self):
        reply = self.once("GET", "/v1/inbox?limit=20&wait=%d" % self.chance.randrange(2))
        if reply is None or reply.status != 200:
            time.sleep(0.1)
            return
        shown = [one["bundle_id"] for one in reply.json["bundles"]]
        self.chance.shuffle(shown)
        for bundle_id in shown[:5]:
            parcel = self.ledger.find(bundle_id)
            if parcel is None or parcel.recipient.number != self.person.number:
                self.ledger.complain("the inbox of %s shows %s, which nobody sent there", self.person.number, bundle_id)
                continue
            parcel.seen = True
            self.receive(parcel, self.chance.random() < 0.12)

    def path(self, parcel):
        return "/v1/inbox/" + parcel.bundle_id

    def receive(self, parcel, careless=False):
        """Claims, reads, confirms; a careless terminal stops somewhere on the way."""
        claim = parcel.claim_of(new_id())
        reply = self.call("POST", self.path(parcel) + "/claim", {"claim_id": claim.claim_id})
        if reply is None or reply.status != 200:
            return
        claim.held = True
        if "payload" in reply.json:
            self.check(parcel, claim, base64.b64decode(reply.json["payload"]))
        elif careless and self.chance.random() < 0.5:
            return
        else:
            self.read(parcel, claim)
        if careless and self.chance.random() < 0.5 or not claim.complete:
            return
        self.confirm(parcel, claim, "rejected" if careless else "stored")

    def read(self, parcel, claim):
        data = b""
        for n in range(len(parcel.chunks)):
            size, part = len(parcel.chunks[n]), b""
            while len(part) < size:
                headers = {"Relay-Claim": claim.claim_id}
                if part or self.chance.random() < 0.3:
                    last = min(size, len(part) + self.chance.choice((1000, 30000, size))) - 1
                    headers["Range"] = "bytes=%d-%d" % (len(part), last)
                reply = self.call("GET", "%s/chunks/%d" % (self.path(parcel), n), headers=headers)
                if reply is None or reply.status not in (200, 206):
                    return  # lapsed meanwhile, or it is over
                part = part + reply.body if reply.status == 206 else reply.body
            data += part
        self.check(parcel, claim, data)

    def check(self, parcel, claim, data):
        claim.complete = sha256(data) == sha256(parcel.payload)
        if not claim.complete:
            self.ledger.complain("%s arrived with other bytes", parcel.bundle_id)

    def confirm(self, parcel, claim, outcome):
        claim.asked = outcome
        for _ in range(60):
            reply = self.call("POST", self.path(parcel) + "/receipt",
                              {"signed_receipt": parcel.receipt(self.person, claim.claim_id, outcome)})
            if reply is None:
                return
            if reply.answer == (409, "not_sent_yet"):  # a crash before it was noted: to be read again
                again = self.call("POST", self.path(parcel) + "/claim", {"claim_id": claim.claim_id})
                if again is not None and again.status == 200 and "payload" not in again.json:
                    self.read(parcel, claim)
                continue
            if reply.status == 200:
                claim.taken = outcome
            return
