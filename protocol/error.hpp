// The one error type of the house: a value with a stable code of protocol.md §11.
// Every room returns it; server/http/problem_response alone turns it into HTTP.
#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::protocol {

/// The codes of protocol.md §11, one for one. The status of each stands in problem.cpp alone.
enum class ErrorCode : std::uint8_t {
    malformed_request,
    not_signed_in,
    session_expired,
    wrong_credentials,
    wrong_certificate,
    certificate_revoked,
    agent_user_id,
    password_expired,
    client_too_old,
    licence_required,
    role_not_allowed,
    not_found,
    method_not_allowed,
    timeout,
    bundle_id_reused,
    claimed_elsewhere,
    already_claimed,
    already_fetched,      ///< 410: the one download took place
    too_late_to_withdraw, ///< 409, told as `already_fetched`: a withdrawal that came after the download
    receipt_conflict,
    not_sent_yet,
    not_claimed,
    withdrawn,
    expired,
    length_required,
    too_large,
    unsupported_media_type,
    range_not_satisfiable,
    invalid_manifest,
    bad_signature,
    signer_not_registered,
    sender_mismatch,
    unknown_recipient,
    sent_to_self,
    recipient_not_accepting,
    bad_file_name,
    bad_file_combination,
    file_type_not_allowed,
    not_encrypted_for_recipient,
    chunk_digest_mismatch,
    clock_skew,
    bad_receipt,
    bad_password,
    locked_out,
    too_many_requests,
    quota_exceeded,
    headers_too_large,
    internal,
    unavailable,
};

/// The code as it is told on the wire, e.g. "malformed_request".
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

/// One entry of `errors` (protocol.md §11).
struct Finding {
    std::string pointer; ///< RFC 6901, into the manifest or body; the parameter's name for a query
    std::string code;    ///< missing, unknown_member, …, or an error code of stage 6
    std::string text_ja; ///< empty: the text that problem.cpp has for the code
    std::string text_en;
};

struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string cause;              ///< for the log alone; never shown to a client, never holds personal data
    std::vector<Finding> findings;  ///< all of a stage at once
    std::optional<int> retry_after; ///< seconds
    /// Further members of the problem (`claimed_at`, `minimum_version`, …).
    std::vector<std::pair<std::string, std::string>> members;
    /// Further header fields (`Allow`, `Content-Range`).
    std::vector<std::pair<std::string, std::string>> headers;

    Error() = default;
    explicit Error(ErrorCode c, std::string private_cause = {}) : code(c), cause(std::move(private_cause)) {}
    Error(ErrorCode c, std::vector<Finding> all) : code(c), findings(std::move(all)) {}

    Error&& with(std::string name, std::string value) && {
        members.emplace_back(std::move(name), std::move(value));
        return std::move(*this);
    }
    Error&& after(int seconds) && {
        retry_after = seconds;
        return std::move(*this);
    }
};

/// What Result::value() throws when it holds an error: a bug in the caller.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

namespace errors {
/// The bundle, office or path does not exist for this caller.
[[nodiscard]] Error not_found(std::string cause = {});
/// A fault of ours; the client is told no more than that.
[[nodiscard]] Error internal(std::string cause);
/// Nothing was kept, try again after `retry_after` seconds.
[[nodiscard]] Error unavailable(std::string cause, int retry_after = 1);
/// 400 with one finding.
[[nodiscard]] Error malformed(std::string pointer, std::string code, std::string cause = {});
} // namespace errors

} // namespace relay::protocol
