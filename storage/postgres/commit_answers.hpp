// What a committed group's rows mean for its items.
#pragma once

#include "storage/postgres/commit_item.hpp"
#include "storage/postgres/pg_binary.hpp"

namespace relay::storage::postgres {

/// Completes the item from its row of `answer_items`; false when the row neither shows that it was taken nor why not,
/// so that the item belongs into another group. `quota`: bytes that a sender may have outstanding.
[[nodiscard]] bool conclude(CommitItem& item, const BinaryRow& row, std::int64_t quota);

/// Position of the row's item among those that are answered.
[[nodiscard]] std::size_t nth_of(const BinaryRow& row);

} // namespace relay::storage::postgres
