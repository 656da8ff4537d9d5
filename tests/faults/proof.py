"""What must hold after the faults, asked over the protocol and of the database, and held against the clients' ledger."""

import os
import time

from clients import PatientTerminal, Receiver
from object_store import MARK
from relay_client import eventually

SETTLE_LIMIT = 120
# Each question answers with what is wrong: no rows is right.
WRONG = {
    "a bundle without its manifest, or a manifest without its bundle":
        "select coalesce(b.bundle_id, m.bundle_id) from bundles b full join bundle_manifests m using (bundle_id) "
        "where b.bundle_id is null or m.bundle_id is null",
    "events that do not tell the life of their bundle":
        """select b.bundle_id, b.state, e.* from bundles b cross join lateral (
             select count(*) filter (where type = 'bundle_accepted') as accepted,
                    count(*) filter (where type = 'bundle_claimed') as claimed,
                    count(*) filter (where type = 'claim_lapsed') as lapsed,
                    count(*) filter (where type = 'bundle_sent') as sent,
                    count(*) filter (where type = 'bundle_fetched') as fetched,
                    count(*) filter (where type = 'receipt_late') as late,
                    count(*) filter (where type = 'bundle_rejected') as rejected,
                    count(*) filter (where type = 'bundle_withdrawn') as withdrawn,
                    count(*) filter (where type = 'bundle_expired') as expired,
                    count(*) filter (where type = 'payload_destroyed') as destroyed
             from events where bundle_id = b.bundle_id) e
           where e.accepted <> (b.in_place is not null)::int
              or e.claimed <> e.lapsed + (b.state in ('claimed', 'fetched', 'rejected'))::int
              or e.fetched <> (b.state = 'fetched')::int or e.rejected <> (b.state = 'rejected')::int
              or e.withdrawn <> (b.state = 'withdrawn')::int or e.expired <> (b.state = 'expired')::int
              or e.late > 1 or e.sent > e.claimed - e.lapsed or b.state = 'fetched' and e.sent <> 1
              or e.destroyed <> (b.state in ('fetched', 'rejected', 'withdrawn', 'expired'))::int""",
    "events of a bundle that is not there":
        "select e.event_id, e.type from events e where e.bundle_id is not null and e.type <> 'bundle_refused' "
        "and not exists (select from bundles b where b.bundle_id = e.bundle_id)",
    "a receipt without its state, or a state without its receipt":
        """select b.bundle_id, b.state, b.confirmation, r.outcome from bundles b full join receipts r using (bundle_id)
           where coalesce(r.outcome, 'none') <> case when b.state = 'rejected' then 'rejected'
             when b.state = 'fetched' and b.confirmation = 'receipt' then 'stored' else 'none' end""",
    "payload rows that do not fit their bundle":
        """select b.bundle_id, b.state, b.chunk_count, p.* from bundles b cross join lateral (
             select count(*) as chunks, coalesce(sum(size), 0) as bytes from payload_chunks where upload_id = b.upload_id) p
           where case when b.state in ('waiting', 'claimed') then p.chunks <> b.chunk_count or p.bytes <> b.payload_size
                      when b.state = 'uploading' then p.chunks >= b.chunk_count else p.chunks <> 0 end""",
    "payload rows without a bundle":
        "select p.upload_id, p.n from payload_chunks p where not exists (select from bundles b where b.upload_id = p.upload_id)",
    "two bundles in one place":
        "select recipient, in_place from bundles where in_place is not null group by 1, 2 having count(*) > 1 union all "
        "select sender, out_place from bundles group by 1, 2 having count(*) > 1",
    "a place beyond its mailbox":
        "select b.bundle_id from bundles b join mailboxes i on i.office = b.recipient join mailboxes o on o.office = b.sender "
        "where b.in_place > i.last_in or b.out_place > o.last_out",
    "a claim_id that lapsed and holds all the same":
        "select b.bundle_id from bundles b join lapsed_claims l using (bundle_id, claim_id)",
    "an event without its index, or an index that is missing":
        "select e.event_id::text from events e where not exists (select from log_leaves l where l.event_id = e.event_id) union all "
        "select index::text from log_leaves where index >= (select count(*) from log_leaves)",
}


class Proof:
    def __init__(self, world, ledger, offices, tokens, progress):
        self.world, self.ledger, self.offices, self.tokens, self.progress = world, ledger, offices, tokens, progress

    def terminals(self):
        for nth, office in enumerate(self.offices):
            yield office, PatientTerminal(self.world.endpoints[nth % 2], office, self.tokens[office.number])

    def settle(self, stop):
        """What is open is asked for by its key; unfinished uploads are dropped; all that waits is delivered."""
        outboxes = {office.number: terminal for office, terminal in self.terminals()}
        for parcel in self.ledger.all():
            if not parcel.accepted:
                reply = outboxes[parcel.sender.number].sent(parcel)
                if reply.status == 200 and reply.json["state"] == "uploading":
                    outboxes[parcel.sender.number].withdraw(parcel)
                elif reply.status == 200 and not parcel.in_doubt:
                    self.ledger.complain("%s was refused, and is there: %r", parcel.bundle_id, reply)
        stop.clear()
        receivers = [Receiver(self.world, self.ledger, office, self.tokens[office.number], 0, stop) for office in self.offices]
        until = time.monotonic() + SETTLE_LIMIT
        while self.deliver_what_waits(receivers) or self.world.database.sql(
                "select 1 from bundles where state in ('uploading', 'waiting', 'claimed') limit 1"):
            if time.monotonic() > until:
                self.ledger.complain("not delivered at the end: %s", self.world.database.sql(
                    "select bundle_id, state from bundles where state in ('uploading', 'waiting', 'claimed') limit 5"))
                break
            time.sleep(0.3)

    def deliver_what_waits(self, receivers):
        found = 0
        for receiver in receivers:
            for one in receiver.terminals[0].pages("/v1/inbox", "bundles", 500):
                parcel = self.ledger.find(one["bundle_id"])
                if parcel is None:
                    self.ledger.complain("%s waits, which nobody sent", one["bundle_id"])
                    continue
                parcel.seen = True
                receiver.receive(parcel)
                found += 1
        return found

    def from_outside(self):
        """Every promise against what both boxes show."""
        for office, terminal in self.terminals():
            out = {one["bundle_id"]: one for one in terminal.pages("/v1/outbox", "bundles", 500)}
            received = {one["bundle_id"]: one for one in terminal.pages("/v1/inbox?state=all", "bundles", 500)}
            for parcel in self.ledger.all():
                if parcel.sender.number == office.number:
                    self.judge(parcel, out.pop(parcel.bundle_id, None))
                if parcel.recipient.number == office.number:
                    shown = received.pop(parcel.bundle_id, None)
                    if shown is None and (parcel.accepted or parcel.seen):
                        self.ledger.complain("%s is gone from its inbox", parcel.bundle_id)
            for stranger in [*out, *received]:
                self.ledger.complain("a box of %s shows %s, which nobody sent", office.number, stranger)

    def judge(self, parcel, shown):
        complain, name = self.ledger.complain, parcel.bundle_id
        if shown is None:
            if parcel.accepted or parcel.seen:
                complain("%s was accepted, and is gone", name)
            return
        state = shown["state"]
        taken = [claim for claim in parcel.claims.values() if claim.taken]
        if not parcel.accepted and not parcel.in_doubt:
            complain("%s was never accepted, and is there: %s", name, state)
        if len(taken) > 1:
            complain("%s was delivered under %d claims", name, len(taken))
        if parcel.withdrawn and state != "withdrawn" or state == "withdrawn" and not parcel.asked_away:
            complain("%s: withdrawn %s, asked %s, but %s", name, parcel.withdrawn, parcel.asked_away, state)
        if taken and (state, shown.get("confirmation")) != (("fetched", "receipt") if taken[0].taken == "stored" else ("rejected", None)):
            complain("%s: its receipt '%s' was taken, but it is %s, %s", name, taken[0].taken, state, shown.get("confirmation"))
        asked = {claim.asked for claim in parcel.claims.values()}
        if state == "rejected" and "rejected" not in asked or shown.get("confirmation") == "receipt" and "stored" not in asked:
            complain("%s is %s, for which nobody signed", name, state)
        if state == "fetched" and not any(claim.claim_id for claim in parcel.claims.values()):
            complain("%s is fetched, and nobody claimed it", name)

    def from_the_database(self):
        for what, question in WRONG.items():
            rows = self.world.database.rows(question)
            if rows:
                self.ledger.complain("%s: %d, such as %s", what, len(rows), rows[:3])
        held = dict(self.world.database.rows("select bundle_id, claim_id from bundles where claim_id is not null"))
        lapses = {row[0]: int(row[1]) for row in self.world.database.rows(
            "select bundle_id, count(*) from events where type = 'claim_lapsed' group by 1")}
        for parcel in self.ledger.all():
            for claim in parcel.claims.values():
                if claim.taken and held.get(parcel.bundle_id) != claim.claim_id:
                    self.ledger.complain("%s: its receipt names another claim than the database", parcel.bundle_id)
            complete = sum(claim.complete for claim in parcel.claims.values())
            if complete > 1 + lapses.get(parcel.bundle_id, 0):
                self.ledger.complain("%s was handed out %d times without a lapse", parcel.bundle_id, complete)

    def objects(self):
        found = set()
        for folder, _, names in os.walk(os.path.join(self.world.stack.dir, "objects")):
            found.update(os.path.join(os.path.relpath(folder, os.path.join(self.world.stack.dir, "objects")), name) for name in names
                         if name != MARK)
        return found

    def no_orphans(self):
        """A day later, as far as the janitor can tell: nothing is left that no bundle needs."""
        self.world.database.sql("update pending_objects set at = at - interval '2 days'")
        for path in self.objects():
            if path.startswith("tmp") or path.startswith("."):
                os.utime(os.path.join(self.world.stack.dir, "objects", path), (0, 0))
        for server in self.world.servers:  # files half written are cleared at start
            server.kill()
            server.start()
        try:
            eventually(lambda: not self.world.database.sql("select 1 from pending_objects limit 1") and not self.objects(), 60,
                       "objects that nobody needs are gone")
        except AssertionError as error:
            self.ledger.complain("%s: %s, pending %s", error, sorted(self.objects())[:5],
                                 self.world.database.rows("select key, doomed from pending_objects limit 5"))

    def run(self, stop):
        self.progress("healing")
        self.world.heal()
        self.progress("delivering what waits")
        self.settle(stop)
        self.progress("comparing with the ledger")
        self.from_outside()
        eventually(lambda: not self.world.database.rows(WRONG["an event without its index, or an index that is missing"]), 30,
                   "every event has its index")
        self.no_orphans()
        self.from_the_database()
