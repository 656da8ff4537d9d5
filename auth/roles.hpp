// Who may do what: one constexpr table action × role (protocol.md §3 "Roles").
#pragma once

#include "protocol/ids.hpp"

#include <cstdint>

namespace relay::auth {

enum class Action : std::uint8_t {
    sign_out,
    change_password,
    read_directory,
    send,
    read_outbox,
    withdraw, // outbox; `send` needs a licence
    read_inbox,
    claim,
    read_chunk,
    receipt, // inbox; `claim` and `read_chunk` need a licence
    read_audit,
    read_log,
    read_evidence,
};

[[nodiscard]] bool may(protocol::Role role, Action action) noexcept;
/// Sending and downloading: 403 licence_required without one.
[[nodiscard]] bool needs_licence(Action action) noexcept;

} // namespace relay::auth
