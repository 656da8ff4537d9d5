#include "server/config_keys.hpp"

#include "server/config_forms.hpp"

#include <cctype>

namespace relay::server {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

void add_secret(std::vector<ConfigKey>& keys, const ConfigKey& secret) {
    keys.push_back(secret);
    keys.push_back(content_of(secret));
}

constexpr Duration a_year = hours(24 * 366);
constexpr Duration ten_years = hours(24 * 3653);
constexpr int any_number = 1'000'000'000;
constexpr std::int64_t any_size = 1LL << 50;

void add_server(std::vector<ConfigKey>& keys) {
    keys.push_back(endpoint_key(
        "server.listen",
        [](Config & c) -> auto& { return c.server.listen; },
        EmptyEndpoint::refused,
        "the HTTPS listener"
    ));
    keys.push_back(endpoint_key(
        "server.admin_listen",
        [](Config & c) -> auto& { return c.server.admin_listen; },
        EmptyEndpoint::means_off,
        "plain HTTP for /healthz, /readyz and /metrics; empty: off"
    ));
    keys.push_back(endpoint_key(
        "server.enrol_listen",
        [](Config & c) -> auto& { return c.server.enrol_listen; },
        EmptyEndpoint::means_off,
        "HTTPS listener for EST enrolment alone; empty: off"
    ));
    keys.push_back(duration_key(
        "server.drain",
        [](Config & c) -> auto& { return c.server.drain; },
        milliseconds(0),
        hours(1),
        "how long requests in flight may take after SIGTERM"
    ));
    keys.push_back(choice_key(
        "server.log_level",
        [](Config & c) -> auto& { return c.server.log_level; },
        {"debug", "info", "warn", "error"},
        "least level that is logged; read again on SIGHUP"
    ));
    keys.push_back(number_key(
        "server.threads",
        [](Config & c) -> auto& { return c.server.threads; },
        0,
        1024,
        "network threads; 0: number of cores"
    ));
}

void add_tls(std::vector<ConfigKey>& keys) {
    keys.push_back(path_key(
        "tls.certificate",
        [](Config & c) -> auto& { return c.tls.certificate; },
        "server certificate chain (PEM), reloaded on SIGHUP and on change"
    ));
    keys.push_back(path_key(
        "tls.key", [](Config & c) -> auto& { return c.tls.key; }, "its private key (PEM)"
    ));
    keys.push_back(path_key(
        "tls.client_ca",
        [](Config & c) -> auto& { return c.tls.client_ca; },
        "CAs whose client certificates are accepted (PEM)"
    ));
    keys.push_back(path_key(
        "tls.client_crl", [](Config & c) -> auto& { return c.tls.client_crl; }, "their revocation lists (PEM)"
    ));
    keys.push_back(choice_key(
        "tls.min_version", [](Config & c) -> auto& { return c.tls.min_version; }, {"1.2", "1.3"}, "lowest TLS version"
    ));
    keys.push_back(choice_key(
        "tls.resumption",
        [](Config & c) -> auto& { return c.tls.resumption; },
        {"stateful", "tickets", "off"},
        "stateful: cache in the process; tickets: replicas share keys"
    ));
    keys.push_back(path_key(
        "tls.ticket_keys_file",
        [](Config & c) -> auto& { return c.tls.ticket_keys_file; },
        "80-byte ticket keys, newest first, reloaded on change"
    ));
    keys.push_back(path_key(
        "ca.directory", [](Config & c) -> auto& { return c.ca.directory; }, "where our own CA and its CRL are kept"
    ));
}

void add_storage(std::vector<ConfigKey>& keys) {
    add_secret(
        keys,
        text_key(
            "database.url", [](Config & c) -> auto& { return c.database.url; }, "libpq connection string, as relay_app"
        )
    );
    add_secret(
        keys,
        text_key(
            "database.owner_url",
            [](Config & c) -> auto& { return c.database.owner_url; },
            "for `relayctl migrate` alone, as relay_owner"
        )
    );
    add_secret(
        keys,
        text_key(
            "database.audit_url",
            [](Config & c) -> auto& { return c.database.audit_url; },
            "for the auditors' reads; default: database.url with SET ROLE relay_audit"
        )
    );
    keys.push_back(number_key(
        "database.connections",
        [](Config & c) -> auto& { return c.database.connections; },
        1,
        1000,
        "workers for reads and rare writes"
    ));
    keys.push_back(text_key(
        "objects.url",
        [](Config & c) -> auto& { return c.objects.url; },
        "file:///DIRECTORY or s3://bucket/prefix?endpoint=URL&region=R&style=path|virtual"
    ));
    add_secret(
        keys,
        text_key(
            "objects.access_key", [](Config & c) -> auto& { return c.objects.access_key; }, "S3 access key"
        )
    );
    add_secret(
        keys,
        text_key(
            "objects.secret_key", [](Config & c) -> auto& { return c.objects.secret_key; }, "S3 secret key"
        )
    );
    keys.push_back(path_key(
        "objects.ca",
        [](Config & c) -> auto& { return c.objects.ca; },
        "CAs that an S3 store's certificate chains to (PEM); default: the system's"
    ));
    keys.push_back(duration_key(
        "objects.timeout",
        [](Config & c) -> auto& { return c.objects.timeout; },
        milliseconds(500),
        std::chrono::minutes(5),
        "how long an S3 store may take for a small call, and make no progress in an upload"
    ));
    keys.push_back(number_key(
        "objects.connections",
        [](Config & c) -> auto& { return c.objects.connections; },
        1,
        10000,
        "uploads to an S3 store at once; other calls have a quarter as many"
    ));
}

void add_limits(std::vector<ConfigKey>& keys) {
    keys.push_back(size_key(
        "limits.inline_payload",
        [](Config & c) -> auto& { return c.limits.inline_payload; },
        0,
        256LL << 10,
        "largest payload that may come inline"
    ));
    keys.push_back(size_key(
        "limits.chunk_size",
        [](Config & c) -> auto& { return c.limits.chunk_size; },
        64LL << 10,
        16LL << 20,
        "largest chunk"
    ));
    keys.push_back(size_key(
        "limits.payload_size",
        [](Config & c) -> auto& { return c.limits.payload_size; },
        1,
        900 * (16LL << 20),
        "largest payload"
    ));
    keys.push_back(number_key(
        "limits.connections",
        [](Config & c) -> auto& { return c.limits.connections; },
        1,
        any_number,
        "open HTTPS connections; more are closed at once"
    ));
    keys.push_back(size_key(
        "limits.memory",
        [](Config & c) -> auto& { return c.limits.memory; },
        1LL << 20,
        any_size,
        "most memory for bodies and large answers in flight, an eighth for one caller; who gets none in 5 s gets 503"
    ));
    keys.push_back(number_key(
        "limits.requests_per_second",
        [](Config & c) -> auto& { return c.limits.requests_per_second; },
        0,
        any_number,
        "per user; 0 switches it off"
    ));
    keys.push_back(number_key(
        "limits.burst",
        [](Config & c) -> auto& { return c.limits.burst; },
        1,
        any_number,
        "requests of a user that may come at once"
    ));
    keys.push_back(size_key(
        "limits.outstanding_upload_bytes",
        [](Config & c) -> auto& { return c.limits.outstanding_upload_bytes; },
        1,
        any_size,
        "per office: declared by uploads not finished yet; beyond it 429 quota_exceeded"
    ));
}

void add_life(std::vector<ConfigKey>& keys) {
    keys.push_back(duration_key(
        "claims.partial_lapse",
        [](Config & c) -> auto& { return c.claims.partial_lapse; },
        milliseconds(1),
        a_year,
        "a claim whose payload was not wholly sent lapses this long after its last call"
    ));
    keys.push_back(duration_key(
        "claims.sent_lapse",
        [](Config & c) -> auto& { return c.claims.sent_lapse; },
        milliseconds(1),
        a_year,
        "a claim whose payload was wholly sent counts as fetched this long after its last call"
    ));
    keys.push_back(duration_key(
        "bundles.expire_after",
        [](Config & c) -> auto& { return c.bundles.expire_after; },
        milliseconds(1),
        ten_years,
        "bundles that nobody claims expire this long after acceptance"
    ));
    keys.push_back(duration_key(
        "bundles.unfinished_upload",
        [](Config & c) -> auto& { return c.bundles.unfinished_upload; },
        milliseconds(1),
        a_year,
        "uploads that are not finished by then are dropped"
    ));
}

void add_accounts(std::vector<ConfigKey>& keys) {
    keys.push_back(duration_key(
        "sessions.lifetime",
        [](Config & c) -> auto& { return c.sessions.lifetime; },
        milliseconds(1),
        a_year,
        "how long a session holds from sign-in"
    ));
    keys.push_back(number_key(
        "sessions.lock_after",
        [](Config & c) -> auto& { return c.sessions.lock_after; },
        1,
        any_number,
        "wrong passwords in a row that lock the account"
    ));
    keys.push_back(duration_key(
        "sessions.lock_for",
        [](Config & c) -> auto& { return c.sessions.lock_for; },
        milliseconds(1),
        a_year,
        "how long it stays locked"
    ));
    keys.push_back(duration_key(
        "passwords.lifetime",
        [](Config & c) -> auto& { return c.passwords.lifetime; },
        milliseconds(1),
        ten_years,
        "how long a password holds"
    ));
    keys.push_back(size_key(
        "passwords.memory",
        [](Config & c) -> auto& { return c.passwords.memory; },
        1LL << 20,
        1LL << 32,
        "memory of one Argon2id hash"
    ));
    keys.push_back(number_key(
        "passwords.passes", [](Config & c) -> auto& { return c.passwords.passes; }, 1, 1000, "passes of one hash"
    ));
    keys.push_back(number_key(
        "passwords.threads",
        [](Config & c) -> auto& { return c.passwords.threads; },
        1,
        256,
        "how many are reckoned at once"
    ));
    keys.push_back(flag_key(
        "certificates.register_unknown",
        [](Config & c) -> auto& { return c.certificates.register_unknown; },
        "register a certificate of an accepted outside CA on first use when its CN is a known user ID"
    ));
    keys.push_back(path_key(
        "log.key_file",
        [](Config & c) -> auto& { return c.log.key_file; },
        "Ed25519 key of the delivery log, made by `relayctl log init`"
    ));
    keys.push_back(text_key(
        "log.origin", [](Config & c) -> auto& { return c.log.origin; }, "origin line of its checkpoint"
    ));
}

} // namespace

const std::vector<ConfigKey>& config_keys() {
    static const std::vector<ConfigKey> all = [] {
        std::vector<ConfigKey> keys;
        add_server(keys);
        add_tls(keys);
        add_storage(keys);
        add_limits(keys);
        add_life(keys);
        add_accounts(keys);
        add_standard(keys);
        return keys;
    }();
    return all;
}

std::string variable_name(std::string_view key) {
    std::string name = "RELAY_";
    for (const char c : key) {
        name += c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return name;
}

} // namespace relay::server
