#include "storage/objects/s3_settings.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace relay::storage::objects {

using protocol::Result;

namespace {

constexpr std::string_view scheme = "s3://";
constexpr std::string_view lower_and_digits = "abcdefghijklmnopqrstuvwxyz0123456789";

protocol::Error bad(std::string cause) {
    return protocol::Error(protocol::ErrorCode::malformed_request, "objects.url: " + std::move(cause));
}

bool is_bucket(std::string_view name) {
    return name.size() >= 3 && name.size() <= 63 &&
           name.find_first_not_of(std::string(lower_and_digits) + ".-") == std::string_view::npos &&
           lower_and_digits.find(name.front()) != std::string_view::npos &&
           lower_and_digits.find(name.back()) != std::string_view::npos;
}

/// What needs no escape in a signed path, so that both sides sign the same bytes.
bool is_prefix(std::string_view prefix) {
    return prefix.size() <= 512 && prefix.find("//") == std::string_view::npos &&
           std::all_of(prefix.begin(), prefix.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') ||
                      std::string(lower_and_digits).append("-_.~/").find(c) != std::string::npos;
           });
}

bool is_endpoint(std::string_view endpoint) {
    const auto host = endpoint.starts_with("https://")  ? endpoint.substr(8)
                      : endpoint.starts_with("http://") ? endpoint.substr(7)
                                                        : std::string_view();
    return !host.empty() && host.find_first_of("/?#@ \t\r\n\\\"") == std::string_view::npos;
}

bool is_region(std::string_view region) {
    return !region.empty() && region.size() <= 64 &&
           region.find_first_not_of(std::string(lower_and_digits) + "-_") == std::string_view::npos;
}

/// Sets one `name=value` of the query; what is wrong with it otherwise.
std::optional<std::string> set(S3Settings& settings, std::string_view name, std::string value) {
    if (name == "endpoint") {
        while (value.ends_with('/')) {
            value.pop_back();
        }
        settings.endpoint = std::move(value);
        return is_endpoint(settings.endpoint) ? std::nullopt
                                              : std::optional<std::string>("endpoint must be http(s)://host[:port]");
    }
    if (name == "region") {
        settings.region = std::move(value);
        return is_region(settings.region) ? std::nullopt : std::optional<std::string>("region is not of its form");
    }
    if (name == "style") {
        settings.virtual_host = value == "virtual";
        return settings.virtual_host || value == "path" ? std::nullopt
                                                        : std::optional<std::string>("style must be path or virtual");
    }
    return "unknown parameter " + std::string(name);
}

} // namespace

std::optional<std::string> decode_percent(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        const auto digits = text.substr(i + 1, 2);
        int value = 0;
        const auto* const end = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
        if (digits.size() != 2 || end != digits.data() + 2 || value == 0) {
            return std::nullopt;
        }
        plain += static_cast<char>(value);
        i += 2;
    }
    return plain;
}

std::string S3Settings::url_of(std::string_view key) const {
    const auto host = endpoint.find("://") + 3;
    std::string url = virtual_host ? endpoint.substr(0, host) + bucket + "." + endpoint.substr(host) + "/"
                                   : endpoint + "/" + bucket + (key.empty() ? "" : "/");
    if (!key.empty()) {
        url.append(prefix).append(key);
    }
    return url;
}

Result<S3Settings> read_s3_url(const std::string& url) {
    S3Settings settings;
    std::string_view rest(url);
    if (!rest.starts_with(scheme)) {
        return bad("expected s3://bucket/prefix?endpoint=…");
    }
    rest.remove_prefix(scheme.size());
    const auto question = std::min(rest.find('?'), rest.size());
    const auto place = rest.substr(0, question);
    const auto slash = std::min(place.find('/'), place.size());
    settings.bucket = place.substr(0, slash);
    settings.prefix = place.substr(std::min(slash + 1, place.size()));
    if (!settings.prefix.empty() && !settings.prefix.ends_with('/')) {
        settings.prefix += '/';
    }
    if (!is_bucket(settings.bucket) || !is_prefix(settings.prefix)) {
        return bad("a bucket has 3 to 63 of a-z 0-9 . -, a prefix A-Z a-z 0-9 - _ . ~ /");
    }
    auto query = rest.substr(std::min(question + 1, rest.size()));
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto parameter = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const auto equals = std::min(parameter.find('='), parameter.size());
        auto value = decode_percent(parameter.substr(std::min(equals + 1, parameter.size())));
        if (!value) {
            return bad("a percent-encoding that is not of its form");
        }
        if (auto wrong = set(settings, parameter.substr(0, equals), std::move(*value))) {
            return bad(std::move(*wrong));
        }
    }
    if (settings.endpoint.empty()) {
        return bad("endpoint is missing: s3://bucket/prefix?endpoint=https://host:port");
    }
    return settings;
}

} // namespace relay::storage::objects
