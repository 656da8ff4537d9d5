#include "tests/bench/bundle_maker.hpp"

#include "protocol/bytes.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

namespace relay::bench {
namespace {

/// The three CSV files of a sending unit of the national standard and a PDF.
std::string standard_files(const std::string& sender, const std::string& recipient) {
    std::string out;
    const std::string tail = "_202611_" + sender + "_43_" + recipient + "_11_20261120091500.CSV";
    for (const std::string prefix : {"UPPLAN", "UPSIKYU", "UPHOSOKU"}) {
        out += R"({"name":")" + prefix + tail + R"(","size":4321,"sha256":")" + sha256_hex(prefix + tail) +
               R"(","csv_version":"202407"},)";
    }
    return out + R"({"name":"renraku.pdf","size":2345,"sha256":")" + sha256_hex(tail) + "\"}";
}

std::string payload_json(const Payload& payload) {
    std::string out = R"({"size":)" + std::to_string(payload.bytes.size()) + R"(,"chunk_size":)" +
                      std::to_string(payload.chunk_size) + R"(,"chunks":[)";
    for (const auto& digest : payload.chunk_digests) {
        out += (out.back() == '[' ? "\"" : ",\"") + digest + '"';
    }
    return out + "]}";
}

std::shared_ptr<const Payload> cut(std::string bytes, std::size_t chunk_size, bool is_inline) {
    auto payload = std::make_shared<Payload>();
    payload->bytes = std::move(bytes);
    payload->chunk_size = chunk_size;
    const std::string_view all = payload->bytes;
    for (std::size_t at = 0; at < all.size(); at += chunk_size) {
        payload->chunk_digests.push_back(sha256_hex(all.substr(at, chunk_size)));
    }
    if (is_inline) {
        payload->base64 = protocol::to_base64(protocol::as_bytes(payload->bytes));
    }
    return payload;
}

} // namespace

std::shared_ptr<const Payload> Payload::inline_for(const Identity& recipient, std::size_t size) {
    auto bytes = seal_random(size, recipient);
    const auto whole = bytes.size();
    return cut(std::move(bytes), whole, true);
}

std::shared_ptr<const Payload>
Payload::chunked_for(const Identity& recipient, std::size_t chunk_size, std::size_t chunks) {
    return cut(seal_random(chunk_size * chunks - 64, recipient), chunk_size, false);
}

std::string Bundle::upload_body() const {
    std::string body;
    body.reserve(manifest_base64.size() + payload->base64.size() + 64);
    body += R"({"signed_manifest":")";
    body += manifest_base64;
    if (!payload->base64.empty()) {
        body += R"(","payload":")";
        body += payload->base64;
    }
    body += "\"}";
    return body;
}

std::string make_uuid() {
    std::array<std::uint8_t, 16> bytes{};
    RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
    for (std::size_t i = 0; i < 6; ++i) {
        bytes.at(i) = static_cast<std::uint8_t>(now.count() >> (40U - 8U * i));
    }
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x70U);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
    std::string text = protocol::to_hex(bytes);
    for (const std::size_t at : {20U, 16U, 12U, 8U}) {
        text.insert(at, 1, '-');
    }
    return text;
}

std::string now_text() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

BundleMaker::BundleMaker(const Identity& sender, const Identity& recipient, std::shared_ptr<const Payload> payload)
    : sender_(sender.number),
      recipient_(recipient.number),
      sender_signer_(sender),
      recipient_signer_(recipient),
      payload_(std::move(payload)),
      files_(standard_files(sender_, recipient_)),
      payload_member_(payload_json(*payload_)) {
}

std::string BundleMaker::manifest(const std::string& bundle_id) const {
    return R"({"version":1,"bundle_id":")" + bundle_id + R"(","sender":")" + sender_ + R"(","recipient":")" +
           recipient_ + R"(","created_at":")" + now_text() + R"(","files":[)" + files_ + R"(],"payload":)" +
           payload_member_ + "}";
}

Bundle BundleMaker::make(bool with_receipt) const {
    Bundle bundle;
    bundle.bundle_id = make_uuid();
    bundle.payload = payload_;
    const auto text = manifest(bundle.bundle_id);
    bundle.manifest_base64 = protocol::to_base64(protocol::as_bytes(sender_signer_.sign(text)));
    if (with_receipt) {
        bundle.claim_id = make_uuid();
        const auto word = R"({"version":1,"bundle_id":")" + bundle.bundle_id + R"(","claim_id":")" + bundle.claim_id +
                          R"(","outcome":"stored","manifest_sha256":")" + sha256_hex(text) + R"(","at":")" +
                          now_text() + "\"}";
        bundle.receipt_base64 = protocol::to_base64(protocol::as_bytes(recipient_signer_.sign(word)));
    }
    return bundle;
}

} // namespace relay::bench
