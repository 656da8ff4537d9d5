#include "server/mailbox/changes.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <unordered_map>

namespace relay::server::mailbox {

namespace asio = boost::asio;
using protocol::OfficeNumber;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;

struct Changes::Waiter::State {
    Changes& hub;
    Part& part;
    OfficeNumber office;
    Heed heed;
    Timer timer;
    bool changed = false;
    bool abandoned = false;
};

/// Touched on its own io_context only, but for what says otherwise.
struct Changes::Part {
    explicit Part(asio::io_context& c) : context(c), slices(c) {}

    void add(Waiter::State& waiter) {
        const std::lock_guard lock(mutex);
        waiters.emplace(waiter.office, &waiter);
    }
    void remove(const Waiter::State& waiter) {
        const std::lock_guard lock(mutex);
        const auto [first, last] = waiters.equal_range(waiter.office);
        waiters.erase(std::find_if(first, last, [&waiter](const auto& entry) { return entry.second == &waiter; }));
    }
    /// From any thread: somebody here waits for one of these. Most changes concern nobody's poll, and a context that is
    /// woken for nothing costs more than the look.
    [[nodiscard]] bool concerned(const std::vector<storage::MailboxChange>& changes) {
        const std::lock_guard lock(mutex);
        return std::any_of(changes.begin(), changes.end(), [this](const auto& change) {
            const auto [first, last] = waiters.equal_range(change.office);
            return std::any_of(first, last, [&](const auto& entry) { return heeds(*entry.second, change); });
        });
    }
    void wake(const storage::MailboxChange& change) {
        const auto [first, last] = waiters.equal_range(change.office);
        for (auto place = first; place != last; ++place) {
            if (heeds(*place->second, change)) {
                wake(*place->second);
            }
        }
    }
    static bool heeds(const Waiter::State& waiter, const storage::MailboxChange& change) {
        return change.arrived || waiter.heed == Heed::every_change;
    }
    static void wake(Waiter::State& waiter) {
        waiter.changed = true;
        waiter.timer.cancel();
    }
    void wake_everybody() {
        for (auto& [office, waiter] : waiters) {
            wake(*waiter);
        }
    }

    /// Wakes the next of `everybody`, a share at a time, so that the database is not asked by all at once.
    void
    wake_slice(std::shared_ptr<std::vector<OfficeNumber>> everybody, std::size_t from, std::chrono::milliseconds over) {
        constexpr std::size_t slices_in_all = 20;
        const auto share = everybody->size() / slices_in_all + 1;
        const auto to = std::min(everybody->size(), from + share);
        for (auto i = from; i < to; ++i) {
            wake({(*everybody)[i], true});
        }
        if (to == everybody->size()) {
            return;
        }
        slices.expires_after(over / slices_in_all);
        slices.async_wait([this, everybody = std::move(everybody), to, over](boost::system::error_code error) mutable {
            if (!error) {
                wake_slice(std::move(everybody), to, over);
            }
        });
    }

    asio::io_context& context;
    std::mutex mutex; ///< held to change `waiters`, and to read them from another thread
    std::unordered_multimap<OfficeNumber, Waiter::State*> waiters;
    asio::steady_timer slices;
};

Changes::Changes(std::vector<asio::io_context*> contexts) {
    for (auto* context : contexts) {
        parts_.push_back(std::make_unique<Part>(*context));
    }
}
Changes::~Changes() = default;

Changes::Waiter::Waiter(std::unique_ptr<State> state) : state_(std::move(state)) {
}
Changes::Waiter::Waiter(Waiter&&) noexcept = default;

Changes::Waiter::~Waiter() {
    if (!state_) {
        return;
    }
    state_->part.remove(*state_);
    state_->hub.parked_.fetch_sub(1, std::memory_order_relaxed);
}

Changes::Waiter Changes::wait_for(const OfficeNumber& office, Heed heed, const Executor& executor) {
    const auto same = [&](const auto& p) { return &p->context == &executor.context(); };
    auto& part = **std::find_if(parts_.begin(), parts_.end(), same);
    std::unique_ptr<Waiter::State> state(new Waiter::State{*this, part, office, heed, Timer(executor)});
    // Before the query that follows: a notifier that comes after it finds the waiter and posts.
    part.add(*state);
    parked_.fetch_add(1, std::memory_order_relaxed);
    return Waiter(std::move(state));
}

Awaitable<Wake> Changes::Waiter::park(std::chrono::steady_clock::time_point deadline) {
    while (true) {
        if (state_->hub.draining_.load()) {
            co_return Wake::drain;
        }
        if (state_->abandoned) {
            co_return Wake::abandoned;
        }
        if (std::exchange(state_->changed, false)) {
            co_return Wake::changed;
        }
        if (std::chrono::steady_clock::now() >= deadline) {
            co_return Wake::deadline;
        }
        state_->timer.expires_at(deadline);
        boost::system::error_code cancelled;
        co_await state_->timer.async_wait(asio::redirect_error(use_relay_awaitable, cancelled));
    }
}

void Changes::Waiter::abandon() {
    state_->abandoned = true;
    state_->timer.cancel();
}

bool Changes::nothing_waits(const OfficeNumber& office) const {
    const std::chrono::steady_clock::time_point heard{std::chrono::steady_clock::duration(heard_at_.load())};
    if (std::chrono::steady_clock::now() - heard > heard_within) {
        return false;
    }
    const std::lock_guard lock(known_mutex_);
    const auto known = known_.find(office);
    return known != known_.end() && known->second.nothing_waits;
}

std::uint64_t Changes::begin_look(const OfficeNumber& office) {
    const std::lock_guard lock(known_mutex_);
    auto& known = known_[office];
    known.look = ++looks_;
    return known.look;
}

void Changes::saw_nothing(const OfficeNumber& office, std::uint64_t look) {
    const std::lock_guard lock(known_mutex_);
    const auto known = known_.find(office);
    if (known != known_.end() && known->second.look == look) {
        known->second.nothing_waits = true;
    }
}

void Changes::notify(const std::vector<storage::MailboxChange>& changes) {
    {
        const std::lock_guard lock(known_mutex_);
        for (const auto& change : changes) {
            const auto known = change.arrived ? known_.find(change.office) : known_.end();
            if (known != known_.end()) {
                known->second = {};
            }
        }
    }
    const auto shared = std::make_shared<const std::vector<storage::MailboxChange>>(changes);
    for (auto& part : parts_) {
        if (part->concerned(changes)) {
            asio::post(part->context, [&part = *part, shared] {
                for (const auto& change : *shared) {
                    part.wake(change);
                }
            });
        }
    }
}

void Changes::notify_all(std::chrono::milliseconds over) {
    {
        const std::lock_guard lock(known_mutex_);
        known_.clear();
    }
    heard();
    for (auto& part : parts_) {
        asio::post(part->context, [&part = *part, over] {
            auto everybody = std::make_shared<std::vector<OfficeNumber>>();
            everybody->reserve(part.waiters.size());
            for (const auto& [office, waiter] : part.waiters) {
                everybody->push_back(office);
            }
            part.wake_slice(std::move(everybody), 0, over);
        });
    }
}

void Changes::heard() noexcept {
    heard_at_.store(std::chrono::steady_clock::now().time_since_epoch().count());
}

void Changes::drain() {
    draining_.store(true);
    for (auto& part : parts_) {
        asio::post(part->context, [&part = *part] { part.wake_everybody(); });
    }
}

} // namespace relay::server::mailbox
