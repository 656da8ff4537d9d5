// A request as handlers see it: plain values, no Beast, no OpenSSL.
#pragma once

#include "auth/roles.hpp"
#include "protocol/bytes.hpp"
#include "protocol/digest.hpp"
#include "protocol/error.hpp"
#include "protocol/ids.hpp"
#include "protocol/problem.hpp"
#include "protocol/time.hpp"
#include "server/http/line.hpp"
#include "storage/awaitable.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::server::http {

using protocol::Result;

/// The peer's certificate, from TLS alone. Lives as long as its connection; used on its io_context only.
class Peer {
public:
    virtual ~Peer() = default;
    /// The certificate's DER, fetched from TLS when needed (a parked connection keeps none).
    [[nodiscard]] virtual protocol::Bytes certificate_der() const = 0;

    protocol::Digest certificate_sha256;
    std::optional<protocol::UserId> user_id; ///< of its only CN; nothing where that is no user ID
    protocol::Time not_after;
    std::uint64_t trust_generation = 0; ///< of the Trust that judged it last
};

/// Who calls, once the session was checked.
struct Caller {
    protocol::UserId user_id;
    protocol::Role role = protocol::Role::office;
    protocol::OfficeNumber office; ///< empty but for offices
    protocol::Digest certificate_sha256;
    protocol::Digest token_sha256;
    protocol::Time session_expires_at;
};

enum class Method : std::uint8_t { get, put, post, delete_, other };

/// The body of a request, read piece by piece under the connection's deadlines.
class BodyReader {
public:
    virtual ~BodyReader() = default;
    /// Bytes declared by Content-Length.
    [[nodiscard]] virtual std::int64_t size() const noexcept = 0;
    /// The next piece, empty at the end; valid until the next call. Errors: timeout; malformed_request when the line
    /// was cut.
    [[nodiscard]] virtual Awaitable<Result<protocol::BytesView>> next() = 0;
};

struct Request {
    protocol::RequestId id;
    Method method = Method::other;
    std::string method_text;
    std::string target;                                      ///< as received
    std::string path;                                        ///< as received, without the query
    std::vector<std::pair<std::string, std::string>> query;  ///< percent-decoded; order kept, each name once
    std::vector<protocol::Finding> query_findings;           ///< what could not be read of it
    std::vector<std::pair<std::string, std::string>> fields; ///< names in lower case
    std::optional<std::int64_t> content_length;
    protocol::Language language = protocol::Language::ja;
    std::vector<std::string> captures; ///< of the route's {…} segments, in order
    std::string json;                  ///< the whole body, on routes that take JSON
    BodyReader* body = nullptr;        ///< on routes that stream their body
    Peer* peer = nullptr;
    Line* line = nullptr;
    std::optional<Caller> caller; ///< on routes that need a session
    std::chrono::steady_clock::time_point began;

    /// The field's value, or an empty view.
    [[nodiscard]] std::string_view field(std::string_view lower_case_name) const noexcept;
    /// Of a field that is a list: its lines as one (RFC 9110 §5.3), or nothing.
    [[nodiscard]] std::string list_field(std::string_view lower_case_name) const;
    [[nodiscard]] bool has_field(std::string_view lower_case_name) const noexcept;
};

} // namespace relay::server::http
