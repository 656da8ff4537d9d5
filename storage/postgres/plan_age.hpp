// How long a connection keeps its plans. One that was made while a table was empty may go through all of the table for
// each row, and PostgreSQL itself thinks of another only when it next analyzes the table.
#pragma once

#include "storage/postgres/query.hpp"

#include <chrono>

namespace relay::storage::postgres {

/// Forgets the plans, not the statements.
inline constexpr Query discard_plans{"discard_plans", "DISCARD PLANS"};

/// Of one connection, from when it was opened. One thread's own.
class PlanAge final {
public:
    static constexpr std::chrono::seconds usual_life{10};

    explicit PlanAge(std::chrono::milliseconds life = usual_life) : life_(life) {}

    /// True when the plans are to be discarded before the next statement; they are young again then.
    [[nodiscard]] bool is_over() {
        const auto now = std::chrono::steady_clock::now();
        if (now < end_) {
            return false;
        }
        end_ = now + life_;
        return true;
    }

private:
    std::chrono::milliseconds life_;
    std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now() + life_;
};

} // namespace relay::storage::postgres
