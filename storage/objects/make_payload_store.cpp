#include "storage/objects/make_payload_store.hpp"

#include "storage/objects/s3_objects.hpp"

#include <array>
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

protocol::Result<std::unique_ptr<PayloadStore>> open_s3(const std::string& url, const StoreOptions& options) {
    auto settings = read_s3_url(url);
    if (!settings) {
        return settings.error();
    }
    if (options.access_key.empty() || options.secret_key.empty()) {
        return bad_url("s3:// needs objects.access_key and objects.secret_key");
    }
    settings->access_key = options.access_key;
    settings->secret_key = options.secret_key;
    settings->ca_file = options.ca_file;
    settings->timeout = options.timeout;
    settings->connections = options.connections;
    settings->observer = options.observer;
    auto opened = S3Objects::open(std::move(*settings));
    if (!opened) {
        return opened.error();
    }
    return std::unique_ptr<PayloadStore>(std::move(*opened));
}

} // namespace

protocol::Result<std::unique_ptr<PayloadStore>>
make_payload_store(const std::string& url, const StoreOptions& options) {
    constexpr std::string_view file_scheme = "file://";
    if (url.starts_with("s3://")) {
        return open_s3(url, options);
    }
    if (!url.starts_with(file_scheme) || url.size() < file_scheme.size() + 2 || url[file_scheme.size()] != '/') {
        return bad_url("expected file:///absolute/path or s3://bucket/prefix?endpoint=…");
    }
    const auto path = decode_percent(std::string_view(url).substr(file_scheme.size()));
    if (!path) {
        return bad_url("a percent-encoding that is not of its form");
    }
    auto limits = options.files;
    limits.timeout = options.timeout;
    auto opened = FileObjects::open(*path, limits);
    if (opened.has_error()) {
        return opened.error();
    }
    return std::unique_ptr<PayloadStore>(std::move(*opened));
}

} // namespace objects

} // namespace relay::storage
