// What a committed group's rows mean for its items.
#pragma once

#include "storage/postgres/commit_item.hpp"
#include "storage/postgres/pg_binary.hpp"

namespace relay::storage::postgres {

/// Completes the item from its row; false when the row neither shows that it was taken nor why not, so that the item
/// belongs into another group. `quota`: bytes that a sender may have outstanding.
[[nodiscard]] bool conclude(CommitItem& item, const BinaryRow& row, std::int64_t quota);

/// Whose item the row answers.
[[nodiscard]] BundleId item_of(const BinaryRow& row);

} // namespace relay::storage::postgres
