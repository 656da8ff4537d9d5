// The cover letter of a bundle: given as text, from a file, or one file an office.
#pragma once

#include "client/failure.hpp"
#include "protocol/ids.hpp"

#include <string>

namespace relay::client {

struct CoverOptions {
    std::string message;      ///< the text itself
    std::string message_file; ///< UTF-8; used when `message` is empty
    std::string folder;       ///< send-batch: NUMBER.txt in it is for that office, and goes before the others
};

/// The letter for the office; empty: none. Failure when a file cannot be read or is no UTF-8.
[[nodiscard]] Outcome<std::string> cover_letter_for(const protocol::OfficeNumber& office, const CoverOptions& options);

} // namespace relay::client
