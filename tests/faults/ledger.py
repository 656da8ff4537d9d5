"""What the clients know, kept by themselves outside the relay: what was promised to them, what they asked, what is open."""

import json
import threading

from relay_client import Bundle, b64, now, sha256


INLINE_LIMIT = 20000  # limits.inline_payload of the servers here, so that small things are objects too


class Parcel(Bundle):
    """A bundle whose payload was encrypted beforehand and whose signature is made in this process."""

    def __init__(self, sender, recipient, payload, chunk_size=None):
        super().__init__(sender, recipient, [("memo.pdf", b"%PDF-1.4 ")], payload=payload, chunk_size=chunk_size)
        self.lock = threading.Lock()
        self.in_doubt = False    # a call that could have kept it got no clear answer
        self.accepted = False    # 201, or 200 and its state
        self.asked_away = False  # a withdrawal or a drop was asked for
        self.withdrawn = False   # and promised
        self.dropped = False
        self.seen = False        # by its recipient
        self.claims = {}         # claim_id: Claim

    def sign(self, data):
        return self.sender.signer.sign(data)

    @property
    def inline(self):
        return len(self.chunks) == 1 and len(self.payload) <= INLINE_LIMIT

    def claim_of(self, claim_id):
        with self.lock:
            return self.claims.setdefault(claim_id, Claim(claim_id))

    def receipt(self, person, claim_id, outcome):
        word = {"version": 1, "bundle_id": self.bundle_id, "claim_id": claim_id, "outcome": outcome,
                "manifest_sha256": sha256(self.raw), "at": now()}
        if outcome == "rejected":
            word["reason"] = "cannot be opened"
        return b64(person.signer.sign(json.dumps(word).encode()))


class Claim:
    def __init__(self, claim_id):
        self.claim_id = claim_id
        self.held = False     # 200
        self.complete = False  # every byte is here, and is right
        self.asked = None     # outcome of a receipt that was sent
        self.taken = None     # and taken: 200


class Ledger:
    def __init__(self):
        self.parcels, self.lock = {}, threading.Lock()
        self.wrong, self.refusals, self.calls, self.lost = [], {}, 0, 0
        self.strangers = set()

    def add(self, parcel):
        with self.lock:
            self.parcels[parcel.bundle_id] = parcel

    def find(self, bundle_id):
        with self.lock:
            return self.parcels.get(bundle_id)

    def all(self):
        with self.lock:
            return list(self.parcels.values())

    def complain(self, text, *values):
        with self.lock:
            self.wrong.append(text % values)

    def note_call(self, lost):
        with self.lock:
            self.calls += 1
            self.lost += lost

    def note_refusal(self, status, code):
        with self.lock:
            key = "%d %s" % (status, code)
            self.refusals[key] = self.refusals.get(key, 0) + 1
