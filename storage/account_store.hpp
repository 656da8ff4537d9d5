// Offices, users, certificates, licences and sessions. Read by server/accounts/registry, changed by sign-in and
// relayctl. Every change ends its transaction with a new registry version, stamps its rows with it and notifies.
#pragma once

#include "protocol/delivery_event.hpp"
#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/ids.hpp"
#include "protocol/time.hpp"
#include "storage/awaitable.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace relay::storage {

using protocol::Bytes;
using protocol::Day;
using protocol::Digest;
using protocol::OfficeNumber;
using protocol::Result;
using protocol::Time;
using protocol::UserId;

struct OfficeRow {
    OfficeNumber number;
    std::string name;
    std::string prefecture; ///< two digits
    bool closed = false;
};
struct UserRow {
    UserId user_id;
    protocol::Role role = protocol::Role::office;
    std::optional<OfficeNumber> office;
    bool closed = false;
};
struct CertificateRow {
    Digest sha256;
    UserId user_id;
    Time not_before, not_after, registered_at;
    std::optional<Time> revoked_at;
    Digest issuer_serial; ///< SHA-256 over issuer DER and serial octets, each with a 4-byte length before it
    Bytes key_identifier;
};
struct LicenceRow {
    std::int64_t licence_id = 0;
    OfficeNumber office;
    std::string kind;
    Day from, until; ///< both licensed
};
struct SessionRow {
    Digest token_sha256;
    UserId user_id;
    Digest certificate_sha256;
    Time expires_at;
    bool ended = false;
};

/// All rows with a version above the one asked for (all rows for -1), and the version read in the same snapshot.
struct RegistryDelta {
    std::int64_t version = 0;
    std::vector<OfficeRow> offices;
    std::vector<UserRow> users;
    std::vector<CertificateRow> certificates;
    std::vector<LicenceRow> licences;
    std::vector<SessionRow> sessions; ///< ended ones only; a delta from -1 has none
};

/// What sign-in and password change need of a user.
struct PasswordRow {
    std::string hash;
    Time set_at;
    bool temporary = false;
    std::vector<std::string> history; ///< the last three hashes, the current one included
    std::optional<Time> locked_until;
    int failures = 0;
};

struct LockPolicy {
    int lock_after = 3;
    protocol::Duration lock_for{};
};

struct SignInAttempt {
    UserId user_id;
    Digest certificate_sha256;
    std::string checked_hash; ///< the hash that was verified; a password changed meanwhile counts as wrong
    bool password_right = false;
    bool may_open = true;     ///< false: right, but no session is to be opened (expired password, old client)
    std::string refusal_code; ///< code of session_refused when may_open is false
    Digest token_sha256;
    protocol::Duration lifetime{};
};

struct SignInVerdict {
    enum class What : std::uint8_t { opened, right_only, wrong, locked };
    What what = What::wrong;
    Time expires_at;     ///< of the session
    int retry_after = 0; ///< seconds, when locked
};

struct DirectoryQuery {
    std::optional<std::string> prefecture;
    std::optional<std::string> q;
    std::optional<std::string> after; ///< office number of the last one shown
    int limit = 100;
};
struct DirectoryEntry {
    OfficeRow office;
    bool accepting = false;
};
struct DirectoryPage {
    std::vector<DirectoryEntry> offices;
    bool more = false;
};
struct DirectoryCertificate {
    CertificateRow row;
    Bytes der;
};

/// `at` judged by the database's clock; `today` and `now` come from the caller for licences and certificates.
class AccountStore {
public:
    virtual ~AccountStore() = default;

    // Read by the registry:
    [[nodiscard]] virtual Awaitable<Result<RegistryDelta>> changes_since(std::int64_t version) = 0;
    [[nodiscard]] virtual Awaitable<Result<std::int64_t>> registry_version() = 0;
    /// A session by its token's digest; ended ones and those that ran out too, for 30 days.
    [[nodiscard]] virtual Awaitable<Result<std::optional<SessionRow>>> find_session(Digest token_sha256) = 0;
    /// DER of a certificate that was ever registered.
    [[nodiscard]] virtual Awaitable<Result<std::optional<DirectoryCertificate>>> find_certificate(Digest sha256) = 0;

    // Sign-in:
    [[nodiscard]] virtual Awaitable<Result<std::optional<PasswordRow>>> find_password(UserId user_id) = 0;
    /// Decides under the row's lock (transactions.md "Lockout"), with session_opened, session_refused or
    /// account_locked.
    [[nodiscard]] virtual Awaitable<Result<SignInVerdict>> record_sign_in(SignInAttempt attempt, LockPolicy policy) = 0;
    /// session_refused for refusals before the password (wrong certificate, agent, lock); not more than one a minute
    /// per user and code.
    [[nodiscard]] virtual Awaitable<Result<void>> record_refusal(protocol::Actor actor, std::string code) = 0;
    /// Sets the new hash when `checked_hash` is still the current one; ends every session of the user;
    /// password_changed. Verdict as for a sign-in: wrong counts, locked refuses.
    [[nodiscard]] virtual Awaitable<Result<SignInVerdict>>
    change_password(SignInAttempt attempt, std::string new_hash, LockPolicy policy) = 0;
    [[nodiscard]] virtual Awaitable<Result<void>> end_session(Digest token_sha256) = 0;
    /// certificates.register_unknown: registers on first use; a certificate that is there already is no error.
    [[nodiscard]] virtual Awaitable<Result<void>> register_certificate(CertificateRow row, Bytes der) = 0;

    // Directory:
    [[nodiscard]] virtual Awaitable<Result<DirectoryPage>> list_offices(DirectoryQuery query, Time now) = 0;
    /// Currently valid certificates of an office's users.
    [[nodiscard]] virtual Awaitable<Result<std::vector<DirectoryCertificate>>>
    certificates_of(OfficeNumber office, Time now) = 0;
};

} // namespace relay::storage
