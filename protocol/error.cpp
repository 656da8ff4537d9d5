#include "protocol/error.hpp"

#include <stdexcept>

namespace relay::protocol {

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
    case ErrorCode::malformed_request:
        return "malformed_request";
    case ErrorCode::not_signed_in:
        return "not_signed_in";
    case ErrorCode::session_expired:
        return "session_expired";
    case ErrorCode::wrong_credentials:
        return "wrong_credentials";
    case ErrorCode::wrong_certificate:
        return "wrong_certificate";
    case ErrorCode::certificate_revoked:
        return "certificate_revoked";
    case ErrorCode::agent_user_id:
        return "agent_user_id";
    case ErrorCode::password_expired:
        return "password_expired";
    case ErrorCode::client_too_old:
        return "client_too_old";
    case ErrorCode::licence_required:
        return "licence_required";
    case ErrorCode::role_not_allowed:
        return "role_not_allowed";
    case ErrorCode::not_found:
        return "not_found";
    case ErrorCode::method_not_allowed:
        return "method_not_allowed";
    case ErrorCode::timeout:
        return "timeout";
    case ErrorCode::bundle_id_reused:
        return "bundle_id_reused";
    case ErrorCode::claimed_elsewhere:
        return "claimed_elsewhere";
    case ErrorCode::already_claimed:
        return "already_claimed";
    case ErrorCode::already_fetched:
        return "already_fetched";
    case ErrorCode::too_late_to_withdraw:
        return "already_fetched";
    case ErrorCode::receipt_conflict:
        return "receipt_conflict";
    case ErrorCode::not_sent_yet:
        return "not_sent_yet";
    case ErrorCode::not_claimed:
        return "not_claimed";
    case ErrorCode::withdrawn:
        return "withdrawn";
    case ErrorCode::expired:
        return "expired";
    case ErrorCode::length_required:
        return "length_required";
    case ErrorCode::too_large:
        return "too_large";
    case ErrorCode::unsupported_media_type:
        return "unsupported_media_type";
    case ErrorCode::range_not_satisfiable:
        return "range_not_satisfiable";
    case ErrorCode::invalid_manifest:
        return "invalid_manifest";
    case ErrorCode::bad_signature:
        return "bad_signature";
    case ErrorCode::signer_not_registered:
        return "signer_not_registered";
    case ErrorCode::sender_mismatch:
        return "sender_mismatch";
    case ErrorCode::unknown_recipient:
        return "unknown_recipient";
    case ErrorCode::sent_to_self:
        return "sent_to_self";
    case ErrorCode::recipient_not_accepting:
        return "recipient_not_accepting";
    case ErrorCode::bad_file_name:
        return "bad_file_name";
    case ErrorCode::bad_file_combination:
        return "bad_file_combination";
    case ErrorCode::file_type_not_allowed:
        return "file_type_not_allowed";
    case ErrorCode::not_encrypted_for_recipient:
        return "not_encrypted_for_recipient";
    case ErrorCode::chunk_digest_mismatch:
        return "chunk_digest_mismatch";
    case ErrorCode::clock_skew:
        return "clock_skew";
    case ErrorCode::bad_receipt:
        return "bad_receipt";
    case ErrorCode::bad_password:
        return "bad_password";
    case ErrorCode::locked_out:
        return "locked_out";
    case ErrorCode::too_many_requests:
        return "too_many_requests";
    case ErrorCode::quota_exceeded:
        return "quota_exceeded";
    case ErrorCode::headers_too_large:
        return "headers_too_large";
    case ErrorCode::internal:
        return "internal";
    case ErrorCode::unavailable:
        return "unavailable";
    }
    return "internal";
}

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
    throw std::logic_error(
        "value() of a result that holds " + std::string(to_string(error.code)) + " (" + error.cause + ") at " +
        where.to_string()
    );
}

namespace errors {

Error not_found(std::string cause) {
    return Error(ErrorCode::not_found, std::move(cause));
}

Error internal(std::string cause) {
    return Error(ErrorCode::internal, std::move(cause));
}

Error unavailable(std::string cause, int retry_after) {
    return Error(ErrorCode::unavailable, std::move(cause)).after(retry_after);
}

Error malformed(std::string pointer, std::string code, std::string cause) {
    Error error(ErrorCode::malformed_request, std::move(cause));
    error.findings.push_back(Finding{std::move(pointer), std::move(code), {}, {}});
    return error;
}

} // namespace errors

} // namespace relay::protocol
