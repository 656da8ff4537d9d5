// PgAccountAdmin: certificates, licences and the facts of bundles.
#include "storage/postgres/account_queries.hpp"
#include "storage/postgres/account_rows.hpp"
#include "storage/postgres/admin_queries.hpp"
#include "storage/postgres/admin_rows.hpp"
#include "storage/postgres/event_rows.hpp"
#include "storage/postgres/rows.hpp"

#include <stdexcept>
#include <utility>

namespace relay::storage::postgres {

using protocol::EventType;
namespace sql = admin_sql;

namespace {

std::vector<CertificateFacts>
read_certificates(pqxx::work& transaction, std::optional<Time> expiring_before, bool revoked_alone) {
    std::vector<CertificateFacts> all;
    const auto before = to_micros(expiring_before);
    for (const auto& row : transaction.exec_prepared(sql::list_certificates.name, before, revoked_alone)) {
        CertificateFacts facts;
        facts.row = read_certificate(row);
        facts.der = bytes_of(row["der"]);
        facts.serial = bytes_of(row["serial"]);
        facts.reason = row["reason"].as<std::string>();
        all.push_back(std::move(facts));
    }
    return all;
}

BundleFacts read_bundle(const pqxx::row& row) {
    const auto id = BundleId::parse(row["bundle_id"].as<std::string>());
    const auto state = protocol::parse_bundle_state(row["state"].as<std::string>());
    if (!id || !state) {
        throw std::runtime_error("a bundle's row that is not of its form");
    }
    BundleFacts facts;
    facts.bundle_id = *id;
    facts.state = *state;
    facts.sender = office_of(row["sender"]);
    facts.recipient = office_of(row["recipient"]);
    facts.confirmation = optional_text_of(row["confirmation"]);
    facts.manifest_sha256 = digest_of(row["manifest_sha256"]);
    facts.payload_size = row["payload_size"].as<std::int64_t>();
    facts.chunk_count = row["chunk_count"].as<int>();
    facts.created_at = time_of(row["created_at"]);
    facts.reserved_at = time_of(row["reserved_at"]);
    facts.accepted_at = optional_time_of(row["accepted_at"]);
    facts.expires_at = optional_time_of(row["expires_at"]);
    facts.claimed_at = optional_time_of(row["claimed_at"]);
    facts.sent_at = optional_time_of(row["sent_at"]);
    facts.fetched_at = optional_time_of(row["fetched_at"]);
    facts.rejected_at = optional_time_of(row["rejected_at"]);
    facts.withdrawn_at = optional_time_of(row["withdrawn_at"]);
    facts.expired_at = optional_time_of(row["expired_at"]);
    return facts;
}

/// The user's row, locked; their office, where they have one. Error: unknown or closed.
Result<std::optional<OfficeNumber>> lock_certificate_user(pqxx::work& transaction, const UserId& user_id) {
    const pqxx::result users = transaction.exec_prepared(account_sql::lock_open_user.name, user_id.str());
    if (users.empty()) {
        return protocol::errors::not_found("user " + user_id.str() + " does not exist or is closed");
    }
    return optional_office_of(users[0]["office"]);
}

Result<void> lock_office(pqxx::work& transaction, const OfficeNumber& office, bool may_be_closed) {
    const pqxx::result rows = transaction.exec_prepared(sql::lock_office.name, office.str());
    if (rows.empty()) {
        return protocol::errors::not_found("office " + office.str() + " does not exist");
    }
    if (!may_be_closed && rows[0]["closed"].as<bool>()) {
        return refused("office " + office.str() + " is closed");
    }
    return {};
}

} // namespace

Result<bool>
PgAccountAdmin::register_certificate(const CertificateRow& row, const Bytes& der, const std::string& command) {
    return connection_->run<bool>(command.c_str(), [&](pqxx::work& transaction) -> Result<bool> {
        const auto office = lock_certificate_user(transaction, row.user_id);
        if (office.has_error()) {
            return office.error();
        }
        const pqxx::result known = transaction.exec_prepared(sql::owner_of_certificate.name, to_bytea(row.sha256));
        if (!known.empty()) {
            const bool same = known[0]["user_id"].as<std::string>() == row.user_id.str();
            return same ? Result<bool>(false) : Result<bool>(refused("the certificate is registered for another user"));
        }
        const auto version = take_next_version(transaction);
        const Time now = database_now(transaction);
        protocol::Actor actor;
        actor.user_id = "relayctl";
        auto subject = about(row.user_id, *office);
        subject.certificate_sha256 = row.sha256;
        auto event = account_event(EventType::certificate_registered, now, std::move(actor), std::move(subject));
        event.code = command;
        return insert_certificate(transaction, row, der, now, event, version);
    });
}

Result<std::vector<CertificateFacts>> PgAccountAdmin::list_certificates(std::optional<Time> expiring_before) {
    using All = std::vector<CertificateFacts>;
    return connection_->run<All>("certificate list", [&](pqxx::work& transaction) -> Result<All> {
        return read_certificates(transaction, expiring_before, false);
    });
}

Result<std::vector<CertificateFacts>> PgAccountAdmin::list_revoked() {
    using All = std::vector<CertificateFacts>;
    return connection_->run<All>("certificate list revoked", [&](pqxx::work& transaction) -> Result<All> {
        return read_certificates(transaction, std::nullopt, true);
    });
}

Result<bool> PgAccountAdmin::revoke_certificate(const Digest& sha256, const std::string& reason) {
    return connection_->run<bool>("certificate revoke", [&](pqxx::work& transaction) -> Result<bool> {
        const auto name = to_bytea(sha256);
        const pqxx::result known = transaction.exec_prepared(sql::owner_of_certificate.name, name);
        if (known.empty()) {
            return protocol::errors::not_found("certificate " + sha256.hex() + " is not registered");
        }
        if (known[0]["revoked"].as<bool>()) {
            return false;
        }
        const auto user_id = user_of(known[0]["user_id"]);
        transaction.exec_prepared(sql::lock_sessions_of_certificate.name, user_id.str(), name);
        const auto version = take_next_version(transaction);
        const Time now = database_now(transaction);
        transaction.exec_prepared0(sql::revoke_certificate.name, name, to_micros(now), reason, version);
        transaction.exec_prepared0(sql::end_sessions_of_certificate.name, user_id.str(), name, version);
        auto subject = about(user_id);
        subject.certificate_sha256 = sha256;
        insert_operator_event(transaction, EventType::certificate_revoked, "certificate revoke", std::move(subject));
        return true;
    });
}

Result<std::int64_t>
PgAccountAdmin::grant_licence(const OfficeNumber& office, Day from, Day until, const std::string& kind) {
    if (kind != "regular" && kind != "free-pass") {
        return refused("a licence is regular or free-pass");
    }
    if (until < from) {
        return refused("the licence would end before it begins");
    }
    return connection_->run<std::int64_t>("licence grant", [&](pqxx::work& transaction) -> Result<std::int64_t> {
        const auto open = lock_office(transaction, office, false);
        if (open.has_error()) {
            return open.error();
        }
        const auto version = take_next_version(transaction);
        const auto first = protocol::to_string(from);
        const auto last = protocol::to_string(until);
        const auto id = transaction.exec_prepared1(sql::grant_licence.name, office.str(), kind, first, last, version);
        insert_operator_event(transaction, EventType::licence_changed, "licence grant", about({}, office));
        return id[0].as<std::int64_t>();
    });
}

Result<int> PgAccountAdmin::end_licence(const OfficeNumber& office, Day last_day) {
    return connection_->run<int>("licence end", [&](pqxx::work& transaction) -> Result<int> {
        const auto known = lock_office(transaction, office, true);
        if (known.has_error()) {
            return known.error();
        }
        const auto version = take_next_version(transaction);
        const auto last = protocol::to_string(last_day);
        const auto cut = transaction.exec_prepared(sql::end_licence.name, office.str(), last, version).affected_rows();
        if (cut == 0) {
            return refused("no licence of office " + office.str() + " reaches beyond " + last);
        }
        insert_operator_event(transaction, EventType::licence_changed, "licence end", about({}, office));
        return static_cast<int>(cut);
    });
}

Result<std::vector<LicenceRow>> PgAccountAdmin::list_licences(std::optional<OfficeNumber> office) {
    using All = std::vector<LicenceRow>;
    return connection_->run<All>("licence list", [&](pqxx::work& transaction) -> Result<All> {
        All all;
        const auto number = office ? std::optional(office->str()) : std::nullopt;
        for (const auto& row : transaction.exec_prepared(sql::list_licences.name, number)) {
            all.push_back(read_licence(row));
        }
        return all;
    });
}

Result<BundleFacts> PgAccountAdmin::find_bundle(BundleId bundle_id) {
    return connection_->run<BundleFacts>("bundle show", [&](pqxx::work& transaction) -> Result<BundleFacts> {
        const pqxx::result rows = transaction.exec_prepared(sql::find_bundle.name, bundle_id.str());
        if (rows.empty()) {
            return protocol::errors::not_found("bundle " + bundle_id.str() + " does not exist");
        }
        return read_bundle(rows[0]);
    });
}

Result<std::vector<BundleFacts>>
PgAccountAdmin::list_bundles(const OfficeNumber& office, std::optional<BundleState> state, int limit) {
    using All = std::vector<BundleFacts>;
    return connection_->run<All>("bundle list", [&](pqxx::work& transaction) -> Result<All> {
        All all;
        const auto wanted = state ? std::optional(std::string(protocol::to_string(*state))) : std::nullopt;
        for (const auto& row : transaction.exec_prepared(sql::list_bundles.name, office.str(), wanted, limit)) {
            all.push_back(read_bundle(row));
        }
        return all;
    });
}

Result<RelayStats> PgAccountAdmin::stats() {
    return connection_->run<RelayStats>("stats", [](pqxx::work& transaction) -> Result<RelayStats> {
        RelayStats stats;
        const auto row = transaction.exec_prepared1(sql::counts.name);
        stats.open_offices = row["offices"].as<std::int64_t>();
        stats.open_users = row["users"].as<std::int64_t>();
        stats.valid_certificates = row["certificates"].as<std::int64_t>();
        stats.running_sessions = row["sessions"].as<std::int64_t>();
        stats.events = row["events"].as<std::int64_t>();
        stats.log_size = row["log_size"].as<std::int64_t>();
        stats.pending_objects = row["pending_objects"].as<std::int64_t>();
        for (const auto& state : transaction.exec_prepared(sql::bundle_counts.name)) {
            stats.bundles[state["state"].as<std::string>()] = state["bundles"].as<std::int64_t>();
            stats.payload_bytes += state["bytes"].as<std::int64_t>();
        }
        return stats;
    });
}

} // namespace relay::storage::postgres
