// The one place where requests and mailboxes meet the accounts: http's Gate and the mailbox's Directory over the
// registry.
#pragma once

#include "auth/rate_limit.hpp"
#include "auth/trust.hpp"
#include "server/accounts/peer_certificate.hpp"
#include "server/accounts/registry.hpp"
#include "server/http/gate.hpp"
#include "server/mailbox/directory.hpp"
#include "server/mailbox/party.hpp"

#include <array>
#include <functional>
#include <memory>
#include <mutex>

namespace relay::server::api {

/// Where the current Trust comes from: (trust, its generation).
using TrustSource = std::function<std::pair<std::shared_ptr<const auth::Trust>, std::uint64_t>()>;

struct RateSettings {
    int requests_per_second = 50; ///< 0: off
    int burst = 200;
};

/// Thread-safe.
class Access final : public http::Gate, public mailbox::Directory {
public:
    Access(
        accounts::Registry& registry,
        accounts::CertificateCheck& certificates,
        TrustSource trust,
        RateSettings rate,
        mailbox::Clock clock
    );

    [[nodiscard]] Awaitable<protocol::Result<void>> check_certificate(http::Peer& peer) override;
    [[nodiscard]] std::optional<protocol::Result<http::Caller>>
    known_session(const http::Peer& peer, std::string_view authorization) override;
    [[nodiscard]] Awaitable<protocol::Result<http::Caller>>
    find_session(const http::Peer& peer, std::string_view authorization) override;
    [[nodiscard]] Awaitable<protocol::Result<void>>
    still_allowed(http::Peer& peer, const http::Caller& caller) override;
    [[nodiscard]] protocol::Result<void> check_role(const http::Caller& caller, auth::Action action) override;
    [[nodiscard]] protocol::Result<void> check_licence(const http::Caller& caller, auth::Action action) override;
    [[nodiscard]] protocol::Result<void> take_rate(std::string_view key) override;

    [[nodiscard]] bool may_sign(
        const protocol::UserId& user, const protocol::cms::SignedContent& signed_content, protocol::Time now
    ) const override;
    [[nodiscard]] mailbox::RecipientState
    recipient(const protocol::OfficeNumber& office, protocol::Time now) const override;
    [[nodiscard]] bool opens_for(
        const protocol::OfficeNumber& office, const protocol::cms::RecipientName& name, protocol::Time now
    ) const override;
    [[nodiscard]] Awaitable<void> refresh() override;

private:
    struct RateShard {
        std::mutex mutex;
        std::unique_ptr<auth::RateLimit> limit;
    };
    [[nodiscard]] protocol::Result<void> judge_trust(http::Peer& peer) const;
    [[nodiscard]] protocol::Result<http::Caller>
    judge_session(const http::Peer& peer, const storage::SessionRow& session) const;
    [[nodiscard]] bool chain_good(const protocol::cms::SignedContent& signed_content, protocol::Time now) const;

    accounts::Registry& registry_;
    accounts::CertificateCheck& certificates_;
    TrustSource trust_;
    mailbox::Clock clock_;
    std::array<RateShard, 16> rates_;
};

} // namespace relay::server::api
