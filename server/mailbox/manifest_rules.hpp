// Stage 6 of protocol.md §4: who may send what to whom, all findings at once. Pure but for the Directory's look-ups.
#pragma once

#include "protocol/cms/recipients.hpp"
#include "protocol/error.hpp"
#include "protocol/manifest.hpp"
#include "protocol/standard/sending_unit.hpp"
#include "server/mailbox/directory.hpp"

#include <optional>

namespace relay::server::mailbox {

struct RuleSettings {
    protocol::standard::UnitSettings units;
};

/// `payload`: the inline payload, where one was given. Nothing: all rules hold. The error's code is the first found in
/// the contract's order; its findings are all of them.
[[nodiscard]] std::optional<protocol::Error> check_rules(
    const protocol::Manifest& manifest,
    const std::optional<protocol::Bytes>& payload,
    const protocol::OfficeNumber& sender,
    const Directory& directory,
    const RuleSettings& settings,
    protocol::Time now
);

/// Whether every recipient named in the head opens for `office`. Error: not_encrypted_for_recipient.
[[nodiscard]] protocol::Result<void> check_encryption(
    protocol::BytesView head,
    std::int64_t whole_size,
    const protocol::OfficeNumber& office,
    const Directory& directory,
    protocol::Time now
);

/// A refresh of the directory may change the verdict: it rests on what this process knows of accounts.
[[nodiscard]] bool rests_on_accounts(const protocol::Error& error);

} // namespace relay::server::mailbox
