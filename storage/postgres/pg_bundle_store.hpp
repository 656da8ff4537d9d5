// Bundles in PostgreSQL: hot writes through commit writers, looks for what waits through the inbox reader, other reads
// and rare writes through the executor.
#pragma once

#include "storage/bundle_store.hpp"
#include "storage/postgres/commit_writer.hpp"
#include "storage/postgres/db_executor.hpp"
#include "storage/postgres/inbox_reader.hpp"
#include "storage/postgres/pg_options.hpp"

#include <memory>
#include <vector>

namespace relay::storage::postgres {

class PgBundleStore final : public BundleStore {
public:
    struct Limits {
        /// Threads, each with a connection. A second one halves the groups, which costs more than it gains.
        std::size_t writers = 1;
        CommitWriter::Limits writer;
        InboxReader::Limits reader;
    };

    /// Starts the writers; they connect on first use. `executor` must outlive the store.
    /// Error: malformed_request for a connection string that libpq cannot read.
    [[nodiscard]] static Result<std::unique_ptr<PgBundleStore>>
    start(const PgOptions& options, DbExecutor& executor, const Limits& limits, JobObserver observer);
    [[nodiscard]] static Result<std::unique_ptr<PgBundleStore>> start(const PgOptions& options, DbExecutor& executor) {
        return start(options, executor, Limits{}, nullptr);
    }

    [[nodiscard]] Awaitable<Result<AcceptOutcome>> accept(AcceptItem item) override;
    [[nodiscard]] Awaitable<Result<void>> announce_object(std::string key) override;
    [[nodiscard]] Awaitable<Result<ChunkOutcome>> put_chunk(ChunkItem item) override;
    [[nodiscard]] Awaitable<Result<ClaimOutcome>> claim(ClaimItem item) override;
    [[nodiscard]] Awaitable<Result<void>> cover(CoverageItem item) override;
    [[nodiscard]] Awaitable<Result<BundleRecord>> receive_receipt(ReceiptItem item) override;
    [[nodiscard]] Awaitable<Result<bool>>
    drop_upload(BundleId bundle_id, UploadId upload_id, protocol::DeliveryEvent refusal) override;
    [[nodiscard]] Awaitable<Result<std::optional<BundleRecord>>>
    withdraw(BundleId bundle_id, OfficeNumber sender, Attempt attempt) override;
    [[nodiscard]] Awaitable<Result<ChunkSource>>
    locate_chunk(BundleId bundle_id, int n, ClaimId claim_id, OfficeNumber recipient) override;
    [[nodiscard]] Awaitable<Result<std::optional<BundleRecord>>> find(BundleId bundle_id, bool with_signed) override;
    [[nodiscard]] Awaitable<Result<ListPage>> list_outbox(OutboxQuery query) override;
    [[nodiscard]] Awaitable<Result<ListPage>> list_inbox(InboxQuery query) override;
    [[nodiscard]] Awaitable<Result<int>> settle_due(int limit) override;
    [[nodiscard]] Awaitable<Result<std::vector<std::string>>>
    doomed_objects(protocol::Duration unfinished, int limit) override;
    [[nodiscard]] Awaitable<Result<void>> forget_objects(std::vector<std::string> keys) override;
    [[nodiscard]] Awaitable<Result<void>> sweep_old_sessions() override;

    /// Items that wait for a group, over all writers, and looks that wait for a reader.
    [[nodiscard]] std::size_t queued() const;
    /// Ends the writers and the reader; what is still queued, and all that comes later, completes as unavailable.
    void stop();

private:
    PgBundleStore(
        const std::string& writer_url,
        const std::string& reader_url,
        const PgOptions& options,
        DbExecutor& executor,
        const Limits& limits,
        const JobObserver& observer
    );

    template <class Work>
    Awaitable<Result<typename Work::OutcomeType>> commit(typename Work::ItemType item, std::size_t weight);

    DbExecutor& executor_;
    std::vector<std::unique_ptr<CommitWriter>> writers_;
    InboxReader reader_;
};

} // namespace relay::storage::postgres
