#include "storage/postgres/db_executor.hpp"

#include "storage/postgres/connections.hpp"
#include "storage/postgres/event_rows.hpp"
#include "storage/postgres/sql_error.hpp"

#include <algorithm>
#include <cstring>

namespace relay::storage::postgres {

namespace {

using Clock = std::chrono::steady_clock;
using What = SqlFailure::What;

JobTime since(Clock::time_point begin) {
    return between(begin, Clock::now());
}

/// Notices a commit that a dead synchronous standby never confirmed: PostgreSQL only warns of it, and libpqxx hands out
/// nothing of a warning but its text (docs/operations.md).
class ReplicationWatch final : public pqxx::errorhandler {
public:
    explicit ReplicationWatch(pqxx::connection& connection) : errorhandler(connection) {}
    bool operator()(const char message[]) noexcept override {
        unconfirmed = unconfirmed || std::strstr(message, "synchronous replication") != nullptr;
        return false;
    }
    bool unconfirmed = false;
};

} // namespace

struct DbExecutor::Worker {
    explicit Worker(const std::string& where) : url(where) {}

    void disconnect() {
        watch.reset();
        connection.reset();
        prepared = 0;
        plans = PlanAge();
    }

    const std::string& url;
    std::unique_ptr<pqxx::connection> connection;
    std::unique_ptr<ReplicationWatch> watch;
    std::size_t prepared = 0;
    PlanAge plans;
};

protocol::Result<std::unique_ptr<DbExecutor>>
DbExecutor::start(const PgOptions& options, Limits limits, JobObserver observer) {
    auto url = complete_url(options.url, call_settings, "careplan-relay");
    if (url.has_error()) {
        return url.error();
    }
    auto audit_url = options.audit_url.empty()
                         ? complete_url(options.url, audit_role_settings, "careplan-relay audit")
                         : complete_url(options.audit_url, audit_settings, "careplan-relay audit");
    if (audit_url.has_error()) {
        return audit_url.error();
    }
    std::unique_ptr<DbExecutor> executor(
        new DbExecutor(std::move(*url), std::move(*audit_url), limits, std::move(observer))
    );
    for (int i = 0; i < std::max(options.connections, 1); ++i) {
        executor->workers_.emplace_back([raw = executor.get()] { raw->work(raw->calls_, raw->url_); });
    }
    executor->workers_.emplace_back([raw = executor.get()] { raw->work(raw->audits_, raw->audit_url_); });
    executor->workers_.emplace_back([raw = executor.get()] { raw->work(raw->registry_, raw->url_); });
    return executor;
}

DbExecutor::DbExecutor(std::string url, std::string audit_url, Limits limits, JobObserver observer)
    : url_(std::move(url)),
      audit_url_(std::move(audit_url)),
      observer_(std::move(observer)),
      calls_(limits.queue),
      audits_(limits.queue),
      registry_(limits.queue) {
    add_queries(event_row_queries());
}

DbExecutor::~DbExecutor() {
    stop();
}

void DbExecutor::add_queries(std::span<const Query> queries) {
    const std::lock_guard lock(queries_mutex_);
    queries_.insert(queries_.end(), queries.begin(), queries.end());
    query_count_ = queries_.size();
}

std::size_t DbExecutor::queued() const {
    return calls_.size() + audits_.size() + registry_.size();
}

void DbExecutor::stop() {
    for (Queue* queue : {&calls_, &audits_, &registry_}) {
        for (const auto& task : queue->close_and_empty()) {
            task->set_error(protocol::errors::unavailable("the database workers are stopping"));
            task->deliver();
        }
    }
    workers_.clear(); // joins
}

void DbExecutor::push(Queue& queue, std::unique_ptr<Task> task) {
    if (!queue.push(std::move(task))) {
        task->set_error(protocol::errors::unavailable("the database queue is full or closed"));
        task->deliver();
    }
}

void DbExecutor::work(Queue& queue, const std::string& url) {
    Worker worker(url);
    while (const auto task = queue.take()) {
        perform(worker, **task);
        (*task)->deliver();
    }
}

void DbExecutor::perform(Worker& worker, Task& task) {
    const auto waited = since(task.queued_at_);
    const auto begin = Clock::now();
    bool ok = false;
    bool repeated = false;
    bool in_doubt = false; // whether an attempt before was committed
    int conflicts = 0;
    while (connect(worker, task)) {
        SqlFailure failure;
        try {
            renew_plans(*worker.connection, worker.plans);
            worker.watch->unconfirmed = false;
            ok = task.attempt(*worker.connection);
            if (ok && worker.watch->unconfirmed && task.access_ != Access::read) {
                task.set_error(protocol::errors::internal(std::string(task.name_) + ": no standby confirmed the commit")
                );
                ok = false;
            }
            break;
        } catch (...) {
            failure = classify_current_exception();
        }
        // libpqxx has no type of its own for every call that finds the connection gone.
        if (failure.what == What::other && !worker.connection->is_open()) {
            failure.what = task.access_ == Access::read ? What::broken : What::in_doubt;
        }
        if (failure.what == What::broken || failure.what == What::in_doubt) {
            worker.disconnect();
            in_doubt = in_doubt || failure.what == What::in_doubt;
            const bool may_repeat = failure.what == What::broken || task.access_ != Access::write;
            if (may_repeat && !repeated) {
                repeated = true;
                continue;
            }
        } else if (failure.what == What::conflict && ++conflicts <= 3) {
            continue;
        }
        task.set_error(to_error(failure, task.name_));
        break;
    }
    if (in_doubt && !ok && task.access_ != Access::read) {
        // What the repetition failed of says nothing of the first attempt: never "nothing was kept".
        task.set_error(protocol::errors::internal(std::string(task.name_) + ": the commit's outcome is unknown"));
    }
    if (observer_) {
        observer_(task.name_, waited, since(begin), ok);
    }
}

bool DbExecutor::connect(Worker& worker, Task& task) {
    if (worker.connection) {
        prepare_new(worker);
        return true;
    }
    if (refusal_.holds()) {
        task.set_error(protocol::errors::unavailable("no connection to the database a moment ago"));
        return false;
    }
    try {
        worker.connection = std::make_unique<pqxx::connection>(worker.url);
        worker.connection->set_verbosity(pqxx::connection_base::terse); // DETAIL may hold values of rows
        worker.watch = std::make_unique<ReplicationWatch>(*worker.connection);
        prepare_new(worker);
        return true;
    } catch (...) {
        const SqlFailure failure = classify_current_exception();
        worker.disconnect();
        refusal_.note();
        task.set_error(protocol::errors::unavailable("connecting to the database: " + failure.text));
        return false;
    }
}

void DbExecutor::prepare_new(Worker& worker) {
    if (worker.prepared == query_count_) {
        return;
    }
    const std::lock_guard lock(queries_mutex_);
    for (; worker.prepared < queries_.size(); ++worker.prepared) {
        // libpqxx sends the PREPARE with the statement's first use.
        worker.connection->prepare(queries_[worker.prepared].name, queries_[worker.prepared].sql);
    }
}

} // namespace relay::storage::postgres
