// What the mailbox asks of the accounts. The composition root hands the implementation in (server/api/access),
// so that mailbox and accounts do not see each other.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/cms/recipients.hpp"
#include "protocol/cms/signed_data.hpp"
#include "protocol/digest.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"
#include "storage/awaitable.hpp"

#include <cstdint>

namespace relay::server::mailbox {

enum class RecipientState : std::uint8_t { unknown, not_accepting, accepting };

/// Answers come from memory, any thread; only refresh() asks the database.
class Directory {
public:
    virtual ~Directory() = default;

    /// The signer's certificate is registered for this user, not revoked, and of a good chain at `now`.
    [[nodiscard]] virtual bool may_sign(
        const protocol::UserId& user, const protocol::cms::SignedContent& signed_content, protocol::Time now
    ) const = 0;
    [[nodiscard]] virtual RecipientState recipient(const protocol::OfficeNumber& office, protocol::Time now) const = 0;
    /// A currently valid registered certificate of that office.
    [[nodiscard]] virtual bool opens_for(
        const protocol::OfficeNumber& office, const protocol::cms::RecipientName& name, protocol::Time now
    ) const = 0;
    /// After a look-up that missed: what this process did not know yet may stand in the database.
    [[nodiscard]] virtual Awaitable<void> refresh() = 0;
};

} // namespace relay::server::mailbox
