#include "server/accounts/turns.hpp"

namespace relay::server::accounts {

std::optional<Turns::Turn> Turns::take(const protocol::UserId& of) {
    const std::lock_guard lock(mutex_);
    int& held = held_[of];
    if (held >= most_of_one_) {
        return std::nullopt;
    }
    ++held;
    return Turn(*this, of);
}

Turns::Turn::~Turn() {
    if (turns_ == nullptr) {
        return;
    }
    const std::lock_guard lock(turns_->mutex_);
    const auto held = turns_->held_.find(of_);
    if (--held->second == 0) {
        turns_->held_.erase(held);
    }
}

} // namespace relay::server::accounts
