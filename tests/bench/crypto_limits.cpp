// relay-bench-crypto: what OpenSSL needs for the parts of a request that no server can do without. One JSON line of
// microseconds of CPU.
#include "tests/bench/bundle_maker.hpp"
#include "tests/bench/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <ctime>
#include <functional>
#include <iostream>
#include <stdexcept>

namespace relay::bench {
namespace {

double cpu_us() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

/// µs of CPU for one call: the median of five rounds of `round_us` each.
double measure(double round_us, const std::function<void()>& call) {
    std::array<double, 5> rounds{};
    for (auto& round : rounds) {
        const double began = cpu_us();
        double now = began;
        long calls = 0;
        while (now - began < round_us) {
            for (int i = 0; i < 8; ++i) {
                call();
            }
            calls += 8;
            now = cpu_us();
        }
        round = (now - began) / static_cast<double>(calls);
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds[2];
}

std::string decoded(const std::string& base64) {
    std::string out(base64.size(), '\0');
    EVP_DecodeBlock(
        reinterpret_cast<unsigned char*>(out.data()),
        reinterpret_cast<const unsigned char*>(base64.data()),
        static_cast<int>(base64.size())
    );
    return out;
}

std::string encoded(const std::string& bytes) {
    std::string out(bytes.size() / 3 * 4 + 8, '\0');
    EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        static_cast<int>(bytes.size())
    );
    return out;
}

/// A signature over 200 bytes, checked again and again with the key at hand.
double measure_verify(double round_us, EVP_PKEY* key) {
    using Context = std::unique_ptr<EVP_MD_CTX, protocol::cms::Deleter<EVP_MD_CTX_free>>;
    const std::string text(200, 'a');
    const auto* data = reinterpret_cast<const unsigned char*>(text.data());
    std::array<unsigned char, 512> signature{};
    std::size_t size = signature.size();
    const Context signing(EVP_MD_CTX_new());
    if (EVP_DigestSignInit(signing.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
        EVP_DigestSign(signing.get(), signature.data(), &size, data, text.size()) != 1) {
        openssl_failed("signing");
    }
    return measure(round_us, [&] {
        const Context context(EVP_MD_CTX_new());
        if (EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
            EVP_DigestVerify(context.get(), signature.data(), size, data, text.size()) != 1) {
            openssl_failed("verification");
        }
    });
}

int run(int argc, char** argv) {
    CLI::App app("Costs of OpenSSL");
    std::string identities;
    double seconds = 0.2;
    app.add_option("--identities", identities, "file of relay-bench-provision")->required();
    app.add_option("--seconds", seconds, "of each of five rounds of each part");
    CLI11_PARSE(app, argc, argv);
    const auto people = read_identities(identities, 0, 2);
    const auto payload = Payload::inline_for(people[1], 10000);
    const BundleMaker maker(people[0], people[1], payload);
    const auto bundle = maker.make(false);
    const auto manifest_der = decoded(bundle.manifest_base64);
    const auto begin = manifest_der.find("{\"version\"");
    const auto manifest = manifest_der.substr(begin, manifest_der.find("]}}", begin) + 3 - begin);
    const double us = seconds * 1e6;
    std::size_t sink = 0;
    const std::string mebibyte(1U << 20U, 'm');
    const nlohmann::json figures{
        {"sha256_1m", measure(us, [&] { sink += sha256(mebibyte).size(); })},
        {"verify", measure_verify(us, people[0].key().get())},
        {"sha256_10k", measure(us, [&] { sink += sha256(payload->bytes).size(); })},
        {"sha256_1k", measure(us, [&] { sink += sha256(manifest).size(); })},
        {"base64_decode_10k", measure(us, [&] { sink += decoded(payload->base64).size(); })},
        {"base64_encode_10k", measure(us, [&] { sink += encoded(payload->bytes).size(); })},
        {"base64_decode_manifest", measure(us, [&] { sink += decoded(bundle.manifest_base64).size(); })},
        {"json_manifest", measure(us, [&] { sink += nlohmann::json::parse(manifest).size(); })}};
    if (sink == 0) {
        throw std::runtime_error("nothing was done");
    }
    std::cout << figures.dump() << std::endl;
    return 0;
}

} // namespace
} // namespace relay::bench

int main(int argc, char** argv) {
    return relay::bench::run_program("relay-bench-crypto", relay::bench::run, argc, argv);
}
