#include "storage/objects/make_payload_store.hpp"

#include <charconv>
#include <optional>
#include <string_view>
#include <sys/random.h>
#include <utility>

namespace relay::storage {

std::string make_object_key() {
    std::array<std::uint8_t, 24> random{};
    for (std::size_t have = 0; have < random.size();) {
        const auto got = ::getrandom(random.data() + have, random.size() - have, 0);
        have += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    return protocol::to_hex(random);
}

namespace objects {

namespace {

protocol::Error bad_url(std::string cause) {
    return protocol::Error(protocol::ErrorCode::malformed_request, "objects.url: " + std::move(cause));
}

/// %XX decoded; nothing when an escape is not of its form or stands for NUL.
std::optional<std::string> decode_path(std::string_view text) {
    std::string path;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            path += text[i];
            continue;
        }
        const auto digits = text.substr(i + 1, 2);
        int value = 0;
        const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
        if (digits.size() != 2 || end != digits.data() + 2 || value == 0) {
            return std::nullopt;
        }
        path += static_cast<char>(value);
        i += 2;
    }
    return path;
}

} // namespace

protocol::Result<std::unique_ptr<PayloadStore>>
make_payload_store(const std::string& url, const FileObjectsLimits& limits) {
    constexpr std::string_view file_scheme = "file://";
    if (url.starts_with("s3://")) {
        return bad_url("s3:// is not part of this build; use file:///absolute/path");
    }
    if (!url.starts_with(file_scheme) || url.size() < file_scheme.size() + 2 || url[file_scheme.size()] != '/') {
        return bad_url("expected file:///absolute/path");
    }
    const auto path = decode_path(std::string_view(url).substr(file_scheme.size()));
    if (!path) {
        return bad_url("a percent-encoding that is not of its form");
    }
    auto opened = FileObjects::open(*path, limits);
    if (opened.has_error()) {
        return opened.error();
    }
    return std::unique_ptr<PayloadStore>(std::move(*opened));
}

} // namespace objects

} // namespace relay::storage
