// What holds of every payload store: the same cases run against files and against a real S3 store.
#pragma once

#include "protocol/digest.hpp"
#include "storage/payload_store.hpp"
#include "tests/support/run_coro.hpp"

#include <cstdint>
#include <string>

namespace relay::test {

/// Bytes that differ from place to place.
protocol::Bytes make_bytes(std::size_t size, std::uint8_t seed = 7);

/// Writes an object in two pieces. `digest`: what is announced, the data's own when empty.
protocol::Result<void>
put_object(storage::PayloadStore& store, const std::string& key, const protocol::Bytes& data, std::string digest = {});
/// The same with another size announced.
protocol::Result<void>
put_announced(storage::PayloadStore& store, const std::string& key, const protocol::Bytes& data, std::int64_t size);
/// All pieces of a range.
protocol::Result<protocol::Bytes>
read_range(storage::PayloadStore& store, const std::string& key, std::int64_t offset, std::int64_t length);

/// Fails the test case where the store does not keep its contract. The store may hold other objects.
void check_reading_and_writing(storage::PayloadStore& store);
void check_unfinished_objects(storage::PayloadStore& store);
void check_removal(storage::PayloadStore& store);
void check_listing(storage::PayloadStore& store);
void check_keys(storage::PayloadStore& store);
void check_many_at_once(storage::PayloadStore& store, int count);

} // namespace relay::test
