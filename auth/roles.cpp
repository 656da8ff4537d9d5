#include "auth/roles.hpp"

#include <array>

namespace relay::auth {
namespace {

using protocol::Role;

struct Rule {
    Action action;
    bool office;
    bool auditor;
    bool operator_;
    bool licence;
};

constexpr std::array rules{
    // action                  office auditor operator licence
    Rule{Action::sign_out, true, true, true, false},
    Rule{Action::change_password, true, true, true, false},
    Rule{Action::read_directory, true, true, true, false},
    Rule{Action::send, true, false, false, true},
    Rule{Action::read_outbox, true, false, false, false},
    Rule{Action::withdraw, true, false, false, false},
    Rule{Action::read_inbox, true, false, false, false},
    Rule{Action::claim, true, false, false, true},
    Rule{Action::read_chunk, true, false, false, true},
    Rule{Action::receipt, true, false, false, false},
    Rule{Action::read_audit, false, true, false, false},
    Rule{Action::read_log, false, true, false, false},
    Rule{Action::read_evidence, true, true, false, false},
};

constexpr bool stands_in_order() {
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (static_cast<std::size_t>(rules[i].action) != i) {
            return false;
        }
    }
    return static_cast<std::size_t>(Action::read_evidence) + 1 == rules.size();
}
static_assert(stands_in_order(), "one rule for each action, in the order of the enumeration");

const Rule& rule_of(Action action) noexcept {
    return rules[static_cast<std::size_t>(action)];
}

} // namespace

bool may(Role role, Action action) noexcept {
    switch (role) {
    case Role::office:
        return rule_of(action).office;
    case Role::auditor:
        return rule_of(action).auditor;
    case Role::operator_:
        return rule_of(action).operator_;
    }
    return false;
}

bool needs_licence(Action action) noexcept {
    return rule_of(action).licence;
}

} // namespace relay::auth
