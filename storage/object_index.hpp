// What the database knows of the payload store and the objects in it: for whoever compares the two.
// Implemented by storage/postgres/pg_object_index.
#pragma once

#include "protocol/error.hpp"
#include "protocol/ids.hpp"
#include "storage/awaitable.hpp"

#include <optional>
#include <string>
#include <vector>

namespace relay::storage {

/// A chunk of a bundle that the database says is in the store.
struct ObjectRow {
    std::string key;
    int n = 0;
    std::optional<protocol::BundleId> bundle_id;
};

/// The ID of the store that belongs to this database.
struct StoreId {
    std::string id;
    bool marked = false; ///< the store was seen with it
};

class ObjectIndex {
public:
    virtual ~ObjectIndex() = default;
    /// Which of these keys have no row: neither of a chunk nor of an object on its way in or out. One snapshot.
    [[nodiscard]] virtual Awaitable<protocol::Result<std::vector<std::string>>>
    unknown_keys(std::vector<std::string> keys) = 0;
    /// Chunks whose keys are behind `after`, in the order of their keys, at most `limit`.
    [[nodiscard]] virtual Awaitable<protocol::Result<std::vector<ObjectRow>>> rows(std::string after, int limit) = 0;
    /// Of these keys, the chunks that are still in the database.
    [[nodiscard]] virtual Awaitable<protocol::Result<std::vector<ObjectRow>>> rows_of(std::vector<std::string> keys
    ) = 0;
    /// The store's ID; `proposed` becomes it where there is none.
    [[nodiscard]] virtual Awaitable<protocol::Result<StoreId>> store_id(std::string proposed) = 0;
    /// The store bears this ID. One that was not seen in the store gives way to it.
    [[nodiscard]] virtual Awaitable<protocol::Result<void>> store_marked(std::string id) = 0;
};

} // namespace relay::storage
