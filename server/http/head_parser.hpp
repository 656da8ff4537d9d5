// The head of a request: from raw bytes to plain values, or a refusal. What cannot be framed safely is refused here
// (protocol.md §2; RFC 9112 §2 to §6, more strictly), so that no two readers of a message could differ about its end.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/error.hpp"
#include "server/http/request.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relay::server::http {

/// Request line and fields in all, the blank line included.
inline constexpr std::size_t most_head_bytes = 16384;

struct Head {
    Method method = Method::other;
    std::string method_text;
    std::string target;
    std::string path;
    std::vector<std::pair<std::string, std::string>> query;  ///< percent-decoded; order kept
    std::vector<protocol::Finding> query_findings;           ///< told after the session was checked
    std::vector<std::pair<std::string, std::string>> fields; ///< names in lower case
    std::optional<std::int64_t> content_length;
    bool keep_alive = true;
    bool expect_continue = false;
};

/// Finds the end of a head that comes in pieces, and tells early when there can be none.
class HeadScan {
public:
    enum class State : std::uint8_t { more, complete, malformed, too_large };

    /// `bytes`: all of the head that is there, from its first byte, what was given before included.
    [[nodiscard]] State advance(protocol::BytesView bytes);
    /// After `complete`: bytes of the head, its blank line included.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    std::size_t scanned_ = 0;
    std::size_t line_ = 0; // where the current line begins
    std::size_t size_ = 0;
    bool first_line_ = true;
};

/// `bytes` end with the blank line. Errors: malformed_request, length_required; both end the connection.
[[nodiscard]] protocol::Result<Head> parse_head(protocol::BytesView bytes);

} // namespace relay::server::http
