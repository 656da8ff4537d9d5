#include "storage/postgres/pg_account_store.hpp"

#include "storage/postgres/account_queries.hpp"
#include "storage/postgres/account_rows.hpp"
#include "storage/postgres/event_rows.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/sign_in_rows.hpp"

#include <utility>

namespace relay::storage::postgres {

using protocol::EventType;
namespace sql = account_sql;

namespace {

template <class Row, class Read>
std::vector<Row> read_since(pqxx::work& transaction, const Query& query, std::int64_t version, Read read) {
    std::vector<Row> rows;
    const pqxx::result found = transaction.exec_prepared(query.name, version);
    rows.reserve(found.size());
    for (const auto& row : found) {
        rows.push_back(read(row));
    }
    return rows;
}

RegistryDelta read_delta(pqxx::work& transaction, std::int64_t version) {
    transaction.exec0(sql::repeatable_read.sql); // rows and version in one snapshot
    RegistryDelta delta;
    delta.version = transaction.exec_prepared1(sql::version.name)[0].as<std::int64_t>();
    delta.offices = read_since<OfficeRow>(transaction, sql::offices_since, version, read_office);
    delta.users = read_since<UserRow>(transaction, sql::users_since, version, read_user);
    delta.certificates = read_since<CertificateRow>(transaction, sql::certificates_since, version, read_certificate);
    delta.licences = read_since<LicenceRow>(transaction, sql::licences_since, version, read_licence);
    if (version >= 0) {
        delta.sessions = read_since<SessionRow>(transaction, sql::sessions_since, version, read_session);
    }
    return delta;
}

PasswordRow read_password(const pqxx::row& row) {
    PasswordRow password;
    password.hash = row["hash"].as<std::string>();
    password.set_at = time_of(row["set_at"]);
    password.temporary = row["temporary"].as<bool>();
    password.history = texts_of(row["history"]);
    password.locked_until = optional_time_of(row["locked_until"]);
    password.failures = row["failures"].as<int>();
    return password;
}

DirectoryCertificate read_directory_certificate(const pqxx::row& row) {
    DirectoryCertificate certificate;
    certificate.row = read_certificate(row);
    certificate.der = bytes_of(row["der"]);
    return certificate;
}

DirectoryPage read_page(const pqxx::result& rows, int limit) {
    DirectoryPage page;
    for (const auto& row : rows) {
        if (static_cast<int>(page.offices.size()) == limit) {
            page.more = true;
            break;
        }
        DirectoryEntry entry;
        entry.office = read_office(row);
        entry.accepting = row["accepting"].as<bool>();
        page.offices.push_back(std::move(entry));
    }
    return page;
}

/// Registers it as an act of the user itself, unless it is there.
Result<void> register_own(pqxx::work& transaction, const CertificateRow& row, const Bytes& der) {
    if (!transaction.exec_prepared(sql::find_certificate.name, to_bytea(row.sha256)).empty()) {
        return {};
    }
    const pqxx::result user = transaction.exec_prepared(sql::lock_open_user.name, row.user_id.str());
    if (user.empty()) {
        return protocol::errors::not_found("no open user of the certificate's name");
    }
    const auto version = take_next_version(transaction);
    const Time now = database_now(transaction);
    protocol::Actor actor;
    actor.user_id = row.user_id.str();
    actor.certificate_sha256 = row.sha256;
    protocol::Subject subject;
    subject.user_id = row.user_id.str();
    subject.certificate_sha256 = row.sha256;
    subject.office = optional_office_of(user[0]["office"]);
    const auto event = account_event(EventType::certificate_registered, now, std::move(actor), std::move(subject));
    insert_certificate(transaction, row, der, now, event, version);
    return {};
}

} // namespace

PgAccountStore::PgAccountStore(DbExecutor& db) : db_(db) {
    db_.add_queries(sql::all);
}

Awaitable<Result<RegistryDelta>> PgAccountStore::changes_since(std::int64_t version) {
    return db_.submit_registry<RegistryDelta>("account_changes", [version](pqxx::work& transaction) {
        return Result<RegistryDelta>(read_delta(transaction, version));
    });
}

Awaitable<Result<std::int64_t>> PgAccountStore::registry_version() {
    return db_.submit_registry<std::int64_t>("account_version", [](pqxx::work& transaction) {
        return Result<std::int64_t>(transaction.exec_prepared1(sql::version.name)[0].as<std::int64_t>());
    });
}

Awaitable<Result<std::optional<SessionRow>>> PgAccountStore::find_session(Digest token_sha256) {
    using Found = std::optional<SessionRow>;
    return db_.submit<Found>("account_find_session", Access::read, [token_sha256](pqxx::work& transaction) {
        const pqxx::result rows = transaction.exec_prepared(sql::find_session.name, to_bytea(token_sha256));
        return Result<Found>(rows.empty() ? Found() : Found(read_session(rows[0])));
    });
}

Awaitable<Result<std::optional<DirectoryCertificate>>> PgAccountStore::find_certificate(Digest sha256) {
    using Found = std::optional<DirectoryCertificate>;
    return db_.submit<Found>("account_find_certificate", Access::read, [sha256](pqxx::work& transaction) {
        const pqxx::result rows = transaction.exec_prepared(sql::find_certificate.name, to_bytea(sha256));
        return Result<Found>(rows.empty() ? Found() : Found(read_directory_certificate(rows[0])));
    });
}

Awaitable<Result<std::optional<PasswordRow>>> PgAccountStore::find_password(UserId user_id) {
    using Found = std::optional<PasswordRow>;
    return db_.submit<Found>("account_find_password", Access::read, [user_id](pqxx::work& transaction) {
        const pqxx::result rows = transaction.exec_prepared(sql::find_password.name, user_id.str());
        return Result<Found>(rows.empty() ? Found() : Found(read_password(rows[0])));
    });
}

Awaitable<Result<SignInVerdict>> PgAccountStore::record_sign_in(SignInAttempt attempt, LockPolicy policy) {
    return db_.submit<SignInVerdict>(
        "account_sign_in",
        Access::write,
        [attempt = std::move(attempt), policy](pqxx::work& transaction) {
            return Result<SignInVerdict>(decide_sign_in(transaction, attempt, policy));
        }
    );
}

Awaitable<Result<void>> PgAccountStore::record_refusal(protocol::Actor actor, std::string code) {
    protocol::Subject subject;
    if (!actor.user_id.empty()) {
        subject.user_id = actor.user_id;
    }
    auto event = account_event(EventType::session_refused, Time(), std::move(actor), std::move(subject));
    event.code = std::move(code);
    return db_
        .submit<void>("account_refusal", Access::idempotent_write, [event = std::move(event)](pqxx::work& transaction) {
            insert_refusal(transaction, event);
            return Result<void>();
        });
}

Awaitable<Result<SignInVerdict>>
PgAccountStore::change_password(SignInAttempt attempt, std::string new_hash, LockPolicy policy) {
    return db_.submit<SignInVerdict>(
        "account_change_password",
        Access::write,
        [attempt = std::move(attempt), new_hash = std::move(new_hash), policy](pqxx::work& transaction) {
            return Result<SignInVerdict>(decide_password_change(transaction, attempt, new_hash, policy));
        }
    );
}

Awaitable<Result<void>> PgAccountStore::end_session(Digest token_sha256) {
    return db_.submit<void>("account_end_session", Access::idempotent_write, [token_sha256](pqxx::work& transaction) {
        const auto token = to_bytea(token_sha256);
        if (!transaction.exec_prepared(sql::lock_session.name, token).empty()) {
            const auto version = take_next_version(transaction);
            transaction.exec_prepared0(sql::end_session.name, token, version);
        }
        return Result<void>();
    });
}

Awaitable<Result<void>> PgAccountStore::register_certificate(CertificateRow row, Bytes der) {
    return db_.submit<void>(
        "account_register_certificate",
        Access::idempotent_write,
        [row = std::move(row), der = std::move(der)](pqxx::work& transaction) {
            return register_own(transaction, row, der);
        }
    );
}

Awaitable<Result<DirectoryPage>> PgAccountStore::list_offices(DirectoryQuery query, Time now) {
    return db_.submit<DirectoryPage>(
        "account_list_offices",
        Access::read,
        [query = std::move(query), now](pqxx::work& transaction) {
            const pqxx::result rows = transaction.exec_prepared(
                sql::list_offices.name,
                query.prefecture,
                query.q,
                query.after,
                query.limit + 1,
                protocol::to_string(protocol::day_in_japan(now)),
                to_micros(now)
            );
            return Result<DirectoryPage>(read_page(rows, query.limit));
        }
    );
}

Awaitable<Result<std::vector<DirectoryCertificate>>> PgAccountStore::certificates_of(OfficeNumber office, Time now) {
    using All = std::vector<DirectoryCertificate>;
    return db_.submit<All>("account_certificates_of", Access::read, [office, now](pqxx::work& transaction) {
        All all;
        for (const auto& row : transaction.exec_prepared(sql::certificates_of.name, office.str(), to_micros(now))) {
            all.push_back(read_directory_certificate(row));
        }
        return Result<All>(std::move(all));
    });
}

} // namespace relay::storage::postgres
