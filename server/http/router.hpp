// Routes as data: method, pattern, what the caller must be, how the body comes, and the handler.
#pragma once

#include "auth/roles.hpp"
#include "server/http/request.hpp"
#include "server/http/response.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::server::http {

inline constexpr std::int64_t most_json_body = 1LL << 20;
inline constexpr std::int64_t most_batch_body = 16LL << 20;

enum class BodyKind : std::uint8_t {
    none,   ///< no body is wanted; one of a GET is refused
    json,   ///< at most most_json_body, Content-Type application/json
    batch,  ///< the same, at most most_batch_body
    stream, ///< any type; the handler reads it
};

/// The form of a segment; what is not of it is 404. {uuid} lower case, {number} 0 to 999999999 without leading zeros,
/// {digest} 64 lower-case hex digits, {office} an office number.
enum class Segment : std::uint8_t { literal, uuid, number, digest, office };

/// Runs before the body of a stream route is read, so that refusals need none (Expect: 100-continue).
using Handler = std::function<Awaitable<Result<Response>>(Request&)>;

struct Route {
    Method method = Method::get;
    std::string pattern;                ///< "/v1/inbox/{uuid}/chunks/{number}"
    std::optional<auth::Action> action; ///< nothing: no session is needed (POST /v1/sessions, PUT /v1/password)
    BodyKind body = BodyKind::none;
    Handler handler;
    bool reads_query = false; ///< its handler tells what is wrong with the query, and with its values, all at once
};

struct RouteMatch {
    const Route* route = nullptr; ///< null: see `allow`
    std::vector<std::string> captures;
    std::string allow; ///< of a path that exists with other methods; empty: unknown path
};

/// Immutable after it was built; shared by all threads.
class Router {
public:
    /// A pattern with an unknown {…} is a bug and throws std::logic_error.
    explicit Router(std::vector<Route> routes);
    /// Literal: nothing in the path is decoded.
    [[nodiscard]] RouteMatch match(Method method, std::string_view path) const;
    [[nodiscard]] const std::vector<Route>& routes() const noexcept { return routes_; }

private:
    struct Part {
        Segment segment = Segment::literal;
        std::string text;
    };
    [[nodiscard]] static std::vector<Part> split(std::string_view pattern);
    [[nodiscard]] static bool
    fits(const std::vector<Part>& parts, std::string_view path, std::vector<std::string_view>& captures);

    std::vector<Route> routes_;
    std::vector<std::vector<Part>> parts_; // of each route
};

[[nodiscard]] std::string_view to_string(Method method) noexcept;

} // namespace relay::server::http
