// The parts of standard names as strong types: a value of one of these is always of its form (standard.md §1.2).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace relay::protocol::standard {

/// A text that keeps the form `Form::holds`; empty only when made without a value.
template <class Form>
class Formed {
public:
    Formed() = default;
    [[nodiscard]] static std::optional<Formed> parse(std::string_view text) {
        if (!Form::holds(text)) {
            return std::nullopt;
        }
        Formed formed;
        formed.text_ = std::string(text);
        return formed;
    }
    [[nodiscard]] std::string_view view() const noexcept { return text_; }
    [[nodiscard]] const std::string& str() const noexcept { return text_; }
    friend auto operator<=>(const Formed&, const Formed&) = default;

private:
    std::string text_; // at most 14 characters: fits the small-string buffer
};

struct ServiceCodeForm {
    static bool holds(std::string_view text) noexcept;
};
struct ServiceMonthForm {
    static bool holds(std::string_view text) noexcept;
};
struct SequenceNumberForm {
    static bool holds(std::string_view text) noexcept;
};
struct CsvVersionForm {
    static bool holds(std::string_view text) noexcept;
};

using ServiceCode = Formed<ServiceCodeForm>;       ///< サービス種類コード, `[0-9A-Z]{2}`
using ServiceMonth = Formed<ServiceMonthForm>;     ///< 対象年月, YYYYMM, or `no_month`
using SequenceNumber = Formed<SequenceNumberForm>; ///< ファイル連番, YYYYMMDDHHMMSS, a real date and time
using CsvVersion = Formed<CsvVersionForm>;         ///< CSVバージョン, `[0-9]{6}`

/// What stands for a month in UPHOSOKU when it goes with tables 1 to 3.
inline constexpr std::string_view no_month = "000000";

/// YYYYMMDD, a day of the calendar.
[[nodiscard]] bool is_calendar_day(std::string_view text) noexcept;
[[nodiscard]] bool is_digits(std::string_view text) noexcept;
/// Digits and upper-case letters A to Z alone.
[[nodiscard]] bool is_alphanumeric(std::string_view text) noexcept;
/// The text with a to z as A to Z; other bytes stay.
[[nodiscard]] std::string upper_ascii(std::string_view text);
[[nodiscard]] constexpr char upper_ascii(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

} // namespace relay::protocol::standard
