#include "auth/roles.hpp"

#include <catch2/catch.hpp>

using relay::auth::Action;
using relay::auth::may;
using relay::auth::needs_licence;
using relay::protocol::Role;

TEST_CASE("Each role may do exactly what the protocol gives it", "[auth]") {
    struct Row {
        Action action;
        bool office;
        bool auditor;
        bool operator_;
        bool licence;
    };
    const auto row = GENERATE(values<Row>({
        {Action::sign_out, true, true, true, false},
        {Action::change_password, true, true, true, false},
        {Action::read_directory, true, true, true, false},
        {Action::send, true, false, false, true},
        {Action::read_outbox, true, false, false, false},
        {Action::withdraw, true, false, false, false},
        {Action::read_inbox, true, false, false, false},
        {Action::claim, true, false, false, true},
        {Action::read_chunk, true, false, false, true},
        {Action::receipt, true, false, false, false},
        {Action::read_audit, false, true, false, false},
        {Action::read_log, false, true, false, false},
        {Action::read_evidence, true, true, false, false},
    }));
    INFO("action " << static_cast<int>(row.action));
    CHECK(may(Role::office, row.action) == row.office);
    CHECK(may(Role::auditor, row.action) == row.auditor);
    CHECK(may(Role::operator_, row.action) == row.operator_);
    CHECK(needs_licence(row.action) == row.licence);
}
