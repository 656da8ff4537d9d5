// A signed manifest or receipt: its signature checked, and its signer against the accounts (stage 3 of protocol.md §4).
#pragma once

#include "protocol/cms/verifier.hpp"
#include "server/mailbox/directory.hpp"
#include "server/mailbox/party.hpp"

namespace relay::server::mailbox {

/// Errors: bad_signature (form or cryptography), then signer_not_registered.
[[nodiscard]] Awaitable<protocol::Result<protocol::cms::SignedContent>> verify_word(
    protocol::cms::Verifier& verifier,
    protocol::BytesView signed_data,
    const Party& party,
    Directory& directory,
    protocol::Time now
);

} // namespace relay::server::mailbox
