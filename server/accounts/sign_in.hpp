// Signing in and out (protocol.md §3): POST /v1/sessions and DELETE /v1/sessions/current as services.
#pragma once

#include "server/accounts/client_version.hpp"
#include "server/accounts/passwords.hpp"
#include "server/accounts/peer_certificate.hpp"
#include "server/accounts/registry.hpp"
#include "server/config.hpp"

#include <optional>
#include <string>

namespace relay::server::accounts {

/// Of their forms: what is not ends before (server/api/sessions).
struct SignInRequest {
    UserId user_id;
    std::string password, client_name;
    ClientVersion client_version;
};

struct SignedIn {
    std::string token; ///< told once, never logged
    Time expires_at;
    protocol::Role role = protocol::Role::office;
    UserId user_id;
    std::optional<storage::OfficeRow> office; ///< of offices, as is the licence
    std::optional<LicenceCover> licence;
    Time password_expires_at;
};

/// Thread-safe. What it is given must outlive it.
class SignIn {
public:
    SignIn(storage::AccountStore& store, Registry& registry, Passwords& passwords, const Config& config)
        : store_(store),
          registry_(registry),
          passwords_(passwords),
          config_(config) {}

    /// `peer` has passed CertificateCheck. Checked in the order of protocol.md §3. Errors: agent_user_id,
    /// wrong_certificate, locked_out, too_many_requests, wrong_credentials, password_expired, client_too_old (with
    /// member minimum_version), unavailable, internal.
    [[nodiscard]] Awaitable<Result<SignedIn>> sign_in(SignInRequest request, PeerCertificate peer, Time now);
    /// The session ends here at once and everywhere within 5 seconds.
    [[nodiscard]] Awaitable<Result<void>> sign_out(Digest token_sha256);

private:
    /// Why a right password opens no session.
    [[nodiscard]] std::optional<protocol::Error>
    judge_right_password(const storage::PasswordRow& row, const SignInRequest& request, Time now) const;
    [[nodiscard]] SignedIn describe(const UserId& user_id, const storage::PasswordRow& row, Time now) const;

    storage::AccountStore& store_;
    Registry& registry_;
    Passwords& passwords_;
    const Config& config_;
};

} // namespace relay::server::accounts
