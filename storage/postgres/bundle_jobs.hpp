// SQL on bundles that runs on the executor: single reads, and the transactions of withdrawal and the janitor. Each
// throws what libpqxx throws; the executor opens and commits. Used by pg_bundle_store alone.
#pragma once

#include "storage/bundle_store.hpp"

#include <pqxx/pqxx>

#include <optional>
#include <string>
#include <vector>

namespace relay::storage::postgres::bundle_jobs {

[[nodiscard]] std::optional<BundleRecord> find(pqxx::transaction_base& work, BundleId bundle_id, bool with_signed);
[[nodiscard]] ListPage list_outbox(pqxx::transaction_base& work, const OutboxQuery& query);
[[nodiscard]] ListPage list_inbox(pqxx::transaction_base& work, const InboxQuery& query);

/// Nothing: something is due for the bundle, which must be settled first.
[[nodiscard]] Result<std::optional<ChunkSource>>
locate_chunk(pqxx::transaction_base& work, BundleId bundle_id, int n, ClaimId claim_id, const OfficeNumber& recipient);

/// Carries out what is due for this bundle, and tells of it.
void settle(pqxx::work& work, BundleId bundle_id);
/// The same for at most `limit` bundles that nobody else has locked; how many there were.
[[nodiscard]] int settle_due(pqxx::work& work, int limit);
/// The bundle as it is then, for the caller to judge: what was settled stays, whatever comes of the withdrawal.
/// Nothing: there was an upload, which is dropped. Error: not_found.
[[nodiscard]] Result<std::optional<BundleRecord>>
withdraw(pqxx::work& work, BundleId bundle_id, const OfficeNumber& sender, const Attempt& attempt);

/// Drops this upload while it is unfinished; anything else is left alone.
bool drop_upload(pqxx::work& work, BundleId bundle_id, UploadId upload_id, const protocol::DeliveryEvent& refusal);

/// Forgets objects that are gone, and writes payload_destroyed for the bundles of which one was the last.
void forget_objects(pqxx::work& work, const std::vector<std::string>& keys);

} // namespace relay::storage::postgres::bundle_jobs
