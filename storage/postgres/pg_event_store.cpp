#include "storage/postgres/pg_event_store.hpp"

#include "storage/postgres/event_queries.hpp"
#include "storage/postgres/event_rows.hpp"
#include "storage/postgres/rows.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace relay::storage::postgres {

namespace sql = event_sql;

namespace {

template <class... Last>
std::vector<EventRow>
read_events(pqxx::work& transaction, const Query& statement, const EventQuery& query, int limit, const Last&... last) {
    const auto office = query.office ? std::optional(query.office->str()) : std::nullopt;
    const auto bundle = query.bundle_id ? std::optional(query.bundle_id->str()) : std::nullopt;
    const auto type = query.type ? std::optional(std::string(protocol::to_string(*query.type))) : std::nullopt;
    const pqxx::result rows = transaction.exec_prepared(
        statement.name,
        office,
        query.user_id,
        bundle,
        type,
        to_micros(query.from),
        to_micros(query.to),
        query.after.position,
        query.after.seen_until,
        to_bigint_array(query.after.running),
        limit,
        last...
    );
    std::vector<EventRow> events;
    events.reserve(rows.size());
    for (const auto& row : rows) {
        EventRow event;
        if (!row["index"].is_null()) {
            event.index = row["index"].as<std::int64_t>();
        }
        event.position = row["position"].as<std::int64_t>();
        event.leaf = row["leaf"].as<std::string>();
        events.push_back(std::move(event));
    }
    return events;
}

void read_snapshot(pqxx::work& transaction, EventPlace& place) {
    const pqxx::row row = transaction.exec_prepared1(sql::read_snapshot.name);
    place.seen_until = row["seen_until"].as<std::int64_t>();
    place.running.clear();
    for (const auto& text : texts_of(row["running"])) {
        place.running.push_back(std::stoll(text));
    }
}

/// Indexes behind `after` up to `last`.
struct IndexRange {
    std::int64_t after = -1, last = -1;
};

/// All that may hold events of the query's time and were not shown.
IndexRange find_range(pqxx::work& transaction, const EventQuery& query) {
    const pqxx::row row =
        transaction.exec_prepared1(sql::find_indexes.name, to_micros(query.from), to_micros(query.to));
    if (row["first"].is_null()) {
        return {query.after.index, query.after.index};
    }
    return {std::max(query.after.index, row["first"].as<std::int64_t>() - 1), row["last"].as<std::int64_t>()};
}

/// The next events with an index, one more than the page's, and how far the log was looked through for them. Where no
/// key leads to them that goes window by window: years of a log may hold nothing that is meant.
std::vector<EventRow>
read_indexed(pqxx::work& transaction, const EventQuery& query, const PgEventStore::Limits& limits, IndexRange& range) {
    const bool have_key = query.office || query.user_id || query.bundle_id;
    const auto give_up = std::chrono::steady_clock::now() + limits.page_time;
    const int wanted = query.limit + 1;
    std::vector<EventRow> events;
    while (range.after < range.last && static_cast<int>(events.size()) < wanted) {
        const auto to = have_key ? range.last : std::min(range.last, range.after + limits.window);
        const int missing = wanted - static_cast<int>(events.size());
        auto some = read_events(transaction, sql::list_indexed, query, missing, range.after, to);
        std::move(some.begin(), some.end(), std::back_inserter(events));
        range.after = to;
        if (std::chrono::steady_clock::now() >= give_up) {
            break;
        }
    }
    return events;
}

/// Events without an index end the last page. When they do not fit behind indexed ones, the page ends before them: by
/// the time of the next call they have an index. Only a page of nothing else is cut among them: what its snapshot saw
/// is then what all later pages show of them.
EventPage read_page(pqxx::work& transaction, const EventQuery& query, const PgEventStore::Limits& limits) {
    transaction.exec0(sql::repeatable_read.sql); // an event must not get its index between the two statements
    const auto limit = static_cast<std::size_t>(query.limit);
    EventPage page;
    auto place = query.after;
    IndexRange range = find_range(transaction, query);
    page.events = read_indexed(transaction, query, limits, range);
    place.index = range.after;
    if (page.events.size() > limit) {
        page.events.resize(limit);
        place.index = *page.events.back().index;
    }
    if (place.index < range.last) {
        page.next = std::move(place);
        return page;
    }
    auto open = read_events(transaction, sql::list_unindexed, query, query.limit + 1);
    if (page.events.size() + open.size() > limit) {
        open.resize(page.events.empty() ? limit : 0);
        if (!open.empty()) {
            place.position = open.back().position;
            if (place.seen_until == 0) {
                read_snapshot(transaction, place);
            }
        }
        page.next = std::move(place);
    }
    std::move(open.begin(), open.end(), std::back_inserter(page.events));
    return page;
}

std::vector<AuditFile> read_files(const pqxx::row& row) {
    const auto sizes = texts_of(row["file_sizes"]);
    const auto digests = texts_of(row["file_digests"]);
    if (sizes.size() != digests.size()) {
        throw std::runtime_error("a bundle's list of files that is not of its form");
    }
    std::vector<AuditFile> files;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const auto digest = Digest::from_hex(digests[i]);
        if (!digest) {
            throw std::runtime_error("a file's digest that is not of its form");
        }
        files.push_back(AuditFile{std::stoll(sizes[i]), *digest});
    }
    return files;
}

std::vector<Digest> read_digests(const Bytes& bytes) {
    std::vector<Digest> digests;
    const protocol::BytesView view(bytes);
    for (std::size_t at = 0; at + sizeof(Digest::bytes) <= view.size(); at += sizeof(Digest::bytes)) {
        digests.push_back(*Digest::from_bytes(view.subspan(at, sizeof(Digest::bytes))));
    }
    return digests;
}

AuditBundle read_bundle(BundleId bundle_id, const pqxx::row& row) {
    const auto state = protocol::parse_bundle_state(row["state"].as<std::string>());
    if (!state) {
        throw std::runtime_error("a bundle's state that is not of its form");
    }
    AuditBundle bundle;
    bundle.bundle_id = bundle_id;
    bundle.state = *state;
    bundle.sender = office_of(row["sender"]);
    bundle.recipient = office_of(row["recipient"]);
    bundle.created_at = time_of(row["created_at"]);
    bundle.accepted_at = time_of(row["accepted_at"]);
    bundle.manifest_sha256 = digest_of(row["manifest_sha256"]);
    bundle.payload_size = row["payload_size"].as<std::int64_t>();
    bundle.chunk_size = row["chunk_size"].as<std::int64_t>();
    bundle.files = read_files(row);
    bundle.chunk_digests = read_digests(bytes_of(row["chunk_digests"]));
    return bundle;
}

} // namespace

PgEventStore::PgEventStore(DbExecutor& db, Limits limits) : db_(db), limits_(limits) {
    db_.add_queries(sql::all);
}

Awaitable<Result<void>> PgEventStore::record_refusal(protocol::DeliveryEvent event) {
    return db_
        .submit<void>("event_refusal", Access::idempotent_write, [event = std::move(event)](pqxx::work& transaction) {
            insert_refusal(transaction, event);
            return Result<void>();
        });
}

Awaitable<Result<EventPage>> PgEventStore::list_events(EventQuery query) {
    return db_.submit_audit<EventPage>(
        "event_list",
        [query = std::move(query), limits = limits_](pqxx::work& transaction) {
            return Result<EventPage>(read_page(transaction, query, limits));
        }
    );
}

Awaitable<Result<std::optional<AuditBundle>>> PgEventStore::find_audit_bundle(BundleId bundle_id) {
    using Found = std::optional<AuditBundle>;
    return db_.submit_audit<Found>("event_find_bundle", [bundle_id](pqxx::work& transaction) {
        const pqxx::result rows = transaction.exec_prepared(sql::find_bundle.name, bundle_id.str());
        return Result<Found>(rows.empty() ? Found() : Found(read_bundle(bundle_id, rows[0])));
    });
}

} // namespace relay::storage::postgres
