#include "storage/postgres/inbox_reader.hpp"

#include "storage/postgres/bundle_job_queries.hpp"
#include "storage/postgres/bundle_rows.hpp"
#include "storage/postgres/recent_refusal.hpp"
#include "storage/postgres/sql_error.hpp"

#include <algorithm>
#include <array>

namespace relay::storage::postgres {

namespace {

namespace q = bundle_queries;
using End = PipelineRun::End;
using protocol::Error;

constexpr std::array reader_queries{q::list_waiting};
constexpr int nth_column = own_columns;

/// The pages, in the order of the looks, of a result whose rows come in any order.
std::vector<ListPage> pages_of(const std::vector<std::unique_ptr<InboxLook>>& looks, const PGresult& rows) {
    std::vector<ListPage> pages(looks.size());
    for (int r = 0; r < PQntuples(&rows); ++r) {
        const BinaryRow row(rows, r);
        pages.at(static_cast<std::size_t>(row.integer(nth_column))).bundles.push_back(read_bundle(row));
    }
    for (std::size_t i = 0; i < looks.size(); ++i) {
        auto& bundles = pages[i].bundles;
        std::sort(bundles.begin(), bundles.end(), [](const BundleRecord& a, const BundleRecord& b) {
            return a.in_place < b.in_place;
        });
        const auto limit = static_cast<std::size_t>(looks[i]->query.limit);
        pages[i].more = bundles.size() > limit;
        bundles.resize(std::min(bundles.size(), limit));
    }
    return pages;
}

} // namespace

/// A thread's connection.
struct InboxReader::Line {
    std::unique_ptr<PipelineConnection> connection;
    RecentRefusal refusal;
    std::string cause; ///< of the refusal
};

InboxReader::InboxReader(std::string url, const Limits& limits, JobObserver observer)
    : url_(std::move(url)),
      limits_(limits),
      observer_(std::move(observer)),
      queue_(limits.queued) {
    for (std::size_t i = 0; i < std::max<std::size_t>(limits.readers, 1); ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

InboxReader::~InboxReader() {
    stop();
}

void InboxReader::submit(std::unique_ptr<InboxLook> look) {
    if (!queue_.push(std::move(look))) {
        look->completion->complete(protocol::errors::unavailable("the queue of inbox looks is full or closed"));
    }
}

std::size_t InboxReader::queued() const {
    return queue_.size();
}

void InboxReader::stop() {
    for (const auto& look : queue_.close_and_empty()) {
        look->completion->complete(protocol::errors::unavailable("the inbox readers are stopping"));
    }
    threads_.clear(); // joins
}

void InboxReader::work() {
    Line line;
    for (Looks looks = take_group(); !looks.empty(); looks = take_group()) {
        carry_out(line, std::move(looks));
    }
}

/// Waits for looks. Empty: stopped.
InboxReader::Looks InboxReader::take_group() {
    std::size_t looks = 0, rows = 0;
    const auto fits = [&](const std::unique_ptr<InboxLook>& look) {
        rows += static_cast<std::size_t>(look->query.limit);
        return ++looks <= limits_.group_looks && rows <= limits_.group_rows;
    };
    return queue_.take_group(fits, limits_.apart);
}

void InboxReader::carry_out(Line& line, Looks looks) {
    const auto begin = Clock::now();
    const auto waited = between(looks.front()->submitted_at, begin);
    const PipelineRun run = read(line, looks);
    const bool ok = run.end == End::committed;
    if (ok) {
        auto pages = pages_of(looks, *run.results.front());
        for (std::size_t i = 0; i < looks.size(); ++i) {
            looks[i]->completion->complete(std::move(pages[i]));
        }
    } else {
        const Error error = run.end == End::refused
                                ? to_error(classify_sqlstate(run.sqlstate, run.text), q::list_waiting.name)
                                : protocol::errors::unavailable(run.text);
        for (const auto& look : looks) {
            look->completion->complete(error);
        }
    }
    if (observer_) {
        observer_(q::list_waiting.name, waited, between(begin, Clock::now()), ok);
    }
}

/// A connection that breaks is replaced once: reading again does no harm.
PipelineRun InboxReader::read(Line& line, const Looks& looks) {
    PipelineRun run;
    run.end = End::lost;
    PgArray recipients(ElementType::text), after(ElementType::int8), most(ElementType::int4), nth(ElementType::int4);
    for (std::size_t i = 0; i < looks.size(); ++i) {
        const InboxQuery& query = looks[i]->query;
        recipients.add_text(query.recipient.view());
        after.add_int8(query.after.value_or(0));
        most.add_int4(query.limit + 1);
        nth.add_int4(static_cast<std::int32_t>(i));
    }
    const std::array parameters{recipients.take(), after.take(), most.take(), nth.take()};
    Statement statement{&q::list_waiting, {}, true};
    for (const auto& parameter : parameters) {
        statement.parameters.push_back(&parameter);
    }
    const auto give_up = looks.front()->submitted_at + limits_.look_deadline;
    for (int tries = 0; tries < 2 && Clock::now() < give_up; ++tries) {
        if (!connect(line)) {
            run.text = line.cause;
            return run;
        }
        run = line.connection->run(std::span(&statement, 1), limits_.answer_limit);
        if (run.end == End::committed || run.end == End::refused) {
            return run;
        }
        line.connection.reset();
    }
    run.text = run.text.empty() ? "waited too long for a look" : run.text;
    return run;
}

/// False: there is no connection, and `cause` says why.
bool InboxReader::connect(Line& line) const {
    if (line.connection && line.connection->is_alive()) {
        return true;
    }
    if (line.refusal.holds()) {
        return false;
    }
    auto opened = PipelineConnection::open(url_, reader_queries, std::nullopt);
    if (!opened) {
        line.refusal.note();
        line.cause = opened.error().cause;
        return false;
    }
    line.connection = std::move(*opened);
    return true;
}

} // namespace relay::storage::postgres
