#include "server/http/request.hpp"

#include <algorithm>

namespace relay::server::http {

std::string_view Request::field(std::string_view lower_case_name) const noexcept {
    const auto found =
        std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == lower_case_name; });
    return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

bool Request::has_field(std::string_view lower_case_name) const noexcept {
    return std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return field.first == lower_case_name; });
}

} // namespace relay::server::http
