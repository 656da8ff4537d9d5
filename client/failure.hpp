// Why something did not work, as the person at the terminal is told. The server's codes pass through as they are,
// those that this client does not know too, which is why this is not protocol::Error.
#pragma once

#include "protocol/error.hpp"

#include <boost/system/result.hpp>
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace relay::client {

using Json = nlohmann::json;

struct Failure {
    Failure() = default; // no aggregate: Result tells values from errors by what constructs them

    std::string code;
    std::string text;
    int status = 0; ///< of the answer; 0 when there was none
    std::optional<int> retry_after;
};

/// What Outcome::value() throws when it holds a failure: a bug in the caller.
[[noreturn]] void throw_exception_from_error(const Failure& failure, const boost::source_location& where);

template <class T>
using Outcome = boost::system::result<T, Failure>;

/// The bundle's content cannot be used and never will be: reason enough for a receipt "rejected".
inline constexpr std::string_view unusable_content = "unusable_content";
/// The payload is encrypted for another certificate of the office.
inline constexpr std::string_view other_certificate = "other_certificate";

inline constexpr std::string_view wrong_usage = "usage";

/// Something on this computer: a file, a key, the disk.
[[nodiscard]] Failure local_failure(std::string text);
/// Wrong usage of a command: exit status 2.
[[nodiscard]] Failure usage_failure(std::string text);
/// `what` and the text of errno.
[[nodiscard]] Failure system_failure(const std::string& what);
[[nodiscard]] Failure content_failure(std::string text);
[[nodiscard]] Failure from_error(const protocol::Error& error);
/// An RFC 9457 problem of the server; its `errors` are added to the text.
[[nodiscard]] Failure from_problem(const Json& problem, int status);

/// The member as text, or "" when it is missing or no text.
[[nodiscard]] std::string text_at(const Json& object, std::string_view name);
/// The member as an object or array, or null when there is none.
[[nodiscard]] const Json& member_of(const Json& object, std::string_view name);
[[nodiscard]] std::optional<std::int64_t> number_at(const Json& object, std::string_view name);

} // namespace relay::client
