#include "server/api/access.hpp"

#include "auth/token.hpp"

#include <algorithm>

namespace relay::server::api {

using protocol::Error;
using protocol::ErrorCode;
using protocol::Result;

namespace {

accounts::PeerCertificate as_account_sees(const http::Peer& peer) {
    return {peer.certificate_sha256, peer.user_id, [&peer] { return peer.certificate_der(); }};
}

/// The credentials of `Bearer`, whose scheme is compared without case (RFC 9110 §11.1).
std::optional<std::string_view> credentials_in(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() <= scheme.size()) {
        return std::nullopt;
    }
    const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; };
    if (!std::ranges::equal(authorization.substr(0, scheme.size()), scheme, same)) {
        return std::nullopt;
    }
    authorization.remove_prefix(scheme.size());
    const auto first = authorization.find_first_not_of(' ');
    return first == std::string_view::npos ? std::nullopt : std::optional(authorization.substr(first));
}

std::optional<protocol::Digest> token_in(std::string_view authorization) {
    const auto credentials = credentials_in(authorization);
    return credentials ? auth::token_digest(*credentials) : std::nullopt;
}

} // namespace

Access::Access(
    accounts::Registry& registry,
    accounts::CertificateCheck& certificates,
    TrustSource trust,
    RateSettings rate,
    mailbox::Clock clock
)
    : registry_(registry),
      certificates_(certificates),
      trust_(std::move(trust)),
      clock_(std::move(clock)) {
    for (auto& shard : rates_) {
        shard.limit = std::make_unique<auth::RateLimit>(rate.requests_per_second, rate.burst);
    }
}

Result<void> Access::judge_trust(http::Peer& peer) const {
    if (peer.not_after < clock_()) {
        return Error(ErrorCode::wrong_certificate, "the connection's certificate expired");
    }
    const auto [trust, generation] = trust_();
    if (peer.trust_generation == generation) {
        return {};
    }
    // Trust was reloaded while the connection was open: the chain and the CRL are judged anew.
    const auto certificate = auth::read_certificate(peer.certificate_der());
    if (!certificate) {
        return Error(ErrorCode::wrong_certificate, certificate.error().cause);
    }
    switch (trust->verify(*certificate, clock_())) {
    case auth::ChainVerdict::good:
        peer.trust_generation = generation;
        return {};
    case auth::ChainVerdict::in_crl:
        return Error(ErrorCode::certificate_revoked, "in the CRL");
    case auth::ChainVerdict::wrong_chain:
    case auth::ChainVerdict::expired:
    case auth::ChainVerdict::not_yet_valid:
    case auth::ChainVerdict::weak:
        break;
    }
    return Error(ErrorCode::wrong_certificate, "no longer of an accepted chain");
}

Awaitable<Result<void>> Access::check_certificate(http::Peer& peer) {
    auto trusted = judge_trust(peer);
    if (!trusted) {
        co_return trusted;
    }
    auto known = certificates_.check_known(as_account_sees(peer), clock_());
    if (known || known.error().code != ErrorCode::wrong_certificate) {
        co_return known;
    }
    auto asked = as_account_sees(peer);
    co_return co_await certificates_.check(std::move(asked), clock_());
}

std::optional<Result<http::Caller>> Access::known_session(const http::Peer& peer, std::string_view authorization) {
    const auto token = token_in(authorization);
    if (!token) {
        return Result<http::Caller>(Error(ErrorCode::not_signed_in));
    }
    const auto session = registry_.known_session(*token);
    return session ? std::optional(judge_session(peer, *session)) : std::nullopt;
}

Awaitable<Result<http::Caller>> Access::find_session(const http::Peer& peer, std::string_view authorization) {
    const auto token = token_in(authorization);
    if (!token) {
        co_return Error(ErrorCode::not_signed_in);
    }
    const auto session = co_await registry_.find_session(*token);
    if (!session) {
        co_return session.error();
    }
    if (!session->has_value()) {
        co_return Error(ErrorCode::not_signed_in, "unknown token");
    }
    co_return judge_session(peer, **session);
}

Result<http::Caller> Access::judge_session(const http::Peer& peer, const storage::SessionRow& row) const {
    if (row.certificate_sha256 != peer.certificate_sha256) {
        return Error(ErrorCode::wrong_certificate, "the token belongs to another certificate");
    }
    if (row.ended || row.expires_at <= clock_()) {
        return Error(ErrorCode::session_expired);
    }
    const auto user = registry_.user(row.user_id);
    if (!user || !registry_.is_open(row.user_id)) {
        return Error(ErrorCode::session_expired, "the account was closed");
    }
    http::Caller caller;
    caller.user_id = row.user_id;
    caller.role = user->role;
    caller.office = user->office.value_or(protocol::OfficeNumber());
    caller.certificate_sha256 = row.certificate_sha256;
    caller.token_sha256 = row.token_sha256;
    caller.session_expires_at = row.expires_at;
    return caller;
}

Awaitable<Result<void>> Access::still_allowed(http::Peer& peer, const http::Caller& caller) {
    auto certificate = co_await check_certificate(peer);
    if (!certificate) {
        co_return certificate;
    }
    const auto session = co_await registry_.find_session(caller.token_sha256);
    if (!session) {
        co_return session.error();
    }
    if (!session->has_value() || (*session)->ended || (*session)->expires_at <= clock_()) {
        co_return Error(ErrorCode::session_expired);
    }
    co_return Result<void>();
}

Result<void> Access::check_role(const http::Caller& caller, auth::Action action) {
    if (!auth::may(caller.role, action)) {
        return Error(ErrorCode::role_not_allowed);
    }
    return {};
}

Result<void> Access::check_licence(const http::Caller& caller, auth::Action action) {
    if (!auth::needs_licence(action)) {
        return {};
    }
    if (registry_.licence(caller.office, clock_()).state != accounts::LicenceState::valid) {
        return Error(ErrorCode::licence_required);
    }
    return {};
}

Result<void> Access::take_rate(std::string_view key) {
    auto& shard = rates_.at(std::hash<std::string_view>{}(key) % rates_.size());
    const std::lock_guard lock(shard.mutex);
    const auto wait = shard.limit->take(std::string(key), auth::RateLimit::Clock::now());
    if (wait) {
        return Error(ErrorCode::too_many_requests).after(std::max(1, protocol::seconds_up(*wait)));
    }
    return {};
}

bool Access::chain_good(const protocol::cms::SignedContent& signed_content, protocol::Time now) const {
    const auto trust = trust_().first;
    if (trust->is_known_good(signed_content.signer_sha256, now)) {
        return true; // its certificate need not be decoded
    }
    const auto certificate = auth::read_certificate(signed_content.signer_certificate);
    return certificate && trust->verify(*certificate, now) == auth::ChainVerdict::good;
}

bool Access::may_sign(
    const protocol::UserId& user, const protocol::cms::SignedContent& signed_content, protocol::Time now
) const {
    return registry_.check_signer(user, signed_content.signer_sha256, now) && chain_good(signed_content, now);
}

mailbox::RecipientState Access::recipient(const protocol::OfficeNumber& office, protocol::Time now) const {
    if (registry_.accepting(office, now)) {
        return mailbox::RecipientState::accepting;
    }
    return registry_.is_open(office) ? mailbox::RecipientState::not_accepting : mailbox::RecipientState::unknown;
}

bool Access::opens_for(
    const protocol::OfficeNumber& office, const protocol::cms::RecipientName& name, protocol::Time now
) const {
    return registry_.is_recipient(office, name, now);
}

Awaitable<void> Access::refresh() {
    // A failure shows in the next look-up, which then still misses.
    [[maybe_unused]] const auto refreshed = co_await registry_.refresh_on_miss();
}

} // namespace relay::server::api
