#include "storage/postgres/commit_writer.hpp"

#include "storage/postgres/bundle_queries.hpp"
#include "storage/postgres/commit_answers.hpp"
#include "storage/postgres/commit_group.hpp"
#include "storage/postgres/sql_error.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace relay::storage::postgres {

namespace {

using End = PipelineRun::End;
using What = SqlFailure::What;
using protocol::Error;

constexpr int most_tries = 4;
constexpr int most_conflicts = 3;
constexpr int most_losses = 2;

void fail_all(const CommitItems& items, const Error& error) {
    for (const auto& item : items) {
        item->fail(error);
    }
}

} // namespace

CommitWriter::CommitWriter(std::string url, const PgOptions& options, const Limits& limits, JobObserver observer)
    : url_(std::move(url)),
      options_(options),
      limits_(limits),
      observer_(std::move(observer)),
      thread_([this] { work(); }) {
}

CommitWriter::~CommitWriter() {
    stop();
}

void CommitWriter::submit(std::unique_ptr<CommitItem> item) {
    {
        const std::lock_guard lock(mutex_);
        // An item alone always has its place, however large.
        const bool fits = queue_.empty() || queued_bytes_ + item->weight <= limits_.queued_bytes;
        if (!stopped_ && fits && queue_.size() < limits_.queued_items) {
            queued_bytes_ += item->weight;
            queue_.push_back(std::move(item));
            wake_.notify_one();
            return;
        }
    }
    item->fail(protocol::errors::unavailable("the commit queue is full or closed"));
}

std::size_t CommitWriter::queued() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

void CommitWriter::stop() {
    std::deque<std::unique_ptr<CommitItem>> left;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        left.swap(queue_);
        wake_.notify_all();
    }
    for (const auto& item : left) {
        item->fail(protocol::errors::unavailable("the commit writers are stopping"));
    }
    if (thread_.joinable()) {
        thread_.join();
    }
}

void CommitWriter::work() {
    for (CommitItems items = take_group(); !items.empty(); items = take_group()) {
        const auto oldest = Clock::now() - limits_.item_deadline;
        const auto late = std::stable_partition(items.begin(), items.end(), [oldest](const auto& item) {
            return item->submitted_at >= oldest;
        });
        for (auto item = late; item != items.end(); ++item) {
            (*item)->fail(protocol::errors::unavailable("waited too long for a commit"));
        }
        items.erase(late, items.end());
        if (!items.empty()) {
            carry_out(std::move(items), false);
        }
    }
}

/// Waits for items; at most one of each bundle, the others keep their order. Of many it takes those of the oldest one's
/// kind: a kind's statements start more rarely then, and groups of one kind need fewer. Empty: stopped.
CommitItems CommitWriter::take_group() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    CommitItems group;
    std::unordered_set<BundleId> bundles;
    std::size_t bytes = 0;
    std::deque<std::unique_ptr<CommitItem>> left;
    const bool all_kinds = queue_.size() < limits_.mixed_items;
    const auto kind = queue_.empty() ? std::variant_npos : queue_.front()->work.index();
    for (auto& item : queue_) {
        const bool fits =
            (all_kinds || item->work.index() == kind) && (group.empty() || bytes + item->weight <= limits_.group_bytes);
        if (group.size() < limits_.group_items && fits && bundles.insert(item->bundle_id()).second) {
            bytes += item->weight;
            group.push_back(std::move(item));
        } else {
            bundles.insert(item->bundle_id()); // nor may a later item of this bundle go first
            left.push_back(std::move(item));
        }
    }
    queue_.swap(left);
    queued_bytes_ -= bytes;
    return group;
}

void CommitWriter::carry_out(CommitItems items, bool doubtful) {
    const auto begin = Clock::now();
    const auto oldest = std::min_element(items.begin(), items.end(), [](const auto& a, const auto& b) {
        return a->submitted_at < b->submitted_at;
    });
    const auto waited = between((*oldest)->submitted_at, begin);
    Attempts attempts{doubtful, begin + limits_.item_deadline};
    const bool ok = attempt(items, attempts);
    if (!ok && attempts.alone) {
        for (auto& item : items) {
            CommitItems one;
            one.push_back(std::move(item));
            carry_out(std::move(one), attempts.doubtful);
        }
    }
    if (observer_) {
        observer_("commit_group", waited, between(begin, Clock::now()), ok);
    }
}

/// True: committed, and every item completed or back in the queue. False: every item failed, or must be tried alone.
bool CommitWriter::attempt(CommitItems& items, Attempts& attempts) {
    while (connect(attempts)) {
        const CommitGroup group(items, options_, attempts.doubtful);
        const PipelineRun run = connection_->run(group.statements(), limits_.answer_limit);
        if (run.end == End::committed) {
            conclude_group(items, run);
            return true;
        }
        const SqlFailure failure = classify_sqlstate(run.sqlstate, run.text);
        if (run.end != End::refused || failure.what == What::broken) {
            note_loss(run, attempts);
        } else if (failure.what != What::conflict || ++attempts.conflicts > most_conflicts) {
            attempts.alone = items.size() > 1 && failure.what != What::exhausted;
            if (!attempts.alone) {
                const Error error = to_error(failure, "commit_group");
                fail_all(items, attempts.doubtful ? protocol::errors::internal(error.cause) : error);
            }
            return false;
        }
    }
    fail_all(
        items,
        attempts.doubtful ? protocol::errors::internal("the outcome of a commit stayed unknown: " + cause_)
                          : protocol::errors::unavailable(cause_)
    );
    return false;
}

/// The group is then repeated as it is: every item knows its own attempt by upload_id or event_id.
void CommitWriter::note_loss(const PipelineRun& run, Attempts& attempts) {
    if (run.end == End::in_doubt && !attempts.doubtful) {
        attempts.doubtful = true;
        attempts.give_up = Clock::now() + limits_.item_deadline;
    }
    ++attempts.losses;
    predecessor_ = connection_->key();
    connection_.reset();
    cause_ = "the database's connection broke: " + run.text;
}

void CommitWriter::conclude_group(CommitItems& items, const PipelineRun& run) {
    std::unordered_map<BundleId, CommitItem*> open;
    for (const auto& item : items) {
        open.emplace(item->bundle_id(), item.get());
    }
    for (const ResultPtr& result : run.results) {
        for (int r = 0; r < PQntuples(result.get()); ++r) {
            const BinaryRow row(*result, r);
            const auto item = open.find(item_of(row));
            if (item != open.end() && conclude(*item->second, row, options_.outstanding_upload_bytes)) {
                open.erase(item);
            }
        }
    }
    CommitItems unexplained;
    for (auto& item : items) {
        if (open.count(item->bundle_id()) == 0) {
            continue;
        }
        if (const auto* coverage = std::get_if<CoverageWork>(&item->work)) {
            coverage->completion->complete({});
        } else if (++item->tries < most_tries) {
            unexplained.push_back(std::move(item));
        } else {
            item->fail(protocol::errors::internal("an item that no group took or explained"));
        }
    }
    put_back(std::move(unexplained));
}

void CommitWriter::put_back(CommitItems items) {
    const std::unique_lock lock(mutex_);
    for (auto& item : items) {
        if (stopped_) {
            item->fail(protocol::errors::unavailable("the commit writers are stopping"));
            continue;
        }
        queued_bytes_ += item->weight;
        queue_.push_front(std::move(item));
    }
}

/// True: there is a connection to write on, and no predecessor of it is still committing. One attempt for items that
/// can be refused; until `give_up` for those whose outcome is in doubt.
bool CommitWriter::connect(const Attempts& attempts) {
    if (attempts.doubtful ? attempts.losses > 0 && Clock::now() > attempts.give_up : attempts.losses > most_losses) {
        return false;
    }
    if (connection_ && connection_->is_alive()) {
        return true;
    }
    if (connection_) {
        predecessor_ = connection_->key();
        connection_.reset();
    }
    if (!attempts.doubtful && refusal_.holds()) {
        return false;
    }
    for (std::chrono::milliseconds backoff{50};; backoff = std::min(backoff * 2, std::chrono::milliseconds(1000))) {
        auto opened = PipelineConnection::open(url_, bundle_queries::group_queries, predecessor_);
        if (opened) {
            connection_ = std::move(*opened);
            predecessor_.reset();
            refusal_.forget();
            return true;
        }
        cause_ = opened.error().cause;
        refusal_.note();
        if (!attempts.doubtful || Clock::now() + backoff > attempts.give_up || !pause(backoff)) {
            return false;
        }
    }
}

/// False: stopped meanwhile.
bool CommitWriter::pause(std::chrono::milliseconds duration) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, duration, [this] { return stopped_; });
}

} // namespace relay::storage::postgres
