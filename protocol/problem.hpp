// RFC 9457 problems: the one table code → status, titles and texts in Japanese and English.
#pragma once

#include "protocol/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::protocol {

enum class Language : std::uint8_t { ja, en };

/// By Accept-Language (RFC 9110 §12.5.4, weights heeded); Japanese when nothing else fits. Bounded work.
[[nodiscard]] Language choose_language(std::string_view accept_language);

[[nodiscard]] int status_of(ErrorCode code) noexcept;

/// The body: `type`, `title`, `status`, `code`, `detail`, `instance` (urn:uuid:REQUEST-ID), `errors`, further members.
/// Never shows error.cause.
[[nodiscard]] std::string problem_json(const Error& error, Language language, std::string_view request_id);

} // namespace relay::protocol
