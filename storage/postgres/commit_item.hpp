// One call that waits for its commit, from PgBundleStore through a CommitWriter's queue and back to its caller.
#pragma once

#include "storage/bundle_store.hpp"
#include "storage/completion.hpp"

#include <chrono>
#include <memory>
#include <variant>
#include <vector>

namespace relay::storage::postgres {

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
