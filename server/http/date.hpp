// The Date field of an answer (RFC 9110 §6.6.1).
#pragma once

#include <ctime>
#include <string>

namespace relay::server::http {

/// An IMF-fixdate (RFC 9110 §5.6.7), `Sun, 06 Nov 1994 08:49:37 GMT`.
[[nodiscard]] std::string imf_date(std::time_t at);

/// Now, written once a second and thread; good until the thread's next call.
[[nodiscard]] const std::string& date_now();

} // namespace relay::server::http
