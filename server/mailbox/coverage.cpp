#include "server/mailbox/coverage.hpp"

#include "server/ops/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <map>
#include <mutex>
#include <utility>

namespace relay::server::mailbox {

namespace asio = boost::asio;
using Key = std::pair<protocol::BundleId, protocol::ClaimId>;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

/// How long an inline payload's coverage waits for its receipt. The contract wants bundle_sent within 1 s.
constexpr auto hold = std::chrono::milliseconds(500);
constexpr auto between_ticks = std::chrono::milliseconds(50);
constexpr auto first_pause = std::chrono::milliseconds(100);
constexpr auto longest_pause = std::chrono::seconds(5);
constexpr std::size_t max_entries = 200'000;

struct Entry {
    Party party;
    std::vector<storage::SentRange> ranges;
    SteadyTime due;
    bool under_way = false;
    std::chrono::milliseconds pause = first_pause;
};

} // namespace

struct Coverage::State : std::enable_shared_from_this<Coverage::State> {
    State(storage::BundleStore& b, asio::io_context& c, Clock k)
        : bundles(b),
          context(c),
          clock(std::move(k)),
          timer(c) {}

    /// Starts what is due, and comes back while anything is left. On the io_context.
    void tick() {
        std::vector<Key> due;
        bool again = false;
        const auto now = std::chrono::steady_clock::now();
        {
            const std::lock_guard lock(mutex);
            for (auto& [key, entry] : entries) {
                if (!entry.under_way && entry.due <= now) {
                    entry.under_way = true;
                    due.push_back(key);
                }
            }
            ticking = again = !entries.empty();
        }
        for (const auto& key : due) {
            asio::co_spawn(context, store_one(shared_from_this(), key), [](const std::exception_ptr& error) {
                if (error) {
                    ops::log(ops::Level::error, "coverage_failed");
                }
            });
        }
        if (again) {
            timer.expires_after(between_ticks);
            timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
                if (!error) {
                    self->tick();
                }
            });
        }
    }

    /// Coroutine parameters own what they need: the State outlives the Coverage while a write is under way.
    static Awaitable<void> store_one(std::shared_ptr<State> self, Key key) {
        storage::CoverageItem item;
        item.bundle_id = key.first;
        item.claim_id = key.second;
        {
            const std::lock_guard lock(self->mutex);
            auto& entry = self->entries.at(key);
            item.ranges = std::move(entry.ranges);
            entry.ranges.clear();
            item.attempt = new_attempt(entry.party, self->clock());
        }
        auto ranges = item.ranges;
        const auto stored = co_await self->bundles.cover(std::move(item));
        self->settle(key, stored.has_value(), std::move(ranges));
    }

    void settle(const Key& key, bool stored, std::vector<storage::SentRange> ranges) {
        const std::lock_guard lock(mutex);
        auto& entry = entries.at(key);
        entry.under_way = false;
        if (!stored) {
            entry.ranges.insert(entry.ranges.end(), ranges.begin(), ranges.end());
            entry.due = std::chrono::steady_clock::now() + entry.pause;
            entry.pause = std::min<std::chrono::milliseconds>(entry.pause * 2, longest_pause);
        } else if (entry.ranges.empty()) {
            entries.erase(key);
        }
    }

    void wake() {
        asio::post(context, [self = shared_from_this()] { self->tick(); });
    }

    storage::BundleStore& bundles;
    asio::io_context& context;
    Clock clock;
    asio::steady_timer timer;
    mutable std::mutex mutex;
    std::map<Key, Entry> entries;
    bool draining = false;
    bool ticking = false; ///< the timer is armed, or tick() about to run
};

Coverage::Coverage(storage::BundleStore& bundles, asio::io_context& context, Clock clock)
    : state_(std::make_shared<State>(bundles, context, std::move(clock))) {
}

Coverage::~Coverage() = default;

void Coverage::add(
    const Party& party,
    protocol::BundleId bundle_id,
    protocol::ClaimId claim_id,
    storage::SentRange range,
    bool wait_for_receipt
) {
    bool wake = false;
    {
        const std::lock_guard lock(state_->mutex);
        const auto now = std::chrono::steady_clock::now();
        const bool wait = wait_for_receipt && !state_->draining && state_->entries.size() < max_entries;
        const auto due = wait ? now + hold : now;
        auto [place, fresh] = state_->entries.try_emplace(Key{bundle_id, claim_id});
        auto& entry = place->second;
        entry.party = party;
        entry.due = fresh ? due : std::min(entry.due, due);
        entry.ranges.push_back(range);
        wake = !wait || !std::exchange(state_->ticking, true);
    }
    if (wake) {
        state_->wake();
    }
}

std::vector<storage::SentRange> Coverage::take(protocol::BundleId bundle_id, protocol::ClaimId claim_id) {
    const std::lock_guard lock(state_->mutex);
    const auto place = state_->entries.find(Key{bundle_id, claim_id});
    if (place == state_->entries.end()) {
        return {};
    }
    auto ranges = std::move(place->second.ranges);
    place->second.ranges.clear();
    if (!place->second.under_way) {
        state_->entries.erase(place);
    }
    return ranges;
}

void Coverage::flush() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->draining = true;
        for (auto& [key, entry] : state_->entries) {
            entry.due = std::chrono::steady_clock::now();
        }
    }
    state_->wake();
}

bool Coverage::idle() const {
    const std::lock_guard lock(state_->mutex);
    return state_->entries.empty();
}

} // namespace relay::server::mailbox
