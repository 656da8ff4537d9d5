#include "storage/postgres/commit_answers.hpp"

#include "storage/postgres/bundle_rows.hpp"

namespace relay::storage::postgres {

namespace {

// What follows a bundle's columns; from `mine` on in answer_items alone.
enum Column : int { item_id = own_columns, payload, mine, lapsed_here, chunk_there, outstanding };

std::optional<BundleRecord> bundle_of(const BinaryRow& row) {
    return row.is_null(0) ? std::nullopt : std::optional(read_bundle(row));
}

template <class T>
std::optional<Result<T>> refuse(protocol::Error error) {
    return std::optional<Result<T>>(std::in_place, std::move(error));
}

std::optional<Result<AcceptOutcome>> judge(AcceptItem& item, const BinaryRow& row, std::int64_t quota) {
    auto bundle = bundle_of(row);
    if (!bundle) {
        const bool over = !item.payload && row.integer(outstanding) + item.payload_size > quota;
        // Other uploads of the office finish in minutes, or are dropped.
        return over ? refuse<AcceptOutcome>(protocol::Error(protocol::ErrorCode::quota_exceeded).after(60))
                    : std::nullopt;
    }
    AcceptOutcome outcome;
    outcome.bundle = std::move(*bundle);
    outcome.what = AcceptOutcome::What::known;
    if (outcome.bundle.upload_id == item.upload_id) {
        // What was just stored need not travel back.
        outcome.what = AcceptOutcome::What::created;
        outcome.bundle.files_json = std::move(item.files_json);
        outcome.bundle.cover = std::move(item.cover);
        outcome.bundle.chunk_digests = std::move(item.chunk_digests);
    } else {
        outcome.payload = std::move(item.payload);
    }
    return outcome;
}

std::optional<Result<ChunkOutcome>> judge(const ChunkItem& item, const BinaryRow& row, std::int64_t /*quota*/) {
    auto bundle = bundle_of(row);
    if (!bundle || bundle->upload_id != item.upload_id || !row.boolean(chunk_there)) {
        return refuse<ChunkOutcome>(protocol::errors::not_found("no such upload any more"));
    }
    ChunkOutcome outcome;
    outcome.completed = row.boolean(mine);
    outcome.bundle = std::move(*bundle);
    return outcome;
}

std::optional<Result<ClaimOutcome>> judge(const ClaimItem& item, const BinaryRow& row, std::int64_t /*quota*/) {
    auto bundle = bundle_of(row);
    if (!bundle || bundle->recipient != item.recipient) {
        return refuse<ClaimOutcome>(protocol::errors::not_found("bundle"));
    }
    if (bundle->state != BundleState::claimed || bundle->claim_id != item.claim_id) {
        auto refusal = judge_claim(bundle->facts(), item.claim_id, row.boolean(lapsed_here));
        return refusal ? refuse<ClaimOutcome>(std::move(*refusal)) : std::nullopt;
    }
    ClaimOutcome outcome;
    outcome.bundle = std::move(*bundle);
    if (!row.is_null(payload)) {
        outcome.payload = row.bytes(payload);
    }
    return outcome;
}

std::optional<Result<BundleRecord>> judge(const ReceiptItem& item, const BinaryRow& row, std::int64_t /*quota*/) {
    auto bundle = bundle_of(row);
    if (!bundle || bundle->recipient != item.recipient) {
        return refuse<BundleRecord>(protocol::errors::not_found("bundle"));
    }
    if (bundle->state != BundleState::uploading && bundle->manifest_sha256 != item.manifest_sha256) {
        std::vector<protocol::Finding> findings{{"/manifest_sha256", "inconsistent", {}, {}}};
        return refuse<BundleRecord>(protocol::Error(protocol::ErrorCode::bad_receipt, std::move(findings)));
    }
    if (auto refusal = judge_receipt(bundle->facts(), item.claim_id, item.outcome)) {
        return refuse<BundleRecord>(std::move(*refusal));
    }
    return bundle->receipt_outcome ? std::optional<Result<BundleRecord>>(std::move(*bundle)) : std::nullopt;
}

} // namespace

bool conclude(CommitItem& item, const BinaryRow& row, std::int64_t quota) {
    return std::visit(
        [&row, quota](auto& work) {
            if constexpr (std::is_void_v<typename std::decay_t<decltype(work)>::OutcomeType>) {
                work.completion->complete({});
                return true;
            } else {
                auto result = judge(work.item, row, quota);
                if (result) {
                    work.completion->complete(std::move(*result));
                }
                return result.has_value();
            }
        },
        item.work
    );
}

BundleId item_of(const BinaryRow& row) {
    return BundleId{row.uuid(item_id)};
}

} // namespace relay::storage::postgres
