// What operators do to accounts, and the facts they look at. Used by relayctl alone; synchronous, one thread.
// Every change commits together with its event (actor "relayctl"), the new registry version and its notification.
#pragma once

#include "storage/account_store.hpp"
#include "storage/bundle_store.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace relay::storage {

struct NewOffice {
    OfficeNumber number;
    std::string name;       ///< 1 to 200 characters
    std::string prefecture; ///< two digits
    std::vector<std::string> services;
};
struct OfficeFacts {
    OfficeRow office;
    std::vector<std::string> services;
    Time added_at;
    std::optional<Time> closed_at;
};
struct NewUser {
    UserId user_id;
    std::optional<OfficeNumber> office; ///< for KJ… alone
    std::string password_hash;
    bool temporary = false;
};
struct UserFacts {
    UserRow user;
    Time added_at;
    std::optional<Time> closed_at;
    std::optional<Time> password_set_at;
    bool temporary = false;
    std::optional<Time> locked_until; ///< only while it lasts
};
struct CertificateFacts {
    CertificateRow row;
    Bytes der;
    Bytes serial;       ///< content octets
    std::string reason; ///< of a revocation
};
/// A bundle's facts without any content of it.
struct BundleFacts {
    BundleId bundle_id;
    OfficeNumber sender, recipient;
    BundleState state = BundleState::uploading;
    std::optional<std::string> confirmation;
    Digest manifest_sha256;
    std::int64_t payload_size = 0;
    int chunk_count = 0;
    Time created_at, reserved_at;
    std::optional<Time> accepted_at, expires_at, claimed_at, sent_at, fetched_at, rejected_at, withdrawn_at, expired_at;
};
struct RelayStats {
    std::int64_t open_offices = 0, open_users = 0, valid_certificates = 0, running_sessions = 0;
    std::map<std::string, std::int64_t> bundles; ///< number by state
    std::int64_t payload_bytes = 0;              ///< of bundles whose payload is still kept
    std::int64_t events = 0, log_size = 0;       ///< log_size: events that have an index
    std::int64_t pending_objects = 0;
};

/// Refusals are malformed_request, or not_found for what does not exist, with the reason for the operator in `cause`;
/// unavailable and internal as everywhere.
class AccountAdmin {
public:
    virtual ~AccountAdmin() = default;

    /// With its mailbox. Refused: the number is taken, also by a closed office.
    [[nodiscard]] virtual Result<void> add_office(const NewOffice& office) = 0;
    [[nodiscard]] virtual Result<std::vector<OfficeFacts>> list_offices() = 0;
    [[nodiscard]] virtual Result<OfficeFacts> find_office(const OfficeNumber& number) = 0;
    /// Ends the sessions of its users. Refused: closed already.
    [[nodiscard]] virtual Result<void> close_office(const OfficeNumber& number) = 0;

    /// Refused: HD…, taken ID, an office that is missing, unknown or closed, an office for another kind of user.
    [[nodiscard]] virtual Result<void> add_user(const NewUser& user) = 0;
    /// Ends the user's sessions and a lock. Refused: closed.
    [[nodiscard]] virtual Result<void> set_password(const UserId& user_id, const std::string& hash, bool temporary) = 0;
    [[nodiscard]] virtual Result<void> unlock_user(const UserId& user_id) = 0;
    /// Ends the user's sessions. Refused: closed already.
    [[nodiscard]] virtual Result<void> close_user(const UserId& user_id) = 0;
    [[nodiscard]] virtual Result<std::vector<UserFacts>> list_users() = 0;
    [[nodiscard]] virtual Result<UserFacts> find_user(const UserId& user_id) = 0;

    /// `command` becomes the event's code ("certificate issue", "certificate import", …). Refused: unknown or closed
    /// user; registered for another user. False: it was registered for this user before.
    [[nodiscard]] virtual Result<bool>
    register_certificate(const CertificateRow& row, const Bytes& der, const std::string& command) = 0;
    /// By user and time of registration; with `expiring_before` only valid ones that end before it.
    [[nodiscard]] virtual Result<std::vector<CertificateFacts>> list_certificates(std::optional<Time> expiring_before
    ) = 0;
    /// Ends the sessions opened with it. False: it was revoked before.
    [[nodiscard]] virtual Result<bool> revoke_certificate(const Digest& sha256, const std::string& reason) = 0;
    /// All revoked ones that have not expired, for the CRL.
    [[nodiscard]] virtual Result<std::vector<CertificateFacts>> list_revoked() = 0;

    /// The new grant's number. Refused: unknown or closed office, a last day before the first, another kind.
    [[nodiscard]] virtual Result<std::int64_t>
    grant_licence(const OfficeNumber& office, Day from, Day until, const std::string& kind) = 0;
    /// Cuts every grant of the office that reaches beyond `last_day`; how many.
    [[nodiscard]] virtual Result<int> end_licence(const OfficeNumber& office, Day last_day) = 0;
    [[nodiscard]] virtual Result<std::vector<LicenceRow>> list_licences(std::optional<OfficeNumber> office) = 0;

    [[nodiscard]] virtual Result<BundleFacts> find_bundle(BundleId bundle_id) = 0;
    /// Sent or received by the office, newest first.
    [[nodiscard]] virtual Result<std::vector<BundleFacts>>
    list_bundles(const OfficeNumber& office, std::optional<BundleState> state, int limit) = 0;
    [[nodiscard]] virtual Result<RelayStats> stats() = 0;
};

} // namespace relay::storage
