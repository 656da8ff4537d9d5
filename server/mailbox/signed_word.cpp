#include "server/mailbox/signed_word.hpp"

namespace relay::server::mailbox {

using protocol::Error;
using protocol::ErrorCode;

Awaitable<protocol::Result<protocol::cms::SignedContent>> verify_word(
    protocol::cms::Verifier& verifier,
    protocol::BytesView signed_data,
    const Party& party,
    Directory& directory,
    protocol::Time now
) {
    auto verified = verifier.verify(signed_data);
    if (!verified) {
        co_return verified.error();
    }
    if (!directory.may_sign(party.user_id, *verified, now)) {
        co_await directory.refresh();
        if (!directory.may_sign(party.user_id, *verified, now)) {
            co_return Error(ErrorCode::signer_not_registered, "signer is no valid registered certificate of the user");
        }
    }
    co_return std::move(*verified);
}

} // namespace relay::server::mailbox
