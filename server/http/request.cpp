#include "server/http/request.hpp"

#include <algorithm>

namespace relay::server::http {

std::string_view Request::field(std::string_view lower_case_name) const noexcept {
    const auto found =
        std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == lower_case_name; });
    return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

std::string Request::list_field(std::string_view lower_case_name) const {
    std::string list;
    for (const auto& [name, value] : fields) {
        if (name == lower_case_name) {
            list.append(list.empty() ? "" : ", ").append(value);
        }
    }
    return list;
}

bool Request::has_field(std::string_view lower_case_name) const noexcept {
    return std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return field.first == lower_case_name; });
}

} // namespace relay::server::http
