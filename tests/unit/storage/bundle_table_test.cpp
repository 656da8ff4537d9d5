// The SQL of commit groups carries out the table of protocol/bundle_state: every act in every state.
#include "tests/unit/storage/bundle_fixture.hpp"

#include <catch2/catch.hpp>

using namespace relay;
using namespace relay::test;
using protocol::BundleAct;
using State = BundleState;

namespace {

constexpr auto stored = protocol::Outcome::stored;
constexpr auto rejected = protocol::Outcome::rejected;

struct Subject {
    AcceptItem bundle;
    ClaimItem claim;
};

class Table {
public:
    Subject bring_into(State state, bool every_byte_sent) {
        Subject subject{reservation(1), {}};
        subject.claim = claim_of(subject.bundle);
        REQUIRE(run_coro(store->accept(subject.bundle)).has_value());
        if (state == State::uploading) {
            return subject;
        }
        do_act(subject, BundleAct::publish);
        if (state == State::withdrawn) {
            do_act(subject, BundleAct::withdraw);
        } else if (state == State::expired) {
            do_act(subject, BundleAct::expire);
        } else if (state != State::waiting) {
            do_act(subject, BundleAct::claim);
            if (every_byte_sent) {
                REQUIRE(run_coro(store->cover(coverage_of(subject.claim, {{0, 100}}))).has_value());
            }
            if (state == State::fetched) {
                do_act(subject, BundleAct::receipt_stored);
            } else if (state == State::rejected) {
                do_act(subject, BundleAct::receipt_rejected);
            }
        }
        REQUIRE(db.state(subject.bundle.bundle_id) == to_string(state));
        return subject;
    }

    /// Whatever the answer is: the state afterwards tells.
    void do_act(const Subject& subject, BundleAct act) {
        const auto& bundle = subject.bundle;
        switch (act) {
        case BundleAct::publish:
            (void)run_coro(store->put_chunk(chunk_of(bundle, 0)));
            break;
        case BundleAct::claim:
            (void)run_coro(store->claim(subject.claim));
            break;
        case BundleAct::receipt_stored: {
            auto receipt = receipt_of(bundle, subject.claim, stored);
            receipt.ranges = {{0, 100}};
            (void)run_coro(store->receive_receipt(receipt));
            break;
        }
        case BundleAct::receipt_rejected:
            (void)run_coro(store->receive_receipt(receipt_of(bundle, subject.claim, rejected)));
            break;
        case BundleAct::withdraw:
            (void)run_coro(store->withdraw(bundle.bundle_id, sender_office, attempt_of("KJ000000000001")));
            break;
        case BundleAct::partial_lapse:
        case BundleAct::sent_lapse:
        case BundleAct::expire:
            db.database.sql(
                "UPDATE bundles SET due_at = now() - interval '1 s' WHERE due_at IS NOT NULL AND bundle_id = '" +
                bundle.bundle_id.str() + "'"
            );
            REQUIRE(run_coro(store->settle_due(100)).has_value());
            break;
        }
    }

    BundleDatabase db;
    BundleDatabase::Store store = db.open();
};

/// What comes of time alone is decided by the state: a waiting bundle cannot be made to lapse, nor a claimed one to
/// expire.
bool can_be_tried(State from, BundleAct act) {
    const bool lapse = act == BundleAct::partial_lapse || act == BundleAct::sent_lapse;
    if (from == State::uploading) {
        return !lapse && act != BundleAct::expire && act != BundleAct::withdraw; // those drop it
    }
    return !(from == State::waiting && lapse) && !(from == State::claimed && act == BundleAct::expire);
}

} // namespace

TEST_CASE("Every act in every state leads where the table of states says", "[storage]") {
    Table table;
    int tried = 0;
    for (int s = 0; s <= static_cast<int>(State::expired); ++s) {
        for (int a = 0; a <= static_cast<int>(BundleAct::expire); ++a) {
            const auto from = static_cast<State>(s);
            const auto act = static_cast<BundleAct>(a);
            if (!can_be_tried(from, act)) {
                continue;
            }
            const auto subject =
                table.bring_into(from, act == BundleAct::sent_lapse || act == BundleAct::receipt_stored);
            const auto before = table.db.events(subject.bundle.bundle_id).size();
            table.do_act(subject, act);
            const auto expected = next_state(from, act);
            INFO(to_string(from) << ", act " << a);
            CHECK(table.db.state(subject.bundle.bundle_id) == to_string(expected.value_or(from)));
            CHECK((table.db.events(subject.bundle.bundle_id).size() > before) == expected.has_value());
            ++tried;
        }
    }
    CHECK(tried == 49);
}
