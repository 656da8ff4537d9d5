#include "server/http/date.hpp"

#include <array>
#include <cstdio>

namespace relay::server::http {

std::string imf_date(std::time_t at) {
    // Not strftime: the names must not follow a locale.
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    gmtime_r(&at, &utc);
    std::array<char, 64> text{};
    const int length = std::snprintf(
        text.data(),
        text.size(),
        "%s, %02d %s %04d %02d:%02d:%02d GMT",
        days.at(static_cast<std::size_t>(utc.tm_wday)),
        utc.tm_mday,
        months.at(static_cast<std::size_t>(utc.tm_mon)),
        utc.tm_year + 1900,
        utc.tm_hour,
        utc.tm_min,
        utc.tm_sec
    );
    return {text.data(), static_cast<std::size_t>(length)};
}

const std::string& date_now() {
    struct Written {
        std::time_t at = -1;
        std::string text;
    };
    thread_local Written last;
    if (const std::time_t now = std::time(nullptr); now != last.at) {
        last = {now, imf_date(now)};
    }
    return last.text;
}

} // namespace relay::server::http
