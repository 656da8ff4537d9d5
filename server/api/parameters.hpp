// Query parameters, strictly: each at most once, of its form, and known; everything wrong is told at once, as it is of
// JSON bodies.
#pragma once

#include "protocol/error.hpp"
#include "protocol/json_reader.hpp"
#include "server/http/request.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relay::server::api {

class Parameters {
public:
    /// `known`: the names of this call; others are unknown_member. Its route must say that it reads the query.
    Parameters(const http::Request& request, std::initializer_list<std::string_view> known);

    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
    /// Decimal digits, min ≤ n ≤ max; else bad_format or out_of_range.
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
    [[nodiscard]] std::optional<protocol::Time> time(std::string_view name);
    /// 1 to 500, 100 when not given.
    [[nodiscard]] int limit();
    /// A position from encode_cursor() of the same kind.
    [[nodiscard]] std::optional<std::int64_t> cursor(std::string_view kind);
    /// By a parser that returns an optional; bad_format where it returns nothing.
    template <class Parse>
    [[nodiscard]] auto parsed(std::string_view name, Parse parse) -> decltype(parse(std::string_view())) {
        const auto value = text(name);
        if (!value) {
            return std::nullopt;
        }
        auto result = parse(std::string_view(*value));
        if (!result) {
            add(name, "bad_format");
        }
        return result;
    }
    void add(std::string_view name, std::string code);

    /// malformed_request with all findings. Call after everything was read.
    [[nodiscard]] protocol::Result<void> verdict() const;

private:
    const http::Request& request_;
    std::vector<protocol::Finding> findings_;
};

/// The same of a body: malformed_request with all that its reader found. Call after everything was read.
[[nodiscard]] protocol::Result<void> body_verdict(protocol::JsonDocument& document);

/// Opaque to clients: the kind of list and a place in its order.
[[nodiscard]] std::string encode_cursor(std::string_view kind, std::string_view place);
[[nodiscard]] std::string encode_cursor(std::string_view kind, std::int64_t position);
/// The place; nothing for what is no cursor of this kind.
[[nodiscard]] std::optional<std::string> decode_cursor(std::string_view kind, std::string_view cursor);

} // namespace relay::server::api
