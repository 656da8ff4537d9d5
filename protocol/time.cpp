#include "protocol/time.hpp"

namespace relay::protocol {

namespace {

using namespace std::chrono_literals;

constexpr auto japan = 9h;

/// Reads a text from its start; every `take` either moves on or leaves the reader failed.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    int digits(std::size_t count) {
        int value = 0;
        if (rest_.size() < count) {
            failed_ = true;
            return 0;
        }
        for (const char c : rest_.substr(0, count)) {
            if (c < '0' || c > '9') {
                failed_ = true;
                return 0;
            }
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(count);
        return value;
    }

    int digits(std::size_t count, int max) {
        const int value = digits(count);
        failed_ = failed_ || value > max;
        return value;
    }

    /// The next character when it is one of `any`; '\0' and failed otherwise.
    char one_of(std::string_view any) {
        if (rest_.empty() || any.find(rest_.front()) == std::string_view::npos) {
            failed_ = true;
            return '\0';
        }
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    /// ".123456" cut to milliseconds; nothing there is zero.
    Duration fraction() {
        if (failed_ || !rest_.starts_with('.')) {
            return Duration::zero();
        }
        rest_.remove_prefix(1);
        int ms = 0;
        std::size_t count = 0;
        for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
            ms = count < 3 ? ms * 10 + (rest_[count] - '0') : ms;
        }
        failed_ = count == 0;
        rest_.remove_prefix(count);
        for (; count < 3; ++count) {
            ms *= 10;
        }
        return Duration(ms);
    }

    [[nodiscard]] bool done() const { return !failed_ && rest_.empty(); }
    [[nodiscard]] bool failed() const { return failed_; }

private:
    std::string_view rest_;
    bool failed_ = false;
};

std::optional<Day> read_day(Reader& reader) {
    const int year = reader.digits(4);
    reader.one_of("-");
    const auto month = static_cast<unsigned>(reader.digits(2));
    reader.one_of("-");
    const auto day = static_cast<unsigned>(reader.digits(2));
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
    return !reader.failed() && date.ok() ? std::optional(Day(date)) : std::nullopt;
}

std::chrono::minutes read_zone(Reader& reader) {
    const char sign = reader.one_of("Zz+-");
    if (sign != '+' && sign != '-') {
        return std::chrono::minutes::zero();
    }
    const int hours = reader.digits(2, 23);
    reader.one_of(":");
    const int minutes = reader.digits(2, 59);
    const std::chrono::minutes offset(hours * 60 + minutes);
    return sign == '+' ? offset : -offset;
}

/// Leap seconds end a UTC month (RFC 3339 appendix D): here `time` is the second after one.
bool follows_leap_second(Time time) {
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    const auto day = std::chrono::floor<std::chrono::days>(second);
    return second == day && std::chrono::year_month_day(day).day() == std::chrono::day(1);
}

} // namespace

std::string to_rfc3339(Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::string text = "0000-00-00T00:00:00.000Z"; // RFC 3339 has no years but these four digits
    const auto put = [&text](std::size_t first, std::size_t digits, std::int64_t value) {
        for (std::size_t at = first + digits; at-- > first; value /= 10) {
            text[at] = static_cast<char>('0' + value % 10);
        }
    };
    put(0, 4, static_cast<int>(date.year()));
    put(5, 2, static_cast<unsigned>(date.month()));
    put(8, 2, static_cast<unsigned>(date.day()));
    put(11, 2, clock.hours().count());
    put(14, 2, clock.minutes().count());
    put(17, 2, clock.seconds().count());
    put(20, 3, clock.subseconds().count());
    return text;
}

std::optional<Time> parse_rfc3339(std::string_view text) {
    Reader reader(text);
    const auto day = read_day(reader);
    reader.one_of("Tt");
    const int hours = reader.digits(2, 23);
    reader.one_of(":");
    const int minutes = reader.digits(2, 59);
    reader.one_of(":");
    const int seconds = reader.digits(2, 60);
    const Duration fraction = reader.fraction();
    const auto offset = read_zone(reader);
    if (!day || !reader.done()) {
        return std::nullopt;
    }
    const Time time = *day + std::chrono::hours(hours) + std::chrono::minutes(minutes) + std::chrono::seconds(seconds) +
                      fraction - offset;
    if (seconds == 60 && !follows_leap_second(time)) {
        return std::nullopt;
    }
    // An offset may carry a moment out of the four-digit years that the wire can tell.
    const int year = static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time)).year());
    return year >= 0 && year <= 9999 ? std::optional(time) : std::nullopt;
}

Day day_in_japan(Time time) {
    return std::chrono::floor<std::chrono::days>(time + japan);
}

std::string to_string(Day day) {
    // The date's ten characters are the start of its midnight.
    return to_rfc3339(day).substr(0, 10);
}

std::optional<Day> parse_day(std::string_view text) {
    Reader reader(text);
    const auto day = read_day(reader);
    return reader.done() ? day : std::nullopt;
}

} // namespace relay::protocol
