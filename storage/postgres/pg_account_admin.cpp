#include "storage/postgres/pg_account_admin.hpp"

#include "storage/postgres/account_queries.hpp"
#include "storage/postgres/account_rows.hpp"
#include "storage/postgres/admin_queries.hpp"
#include "storage/postgres/admin_rows.hpp"
#include "storage/postgres/event_rows.hpp"
#include "storage/postgres/rows.hpp"

#include <utility>

namespace relay::storage::postgres {

using protocol::Error;
using protocol::ErrorCode;
using protocol::EventType;
namespace sql = admin_sql;

Error refused(std::string cause) {
    return Error(ErrorCode::malformed_request, std::move(cause));
}

protocol::Subject about(const std::optional<UserId>& user, const std::optional<OfficeNumber>& office) {
    protocol::Subject subject;
    subject.user_id = user ? std::optional(user->str()) : std::nullopt;
    subject.office = office;
    return subject;
}

void insert_operator_event(
    pqxx::work& transaction, EventType type, const std::string& command, protocol::Subject subject
) {
    protocol::Actor actor;
    actor.user_id = "relayctl";
    auto event = account_event(type, database_now(transaction), std::move(actor), std::move(subject));
    event.code = command;
    insert_event(transaction, std::move(event));
}

namespace {

OfficeFacts read_office_facts(const pqxx::row& row) {
    OfficeFacts facts;
    facts.office = read_office(row);
    facts.services = texts_of(row["services"]);
    facts.added_at = time_of(row["added_at"]);
    facts.closed_at = optional_time_of(row["closed_at"]);
    return facts;
}

UserFacts read_user_facts(const pqxx::row& row) {
    UserFacts facts;
    facts.user = read_user(row);
    facts.added_at = time_of(row["added_at"]);
    facts.closed_at = optional_time_of(row["closed_at"]);
    facts.password_set_at = optional_time_of(row["set_at"]);
    facts.temporary = row["temporary"].as<bool>();
    facts.locked_until = optional_time_of(row["locked_until"]);
    return facts;
}

/// The row, locked; an error when there is none or it is closed.
Result<pqxx::row> lock_open(pqxx::work& transaction, const Query& query, const std::string& name) {
    const pqxx::result rows = transaction.exec_prepared(query.name, name);
    if (rows.empty()) {
        return protocol::errors::not_found(name + " does not exist");
    }
    if (rows[0]["closed"].as<bool>()) {
        return refused(name + " is closed");
    }
    return rows[0];
}

Result<void> check_user_kind(const NewUser& user) {
    const auto role = user.user_id.role();
    if (!role) {
        return refused(user.user_id.str() + ": billing agents have no account here");
    }
    if ((*role == protocol::Role::office) != user.office.has_value()) {
        return refused(
            user.user_id.str() + (user.office ? ": only users KJ… belong to an office" : ": a user KJ… needs an office")
        );
    }
    return {};
}

} // namespace

PgAccountAdmin::PgAccountAdmin(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {
}

PgAccountAdmin::~PgAccountAdmin() = default;

Result<std::unique_ptr<PgAccountAdmin>> PgAccountAdmin::open(const std::string& url) {
    auto pq = open_connection(url, "-c lock_timeout=10000", "relayctl");
    if (pq.has_error()) {
        return pq.error();
    }
    prepare_all(**pq, sql::all);
    prepare_all(**pq, account_sql::all);
    prepare_all(**pq, event_row_queries());
    auto connection = std::make_unique<Connection>();
    connection->pq = std::move(*pq);
    return std::unique_ptr<PgAccountAdmin>(new PgAccountAdmin(std::move(connection)));
}

Result<void> PgAccountAdmin::add_office(const NewOffice& office) {
    return connection_->run<void>("office add", [&](pqxx::work& transaction) -> Result<void> {
        const auto version = take_next_version(transaction);
        const auto services = to_text_array(office.services);
        const pqxx::result added = transaction.exec_prepared(
            sql::add_office.name, office.number.str(), office.name, office.prefecture, services, version
        );
        if (added.empty()) {
            return refused("office " + office.number.str() + " is there already");
        }
        insert_operator_event(transaction, EventType::operator_action, "office add", about({}, office.number));
        return {};
    });
}

Result<std::vector<OfficeFacts>> PgAccountAdmin::list_offices() {
    using All = std::vector<OfficeFacts>;
    return connection_->run<All>("office list", [](pqxx::work& transaction) -> Result<All> {
        All all;
        for (const auto& row : transaction.exec_prepared(sql::find_office.name, nullptr)) {
            all.push_back(read_office_facts(row));
        }
        return all;
    });
}

Result<OfficeFacts> PgAccountAdmin::find_office(const OfficeNumber& number) {
    return connection_->run<OfficeFacts>("office show", [&](pqxx::work& transaction) -> Result<OfficeFacts> {
        const pqxx::result rows = transaction.exec_prepared(sql::find_office.name, number.str());
        if (rows.empty()) {
            return protocol::errors::not_found("office " + number.str() + " does not exist");
        }
        return read_office_facts(rows[0]);
    });
}

Result<void> PgAccountAdmin::close_office(const OfficeNumber& number) {
    return connection_->run<void>("office close", [&](pqxx::work& transaction) -> Result<void> {
        const auto office = lock_open(transaction, sql::lock_office, number.str());
        if (office.has_error()) {
            return office.error();
        }
        const pqxx::result users = transaction.exec_prepared(sql::lock_users_of_office.name, number.str());
        for (const auto& user : users) {
            transaction.exec_prepared(account_sql::lock_sessions_of_user.name, user[0].as<std::string>());
        }
        const auto version = take_next_version(transaction);
        transaction.exec_prepared0(sql::close_office.name, number.str(), version);
        for (const auto& user : users) {
            transaction.exec_prepared0(account_sql::end_sessions_of_user.name, user[0].as<std::string>(), version);
        }
        insert_operator_event(transaction, EventType::operator_action, "office close", about({}, number));
        return {};
    });
}

Result<void> PgAccountAdmin::add_user(const NewUser& user) {
    const auto kind = check_user_kind(user);
    if (kind.has_error()) {
        return kind.error();
    }
    return connection_->run<void>("user add", [&](pqxx::work& transaction) -> Result<void> {
        if (user.office) {
            const auto office = lock_open(transaction, sql::lock_office, user.office->str());
            if (office.has_error()) {
                return office.error();
            }
        }
        const auto version = take_next_version(transaction);
        const std::string role(protocol::to_string(*user.user_id.role()));
        const auto office = user.office ? std::optional(user.office->str()) : std::nullopt;
        if (transaction.exec_prepared(sql::add_user.name, user.user_id.str(), role, office, version).empty()) {
            return refused("user " + user.user_id.str() + " is there already");
        }
        const auto now = to_micros(database_now(transaction));
        transaction.exec_prepared0(
            account_sql::set_password.name, user.user_id.str(), user.password_hash, now, user.temporary
        );
        insert_operator_event(transaction, EventType::operator_action, "user add", about(user.user_id, user.office));
        return {};
    });
}

Result<void> PgAccountAdmin::set_password(const UserId& user_id, const std::string& hash, bool temporary) {
    return connection_->run<void>("user password", [&](pqxx::work& transaction) -> Result<void> {
        transaction.exec_prepared(sql::lock_password.name, user_id.str());
        const auto user = lock_open(transaction, sql::lock_user, user_id.str());
        if (user.has_error()) {
            return user.error();
        }
        const auto now = to_micros(database_now(transaction));
        transaction.exec_prepared0(account_sql::set_password.name, user_id.str(), hash, now, temporary);
        transaction.exec_prepared(account_sql::lock_sessions_of_user.name, user_id.str());
        const auto version = take_next_version(transaction);
        transaction.exec_prepared0(account_sql::end_sessions_of_user.name, user_id.str(), version);
        insert_operator_event(transaction, EventType::password_changed, "user password", about(user_id));
        return {};
    });
}

Result<void> PgAccountAdmin::unlock_user(const UserId& user_id) {
    return connection_->run<void>("user unlock", [&](pqxx::work& transaction) -> Result<void> {
        transaction.exec_prepared(sql::lock_password.name, user_id.str());
        const auto user = lock_open(transaction, sql::lock_user, user_id.str());
        if (user.has_error()) {
            return user.error();
        }
        transaction.exec_prepared0(sql::unlock_user.name, user_id.str());
        insert_operator_event(transaction, EventType::operator_action, "user unlock", about(user_id));
        return {};
    });
}

Result<void> PgAccountAdmin::close_user(const UserId& user_id) {
    return connection_->run<void>("user close", [&](pqxx::work& transaction) -> Result<void> {
        const auto user = lock_open(transaction, sql::lock_user, user_id.str());
        if (user.has_error()) {
            return user.error();
        }
        transaction.exec_prepared(account_sql::lock_sessions_of_user.name, user_id.str());
        const auto version = take_next_version(transaction);
        transaction.exec_prepared0(sql::close_user.name, user_id.str(), version);
        transaction.exec_prepared0(account_sql::end_sessions_of_user.name, user_id.str(), version);
        insert_operator_event(transaction, EventType::operator_action, "user close", about(user_id));
        return {};
    });
}

Result<std::vector<UserFacts>> PgAccountAdmin::list_users() {
    using All = std::vector<UserFacts>;
    return connection_->run<All>("user list", [](pqxx::work& transaction) -> Result<All> {
        All all;
        for (const auto& row : transaction.exec_prepared(sql::find_user.name, nullptr)) {
            all.push_back(read_user_facts(row));
        }
        return all;
    });
}

Result<UserFacts> PgAccountAdmin::find_user(const UserId& user_id) {
    return connection_->run<UserFacts>("user show", [&](pqxx::work& transaction) -> Result<UserFacts> {
        const pqxx::result rows = transaction.exec_prepared(sql::find_user.name, user_id.str());
        if (rows.empty()) {
            return protocol::errors::not_found("user " + user_id.str() + " does not exist");
        }
        return read_user_facts(rows[0]);
    });
}

} // namespace relay::storage::postgres
