#include "protocol/bundle_state.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace relay::protocol;

namespace {

using S = BundleState;
using A = BundleAct;

constexpr std::array all_states{
    S::uploading, S::waiting, S::claimed, S::fetched, S::rejected, S::withdrawn, S::expired};
constexpr std::array all_acts{
    A::publish,
    A::claim,
    A::partial_lapse,
    A::sent_lapse,
    A::receipt_stored,
    A::receipt_rejected,
    A::withdraw,
    A::expire};

const ClaimId mine{Uuid{{1}}};
const ClaimId others{Uuid{{2}}};

LifeFacts facts_of(BundleState state, std::optional<ClaimId> claim_id = std::nullopt) {
    LifeFacts facts;
    facts.state = state;
    facts.claim_id = claim_id;
    facts.claimed_at = parse_rfc3339("2026-11-20T00:00:01Z");
    facts.fetched_at = parse_rfc3339("2026-11-20T00:00:02Z");
    facts.rejected_at = parse_rfc3339("2026-11-20T00:00:03Z");
    return facts;
}

/// "ok", or the code with its members.
std::string told(const std::optional<Error>& error) {
    if (!error) {
        return "ok";
    }
    std::string out(to_string(error->code));
    if (error->code == ErrorCode::too_late_to_withdraw) {
        out = "too_late_to_withdraw";
    }
    for (const auto& [name, value] : error->members) {
        out += " " + name + "=" + value;
    }
    return out;
}

} // namespace

TEST_CASE("A bundle's state changes by these acts and no others", "[protocol]") {
    const std::map<std::pair<S, A>, S> possible{
        {{S::uploading, A::publish}, S::waiting},
        {{S::waiting, A::claim}, S::claimed},
        {{S::waiting, A::withdraw}, S::withdrawn},
        {{S::waiting, A::expire}, S::expired},
        {{S::claimed, A::partial_lapse}, S::waiting},
        {{S::claimed, A::sent_lapse}, S::fetched},
        {{S::claimed, A::receipt_stored}, S::fetched},
        {{S::claimed, A::receipt_rejected}, S::rejected},
    };
    for (const S from : all_states) {
        for (const A act : all_acts) {
            CAPTURE(to_string(from), static_cast<int>(act));
            const auto found = possible.find({from, act});
            const auto expected = found == possible.end() ? std::nullopt : std::optional(found->second);
            CHECK(next_state(from, act) == expected);
        }
    }
}

TEST_CASE("From an end state there is no way back, by any run of acts", "[protocol]") {
    std::uint32_t random = 7;
    for (int run = 0; run < 2000; ++run) {
        S state = S::uploading;
        std::optional<S> end;
        for (int step = 0; step < 40; ++step) {
            random = random * 1'664'525U + 1'013'904'223U;
            state = next_state(state, all_acts[(random >> 16U) % all_acts.size()]).value_or(state);
            if (end) {
                REQUIRE(state == *end);
            } else if (is_end(state)) {
                end = state;
            }
        }
    }
}

TEST_CASE("States are read and told by the same names", "[protocol]") {
    for (const S state : all_states) {
        CHECK(parse_bundle_state(to_string(state)) == state);
    }
    CHECK(to_string(S::withdrawn) == "withdrawn");
    CHECK_FALSE(parse_bundle_state("dropped"));
    CHECK_FALSE(parse_bundle_state(""));
}

TEST_CASE("A claim is judged in the order of the contract", "[protocol]") {
    struct Row {
        S state;
        std::optional<ClaimId> current;
        bool lapsed;
        std::string expected;
    };
    const std::vector<Row> rows{
        {S::uploading, std::nullopt, false, "not_found"},
        {S::waiting, std::nullopt, false, "ok"},
        {S::waiting, std::nullopt, true, "not_claimed"},
        {S::claimed, mine, false, "ok"},
        {S::claimed, others, false, "claimed_elsewhere claimed_at=2026-11-20T00:00:01.000Z"},
        {S::claimed, others, true, "not_claimed"},
        {S::fetched, mine, false, "already_fetched fetched_at=2026-11-20T00:00:02.000Z"},
        {S::fetched, others, true, "already_fetched fetched_at=2026-11-20T00:00:02.000Z"},
        {S::rejected, mine, false, "already_fetched rejected_at=2026-11-20T00:00:03.000Z"},
        {S::withdrawn, std::nullopt, true, "withdrawn"},
        {S::expired, std::nullopt, true, "expired"},
    };
    for (const Row& row : rows) {
        CAPTURE(to_string(row.state), row.lapsed, row.expected);
        CHECK(told(judge_claim(facts_of(row.state, row.current), mine, row.lapsed)) == row.expected);
    }
}

TEST_CASE("Chunks are given to the current claim alone", "[protocol]") {
    for (const S state : all_states) {
        CAPTURE(to_string(state));
        const std::string expected = state == S::uploading ? "not_found" : state == S::claimed ? "ok" : "not_claimed";
        CHECK(told(judge_read(facts_of(state, mine), mine)) == expected);
        CHECK(told(judge_read(facts_of(state, others), mine)) == (state == S::uploading ? "not_found" : "not_claimed"));
    }
}

TEST_CASE("A receipt is judged by its claim, what was sent and what was taken before", "[protocol]") {
    const auto judge = [](LifeFacts facts, ClaimId claim_id) {
        return told(judge_receipt(facts, claim_id, Outcome::stored)) + "/" +
               told(judge_receipt(facts, claim_id, Outcome::rejected));
    };
    LifeFacts claimed = facts_of(S::claimed, mine);
    CHECK(judge(claimed, mine) == "not_sent_yet/ok");
    CHECK(judge(claimed, others) == "not_claimed/not_claimed");
    claimed.every_byte_sent = true;
    CHECK(judge(claimed, mine) == "ok/ok");

    LifeFacts fetched = facts_of(S::fetched, mine);
    CHECK(judge(fetched, mine) == "ok/already_fetched fetched_at=2026-11-20T00:00:02.000Z");
    CHECK(judge(fetched, others) == "not_claimed/not_claimed");
    fetched.confirmed = true;
    fetched.receipt_outcome = Outcome::stored;
    CHECK(judge(fetched, mine) == "ok/receipt_conflict");
    CHECK(judge(fetched, others) == "not_claimed/not_claimed");

    LifeFacts rejected = facts_of(S::rejected, mine);
    rejected.receipt_outcome = Outcome::rejected;
    CHECK(judge(rejected, mine) == "receipt_conflict/ok");
    CHECK(judge(rejected, others) == "not_claimed/not_claimed");

    CHECK(judge(facts_of(S::uploading), mine) == "not_found/not_found");
    for (const S state : {S::waiting, S::withdrawn, S::expired}) {
        CHECK(judge(facts_of(state), mine) == "not_claimed/not_claimed");
    }
}

TEST_CASE("A withdrawal is taken until the recipient has claimed", "[protocol]") {
    const std::map<S, std::string> expected{
        {S::uploading, "ok"},
        {S::waiting, "ok"},
        {S::withdrawn, "ok"},
        {S::claimed, "already_claimed"},
        {S::fetched, "too_late_to_withdraw"},
        {S::rejected, "too_late_to_withdraw"},
        {S::expired, "expired"},
    };
    for (const S state : all_states) {
        CAPTURE(to_string(state));
        CHECK(told(judge_withdrawal(facts_of(state, mine))) == expected.at(state));
    }
}

TEST_CASE("A refusal tells the time that is known, and goes without one that is not", "[protocol]") {
    const ClaimId claim_id{random_uuid()};
    const Time at = *parse_rfc3339("2026-11-20T00:00:00Z");
    const auto times_of = [](const std::optional<Error>& error) {
        REQUIRE(error);
        std::string told;
        for (const auto& [name, value] : error->members) {
            told += name + " " + value;
        }
        return told;
    };
    LifeFacts facts;
    facts.state = S::claimed;
    CHECK(times_of(judge_claim(facts, claim_id, false)).empty());
    facts.claimed_at = at;
    CHECK(times_of(judge_claim(facts, claim_id, false)) == "claimed_at 2026-11-20T00:00:00.000Z");
    facts.state = S::fetched;
    CHECK(times_of(judge_claim(facts, claim_id, false)).empty());
    facts.fetched_at = at;
    CHECK(times_of(judge_claim(facts, claim_id, false)) == "fetched_at 2026-11-20T00:00:00.000Z");
    facts.state = S::rejected;
    CHECK(times_of(judge_claim(facts, claim_id, false)).empty());
    facts.rejected_at = at;
    CHECK(times_of(judge_claim(facts, claim_id, false)) == "rejected_at 2026-11-20T00:00:00.000Z");
}

TEST_CASE("A receipt that is confirmed without its outcome at hand counts as stored", "[protocol]") {
    LifeFacts facts;
    facts.state = S::fetched;
    facts.claim_id = ClaimId{random_uuid()};
    facts.confirmed = true;
    CHECK_FALSE(judge_receipt(facts, *facts.claim_id, Outcome::stored));
    CHECK(judge_receipt(facts, *facts.claim_id, Outcome::rejected)->code == ErrorCode::receipt_conflict);
    facts.confirmed = false;
    CHECK_FALSE(judge_receipt(facts, *facts.claim_id, Outcome::stored));
    CHECK(judge_receipt(facts, *facts.claim_id, Outcome::rejected)->code == ErrorCode::already_fetched);
}
