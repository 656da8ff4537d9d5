// SQL of the comparison between rows and objects, and of the store's ID.
#pragma once

#include "storage/postgres/query.hpp"

namespace relay::storage::postgres::object_index_sql {

// $1 keys. Primary key of pending_objects, index payload_chunks_object.
inline constexpr Query unknown_keys{"object_unknown_keys", R"(
SELECT k FROM unnest($1::text[]) k
WHERE NOT EXISTS (SELECT FROM payload_chunks c WHERE c.object_key = k)
  AND NOT EXISTS (SELECT FROM pending_objects p WHERE p.key = k)
ORDER BY k)"};

// $1 key of the last one told, $2 limit. Index payload_chunks_object. Keys are hex, so that every collation has their
// order.
inline constexpr Query object_rows{"object_rows", R"(
SELECT object_key, n FROM payload_chunks WHERE object_key > $1 ORDER BY object_key LIMIT $2::int)"};

// $1 keys, few. Index payload_chunks_object.
inline constexpr Query object_rows_of{"object_rows_of", R"(
SELECT c.object_key, c.n, b.bundle_id FROM payload_chunks c LEFT JOIN bundles b ON b.upload_id = c.upload_id
WHERE c.object_key = ANY($1::text[]) ORDER BY c.object_key)"};

// $1 the ID where there is none.
inline constexpr Query propose_store_id{
    "propose_store_id", "INSERT INTO object_store (id) VALUES ($1) ON CONFLICT DO NOTHING"};

inline constexpr Query find_store_id{"find_store_id", "SELECT id, marked FROM object_store"};

// $1 ID.
inline constexpr Query store_marked{"store_marked", "UPDATE object_store SET id = $1, marked = true WHERE NOT marked"};

inline constexpr Query all[] = {
    unknown_keys, object_rows, object_rows_of, propose_store_id, find_store_id, store_marked};

} // namespace relay::storage::postgres::object_index_sql
