#include "storage/postgres/sequencer.hpp"

#include "storage/postgres/connections.hpp"
#include "storage/postgres/log_mark.hpp"
#include "storage/postgres/sequencer_queries.hpp"

#include <utility>

namespace relay::storage::postgres {

namespace sql = sequencer_sql;

namespace {

constexpr std::chrono::milliseconds between_looks{150};
constexpr std::chrono::milliseconds between_marks{2000};
constexpr std::chrono::milliseconds between_tries{1000}; // for the lock, and for a connection
constexpr int batch = 1000;

// Its first look may be a long one, so statements have no time limit.
constexpr std::string_view settings = "-c lock_timeout=5000" RELAY_KEYED_PLANS;

} // namespace

protocol::Result<std::unique_ptr<Sequencer>> Sequencer::start(const std::string& url, OnGrowth on_growth) {
    const auto readable = complete_url(url, settings, "careplan-relay sequencer");
    if (readable.has_error()) {
        return readable.error();
    }
    std::unique_ptr<Sequencer> sequencer(new Sequencer(url, std::move(on_growth)));
    sequencer->thread_ = std::thread([raw = sequencer.get()] { raw->work(); });
    return sequencer;
}

Sequencer::Sequencer(std::string url, OnGrowth on_growth) : url_(std::move(url)), on_growth_(std::move(on_growth)) {
}

Sequencer::~Sequencer() {
    stop();
}

void Sequencer::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    if (thread_.joinable()) {
        thread_.join();
    }
}

SequencerStatus Sequencer::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

bool Sequencer::pause(std::chrono::milliseconds duration) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, duration, [this] { return stopping_; });
}

void Sequencer::work() {
    do {
        std::string cause;
        auto connection = open_connection(url_, settings, "careplan-relay sequencer");
        if (connection.has_error()) {
            cause = connection.error().cause;
        } else {
            try {
                prepare_all(**connection, sql::all);
                follow(**connection);
                return;
            } catch (...) { // the next connection asks for the lock anew
                cause = classify_current_exception().text;
            }
        }
        const std::lock_guard lock(mutex_);
        status_.leads = false;
        ++status_.failures;
        status_.last_failure = std::move(cause);
    } while (pause(between_tries));
}

void Sequencer::follow(pqxx::connection& connection) {
    bool locked = false;
    do {
        pqxx::nontransaction transaction(connection);
        locked = transaction.exec_prepared1(sql::try_lock.name)[0].as<bool>();
    } while (!locked && pause(between_tries));
    if (locked) {
        lead(connection);
    }
}

void Sequencer::lead(pqxx::connection& connection) {
    {
        pqxx::nontransaction transaction(connection);
        const auto size = transaction.exec_prepared1(sql::size.name)[0].as<std::int64_t>();
        const std::lock_guard lock(mutex_);
        status_.leads = true;
        status_.log_size = size;
    }
    LogMark mark(between_marks);
    PlanAge plans;
    std::int64_t from_xid = 0; // at first any: a restored database counts its transactions anew
    std::int64_t position = LogMark::read(connection);
    do {
        mark.before_look(connection);
        const auto next_xid = look(connection, plans, from_xid, position);
        if (!next_xid) {
            return;
        }
        mark.after_look(connection);
        from_xid = *next_xid;
        position = 0;
    } while (pause(between_looks));
}

/// Batches in the order of position until nothing is left. What the first batch could not see belongs to transactions
/// from its xmin on, which is where the next look begins.
std::optional<std::int64_t>
Sequencer::look(pqxx::connection& connection, PlanAge& plans, std::int64_t from_xid, std::int64_t position) {
    std::optional<std::int64_t> next_xid;
    do {
        renew_plans(connection, plans);
        pqxx::work transaction(connection, "sequencer");
        const Query& append = from_xid == 0 ? sql::append_all : sql::append_new;
        const pqxx::row row = transaction.exec_prepared1(append.name, from_xid, position, batch);
        const auto added = row["added"].as<std::int64_t>();
        transaction.commit();
        next_xid = next_xid.value_or(row["xmin"].as<std::int64_t>());
        std::int64_t size = 0;
        {
            const std::lock_guard lock(mutex_);
            status_.appended += added;
            if (added > 0) {
                status_.log_size = row["size"].as<std::int64_t>();
                position = row["position"].as<std::int64_t>();
            }
            size = status_.log_size;
            if (added < batch) {
                status_.last_run = std::chrono::steady_clock::now();
            }
        }
        if (added > 0 && on_growth_) {
            on_growth_(size);
        }
        if (added < batch) {
            return next_xid;
        }
    } while (pause(std::chrono::milliseconds(0)));
    return std::nullopt;
}

} // namespace relay::storage::postgres
