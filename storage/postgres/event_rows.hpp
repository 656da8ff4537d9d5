// Writing events from C++ inside a transaction; the commit groups write theirs in SQL.
#pragma once

#include "protocol/delivery_event.hpp"
#include "protocol/digest.hpp"
#include "protocol/ids.hpp"
#include "storage/postgres/query.hpp"

#include <pqxx/pqxx>

#include <optional>
#include <span>
#include <string>

namespace relay::storage::postgres {

/// Statements that the functions below use.
[[nodiscard]] std::span<const Query> event_row_queries();

/// The database's time now, to the millisecond. Take it after the locks of the transaction.
[[nodiscard]] protocol::Time database_now(pqxx::work& transaction);

/// Writes the event. A zero event_id gets a new one of the time of `at`.
void insert_event(pqxx::work& transaction, protocol::DeliveryEvent event);

/// As insert_event with the time now, unless an event of the same type, actor's user, code and bundle is less than
/// 60 s old, by whatever process. True: written.
bool insert_refusal(pqxx::work& transaction, protocol::DeliveryEvent event);

/// An event of accounts at `at`.
[[nodiscard]] protocol::DeliveryEvent
account_event(protocol::EventType type, protocol::Time at, protocol::Actor actor, protocol::Subject subject);

} // namespace relay::storage::postgres
