#include "storage/postgres/log_mark.hpp"

#include "storage/postgres/sequencer_queries.hpp"

namespace relay::storage::postgres {

namespace sql = sequencer_sql;

std::int64_t LogMark::read(pqxx::connection& connection) {
    pqxx::nontransaction transaction(connection);
    return transaction.exec_prepared1(sql::read_mark.name)[0].as<std::int64_t>();
}

bool LogMark::is_time() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) {
        return false;
    }
    next_ = now + interval_;
    return true;
}

void LogMark::before_look(pqxx::connection& connection) {
    if (candidate_ && !candidate_->settled && is_time()) {
        pqxx::nontransaction transaction(connection);
        candidate_->settled = transaction.exec_prepared1(sql::have_ended.name, candidate_->writers)[0].as<bool>();
    }
}

void LogMark::after_look(pqxx::connection& connection) {
    if (candidate_ && candidate_->settled) {
        pqxx::nontransaction transaction(connection);
        transaction.exec_prepared0(sql::move_mark.name, candidate_->position);
        candidate_.reset();
    }
    if (!candidate_ && is_time()) {
        pqxx::nontransaction transaction(connection);
        const pqxx::row row = transaction.exec_prepared1(sql::last_position.name);
        candidate_ = Candidate{row["position"].as<std::int64_t>(), row["writers"].c_str()};
    }
}

} // namespace relay::storage::postgres
