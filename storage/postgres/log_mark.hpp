// Up to which position every event has its index, kept in the database (log_mark) so that a sequencer need not look
// through the whole log when it starts. Used on the sequencer's thread, over its connection, while it leads.
#pragma once

#include <pqxx/pqxx>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace relay::storage::postgres {

/// The last position is marked once every transaction that wrote events when it was read has ended, and a look for new
/// events that began later is complete: those transactions held a lock on the table before they got their positions.
class LogMark final {
public:
    /// Takes a step at most once in `interval`.
    explicit LogMark(std::chrono::milliseconds interval) : interval_(interval) {}

    /// The position that is marked. Throws what pqxx throws, as all here.
    [[nodiscard]] static std::int64_t read(pqxx::connection& connection);
    /// Before a look for new events.
    void before_look(pqxx::connection& connection);
    /// When it is complete.
    void after_look(pqxx::connection& connection);

private:
    struct Candidate {
        std::int64_t position = 0;
        std::string writers; ///< virtual transaction IDs, as an array of PostgreSQL
        bool settled = false;
    };

    bool is_time();

    std::chrono::milliseconds interval_;
    std::chrono::steady_clock::time_point next_;
    std::optional<Candidate> candidate_;
};

} // namespace relay::storage::postgres
