// What http asks of the accounts before a handler runs. The composition root hands the implementation in
// (server/api/access), so that http and accounts do not see each other.
#pragma once

#include "auth/roles.hpp"
#include "server/http/request.hpp"
#include "storage/awaitable.hpp"

#include <optional>
#include <string_view>

namespace relay::server::http {

class Gate {
public:
    virtual ~Gate() = default;

    /// Checked for every request, unknown paths too: registered, not revoked, account open, not expired, not in the
    /// CRL, exactly one CN. Errors: wrong_certificate, certificate_revoked (the connection is closed after the answer);
    /// unavailable when the registry is older than 5 s.
    [[nodiscard]] virtual Awaitable<Result<void>> check_certificate(Peer& peer) = 0;
    /// The session of a Bearer token, bound to the peer's certificate, from memory alone. Nothing: only find_session()
    /// can tell. Errors: not_signed_in, session_expired, wrong_certificate.
    [[nodiscard]] virtual std::optional<Result<Caller>>
    known_session(const Peer& peer, std::string_view authorization) = 0;
    /// The same, asking the store where need be. Errors: those, unavailable.
    [[nodiscard]] virtual Awaitable<Result<Caller>> find_session(const Peer& peer, std::string_view authorization) = 0;
    /// Certificate and session of who was let in before, judged as of now: where a body or a poll took its time, and
    /// between the pages of a long answer. Errors: as of both.
    [[nodiscard]] virtual Awaitable<Result<void>> still_allowed(Peer& peer, const Caller& caller) = 0;
    /// Whether the role may do it. Error: role_not_allowed.
    [[nodiscard]] virtual Result<void> check_role(const Caller& caller, auth::Action action) = 0;
    /// After the rate limit (protocol.md §4 stage 1: session, role, rate limit, licence). Error: licence_required.
    [[nodiscard]] virtual Result<void> check_licence(const Caller& caller, auth::Action action) = 0;
    /// One request of this user (or, without a session in memory, this certificate). Error: too_many_requests with
    /// retry_after.
    [[nodiscard]] virtual Result<void> take_rate(std::string_view key) = 0;
};

} // namespace relay::server::http
