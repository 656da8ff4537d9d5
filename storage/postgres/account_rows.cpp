#include "storage/postgres/account_rows.hpp"

#include "protocol/cms/ber_reader.hpp"
#include "storage/postgres/account_queries.hpp"
#include "storage/postgres/event_rows.hpp"
#include "storage/postgres/rows.hpp"

#include <stdexcept>
#include <string>

namespace relay::storage::postgres {

namespace sql = account_sql;

namespace {

protocol::Role read_role(const pqxx::field& field) {
    const auto text = field.as<std::string>();
    for (const auto role : {protocol::Role::office, protocol::Role::auditor, protocol::Role::operator_}) {
        if (text == protocol::to_string(role)) {
            return role;
        }
    }
    throw std::runtime_error("column role holds a value that is not of its form");
}

Day read_day(const pqxx::field& field) {
    const auto day = protocol::parse_day(field.as<std::string>());
    if (!day) {
        throw std::runtime_error("a date that is not of its form");
    }
    return *day;
}

} // namespace

OfficeRow read_office(const pqxx::row& row) {
    OfficeRow office;
    office.number = office_of(row["number"]);
    office.name = row["name"].as<std::string>();
    office.prefecture = row["prefecture"].as<std::string>();
    office.closed = row["closed"].as<bool>();
    return office;
}

UserRow read_user(const pqxx::row& row) {
    UserRow user;
    user.user_id = user_of(row["user_id"]);
    user.role = read_role(row["role"]);
    user.office = optional_office_of(row["office"]);
    user.closed = row["closed"].as<bool>();
    return user;
}

CertificateRow read_certificate(const pqxx::row& row) {
    CertificateRow certificate;
    certificate.sha256 = digest_of(row["sha256"]);
    certificate.user_id = user_of(row["user_id"]);
    certificate.not_before = time_of(row["not_before"]);
    certificate.not_after = time_of(row["not_after"]);
    certificate.registered_at = time_of(row["registered_at"]);
    certificate.revoked_at = optional_time_of(row["revoked_at"]);
    certificate.issuer_serial = digest_of(row["issuer_serial"]);
    certificate.key_identifier = bytes_of(row["key_identifier"]);
    return certificate;
}

LicenceRow read_licence(const pqxx::row& row) {
    LicenceRow licence;
    licence.licence_id = row["licence_id"].as<std::int64_t>();
    licence.office = office_of(row["office"]);
    licence.kind = row["kind"].as<std::string>();
    licence.from = read_day(row["valid_from"]);
    licence.until = read_day(row["valid_until"]);
    return licence;
}

SessionRow read_session(const pqxx::row& row) {
    SessionRow session;
    session.token_sha256 = digest_of(row["token_sha256"]);
    session.user_id = user_of(row["user_id"]);
    session.certificate_sha256 = digest_of(row["certificate_sha256"]);
    session.expires_at = time_of(row["expires_at"]);
    session.ended = row["ended"].as<bool>();
    return session;
}

std::int64_t take_next_version(pqxx::work& transaction) {
    const auto version = transaction.exec_prepared1(sql::next_version.name)[0].as<std::int64_t>();
    transaction.exec_prepared1(sql::notify.name, std::to_string(version));
    return version;
}

bool insert_certificate(
    pqxx::work& transaction,
    const CertificateRow& row,
    const Bytes& der,
    Time at,
    const protocol::DeliveryEvent& event,
    std::int64_t version
) {
    const pqxx::result inserted = transaction.exec_prepared(
        sql::insert_certificate.name,
        to_bytea(row.sha256),
        row.user_id.str(),
        to_bytea(der),
        to_micros(row.not_before),
        to_micros(row.not_after),
        to_bytea(serial_of(der)),
        to_bytea(row.issuer_serial),
        to_bytea(row.key_identifier),
        to_micros(at),
        version
    );
    if (inserted.empty()) {
        return false;
    }
    insert_event(transaction, event);
    return true;
}

Bytes serial_of(const Bytes& der) {
    namespace tag = protocol::cms::tag;
    protocol::cms::BerReader reader(der);
    reader.enter(tag::sequence); // Certificate
    reader.enter(tag::sequence); // TBSCertificate
    if (reader.peek() == tag::context_constructed(0)) {
        reader.skip(tag::context_constructed(0)); // version
    }
    return protocol::to_bytes(reader.read(tag::integer));
}

} // namespace relay::storage::postgres
