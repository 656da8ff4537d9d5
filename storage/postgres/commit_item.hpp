// One call that waits for its commit, from PgBundleStore through a CommitWriter's queue and back to its caller.
#pragma once

#include "storage/bundle_store.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace relay::storage::postgres {

/// Takes a result, once, from any thread, to the caller that waits for it.
template <class T>
class Completion {
public:
    virtual ~Completion() = default;
    Completion() = default;
    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;
    virtual void complete(Result<T> result) = 0;
};

/// Posts to the handler's executor, which the work guard keeps running.
template <class T, class Handler>
class PostedCompletion final : public Completion<T> {
public:
    explicit PostedCompletion(Handler handler)
        : handler_(std::move(handler)),
          guard_(boost::asio::make_work_guard(boost::asio::get_associated_executor(handler_))) {}

    void complete(Result<T> result) override {
        const auto executor = guard_.get_executor();
        boost::asio::post(executor, [handler = std::move(handler_), kept = std::move(result)]() mutable {
            handler(std::move(kept));
        });
        guard_.reset();
    }

private:
    Handler handler_;
    boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> guard_;
};

template <class Item, class Outcome>
struct Work {
    using ItemType = Item;
    using OutcomeType = Outcome;

    Item item;
    std::unique_ptr<Completion<Outcome>> completion;
};

using AcceptWork = Work<AcceptItem, AcceptOutcome>;
using ChunkWork = Work<ChunkItem, ChunkOutcome>;
using ClaimWork = Work<ClaimItem, ClaimOutcome>;
using CoverageWork = Work<CoverageItem, void>;
using ReceiptWork = Work<ReceiptItem, BundleRecord>;

struct CommitItem {
    std::variant<AcceptWork, ChunkWork, ClaimWork, CoverageWork, ReceiptWork> work;
    std::size_t weight = 0; ///< bytes that it adds to a group
    std::chrono::steady_clock::time_point submitted_at = std::chrono::steady_clock::now();
    int tries = 0; ///< groups that neither took nor explained it

    [[nodiscard]] const BundleId& bundle_id() const {
        return std::visit([](const auto& w) -> const BundleId& { return w.item.bundle_id; }, work);
    }
    void fail(const protocol::Error& error) {
        std::visit([&error](auto& w) { w.completion->complete(error); }, work);
    }
};

using CommitItems = std::vector<std::unique_ptr<CommitItem>>;

} // namespace relay::storage::postgres
