// Fields of certificates, requests and CRLs as values of ours. Included by sources only.
#pragma once

#include "protocol/time.hpp"

#include <openssl/x509.h>

#include <ctime>
#include <optional>
#include <string>

namespace relay::auth {

/// Nothing for an absent or malformed time.
[[nodiscard]] inline std::optional<protocol::Time> to_time(const ASN1_TIME* time) {
    std::tm parts{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
        return std::nullopt;
    }
    return protocol::Time(std::chrono::seconds(timegm(&parts)));
}

/// The CN in UTF-8 when the name has exactly one.
[[nodiscard]] std::optional<std::string> sole_common_name(const X509_NAME* subject);

} // namespace relay::auth
