// relay-bench-provision: offices with users, certificates of the stack's own CA, licences and sessions, by the
// thousand. Writes the rows as one COPY (tests/bench/provision.sql) and the identities for relay-bench-load.
#include "auth/certificate.hpp"
#include "auth/issuing.hpp"
#include "auth/password.hpp"
#include "auth/token.hpp"
#include "protocol/cms/issuer_serial.hpp"
#include "protocol/time.hpp"
#include "tests/bench/identity.hpp"
#include "tests/bench/program.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

namespace relay::bench {
namespace {

using namespace protocol::cms;
constexpr auto lifetime = std::chrono::hours(24) * 365;

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Issuer {
    X509Ptr certificate;
    KeyPtr key;
};

std::string key_der(EVP_PKEY* key) {
    unsigned char* out = nullptr;
    const int size = i2d_PrivateKey(key, &out);
    const OpensslBytes owned(out);
    return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(size)};
}

/// An office and its row: number, user, sha256, der, not_before, not_after, serial, issuer_serial, key_identifier,
/// token.
struct Made {
    Identity identity;
    std::string row;
};

Made make_office(std::size_t n, const Issuer& issuer, const std::string& key_type) {
    std::array<char, 32> text{};
    Made made;
    std::snprintf(text.data(), text.size(), "26%08zu", n);
    made.identity.number = text.data();
    std::snprintf(text.data(), text.size(), "KJ%012zu", n);
    made.identity.user_id = text.data();
    const KeyPtr key(
        key_type == "p256" ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})
    );
    const auto now = protocol::Time(
        std::chrono::duration_cast<protocol::Duration>(std::chrono::system_clock::now().time_since_epoch())
    );
    const auto leaf = key ? auth::make_leaf(
                                {made.identity.user_id, made.identity.number},
                                key.get(),
                                issuer.certificate.get(),
                                issuer.key.get(),
                                lifetime,
                                now
                            )
                          : nullptr;
    if (!leaf) {
        openssl_failed("a certificate");
    }
    const auto read = auth::read_certificate(encode(leaf.get()));
    if (!read) {
        throw std::runtime_error("a certificate was not read: " + read.error().cause);
    }
    const auto token = auth::make_token();
    made.identity.token = token.text;
    made.identity.certificate_der = protocol::as_text(read->der);
    made.identity.key_der = key_der(key.get());
    const auto hex = [](protocol::BytesView bytes) { return "\\\\x" + protocol::to_hex(bytes) + "\t"; };
    made.row = made.identity.number + "\t" + made.identity.user_id + "\t" + hex(read->sha256.view()) + hex(read->der) +
               protocol::to_rfc3339(read->not_before) + "\t" + protocol::to_rfc3339(read->not_after) + "\t" +
               hex(read->serial) + hex(protocol::cms::issuer_serial_digest(read->issuer_der, read->serial).view()) +
               hex(read->key_identifier) + "\\\\x" + token.sha256.hex() + "\n";
    return made;
}

/// Offices number first … first + count - 1, by as many threads as asked.
std::vector<Made> make_offices(
    std::size_t first, std::size_t count, unsigned threads, const std::string& ca, const std::string& key_type
) {
    std::vector<Made> made(count);
    std::vector<std::exception_ptr> failed(threads);
    std::vector<std::thread> workers;
    for (unsigned t = 0; t < threads; ++t) {
        workers.emplace_back([&, t] {
            try {
                const Issuer issuer{
                    read_pem_certificate(read_file(ca + "/ca.pem")), read_pem_key(read_file(ca + "/ca.key"))};
                if (!issuer.certificate || !issuer.key) {
                    openssl_failed("the CA below " + ca);
                }
                for (std::size_t i = t; i < count; i += threads) {
                    made[i] = make_office(first + i, issuer, key_type);
                }
            } catch (...) {
                failed[t] = std::current_exception();
            }
        });
    }
    for (auto& worker : workers) {
        worker.join();
    }
    for (const auto& error : failed) {
        if (error) {
            std::rethrow_exception(error);
        }
    }
    return made;
}

int run(int argc, char** argv) {
    CLI::App app("Offices for the benchmark: identities, and rows for tests/bench/provision.sql");
    std::string ca, identities, rows, key_type = "p256", password;
    std::size_t first = 1, count = 0;
    unsigned threads = 2;
    app.add_option("--ca", ca, "the CA's folder")->required();
    app.add_option("--identities", identities, "where the identities go")->required();
    app.add_option("--rows", rows, "where the COPY goes")->required();
    app.add_option("--count", count, "how many offices")->required();
    app.add_option("--first", first, "number of the first one");
    app.add_option("--key-type", key_type, "p256 or rsa2048")->check(CLI::IsMember({"p256", "rsa2048"}));
    app.add_option("--threads", threads, "threads");
    app.add_option("--password", password, "everybody's; its Argon2id hash goes to standard output");
    CLI11_PARSE(app, argc, argv);

    const auto made = make_offices(first, count, threads, ca, key_type);
    std::vector<Identity> people;
    std::ofstream out(rows, std::ios::binary | std::ios::trunc);
    out << "COPY bench_rows FROM STDIN;\n";
    for (const auto& one : made) {
        out << one.row;
        people.push_back(one.identity);
    }
    out << "\\.\n";
    out.close();
    if (!out) {
        throw std::runtime_error("cannot write " + rows);
    }
    write_identities(identities, people);
    if (!password.empty()) {
        const auto hash = auth::hash_password(password, {});
        if (!hash) {
            throw std::runtime_error("no hash: " + hash.error().cause);
        }
        std::cout << *hash << '\n';
    }
    return 0;
}

} // namespace
} // namespace relay::bench

int main(int argc, char** argv) {
    return relay::bench::run_program("relay-bench-provision", relay::bench::run, argc, argv);
}
