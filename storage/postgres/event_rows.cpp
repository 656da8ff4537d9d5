#include "storage/postgres/event_rows.hpp"

#include "storage/postgres/event_row_queries.hpp"
#include "storage/postgres/rows.hpp"

#include <utility>

namespace relay::storage::postgres {

using namespace protocol;
namespace sql = event_row_queries_sql;

namespace {

/// As text: libpqxx takes no optional binary parameter.
std::optional<std::string> bytea(const std::optional<Digest>& digest) {
    return digest ? std::optional("\\x" + digest->hex()) : std::nullopt;
}

template <class Named>
std::optional<std::string> text(const std::optional<Named>& name) {
    return name ? std::optional(std::string(name->str())) : std::nullopt;
}

} // namespace

std::span<const Query> event_row_queries() {
    return sql::all;
}

Time database_now(pqxx::work& transaction) {
    return time_of(transaction.exec_prepared1(sql::now.name)[0]);
}

void insert_event(pqxx::work& transaction, DeliveryEvent event) {
    if (event.event_id == EventId()) {
        event.event_id = EventId{time_uuid(event.at.time_since_epoch().count())};
    }
    const Subject subject = event.subject.value_or(Subject());
    const bool named = event.actor && !event.actor->user_id.empty(); // a certificate may name nobody
    const auto actor_user = named ? std::optional(event.actor->user_id) : std::nullopt;
    const auto actor_certificate = event.actor ? bytea(event.actor->certificate_sha256) : std::nullopt;
    transaction.exec_prepared0(
        sql::insert.name,
        event.event_id.str(),
        std::string(to_string(event.type)),
        to_micros(event.at),
        actor_user,
        actor_certificate,
        subject.user_id,
        bytea(subject.certificate_sha256),
        text(subject.office),
        text(event.bundle_id),
        text(event.sender),
        text(event.recipient),
        bytea(event.manifest_sha256),
        event.code,
        event.confirmation,
        bytea(event.receipt_sha256)
    );
}

bool insert_refusal(pqxx::work& transaction, DeliveryEvent event) {
    const std::string type(to_string(event.type));
    const std::string user = event.actor ? event.actor->user_id : std::string();
    const std::string code = event.code.value_or(std::string());
    const auto bundle = text(event.bundle_id);
    const auto certificate = event.actor ? bytea(event.actor->certificate_sha256) : std::nullopt;
    transaction.exec_prepared1(sql::lock_refusal.name, user, code, bundle);
    if (transaction.exec_prepared1(sql::has_refusal.name, type, user, code, bundle, certificate)[0].as<bool>()) {
        return false;
    }
    event.at = database_now(transaction);
    insert_event(transaction, std::move(event));
    return true;
}

DeliveryEvent account_event(EventType type, Time at, Actor actor, Subject subject) {
    DeliveryEvent event;
    event.type = type;
    event.at = at;
    event.actor = std::move(actor);
    event.subject = std::move(subject);
    return event;
}

} // namespace relay::storage::postgres
