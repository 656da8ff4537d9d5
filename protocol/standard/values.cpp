#include "protocol/standard/values.hpp"

#include <algorithm>
#include <chrono>

namespace relay::protocol::standard {
namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

int number_at(std::string_view digits, std::size_t from, std::size_t count) noexcept {
    int value = 0;
    for (const char c : digits.substr(from, count)) {
        value = value * 10 + (c - '0');
    }
    return value;
}

} // namespace

bool is_digits(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), is_digit);
}

bool is_alphanumeric(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); });
}

std::string upper_ascii(std::string_view text) {
    std::string upper(text);
    for (char& c : upper) {
        c = upper_ascii(c);
    }
    return upper;
}

bool is_calendar_day(std::string_view text) noexcept {
    if (text.size() != 8 || !is_digits(text)) {
        return false;
    }
    const std::chrono::year_month_day day{
        std::chrono::year(number_at(text, 0, 4)),
        std::chrono::month(static_cast<unsigned>(number_at(text, 4, 2))),
        std::chrono::day(static_cast<unsigned>(number_at(text, 6, 2)))};
    return number_at(text, 0, 4) >= 1 && day.ok();
}

bool ServiceCodeForm::holds(std::string_view text) noexcept {
    return text.size() == 2 && is_alphanumeric(text);
}

bool ServiceMonthForm::holds(std::string_view text) noexcept {
    if (text.size() != 6 || !is_digits(text)) {
        return false;
    }
    const int month = number_at(text, 4, 2);
    return text == no_month || (number_at(text, 0, 4) >= 1 && month >= 1 && month <= 12);
}

bool SequenceNumberForm::holds(std::string_view text) noexcept {
    return text.size() == 14 && is_digits(text) && is_calendar_day(text.substr(0, 8)) && number_at(text, 8, 2) < 24 &&
           number_at(text, 10, 2) < 60 && number_at(text, 12, 2) < 60;
}

bool CsvVersionForm::holds(std::string_view text) noexcept {
    return text.size() == 6 && is_digits(text);
}

} // namespace relay::protocol::standard
