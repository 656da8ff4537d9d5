#include "tests/bench/identity.hpp"

#include <cstdint>
#include <fstream>
#include <stdexcept>

namespace relay::bench {
namespace {

void put(std::ofstream& file, const std::string& text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    file.write(reinterpret_cast<const char*>(&size), sizeof size);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
}

std::string take(std::ifstream& file) {
    std::uint32_t size = 0;
    file.read(reinterpret_cast<char*>(&size), sizeof size);
    std::string text(file ? size : 0, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    return text;
}

} // namespace

void openssl_failed(const std::string& what) {
    throw std::runtime_error(what + ": " + protocol::cms::last_openssl_reason());
}

protocol::cms::X509Ptr Identity::certificate() const {
    const auto* data = reinterpret_cast<const unsigned char*>(certificate_der.data());
    protocol::cms::X509Ptr made(d2i_X509(nullptr, &data, static_cast<long>(certificate_der.size())));
    return made ? std::move(made) : (openssl_failed("certificate of " + user_id), nullptr);
}

protocol::cms::KeyPtr Identity::key() const {
    const auto* data = reinterpret_cast<const unsigned char*>(key_der.data());
    protocol::cms::KeyPtr made(d2i_AutoPrivateKey(nullptr, &data, static_cast<long>(key_der.size())));
    return made ? std::move(made) : (openssl_failed("key of " + user_id), nullptr);
}

void write_identities(const std::string& path, const std::vector<Identity>& identities) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    for (const auto& one : identities) {
        for (const auto* text : {&one.number, &one.user_id, &one.token, &one.certificate_der, &one.key_der}) {
            put(file, *text);
        }
    }
    file.close();
    if (!file) {
        throw std::runtime_error("cannot write " + path);
    }
}

std::vector<Identity> read_identities(const std::string& path, std::size_t first, std::size_t count) {
    std::ifstream file(path, std::ios::binary);
    std::vector<Identity> identities;
    for (std::size_t i = 0; i < first + count; ++i) {
        Identity one;
        for (auto* text : {&one.number, &one.user_id, &one.token, &one.certificate_der, &one.key_der}) {
            *text = take(file);
        }
        if (!file) {
            throw std::runtime_error(path + " holds too few identities");
        }
        if (i >= first) {
            identities.push_back(std::move(one));
        }
    }
    return identities;
}

} // namespace relay::bench
