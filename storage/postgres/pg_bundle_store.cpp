#include "storage/postgres/pg_bundle_store.hpp"

#include "storage/postgres/bundle_job_queries.hpp"
#include "storage/postgres/bundle_jobs.hpp"

#include <algorithm>

namespace relay::storage::postgres {

namespace q = bundle_queries;

namespace {

constexpr std::size_t item_overhead = 512;
/// Most payloads of claims are far smaller than their limit.
constexpr std::size_t claim_weight = 64U << 10U;

} // namespace

Result<std::unique_ptr<PgBundleStore>>
PgBundleStore::start(const PgOptions& options, DbExecutor& executor, const Limits& limits, JobObserver observer) {
    auto url = complete_url(options.url, writer_settings, "careplan-relay writer");
    if (url.has_error()) {
        return url.error();
    }
    auto reader_url = complete_url(options.url, call_settings, "careplan-relay inbox reader");
    if (reader_url.has_error()) {
        return reader_url.error();
    }
    executor.add_queries(q::job_queries);
    return std::unique_ptr<PgBundleStore>(new PgBundleStore(*url, *reader_url, options, executor, limits, observer));
}

PgBundleStore::PgBundleStore(
    const std::string& writer_url,
    const std::string& reader_url,
    const PgOptions& options,
    DbExecutor& executor,
    const Limits& limits,
    const JobObserver& observer
)
    : executor_(executor),
      reader_(reader_url, limits.reader, observer) {
    for (std::size_t i = 0; i < std::max<std::size_t>(limits.writers, 1); ++i) {
        writers_.push_back(std::make_unique<CommitWriter>(writer_url, options, limits.writer, observer));
    }
}

template <class Work>
Awaitable<Result<typename Work::OutcomeType>> PgBundleStore::commit(typename Work::ItemType item, std::size_t weight) {
    using Outcome = typename Work::OutcomeType;
    return await_completion<Outcome>([this, kept = std::move(item), weight](auto completion) mutable {
        const auto writer = std::hash<BundleId>{}(kept.bundle_id) % writers_.size();
        auto waiting = std::make_unique<CommitItem>();
        waiting->weight = weight + item_overhead;
        waiting->work = Work{std::move(kept), std::move(completion)};
        writers_[writer]->submit(std::move(waiting));
    });
}

Awaitable<Result<AcceptOutcome>> PgBundleStore::accept(AcceptItem item) {
    const std::size_t weight = item.signed_manifest.size() + item.files_json.size() + item.chunk_digests.size() * 32 +
                               (item.payload ? item.payload->size() : 0) + (item.cover ? item.cover->size() : 0);
    return commit<AcceptWork>(std::move(item), weight);
}

Awaitable<Result<ChunkOutcome>> PgBundleStore::put_chunk(ChunkItem item) {
    const std::size_t weight = item.bytes ? item.bytes->size() : 0;
    return commit<ChunkWork>(std::move(item), weight);
}

Awaitable<Result<ClaimOutcome>> PgBundleStore::claim(ClaimItem item) {
    const std::size_t weight = item.inline_limit > 0 ? claim_weight : 0;
    return commit<ClaimWork>(std::move(item), weight);
}

Awaitable<Result<void>> PgBundleStore::cover(CoverageItem item) {
    const std::size_t weight = item.ranges.size() * 32;
    return commit<CoverageWork>(std::move(item), weight);
}

Awaitable<Result<BundleRecord>> PgBundleStore::receive_receipt(ReceiptItem item) {
    const std::size_t weight = item.signed_receipt.size() + item.ranges.size() * 32;
    return commit<ReceiptWork>(std::move(item), weight);
}

Awaitable<Result<void>> PgBundleStore::announce_object(std::string key) {
    return executor_.submit<void>(
        q::announce_object.name,
        Access::idempotent_write,
        [key = std::move(key)](pqxx::work& work) -> Result<void> {
            work.exec_prepared(q::announce_object.name, key);
            return {};
        }
    );
}

Awaitable<Result<bool>>
PgBundleStore::drop_upload(BundleId bundle_id, UploadId upload_id, protocol::DeliveryEvent refusal) {
    return executor_.submit<bool>(
        q::drop_upload.name,
        Access::write, // repeated, it would not know its own drop from another's
        [bundle_id, upload_id, refusal = std::move(refusal)](pqxx::work& work) -> Result<bool> {
            return bundle_jobs::drop_upload(work, bundle_id, upload_id, refusal);
        }
    );
}

Awaitable<Result<std::optional<BundleRecord>>>
PgBundleStore::withdraw(BundleId bundle_id, OfficeNumber sender, Attempt attempt) {
    using Outcome = std::optional<BundleRecord>;
    Job<Outcome> job = [bundle_id, sender, attempt = std::move(attempt)](pqxx::work& work) -> Result<Outcome> {
        return bundle_jobs::withdraw(work, bundle_id, sender, attempt);
    };
    auto found = co_await executor_.submit<Outcome>("withdraw", Access::idempotent_write, std::move(job));
    if (found.has_error() || !*found) {
        co_return std::move(found);
    }
    const BundleRecord& bundle = **found;
    if (bundle.sender != sender) {
        co_return protocol::errors::not_found("bundle of another office");
    }
    if (auto refusal = judge_withdrawal(bundle.facts())) {
        co_return std::move(*refusal);
    }
    co_return std::move(found);
}

Awaitable<Result<ChunkSource>>
PgBundleStore::locate_chunk(BundleId bundle_id, int n, ClaimId claim_id, OfficeNumber recipient) {
    using Located = std::optional<ChunkSource>;
    const Look<Located> look = [=](pqxx::transaction_base& work) -> Result<Located> {
        return bundle_jobs::locate_chunk(work, bundle_id, n, claim_id, recipient);
    };
    auto first = co_await executor_.submit_look<Located>(q::find_chunk.name, look);
    if (first.has_error()) {
        co_return std::move(first.error());
    }
    if (*first) {
        co_return std::move(**first);
    }
    // Settling is committed whatever the second look says: its events must not be lost with a refusal.
    Job<void> settle = [bundle_id](pqxx::work& work) -> Result<void> {
        bundle_jobs::settle(work, bundle_id);
        return {};
    };
    auto settled = co_await executor_.submit<void>("settle", Access::idempotent_write, std::move(settle));
    if (settled.has_error()) {
        co_return std::move(settled.error());
    }
    auto second = co_await executor_.submit_look<Located>(q::find_chunk.name, look);
    if (second.has_error()) {
        co_return std::move(second.error());
    }
    if (!*second) {
        co_return protocol::errors::unavailable("a bundle that is due again at once");
    }
    co_return std::move(**second);
}

Awaitable<Result<std::optional<BundleRecord>>> PgBundleStore::find(BundleId bundle_id, bool with_signed) {
    using Outcome = std::optional<BundleRecord>;
    return executor_.submit_look<Outcome>(
        q::find_bundle.name,
        [bundle_id, with_signed](pqxx::transaction_base& work) -> Result<Outcome> {
            return bundle_jobs::find(work, bundle_id, with_signed);
        }
    );
}

Awaitable<Result<ListPage>> PgBundleStore::list_outbox(OutboxQuery query) {
    return executor_.submit_look<ListPage>(
        q::list_outbox.name,
        [query = std::move(query)](pqxx::transaction_base& work) -> Result<ListPage> {
            return bundle_jobs::list_outbox(work, query);
        }
    );
}

Awaitable<Result<ListPage>> PgBundleStore::list_inbox(InboxQuery query) {
    if (query.state == BundleState::waiting) {
        return await_completion<ListPage>([this, query = std::move(query)](auto completion) mutable {
            auto look = std::make_unique<InboxLook>();
            look->query = std::move(query);
            look->completion = std::move(completion);
            reader_.submit(std::move(look));
        });
    }
    return executor_.submit_look<ListPage>(
        q::list_inbox.name,
        [query = std::move(query)](pqxx::transaction_base& work) -> Result<ListPage> {
            return bundle_jobs::list_inbox(work, query);
        }
    );
}

Awaitable<Result<int>> PgBundleStore::settle_due(int limit) {
    return executor_.submit<int>("settle_due", Access::idempotent_write, [limit](pqxx::work& work) -> Result<int> {
        return bundle_jobs::settle_due(work, limit);
    });
}

Awaitable<Result<std::vector<std::string>>> PgBundleStore::doomed_objects(protocol::Duration unfinished, int limit) {
    using Keys = std::vector<std::string>;
    const std::int64_t unfinished_ms = unfinished.count();
    // Committed on its own: a late commit of a chunk then fails instead of losing its bytes.
    Job<void> doom = [unfinished_ms, limit](pqxx::work& work) -> Result<void> {
        work.exec_prepared(q::doom_unfinished.name, unfinished_ms, limit);
        return {};
    };
    auto doomed = co_await executor_.submit<void>(q::doom_unfinished.name, Access::idempotent_write, std::move(doom));
    if (doomed.has_error()) {
        co_return std::move(doomed.error());
    }
    Job<Keys> take = [limit](pqxx::work& work) -> Result<Keys> {
        Keys keys;
        for (const auto& row : work.exec_prepared(q::take_doomed.name, limit)) {
            keys.emplace_back(row[0].c_str());
        }
        return keys;
    };
    auto keys = co_await executor_.submit<Keys>(q::take_doomed.name, Access::idempotent_write, std::move(take));
    co_return std::move(keys);
}

Awaitable<Result<void>> PgBundleStore::forget_objects(std::vector<std::string> keys) {
    return executor_.submit<void>(
        q::forget_objects.name,
        Access::idempotent_write,
        [keys = std::move(keys)](pqxx::work& work) -> Result<void> {
            bundle_jobs::forget_objects(work, keys);
            return {};
        }
    );
}

Awaitable<Result<void>> PgBundleStore::sweep_old_sessions() {
    return executor_
        .submit<void>(q::sweep_sessions.name, Access::idempotent_write, [](pqxx::work& work) -> Result<void> {
            work.exec_prepared(q::sweep_sessions.name);
            return {};
        });
}

std::size_t PgBundleStore::queued() const {
    std::size_t sum = reader_.queued();
    for (const auto& writer : writers_) {
        sum += writer->queued();
    }
    return sum;
}

void PgBundleStore::stop() {
    for (const auto& writer : writers_) {
        writer->stop();
    }
    reader_.stop();
}

} // namespace relay::storage::postgres
