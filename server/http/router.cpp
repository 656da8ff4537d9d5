#include "server/http/router.hpp"

#include "protocol/digest.hpp"
#include "protocol/ids.hpp"

#include <stdexcept>
#include <utility>

namespace relay::server::http {

namespace {

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 9 && (text.size() == 1 || text.front() != '0') &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_lower_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool has_form(Segment segment, std::string_view text) {
    switch (segment) {
    case Segment::literal:
        return false;
    case Segment::uuid:
        return protocol::Uuid::parse(text).has_value();
    case Segment::number:
        return is_number(text);
    case Segment::digest:
        return text.size() == 64 && is_lower_hex(text);
    case Segment::office:
        return protocol::OfficeNumber::parse(text).has_value();
    }
    return false;
}

Segment named_segment(std::string_view name) {
    constexpr std::pair<std::string_view, Segment> all[] = {
        {"{uuid}", Segment::uuid},
        {"{number}", Segment::number},
        {"{digest}", Segment::digest},
        {"{office}", Segment::office},
    };
    for (const auto& [text, segment] : all) {
        if (text == name) {
            return segment;
        }
    }
    throw std::logic_error("unknown segment " + std::string(name));
}

} // namespace

std::string_view to_string(Method method) noexcept {
    switch (method) {
    case Method::get:
        return "GET";
    case Method::put:
        return "PUT";
    case Method::post:
        return "POST";
    case Method::delete_:
        return "DELETE";
    case Method::other:
        return "other";
    }
    return "other";
}

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
    for (const Route& route : routes_) {
        parts_.push_back(split(route.pattern));
    }
}

std::vector<Router::Part> Router::split(std::string_view pattern) {
    std::vector<Part> parts;
    while (!pattern.empty()) {
        pattern.remove_prefix(1); // the slash
        const std::string_view text = pattern.substr(0, pattern.find('/'));
        pattern.remove_prefix(text.size());
        parts.push_back({text.starts_with('{') ? named_segment(text) : Segment::literal, std::string(text)});
    }
    return parts;
}

bool Router::fits(const std::vector<Part>& parts, std::string_view path, std::vector<std::string_view>& captures) {
    captures.clear();
    for (const Part& part : parts) {
        if (!path.starts_with('/')) {
            return false;
        }
        path.remove_prefix(1);
        const std::string_view text = path.substr(0, path.find('/'));
        if (part.segment == Segment::literal ? text != part.text : !has_form(part.segment, text)) {
            return false;
        }
        if (part.segment != Segment::literal) {
            captures.push_back(text);
        }
        path.remove_prefix(text.size());
    }
    return path.empty();
}

RouteMatch Router::match(Method method, std::string_view path) const {
    RouteMatch match;
    std::vector<std::string_view> captures;
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        if (!fits(parts_[i], path, captures)) {
            continue;
        }
        if (routes_[i].method == method) {
            match.route = &routes_[i];
            match.captures.assign(captures.begin(), captures.end());
            match.allow.clear();
            return match;
        }
        const std::string_view name = to_string(routes_[i].method);
        if (match.allow.find(name) == std::string::npos) {
            match.allow.append(match.allow.empty() ? "" : ", ").append(name);
        }
    }
    return match;
}

} // namespace relay::server::http
