#include "server/accounts/sign_in.hpp"

#include "auth/token.hpp"

#include <utility>

namespace relay::server::accounts {

using protocol::Error;
using protocol::ErrorCode;

Awaitable<Result<SignedIn>> SignIn::sign_in(SignInRequest request, PeerCertificate peer, Time now) {
    const auto identified = co_await passwords_.identify(request.user_id, peer);
    if (!identified) {
        co_return identified.error();
    }
    auto actor = peer.actor();
    const auto checked =
        co_await passwords_.compare(request.user_id, std::move(actor), std::move(request.password), now);
    if (!checked) {
        co_return checked.error();
    }
    const auto token = auth::make_token();
    const auto no_session = judge_right_password(checked->row, request, now);
    auto attempt = Passwords::make_attempt(request.user_id, peer, *checked);
    attempt.token_sha256 = token.sha256;
    attempt.lifetime = config_.sessions.lifetime;
    if (no_session) {
        attempt.may_open = false;
        attempt.refusal_code = protocol::to_string(no_session->code);
    }
    const auto verdict = co_await store_.record_sign_in(std::move(attempt), passwords_.policy().lock);
    if (!verdict) {
        co_return verdict.error();
    }
    const auto refusal = refusal_of(*verdict);
    if (refusal) {
        co_return *refusal;
    }
    if (no_session) {
        co_return *no_session;
    }
    storage::SessionRow session;
    session.token_sha256 = token.sha256;
    session.user_id = request.user_id;
    session.certificate_sha256 = peer.sha256;
    session.expires_at = verdict->expires_at;
    registry_.remember_session(session);
    auto signed_in = describe(request.user_id, checked->row, now);
    signed_in.token = token.text;
    signed_in.expires_at = verdict->expires_at;
    co_return signed_in;
}

Awaitable<Result<void>> SignIn::sign_out(Digest token_sha256) {
    const auto ended = co_await store_.end_session(token_sha256);
    if (!ended) {
        co_return ended;
    }
    auto session = co_await registry_.find_session(token_sha256);
    if (session && session->has_value()) {
        (*session)->ended = true;
        registry_.remember_session(**session);
    }
    registry_.poke();
    co_return Result<void>();
}

std::optional<Error>
SignIn::judge_right_password(const storage::PasswordRow& row, const SignInRequest& request, Time now) const {
    if (passwords_.must_change(row, now)) {
        return Error(ErrorCode::password_expired);
    }
    const auto minimum = config_.minimum_clients.find(request.client_name);
    if (minimum == config_.minimum_clients.end()) {
        return std::nullopt;
    }
    const auto wanted = ClientVersion::parse(minimum->second);
    if (wanted && request.client_version < *wanted) {
        return Error(ErrorCode::client_too_old).with("minimum_version", minimum->second);
    }
    return std::nullopt;
}

SignedIn SignIn::describe(const UserId& user_id, const storage::PasswordRow& row, Time now) const {
    SignedIn signed_in;
    signed_in.user_id = user_id;
    signed_in.role = user_id.role().value_or(protocol::Role::office);
    signed_in.password_expires_at = passwords_.expires_at(row);
    const auto user = registry_.user(user_id);
    if (user && user->office) {
        signed_in.office = registry_.office(*user->office);
        signed_in.licence = registry_.licence(*user->office, now);
    }
    return signed_in;
}

} // namespace relay::server::accounts
