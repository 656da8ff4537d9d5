// How much of what all accounts share one of them may hold at once. Used by passwords alone.
#pragma once

#include "protocol/ids.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace relay::server::accounts {

/// Thread-safe; outlives its turns.
class Turns final {
public:
    explicit Turns(int most_of_one) : most_of_one_(most_of_one) {}

    /// Given back when it is destroyed.
    class Turn final {
    public:
        Turn() = default;
        Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)), of_(std::move(other.of_)) {}
        Turn& operator=(Turn&& other) noexcept {
            std::swap(turns_, other.turns_);
            std::swap(of_, other.of_);
            return *this;
        }
        ~Turn();

    private:
        friend class Turns;
        Turn(Turns& turns, protocol::UserId of) : turns_(&turns), of_(std::move(of)) {}
        Turns* turns_ = nullptr; ///< null: none, or moved away
        protocol::UserId of_;
    };
    /// Nothing: this account holds as many as one may.
    [[nodiscard]] std::optional<Turn> take(const protocol::UserId& of);

private:
    int most_of_one_;
    std::mutex mutex_;
    std::map<protocol::UserId, int> held_;
};

} // namespace relay::server::accounts
