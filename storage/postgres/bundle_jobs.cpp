#include "storage/postgres/bundle_jobs.hpp"

#include "storage/postgres/bundle_job_queries.hpp"
#include "storage/postgres/bundle_rows.hpp"
#include "storage/postgres/event_rows.hpp"
#include "storage/postgres/rows.hpp"

#include <algorithm>
#include <limits>

namespace relay::storage::postgres::bundle_jobs {

namespace q = bundle_queries;

namespace {

// find_chunk's own columns.
enum ChunkColumn : int { due = own_columns, digest, chunk_size, object_key, chunk_bytes };

std::optional<std::string> name_of(const std::optional<BundleState>& state) {
    return state ? std::optional(std::string(to_string(*state))) : std::nullopt;
}

std::optional<std::int64_t> ms_of(const std::optional<Time>& time) {
    return time ? std::optional(std::int64_t{time->time_since_epoch().count()}) : std::nullopt;
}

/// Of limit + 1 rows that were asked for.
ListPage page_of(const pqxx::result& rows, int limit) {
    ListPage page;
    page.more = rows.size() > static_cast<pqxx::result::size_type>(limit);
    for (const auto& row : rows) {
        if (page.bundles.size() == static_cast<std::size_t>(limit)) {
            break;
        }
        page.bundles.push_back(read_bundle(TextRow(row)));
    }
    return page;
}

/// After the locks were taken. `bundle_ids`: an array literal.
void settle_locked(pqxx::work& work, const std::string& bundle_ids) {
    work.exec_prepared(q::settle_bundles.name, bundle_ids);
}

} // namespace

std::optional<BundleRecord> find(pqxx::transaction_base& work, BundleId bundle_id, bool with_signed) {
    const auto rows = work.exec_prepared(q::find_bundle.name, bundle_id.str(), with_signed);
    return rows.empty() ? std::nullopt : std::optional(read_bundle(TextRow(rows[0])));
}

ListPage list_outbox(pqxx::transaction_base& work, const OutboxQuery& query) {
    const auto before = query.before.value_or(std::numeric_limits<std::int64_t>::max());
    return page_of(
        work.exec_prepared(
            q::list_outbox.name,
            query.sender.str(),
            before,
            query.limit + 1,
            name_of(query.state),
            ms_of(query.from),
            ms_of(query.to)
        ),
        query.limit
    );
}

ListPage list_inbox(pqxx::transaction_base& work, const InboxQuery& query) {
    const auto after = query.after.value_or(0);
    const auto rows =
        query.state ? work.exec_prepared(
                          q::list_inbox_state.name, query.recipient.str(), after, query.limit + 1, *name_of(query.state)
                      )
                    : work.exec_prepared(q::list_inbox.name, query.recipient.str(), after, query.limit + 1);
    return page_of(rows, query.limit);
}

Result<std::optional<ChunkSource>>
locate_chunk(pqxx::transaction_base& work, BundleId bundle_id, int n, ClaimId claim_id, const OfficeNumber& recipient) {
    const auto rows = work.exec_prepared(q::find_chunk.name, bundle_id.str(), std::max(n, 0), claim_id.str());
    if (rows.empty()) {
        return protocol::errors::not_found("bundle");
    }
    const TextRow row(rows[0]);
    const BundleRecord bundle = read_bundle(row);
    if (bundle.recipient != recipient) {
        return protocol::errors::not_found("bundle of another office");
    }
    if (row.boolean(due)) {
        return std::optional<ChunkSource>();
    }
    if (auto refusal = judge_read(bundle.facts(), claim_id)) {
        return std::move(*refusal);
    }
    if (n < 0 || n >= bundle.chunk_count) {
        return protocol::errors::not_found("chunk");
    }
    if (row.is_null(chunk_size) || row.is_null(digest)) {
        return protocol::errors::internal("a claimed bundle without all of its chunks");
    }
    ChunkSource source;
    source.size = row.integer(chunk_size);
    source.offset = n * bundle.chunk_size;
    source.sha256 = Digest::from_bytes(row.bytes(digest)).value_or(Digest());
    source.sender = bundle.sender;
    if (!row.is_null(chunk_bytes)) {
        source.bytes = row.bytes(chunk_bytes);
    }
    if (!row.is_null(object_key)) {
        source.object_key = row.text(object_key);
    }
    return std::optional(std::move(source));
}

void settle(pqxx::work& work, BundleId bundle_id) {
    const std::string ids = "{" + bundle_id.str() + "}";
    work.exec_prepared(q::lock_bundles.name, ids);
    settle_locked(work, ids);
    work.exec_prepared(q::notify_mailboxes.name, ids);
}

int settle_due(pqxx::work& work, int limit) {
    const auto rows = work.exec_prepared(q::lock_due.name, limit);
    if (rows.empty()) {
        return 0;
    }
    std::vector<std::string> bundle_ids;
    for (const auto& row : rows) {
        bundle_ids.emplace_back(row[0].c_str());
    }
    const std::string ids = to_text_array(bundle_ids);
    settle_locked(work, ids);
    work.exec_prepared(q::notify_mailboxes.name, ids);
    return static_cast<int>(rows.size());
}

Result<std::optional<BundleRecord>>
withdraw(pqxx::work& work, BundleId bundle_id, const OfficeNumber& sender, const Attempt& attempt) {
    const std::string ids = "{" + bundle_id.str() + "}";
    work.exec_prepared(q::lock_bundles.name, ids);
    settle_locked(work, ids);
    const auto dropped = work.exec_prepared(q::drop_upload.name, bundle_id.str(), sender.str(), nullptr);
    if (dropped.affected_rows() > 0) {
        settle_locked(work, ids);
        return std::optional<BundleRecord>();
    }
    const auto& certificate = attempt.actor.certificate_sha256;
    work.exec_prepared(
        q::withdraw_bundle.name,
        bundle_id.str(),
        sender.str(),
        attempt.event_id.str(),
        attempt.actor.user_id,
        certificate ? std::optional(certificate->hex()) : std::nullopt
    );
    work.exec_prepared(q::destroy_payloads.name, ids);
    work.exec_prepared(q::notify_mailboxes.name, ids);
    auto bundle = find(work, bundle_id, true);
    if (!bundle) {
        return protocol::errors::not_found("bundle");
    }
    return bundle;
}

bool drop_upload(pqxx::work& work, BundleId bundle_id, UploadId upload_id, const protocol::DeliveryEvent& refusal) {
    const std::string ids = "{" + bundle_id.str() + "}";
    work.exec_prepared(q::lock_bundles.name, ids);
    const auto due_now = work.exec_prepared(q::drop_upload.name, bundle_id.str(), nullptr, upload_id.str());
    if (due_now.affected_rows() == 0) {
        return false;
    }
    settle_locked(work, ids);
    insert_refusal(work, refusal);
    return true;
}

void forget_objects(pqxx::work& work, const std::vector<std::string>& keys) {
    const std::string key_array = to_text_array(keys);
    work.exec_prepared(q::lock_bundles_of_objects.name, key_array);
    std::vector<std::string> bundle_ids;
    for (const auto& row : work.exec_prepared(q::forget_objects.name, key_array)) {
        if (!row[0].is_null()) {
            bundle_ids.emplace_back(row[0].c_str());
        }
    }
    if (!bundle_ids.empty()) {
        work.exec_prepared(q::tell_destroyed.name, to_text_array(bundle_ids));
    }
}

} // namespace relay::storage::postgres::bundle_jobs
