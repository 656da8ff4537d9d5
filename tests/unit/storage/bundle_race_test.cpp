#include "storage/postgres/bundle_queries.hpp"
#include "tests/unit/storage/bundle_fixture.hpp"
#include "tests/unit/storage/held_commit.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <thread>

using namespace relay;
using namespace relay::test;
using protocol::ErrorCode;

namespace {

/// Runs `call(i)` for each i on a thread of its own; the results in order.
template <class Call>
auto run_together(int count, Call call) {
    using Answer = decltype(run_coro(call(0)));
    std::vector<std::optional<Answer>> answers(static_cast<std::size_t>(count));
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < count; ++i) {
            threads.emplace_back([&answers, &call, i] {
                answers[static_cast<std::size_t>(i)].emplace(run_coro(call(i)));
            });
        }
    }
    std::vector<Answer> out;
    for (auto& answer : answers) {
        out.push_back(std::move(answer.value()));
    }
    return out;
}

} // namespace

TEST_CASE("Of twenty claims at once, over two stores, exactly one wins", "[storage]") {
    const BundleDatabase db;
    const auto one = db.open();
    const auto two = db.open();
    const auto item = whole();
    REQUIRE(run_coro(one->accept(item)).has_value());
    const auto answers = run_together(20, [&](int i) { return (i % 2 == 0 ? one : two)->claim(claim_of(item)); });
    int won = 0;
    for (const auto& answer : answers) {
        won += answer.has_value() ? 1 : 0;
        CHECK((answer.has_value() || answer.error().code == ErrorCode::claimed_elsewhere));
    }
    CHECK(won == 1);
    CHECK(db.events(item.bundle_id) == std::vector<std::string>{"bundle_accepted", "bundle_claimed"});
}

TEST_CASE("A bundle that came after a group took its locks is not claimed over another's claim", "[storage]") {
    const BundleDatabase db;
    const auto store = db.open();
    const auto item = whole();
    REQUIRE(run_coro(store->accept(item)).has_value());
    const std::string id = item.bundle_id.str();
    pqxx::connection other(db.database.url()), late(db.database.url());
    pqxx::work others_claim(other), late_claim(late);
    others_claim.exec0(
        "UPDATE bundles SET state = 'claimed', claim_id = gen_random_uuid(), claimed_at = now(), last_call_at = now()"
        " WHERE bundle_id = '" +
        id + "'"
    );
    const auto& claim = storage::postgres::bundle_queries::claim_bundles;
    late.prepare(claim.name, claim.sql);
    std::size_t taken = 99;
    {
        const std::jthread second([&] {
            const auto one = [](const std::string& value) { return "{" + value + "}"; };
            taken = late_claim
                        .exec_prepared(
                            claim.name,
                            one(id),
                            one(new_claim_id().str()),
                            one(item.recipient.str()),
                            one(new_event_id().str()),
                            one("KJ000000000002"),
                            one("NULL"),
                            one("0"),
                            1000,
                            1000
                        )
                        .size();
        });
        wait_until(db, "count(*) > 0 FROM pg_locks WHERE NOT granted");
        others_claim.commit();
    }
    CHECK(taken == 0);
}

TEST_CASE("The last two chunks cannot miss each other", "[storage]") {
    const BundleDatabase db;
    const auto one = db.open();
    const auto two = db.open();
    for (int round = 0; round < 20; ++round) {
        const auto upload = reservation(2);
        REQUIRE(run_coro(one->accept(upload)).has_value());
        const auto answers =
            run_together(2, [&](int i) { return (i == 0 ? one : two)->put_chunk(chunk_of(upload, i)); });
        REQUIRE(answers[0].has_value());
        REQUIRE(answers[1].has_value());
        CHECK(answers[0]->completed != answers[1]->completed);
        CHECK(db.events(upload.bundle_id) == std::vector<std::string>{"bundle_accepted"});
    }
}

TEST_CASE("The same bundle sent by many at once is created by one of them", "[storage]") {
    const BundleDatabase db;
    const auto one = db.open();
    const auto two = db.open();
    const auto item = whole();
    const auto answers = run_together(12, [&](int i) {
        auto mine = item;
        mine.upload_id = new_upload_id();
        mine.attempt = attempt_of("KJ000000000001");
        mine.sender = i % 3 == 0 ? other_office : sender_office; // somebody may use the ID of another
        return (i % 2 == 0 ? one : two)->accept(mine);
    });
    const auto created = std::count_if(answers.begin(), answers.end(), [](const auto& answer) {
        return answer.has_value() && answer->what == AcceptOutcome::What::created;
    });
    CHECK(created == 1);
    for (const auto& answer : answers) {
        REQUIRE(answer.has_value());
        CHECK(answer->bundle.sender == answers[0]->bundle.sender);
    }
    CHECK(db.value("SELECT count(*) FROM payload_chunks") == "1");
    CHECK(db.events(item.bundle_id) == std::vector<std::string>{"bundle_accepted"});
}

TEST_CASE("Places of a mailbox are never given twice and follow the order of commitment", "[storage]") {
    const BundleDatabase db;
    const auto one = db.open();
    const auto two = db.open();
    const auto answers = run_together(40, [&](int i) {
        auto item = whole();
        if (i % 3 == 0) {
            std::swap(item.sender, item.recipient); // locks in both directions at once
        }
        return (i % 2 == 0 ? one : two)->accept(item);
    });
    std::set<std::pair<std::string, std::int64_t>> ins, outs;
    for (const auto& answer : answers) {
        REQUIRE(answer.has_value());
        CHECK(ins.emplace(answer->bundle.recipient.str(), answer->bundle.in_place).second);
        CHECK(outs.emplace(answer->bundle.sender.str(), answer->bundle.out_place).second);
    }
    CHECK(db.value("SELECT bool_and(last_in >= 13) FROM mailboxes WHERE office <> '2670100037'") == "t");
}

TEST_CASE("Reservations made at once stay within the quota and use all of it", "[storage]") {
    BundleDatabase db;
    db.options.outstanding_upload_bytes = 500;
    const auto one = db.open();
    const auto two = db.open();
    const auto answers = run_together(20, [&](int i) { return (i % 2 == 0 ? one : two)->accept(reservation(1)); });
    int reserved = 0;
    for (const auto& answer : answers) {
        reserved += answer.has_value() ? 1 : 0;
        CHECK((answer.has_value() || answer.error().code == ErrorCode::quota_exceeded));
    }
    CHECK(reserved == 5);
}
