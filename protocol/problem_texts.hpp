// The texts of problems in each language; problem.cpp alone uses them. One function for each language, so that a
// translator has one file.
#pragma once

#include "protocol/error.hpp"

#include <string_view>

namespace relay::protocol {

struct ProblemText {
    std::string_view title;
    std::string_view detail;
};

[[nodiscard]] ProblemText problem_text_ja(ErrorCode code) noexcept;
[[nodiscard]] ProblemText problem_text_en(ErrorCode code) noexcept;

} // namespace relay::protocol
