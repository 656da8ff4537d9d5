// Offices, items and stores for the tests of PgBundleStore.
#pragma once

#include "storage/postgres/pg_bundle_store.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/run_coro.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace relay::test {

using namespace storage;

inline const OfficeNumber sender_office = *OfficeNumber::parse("2670100011");
inline const OfficeNumber recipient_office = *OfficeNumber::parse("2670100029");
inline const OfficeNumber other_office = *OfficeNumber::parse("2670100037");

[[nodiscard]] EventId new_event_id();
[[nodiscard]] BundleId new_bundle_id();
[[nodiscard]] UploadId new_upload_id();
[[nodiscard]] ClaimId new_claim_id();
[[nodiscard]] Attempt attempt_of(const std::string& user_id);
[[nodiscard]] Bytes payload_of(std::size_t size);

/// An acceptance with its payload inline.
[[nodiscard]] AcceptItem whole(std::size_t size = 100);
/// A reservation of `chunks` chunks of 100 bytes.
[[nodiscard]] AcceptItem reservation(int chunks);
[[nodiscard]] ChunkItem chunk_of(const AcceptItem& upload, int n);
[[nodiscard]] ClaimItem claim_of(const AcceptItem& bundle);
[[nodiscard]] CoverageItem coverage_of(const ClaimItem& claim, std::vector<SentRange> ranges);
[[nodiscard]] ReceiptItem receipt_of(const AcceptItem& bundle, const ClaimItem& claim, protocol::Outcome outcome);

/// A migrated database with the three offices, and stores on it.
class BundleDatabase {
public:
    BundleDatabase();

    TestDatabase database;
    storage::postgres::PgOptions options; ///< of the stores that are opened from now on

    struct Store {
        std::unique_ptr<storage::postgres::DbExecutor> executor;
        std::unique_ptr<storage::postgres::PgBundleStore> bundles;
        storage::postgres::PgBundleStore* operator->() const { return bundles.get(); }
    };
    [[nodiscard]] Store open(storage::postgres::PgBundleStore::Limits limits = {}) const;

    /// Types of the bundle's events in the order of their insertion.
    [[nodiscard]] std::vector<std::string> events(BundleId bundle_id) const;
    /// The first column of the first row.
    [[nodiscard]] std::string value(const std::string& sql) const;
    [[nodiscard]] std::string state(BundleId bundle_id) const;
};

/// Waits, at most 20 s, until `holds`; calls the janitor in between.
void settle_until(const BundleDatabase::Store& store, const std::function<bool()>& holds);

} // namespace relay::test
