#include "server/api/lasting_call.hpp"

#include "server/ops/log.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <utility>

namespace relay::server::api {

namespace {

using Clock = std::chrono::steady_clock;
using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor>;

constexpr protocol::Duration longest_pause = std::chrono::seconds(60);

} // namespace

/// Outlives its call while the claims are being told.
struct LastingCall::State : std::enable_shared_from_this<State> {
    State(const Services& all, Executor executor, mailbox::Party caller, std::vector<HeldClaim> held)
        : services(all),
          timer(std::move(executor)),
          party(std::move(caller)),
          claims(std::move(held)),
          keep_one([this](std::size_t i) { return keep(i); }) {}

    Awaitable<void> keep(std::size_t i) {
        // A failure costs nothing now: the next one comes, and bytes that were sent are recorded with retries.
        [[maybe_unused]] const auto kept =
            co_await services.receiving.keep_alive(party, claims[i].bundle_id, claims[i].claim_id);
    }

    void arm() {
        timer.expires_after(std::min(services.config.claims.partial_lapse / 3, longest_pause));
        timer.async_wait([self = shared_from_this()](boost::system::error_code failure) {
            if (!failure && !self->ended) {
                self->tell();
            }
        });
    }

    void tell() {
        const auto told = [self = shared_from_this()](const std::exception_ptr& thrown) {
            if (thrown) {
                ops::log(ops::Level::error, "lasting_call_failed");
            }
            if (!self->ended) {
                self->arm();
            }
        };
        boost::asio::co_spawn(timer.get_executor(), gather(claims.size(), keep_one), told);
    }

    const Services& services;
    Timer timer;
    mailbox::Party party;
    std::vector<HeldClaim> claims;
    std::function<Awaitable<void>(std::size_t)> keep_one;
    bool ended = false;
};

LastingCall::LastingCall(
    const Services& services, Executor executor, mailbox::Party party, std::vector<HeldClaim> claims
)
    : state_(std::make_shared<State>(services, std::move(executor), std::move(party), std::move(claims))) {
    state_->arm();
}

LastingCall::~LastingCall() {
    state_->ended = true;
    state_->timer.cancel();
}

} // namespace relay::server::api
