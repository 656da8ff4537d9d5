#include "server/http/head_parser.hpp"

#include "server/http/ascii_case.hpp"
#include "server/http/query.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace relay::server::http {

namespace {

using protocol::BytesView;
using protocol::Error;
using protocol::ErrorCode;

struct RequestLine {
    std::string_view method;
    std::string_view target;
};
struct Field {
    std::string_view name;
    std::string_view value;
};

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), to_lower);
    return out;
}

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// RFC 9110 §5.6.2
bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

/// RFC 9110 §5.5: visible characters, obs-text, blanks.
bool is_field_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
    });
}

std::string_view trim_blanks(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// RFC 9112 §3, exactly one space between the parts, HTTP/1.1 alone.
std::optional<RequestLine> parse_request_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last || line.substr(last + 1) != "HTTP/1.1") {
        return std::nullopt;
    }
    const RequestLine parts{line.substr(0, first), line.substr(first + 1, last - first - 1)};
    const bool visible =
        std::all_of(parts.target.begin(), parts.target.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
    return is_token(parts.method) && visible && !parts.target.empty() ? std::optional(parts) : std::nullopt;
}

/// host [":" port]; names and numbers only: no user info, no list, no path.
bool is_host(std::string_view text) {
    std::string_view host = text;
    if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos && !text.ends_with(']')) {
        const std::string_view port = text.substr(colon + 1);
        if (port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos) {
            return false;
        }
        host = text.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) {
        const std::string_view address = host.substr(1, host.size() - 2);
        return !address.empty() && address.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
    }
    return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
        return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
    });
}

Error malformed(const char* cause) {
    return Error(ErrorCode::malformed_request, std::string(cause));
}

/// A name that another reader could take for Transfer-Encoding counts only when it is exactly that; all else is refused
/// by its form.
bool names_transfer_encoding(std::string_view line) {
    return equal_ignoring_case(line.substr(0, line.find(':')), "transfer-encoding");
}

protocol::Result<std::vector<Field>> parse_fields(std::string_view lines) {
    std::vector<Field> fields;
    fields.reserve(16);
    std::optional<Error> refusal;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find("\r\n"));
        lines.remove_prefix(line.size() + 2);
        if (names_transfer_encoding(line)) {
            return Error(ErrorCode::length_required, std::string("Transfer-Encoding"));
        }
        const std::size_t colon = line.find(':');
        if (refusal) {
            continue; // only a Transfer-Encoding further down could still change the answer
        }
        if (line.starts_with(' ') || line.starts_with('\t')) {
            refusal = malformed("obsolete folding or blank before a field");
        } else if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
            refusal = malformed("bad field name");
        } else if (!is_field_value(line.substr(colon + 1))) {
            refusal = malformed("bad character in a field");
        } else {
            fields.push_back({line.substr(0, colon), trim_blanks(line.substr(colon + 1))});
        }
    }
    if (refusal) {
        return *refusal;
    }
    return fields;
}

/// Fields whose second appearance could be read in two ways.
constexpr std::array once_only{
    std::string_view("host"),
    std::string_view("content-length"),
    std::string_view("content-type"),
    std::string_view("authorization"),
    std::string_view("content-encoding"),
    std::string_view("content-range"),
    std::string_view("range"),
    std::string_view("if-range"),
    std::string_view("relay-claim")};

std::optional<Error> check_repeated(const std::vector<Field>& fields) {
    for (const std::string_view name : once_only) {
        const auto count = std::count_if(fields.begin(), fields.end(), [&](const Field& f) {
            return equal_ignoring_case(f.name, name);
        });
        if (count > 1) {
            return Error(ErrorCode::malformed_request, "repeated " + std::string(name));
        }
    }
    return std::nullopt;
}

const Field* find_field(const std::vector<Field>& fields, std::string_view name) {
    const auto found =
        std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return equal_ignoring_case(f.name, name); });
    return found == fields.end() ? nullptr : &*found;
}

bool lists_token(const std::vector<Field>& fields, std::string_view name, std::string_view token) {
    for (const Field& field : fields) {
        std::string_view rest = equal_ignoring_case(field.name, name) ? field.value : std::string_view();
        while (!rest.empty()) {
            const std::string_view item = rest.substr(0, rest.find(','));
            if (equal_ignoring_case(trim_blanks(item), token)) {
                return true;
            }
            rest.remove_prefix(std::min(item.size() + 1, rest.size()));
        }
    }
    return false;
}

Method method_of(std::string_view text) {
    for (const auto& [name, method] :
         {std::pair("GET", Method::get),
          std::pair("PUT", Method::put),
          std::pair("POST", Method::post),
          std::pair("DELETE", Method::delete_)}) {
        if (text == name) {
            return method;
        }
    }
    return Method::other;
}

bool may_have_body(std::string_view method) {
    constexpr std::array without{
        std::string_view("GET"),
        std::string_view("HEAD"),
        std::string_view("DELETE"),
        std::string_view("OPTIONS"),
        std::string_view("TRACE"),
        std::string_view("CONNECT")};
    return std::find(without.begin(), without.end(), method) == without.end();
}

bool needs_length(std::string_view method) {
    return method == "PUT" || method == "POST" || method == "PATCH";
}

std::optional<Error> read_length(const std::vector<Field>& fields, Head& head) {
    if (const Field* field = find_field(fields, "content-length"); field != nullptr) {
        std::int64_t length = 0;
        const char* const end = field->value.data() + field->value.size();
        const bool digits =
            !field->value.empty() && field->value.find_first_not_of("0123456789") == std::string_view::npos;
        const auto [stopped, failure] = std::from_chars(field->value.data(), end, length);
        if (!digits || failure != std::errc{} || stopped != end) {
            return malformed("bad Content-Length");
        }
        head.content_length = length;
    }
    if (!head.content_length && needs_length(head.method_text)) {
        return Error(ErrorCode::length_required, std::string("no Content-Length"));
    }
    if (head.content_length.value_or(0) > 0 && !may_have_body(head.method_text)) {
        return malformed("body of a method that has none");
    }
    return std::nullopt;
}

/// Origin-form, or absolute-form of this very host (RFC 9112 §3.2); nothing is normalised.
std::optional<Error> read_target(std::string_view target, std::string_view host, Head& head) {
    std::string_view rest = target;
    if (!rest.starts_with('/')) {
        const std::size_t slashes = rest.find("://");
        const std::string_view scheme = rest.substr(0, slashes);
        if (slashes == std::string_view::npos ||
            !(equal_ignoring_case(scheme, "https") || equal_ignoring_case(scheme, "http"))) {
            return malformed("form of the target");
        }
        rest.remove_prefix(slashes + 3);
        const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
        if (!equal_ignoring_case(authority, host)) {
            return malformed("target of another host");
        }
        rest.remove_prefix(authority.size());
    }
    const std::size_t mark = rest.find('?');
    head.target = std::string(target);
    head.path = rest.starts_with('/') ? std::string(rest.substr(0, mark)) : "/";
    if (mark != std::string_view::npos) {
        auto query = parse_query(rest.substr(mark + 1));
        head.query = std::move(query.parameters);
        head.query_findings = std::move(query.findings);
    }
    return std::nullopt;
}

/// A second, independent reader must see the same message.
bool beast_agrees(std::string_view text, const RequestLine& line, const Head& head) {
    namespace beast = boost::beast;
    beast::http::request_parser<beast::http::empty_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(most_head_bytes + 1));
    parser.body_limit(boost::none);
    boost::system::error_code failure;
    parser.put(boost::asio::buffer(text.data(), text.size()), failure);
    if (failure || !parser.is_header_done() || parser.chunked()) {
        return false;
    }
    const auto length = parser.content_length();
    const auto& message = parser.get();
    const auto same = [](beast::string_view theirs, std::string_view ours) {
        return std::string_view(theirs.data(), theirs.size()) == ours;
    };
    return same(message.method_string(), line.method) && same(message.target(), line.target) &&
           length.has_value() == head.content_length.has_value() &&
           (!length || static_cast<std::int64_t>(*length) == *head.content_length) &&
           static_cast<std::size_t>(std::distance(message.begin(), message.end())) == head.fields.size();
}

} // namespace

HeadScan::State HeadScan::advance(BytesView bytes) {
    const std::string_view text = protocol::as_text(bytes).substr(0, most_head_bytes); // no verdict rests on more
    for (;;) {
        const std::size_t end = text.find('\n', scanned_);
        if (end == std::string_view::npos) {
            scanned_ = text.size();
            const std::string_view begun = text.substr(line_);
            const bool hopeless = first_line_ && std::any_of(begun.begin(), begun.end(), [](char c) {
                                      return static_cast<unsigned char>(c) < 0x20 && c != '\r';
                                  });
            return hopeless ? State::malformed : text.size() >= most_head_bytes ? State::too_large : State::more;
        }
        if (end == line_ || text[end - 1] != '\r') {
            return State::malformed; // a bare LF would never be followed by the blank line that is waited for
        }
        const std::string_view line = text.substr(line_, end - 1 - line_);
        const bool leading_blank = line.empty() && line_ == 0;
        scanned_ = end + 1;
        line_ = end + 1;
        if (leading_blank) {
            continue; // RFC 9112 §2.2: one empty line before the request line is ignored
        }
        if (first_line_ && !parse_request_line(line)) {
            return State::malformed;
        }
        first_line_ = false;
        if (line.empty()) {
            size_ = end + 1;
            return State::complete;
        }
    }
}

protocol::Result<Head> parse_head(BytesView bytes) {
    std::string_view text = protocol::as_text(bytes);
    if (text.starts_with("\r\n")) {
        text.remove_prefix(2);
    }
    const std::size_t line_end = text.find("\r\n");
    if (line_end == std::string_view::npos || !text.ends_with("\r\n\r\n")) {
        return malformed("no blank line");
    }
    const auto line = parse_request_line(text.substr(0, line_end));
    if (!line) {
        return malformed("bad request line");
    }
    auto fields = parse_fields(text.substr(line_end + 2, text.size() - line_end - 4));
    if (!fields) {
        return fields.error();
    }
    if (auto refusal = check_repeated(*fields)) {
        return std::move(*refusal);
    }
    const Field* const host = find_field(*fields, "host");
    if (host == nullptr || !is_host(host->value)) {
        return malformed(host == nullptr ? "no Host" : "bad Host");
    }
    Head head;
    head.method_text = std::string(line->method);
    head.method = method_of(line->method);
    if (auto refusal = read_target(line->target, host->value, head)) {
        return std::move(*refusal);
    }
    if (auto refusal = read_length(*fields, head)) {
        return std::move(*refusal);
    }
    head.keep_alive = !lists_token(*fields, "connection", "close");
    head.expect_continue = lists_token(*fields, "expect", "100-continue");
    head.fields.reserve(fields->size());
    for (const Field& field : *fields) {
        head.fields.emplace_back(lower_case(field.name), std::string(field.value));
    }
    if (!beast_agrees(text, *line, head)) {
        return malformed("two readers differ");
    }
    return head;
}

} // namespace relay::server::http
