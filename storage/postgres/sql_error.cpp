#include "storage/postgres/sql_error.hpp"

#include <pqxx/pqxx>

#include <exception>
#include <new>
#include <utility>

namespace relay::storage::postgres {

namespace {

using What = SqlFailure::What;

What meaning_of(std::string_view sqlstate) {
    if (sqlstate == "40001" || sqlstate == "40P01") {
        return What::conflict;
    }
    // 25006: what was the primary only reads now.
    if (sqlstate.starts_with("08") || sqlstate.starts_with("57P") || sqlstate == "25006") {
        return What::broken;
    }
    if (sqlstate == "57014" || sqlstate == "55P03" || sqlstate.starts_with("53")) {
        return What::exhausted;
    }
    return sqlstate.starts_with("23") ? What::constraint : What::other;
}

/// The last quoted word of the message; the constraint stands last in every message of class 23 that names one.
std::string quoted_name(std::string_view text) {
    text = text.substr(0, text.find('\n'));
    const auto end = text.rfind('"');
    if (end == std::string_view::npos || end == 0) {
        return {};
    }
    const auto begin = text.rfind('"', end - 1);
    return begin == std::string_view::npos ? std::string() : std::string(text.substr(begin + 1, end - begin - 1));
}

SqlFailure plain(What what, const char* text) {
    return SqlFailure{what, {}, {}, text};
}

} // namespace

SqlFailure classify_sqlstate(std::string sqlstate, std::string text) {
    SqlFailure failure{meaning_of(sqlstate), std::move(sqlstate), {}, std::move(text)};
    if (failure.what == What::constraint) {
        failure.constraint = quoted_name(failure.text);
    }
    return failure;
}

SqlFailure classify_current_exception() {
    try {
        throw;
    } catch (const pqxx::in_doubt_error& e) {
        return plain(What::in_doubt, e.what());
    } catch (const pqxx::statement_completion_unknown& e) {
        return plain(What::in_doubt, e.what());
    } catch (const pqxx::broken_connection& e) {
        return plain(What::broken, e.what());
    } catch (const pqxx::transaction_rollback& e) { // serialization_failure and deadlock_detected among them
        return plain(What::conflict, e.what());
    } catch (const pqxx::sql_error& e) {
        return classify_sqlstate(e.sqlstate(), e.what());
    } catch (const std::bad_alloc&) {
        return plain(What::exhausted, "out of memory");
    } catch (const std::exception& e) {
        return plain(What::other, e.what());
    } catch (...) {
        return plain(What::other, "an exception of an unknown type");
    }
}

protocol::Error to_error(const SqlFailure& failure, std::string_view doing) {
    std::string cause(doing);
    cause += ": ";
    cause += failure.sqlstate.empty() ? "" : failure.sqlstate + " ";
    cause += failure.text;
    switch (failure.what) {
    case What::broken:
    case What::conflict:
    case What::exhausted:
        return protocol::errors::unavailable(std::move(cause));
    case What::in_doubt:
    case What::constraint:
    case What::other:
        break;
    }
    return protocol::errors::internal(std::move(cause));
}

} // namespace relay::storage::postgres
