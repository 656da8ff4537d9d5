#include "storage/postgres/rows.hpp"

#include <stdexcept>

namespace relay::storage::postgres {

using namespace protocol;

namespace {

/// A value that breaks its column's CHECK cannot be read; the message names the column alone.
[[noreturn]] void refuse(const pqxx::field& field) {
    throw std::runtime_error(std::string("column ") + field.name() + " holds a value that is not of its form");
}

template <class Parsed>
auto required(const pqxx::field& field, Parsed parsed) {
    if (!parsed) {
        refuse(field);
    }
    return std::move(*parsed);
}

} // namespace

Bytes bytes_of(const pqxx::field& field) {
    const pqxx::binarystring bytes(field);
    return {bytes.data(), bytes.data() + bytes.size()};
}

Digest digest_of(const pqxx::field& field) {
    return required(field, Digest::from_bytes(bytes_of(field)));
}

Time time_of(const pqxx::field& field) {
    return Time(std::chrono::floor<std::chrono::milliseconds>(std::chrono::microseconds(field.as<std::int64_t>())));
}

OfficeNumber office_of(const pqxx::field& field) {
    return required(field, OfficeNumber::parse(field.as<std::string>()));
}

UserId user_of(const pqxx::field& field) {
    return required(field, UserId::parse(field.as<std::string>()));
}

std::optional<Time> optional_time_of(const pqxx::field& field) {
    return field.is_null() ? std::nullopt : std::optional(time_of(field));
}

std::optional<std::string> optional_text_of(const pqxx::field& field) {
    return field.is_null() ? std::nullopt : std::optional(field.as<std::string>());
}

std::optional<OfficeNumber> optional_office_of(const pqxx::field& field) {
    return field.is_null() ? std::nullopt : std::optional(office_of(field));
}

std::vector<std::string> texts_of(const pqxx::field& field) {
    std::vector<std::string> texts;
    pqxx::array_parser parser = field.as_array();
    for (auto [what, text] = parser.get_next(); what != pqxx::array_parser::done;
         std::tie(what, text) = parser.get_next()) {
        if (what == pqxx::array_parser::string_value) {
            texts.push_back(text);
        }
    }
    return texts;
}

std::string to_text_array(const std::vector<std::string>& texts) {
    std::string literal = "{";
    for (const std::string& text : texts) {
        literal += literal.size() > 1 ? ",\"" : "\"";
        for (const char c : text) {
            literal += c == '"' || c == '\\' ? "\\" : "";
            literal += c;
        }
        literal += '"';
    }
    return literal + "}";
}

std::string to_bigint_array(const std::vector<std::int64_t>& numbers) {
    std::string literal = "{";
    for (const auto number : numbers) {
        literal += (literal.size() > 1 ? "," : "") + std::to_string(number);
    }
    return literal + "}";
}

} // namespace relay::storage::postgres
