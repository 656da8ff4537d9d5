#include "storage/postgres/bundle_rows.hpp"

#include <algorithm>
#include <charconv>

namespace relay::storage::postgres {

namespace {

// The order of RELAY_BUNDLE_COLUMNS.
enum Column : int {
    bundle_id,
    upload_id,
    sender,
    recipient,
    state,
    manifest_sha256,
    created_at,
    accepted_at,
    expires_at,
    claimed_at,
    fetched_at,
    rejected_at,
    withdrawn_at,
    expired_at,
    claim_id,
    last_call_at,
    every_byte_sent,
    confirmation,
    receipt_outcome,
    reason,
    payload_size,
    chunk_size,
    chunk_count,
    in_place,
    out_place,
    present_chunks,
    files_json,
    cover,
    chunk_digests,
    signed_manifest,
    signed_receipt,
    column_count,
};
static_assert(column_count == own_columns);

template <class Row>
std::string text_or_empty(const Row& row, int column) {
    return row.is_null(column) ? std::string() : row.text(column);
}

template <class Row>
std::optional<std::string> optional_text(const Row& row, int column) {
    return row.is_null(column) ? std::nullopt : std::optional(row.text(column));
}

template <class Row>
Bytes bytes_or_empty(const Row& row, int column) {
    return row.is_null(column) ? Bytes() : row.bytes(column);
}

template <class Row>
std::int64_t integer_or_zero(const Row& row, int column) {
    return row.is_null(column) ? 0 : row.integer(column);
}

template <class Row>
std::optional<Time> optional_time(const Row& row, int column) {
    return row.is_null(column) ? std::nullopt : std::optional(row.time(column));
}

std::vector<Digest> split_digests(protocol::BytesView all) {
    std::vector<Digest> out;
    for (std::size_t at = 0; at + 32 <= all.size(); at += 32) {
        out.push_back(Digest::from_bytes(all.subspan(at, 32)).value_or(Digest()));
    }
    return out;
}

/// `present`: numbers of the chunks that are there, with commas between.
std::vector<int> missing_of(std::string_view present, int chunk_count) {
    std::vector<bool> there(static_cast<std::size_t>(std::max(chunk_count, 0)));
    while (!present.empty()) {
        std::size_t n = 0;
        const auto read = std::from_chars(present.data(), present.data() + present.size(), n);
        if (n < there.size()) {
            there[n] = true;
        }
        const auto used = static_cast<std::size_t>(read.ptr - present.data());
        present.remove_prefix(std::min(present.size(), used + 1));
    }
    std::vector<int> missing;
    for (std::size_t n = 0; n < there.size(); ++n) {
        if (!there[n]) {
            missing.push_back(static_cast<int>(n));
        }
    }
    return missing;
}

template <class Row>
void read_life(const Row& row, BundleRecord& out) {
    out.state = protocol::parse_bundle_state(row.text(state)).value_or(BundleState::uploading);
    out.accepted_at = optional_time(row, accepted_at);
    out.expires_at = optional_time(row, expires_at);
    out.claimed_at = optional_time(row, claimed_at);
    out.fetched_at = optional_time(row, fetched_at);
    out.rejected_at = optional_time(row, rejected_at);
    out.withdrawn_at = optional_time(row, withdrawn_at);
    out.expired_at = optional_time(row, expired_at);
    out.last_call_at = optional_time(row, last_call_at);
    if (!row.is_null(claim_id)) {
        out.claim_id = ClaimId{row.uuid(claim_id)};
    }
    out.every_byte_sent = row.boolean(every_byte_sent);
    out.confirmation = optional_text(row, confirmation);
    out.reason = optional_text(row, reason);
    if (!row.is_null(receipt_outcome)) {
        const bool rejected = row.text(receipt_outcome) == to_string(protocol::Outcome::rejected);
        out.receipt_outcome = rejected ? protocol::Outcome::rejected : protocol::Outcome::stored;
    }
}

template <class Row>
BundleRecord read(const Row& row) {
    BundleRecord out;
    out.bundle_id = BundleId{row.uuid(bundle_id)};
    out.upload_id = UploadId{row.uuid(upload_id)};
    out.sender = OfficeNumber::parse(row.text(sender)).value_or(OfficeNumber());
    out.recipient = OfficeNumber::parse(row.text(recipient)).value_or(OfficeNumber());
    out.manifest_sha256 = Digest::from_bytes(row.bytes(manifest_sha256)).value_or(Digest());
    out.created_at = optional_time(row, created_at).value_or(Time());
    read_life(row, out);
    out.payload_size = row.integer(payload_size);
    out.chunk_size = row.integer(chunk_size);
    out.chunk_count = static_cast<int>(row.integer(chunk_count));
    out.in_place = integer_or_zero(row, in_place);
    out.out_place = integer_or_zero(row, out_place);
    if (out.state == BundleState::uploading) {
        out.missing_chunks = missing_of(text_or_empty(row, present_chunks), out.chunk_count);
    }
    out.files_json = text_or_empty(row, files_json);
    if (!row.is_null(cover)) {
        out.cover = row.bytes(cover);
    }
    out.chunk_digests = split_digests(bytes_or_empty(row, chunk_digests));
    out.signed_manifest = bytes_or_empty(row, signed_manifest);
    out.signed_receipt = bytes_or_empty(row, signed_receipt);
    return out;
}

} // namespace

protocol::Bytes TextRow::bytes(int column) const {
    const pqxx::binarystring raw(field(column));
    return {raw.begin(), raw.end()};
}

protocol::Uuid TextRow::uuid(int column) const {
    return protocol::Uuid::parse(text(column)).value_or(protocol::Uuid());
}

BundleRecord read_bundle(const BinaryRow& row) {
    return read(row);
}

BundleRecord read_bundle(const TextRow& row) {
    return read(row);
}

} // namespace relay::storage::postgres
