#include "storage/postgres/commit_group.hpp"

#include "storage/postgres/bundle_queries.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace relay::storage::postgres {

namespace q = bundle_queries;
using protocol::as_bytes;
using protocol::Bytes;
using protocol::BytesView;

namespace {

void add_optional(PgArray& to, const std::optional<std::string>& value) {
    value ? to.add_text(*value) : to.add_null();
}

std::optional<BytesView> optional_view(const std::optional<Bytes>& value) {
    return value ? std::optional<BytesView>(*value) : std::nullopt;
}

void add_joined(PgArray& to, const std::vector<Digest>& digests) {
    Bytes joined;
    joined.reserve(digests.size() * 32);
    for (const Digest& digest : digests) {
        joined.insert(joined.end(), digest.bytes.begin(), digest.bytes.end());
    }
    to.add_bytes(joined);
}

/// Places that a group takes in one office's two mailboxes.
struct Places {
    std::int64_t in = 0, out = 0;
};

} // namespace

template <class Item, class Add>
const Bytes* CommitGroup::column(const std::vector<const Item*>& items, ElementType type, Add add) {
    PgArray array(type);
    array.reserve(items.size() * 20);
    for (const Item* item : items) {
        add(array, *item);
    }
    return keep(array.take());
}

template <class Item, class ValueOf>
const Bytes* CommitGroup::long_column(const std::vector<const Item*>& items, ElementType type, ValueOf value_of) {
    PgArray array(type);
    std::size_t size = 0;
    for (const Item* item : items) {
        const std::optional<BytesView> value = value_of(*item);
        size += 4 + (value ? value->size() : 0);
    }
    array.reserve(size);
    for (const Item* item : items) {
        const std::optional<BytesView> value = value_of(*item);
        value ? array.add_bytes(*value) : array.add_null();
    }
    return keep(array.take());
}

template <class Item>
const Bytes* CommitGroup::bundle_ids(const std::vector<const Item*>& items) {
    return column(items, ElementType::uuid, [](PgArray& to, const Item& i) { to.add_uuid(i.bundle_id.uuid); });
}

template <class Item>
const Bytes* CommitGroup::event_ids(const std::vector<const Item*>& items) {
    return column(items, ElementType::uuid, [](PgArray& to, const Item& i) { to.add_uuid(i.attempt.event_id.uuid); });
}

template <class Item>
void CommitGroup::add_actors(const std::vector<const Item*>& items, Parameters& to) {
    to.push_back(column(items, ElementType::text, [](PgArray& a, const Item& i) {
        a.add_text(i.attempt.actor.user_id);
    }));
    to.push_back(column(items, ElementType::bytea, [](PgArray& a, const Item& i) {
        const auto& certificate = i.attempt.actor.certificate_sha256;
        certificate ? a.add_digest(*certificate) : a.add_null();
    }));
}

CommitGroup::CommitGroup(std::span<const std::unique_ptr<CommitItem>> items, const PgOptions& options, bool again)
    : partial_lapse_(keep(options.partial_lapse.count())),
      sent_lapse_(keep(options.sent_lapse.count())),
      expire_after_(keep(options.expire_after.count())),
      unfinished_upload_(keep(options.unfinished_upload.count())),
      outstanding_upload_bytes_(keep(options.outstanding_upload_bytes)) {
    sort(items, again);
    add_locks();
    if (!accepts_.empty()) {
        add_acceptances();
    }
    if (!chunks_.empty()) {
        add_chunks();
    }
    if (!claims_.empty()) {
        add_claims();
    }
    if (!coverage_.empty()) {
        add_coverage();
    }
    if (!receipts_.empty()) {
        add_receipts();
    }
    if (!explained_.empty()) {
        add_answers();
    }
}

void CommitGroup::sort(std::span<const std::unique_ptr<CommitItem>> items, bool again) {
    PgArray ids(ElementType::uuid);
    for (const auto& item : items) {
        ids.add_uuid(item->bundle_id().uuid);
        const auto& work = item->work;
        bool explain = again || item->tries > 0;
        if (const auto* accept = std::get_if<AcceptWork>(&work)) {
            accepts_.push_back(&accept->item);
        } else if (const auto* chunk = std::get_if<ChunkWork>(&work)) {
            chunks_.push_back(&chunk->item);
            explain = true;
        } else if (const auto* claim = std::get_if<ClaimWork>(&work)) {
            claims_.push_back(&claim->item);
        } else if (const auto* receipt = std::get_if<ReceiptWork>(&work)) {
            receipts_.push_back(&receipt->item);
        } else {
            coverage_.push_back(&std::get<CoverageWork>(work).item);
            explain = false; // nothing to tell but that it was committed
        }
        if (explain) {
            explained_.push_back(item.get());
        }
    }
    all_ids_ = keep(ids.take());
}

/// Bundles, mailboxes, objects: everybody's order. What is due is settled when all locks are had. Acceptances alone
/// need the mailboxes only, whose places they take: a bundle that is there already is for another group to judge.
void CommitGroup::add_locks() {
    const bool others = !chunks_.empty() || !claims_.empty() || !coverage_.empty() || !receipts_.empty();
    if (!others && explained_.empty()) {
        return;
    }
    if (!accepts_.empty() || !chunks_.empty()) {
        add(q::lock_bundles, {all_ids_});
        lock_mailboxes_and_objects();
    }
    add(q::lock_and_settle, {all_ids_});
}

void CommitGroup::lock_mailboxes_and_objects() {
    std::set<std::string_view> offices;
    for (const AcceptItem* item : accepts_) {
        offices.insert(item->sender.view());
        offices.insert(item->recipient.view());
    }
    PgArray numbers(ElementType::text), keys(ElementType::text);
    for (const auto office : offices) {
        numbers.add_text(office);
    }
    const Bytes* kept = keep(numbers.take());
    add(q::lock_mailboxes, {kept, bundle_ids(chunks_)});
    bool any = false;
    for (const ChunkItem* item : chunks_) {
        if (item->object_key) {
            keys.add_text(*item->object_key);
            any = true;
        }
    }
    if (any) {
        add(q::lock_objects, {keep(keys.take())});
    }
}

/// Takes places for all acceptances. Columns: how far each item's two places lie before the mailboxes' last ones after
/// this group took its own (in, out), and the bytes that earlier items of the same sender reserve.
CommitGroup::Parameters CommitGroup::add_places() {
    std::map<std::string_view, Places> taken;
    for (const AcceptItem* item : accepts_) {
        taken[item->sender.view()].out += 1;
        taken[item->recipient.view()].in += item->payload ? 1 : 0;
    }
    PgArray offices(ElementType::text), ins(ElementType::int8), outs(ElementType::int8);
    for (const auto& [office, places] : taken) {
        offices.add_text(office);
        ins.add_int8(places.in);
        outs.add_int8(places.out);
    }
    const Bytes* office_column = keep(offices.take());
    const Bytes* in_column = keep(ins.take());
    add(q::take_places, {office_column, in_column, keep(outs.take())});

    PgArray in_back(ElementType::int8), out_back(ElementType::int8), ahead(ElementType::int8);
    std::map<std::string_view, std::int64_t> reserved;
    for (const AcceptItem* item : accepts_) {
        out_back.add_int8(--taken[item->sender.view()].out);
        in_back.add_int8(item->payload ? --taken[item->recipient.view()].in : 0);
        std::int64_t& before = reserved[item->sender.view()];
        ahead.add_int8(before);
        before += item->payload ? 0 : item->payload_size;
    }
    const Bytes* in_backs = keep(in_back.take());
    const Bytes* out_backs = keep(out_back.take());
    return {in_backs, out_backs, keep(ahead.take())};
}

void CommitGroup::add_acceptances() {
    const Bytes* ids = bundle_ids(accepts_);
    const Bytes* uploads =
        column(accepts_, ElementType::uuid, [](PgArray& to, const AcceptItem& i) { to.add_uuid(i.upload_id.uuid); });
    const Parameters places = add_places();
    const auto by = [this](ElementType type, auto how) { return column(accepts_, type, how); };
    const auto by_long = [this](ElementType type, auto value_of) { return long_column(accepts_, type, value_of); };
    Parameters p{ids, uploads};
    p.push_back(by(ElementType::text, [](PgArray& to, const AcceptItem& i) { to.add_text(i.sender.view()); }));
    p.push_back(by(ElementType::text, [](PgArray& to, const AcceptItem& i) { to.add_text(i.recipient.view()); }));
    p.push_back(by(ElementType::bytea, [](PgArray& to, const AcceptItem& i) { to.add_digest(i.manifest_sha256); }));
    p.push_back(by(ElementType::timestamptz, [](PgArray& to, const AcceptItem& i) { to.add_time(i.created_at); }));
    p.push_back(by(ElementType::int8, [](PgArray& to, const AcceptItem& i) { to.add_int8(i.payload_size); }));
    p.push_back(by(ElementType::int8, [](PgArray& to, const AcceptItem& i) { to.add_int8(i.chunk_size); }));
    p.push_back(by(ElementType::int4, [](PgArray& to, const AcceptItem& i) {
        to.add_int4(static_cast<std::int32_t>(i.chunk_digests.size()));
    }));
    p.push_back(by(ElementType::boolean, [](PgArray& to, const AcceptItem& i) {
        to.add_boolean(i.payload.has_value());
    }));
    p.insert(p.end(), places.begin(), places.end());
    p.push_back(by_long(ElementType::text, [](const AcceptItem& i) { return as_bytes(i.files_json); }));
    p.push_back(by_long(ElementType::bytea, [](const AcceptItem& i) { return optional_view(i.cover); }));
    p.push_back(by(ElementType::bytea, [](PgArray& to, const AcceptItem& i) { add_joined(to, i.chunk_digests); }));
    p.push_back(by_long(ElementType::bytea, [](const AcceptItem& i) { return BytesView(i.signed_manifest); }));
    p.push_back(by_long(ElementType::bytea, [](const AcceptItem& i) { return optional_view(i.payload); }));
    p.push_back(event_ids(accepts_));
    add_actors(accepts_, p);
    p.insert(p.end(), {expire_after_, unfinished_upload_, outstanding_upload_bytes_});
    add(q::insert_bundles, std::move(p), true);
}

void CommitGroup::add_chunks() {
    const auto by = [this](ElementType type, auto how) { return column(chunks_, type, how); };
    const Bytes* ids = bundle_ids(chunks_);
    const Bytes* uploads =
        by(ElementType::uuid, [](PgArray& to, const ChunkItem& i) { to.add_uuid(i.upload_id.uuid); });
    const Bytes* keys = by(ElementType::text, [](PgArray& to, const ChunkItem& i) { add_optional(to, i.object_key); });
    Parameters p{ids, uploads};
    p.push_back(by(ElementType::int4, [](PgArray& to, const ChunkItem& i) { to.add_int4(i.n); }));
    p.push_back(by(ElementType::int8, [](PgArray& to, const ChunkItem& i) { to.add_int8(i.size); }));
    p.push_back(long_column(chunks_, ElementType::bytea, [](const ChunkItem& i) { return optional_view(i.bytes); }));
    p.push_back(keys);
    add(q::insert_chunks, std::move(p));
    if (std::any_of(chunks_.begin(), chunks_.end(), [](const ChunkItem* i) { return i->object_key.has_value(); })) {
        add(q::doom_untaken, {keys});
    }
    Parameters e{ids, uploads, event_ids(chunks_)};
    add_actors(chunks_, e);
    e.push_back(expire_after_);
    add(q::publish_bundles, std::move(e));
}

void CommitGroup::add_claims() {
    const auto by = [this](ElementType type, auto how) { return column(claims_, type, how); };
    Parameters p{bundle_ids(claims_)};
    p.push_back(by(ElementType::uuid, [](PgArray& to, const ClaimItem& i) { to.add_uuid(i.claim_id.uuid); }));
    p.push_back(by(ElementType::text, [](PgArray& to, const ClaimItem& i) { to.add_text(i.recipient.view()); }));
    p.push_back(event_ids(claims_));
    add_actors(claims_, p);
    p.push_back(by(ElementType::int8, [](PgArray& to, const ClaimItem& i) { to.add_int8(i.inline_limit); }));
    p.insert(p.end(), {partial_lapse_, sent_lapse_});
    add(q::claim_bundles, std::move(p), true);
}

void CommitGroup::add_coverage() {
    const auto by = [this](ElementType type, auto how) { return column(coverage_, type, how); };
    Parameters p{bundle_ids(coverage_)};
    p.push_back(by(ElementType::uuid, [](PgArray& to, const CoverageItem& i) { to.add_uuid(i.claim_id.uuid); }));
    p.push_back(by(ElementType::int8multirange, [](PgArray& to, const CoverageItem& i) { to.add_ranges(i.ranges); }));
    p.push_back(event_ids(coverage_));
    add_actors(coverage_, p);
    p.insert(p.end(), {partial_lapse_, sent_lapse_});
    add(q::cover_bundles, std::move(p));
}

void CommitGroup::add_receipts() {
    const auto by = [this](ElementType type, auto how) { return column(receipts_, type, how); };
    Parameters p{bundle_ids(receipts_)};
    p.push_back(by(ElementType::uuid, [](PgArray& to, const ReceiptItem& i) { to.add_uuid(i.claim_id.uuid); }));
    p.push_back(by(ElementType::int8multirange, [](PgArray& to, const ReceiptItem& i) { to.add_ranges(i.ranges); }));
    p.push_back(by(ElementType::text, [](PgArray& to, const ReceiptItem& i) { to.add_text(i.recipient.view()); }));
    p.push_back(by(ElementType::text, [](PgArray& to, const ReceiptItem& i) { to.add_text(to_string(i.outcome)); }));
    p.push_back(by(ElementType::bytea, [](PgArray& to, const ReceiptItem& i) { to.add_digest(i.manifest_sha256); }));
    p.push_back(by(ElementType::bytea, [](PgArray& to, const ReceiptItem& i) { to.add_digest(i.receipt_sha256); }));
    p.push_back(event_ids(receipts_));
    p.push_back(by(ElementType::uuid, [](PgArray& to, const ReceiptItem& i) { to.add_uuid(i.sent_event_id.uuid); }));
    add_actors(receipts_, p);
    p.push_back(by(ElementType::text, [](PgArray& to, const ReceiptItem& i) { add_optional(to, i.reason); }));
    p.push_back(long_column(receipts_, ElementType::bytea, [](const ReceiptItem& i) {
        return BytesView(i.signed_receipt);
    }));
    p.insert(p.end(), {partial_lapse_, sent_lapse_});
    add(q::take_receipts, std::move(p), true);
}

void CommitGroup::add_answers() {
    PgArray ids(ElementType::uuid), events(ElementType::uuid), claims(ElementType::uuid), uploads(ElementType::uuid);
    PgArray numbers(ElementType::int4), limits(ElementType::int8), accepts(ElementType::boolean);
    PgArray receives(ElementType::boolean), reservers(ElementType::text);
    for (const CommitItem* item : explained_) {
        const auto& work = item->work;
        const auto* accept = std::get_if<AcceptWork>(&work);
        const auto* chunk = std::get_if<ChunkWork>(&work);
        const auto* claim = std::get_if<ClaimWork>(&work);
        std::visit(
            [&](const auto& w) {
                ids.add_uuid(w.item.bundle_id.uuid);
                events.add_uuid(w.item.attempt.event_id.uuid);
            },
            work
        );
        claim != nullptr ? claims.add_uuid(claim->item.claim_id.uuid) : claims.add_null();
        accept != nullptr  ? uploads.add_uuid(accept->item.upload_id.uuid)
        : chunk != nullptr ? uploads.add_uuid(chunk->item.upload_id.uuid)
                           : uploads.add_null();
        chunk != nullptr ? numbers.add_int4(chunk->item.n) : numbers.add_null();
        claim != nullptr ? limits.add_int8(claim->item.inline_limit) : limits.add_null();
        accepts.add_boolean(accept != nullptr);
        receives.add_boolean(std::holds_alternative<ReceiptWork>(work));
        accept != nullptr && !accept->item.payload ? reservers.add_text(accept->item.sender.view())
                                                   : reservers.add_null();
    }
    Parameters p;
    for (PgArray* array : {&ids, &events, &claims, &uploads, &numbers, &limits, &accepts, &receives, &reservers}) {
        p.push_back(keep(array->take()));
    }
    add(q::answer_items, std::move(p), true);
}

} // namespace relay::storage::postgres
