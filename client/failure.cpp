#include "client/failure.hpp"

#include "client/words.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace relay::client {
namespace {

Failure named(std::string_view code, std::string text) {
    Failure failure;
    failure.code = code;
    failure.text = std::move(text);
    return failure;
}

} // namespace

void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
    throw std::logic_error("value() of a failure: " + failure.code);
}

Failure local_failure(std::string text) {
    return named("local", std::move(text));
}

Failure usage_failure(std::string text) {
    return named(wrong_usage, std::move(text));
}

Failure system_failure(const std::string& what) {
    return local_failure(what + ": " + words_of({errno, std::generic_category()}));
}

Failure content_failure(std::string text) {
    return named(unusable_content, std::move(text));
}

Failure from_error(const protocol::Error& error) {
    return named(protocol::to_string(error.code), error.cause);
}

Failure from_problem(const Json& problem, int status) {
    const auto title = text_at(problem, "title");
    auto text = text_at(problem, "detail");
    if (!title.empty() && title != text) {
        text = title + (text.empty() ? "" : ": " + text);
    }
    auto failure = named(text_at(problem, "code"), std::move(text));
    failure.status = status;
    if (failure.code.empty()) {
        failure.code = "status_" + std::to_string(status);
    }
    if (failure.text.empty()) {
        failure.text =
            words("The server answered with status {0}.", "サーバの応答は {0} でした。", {std::to_string(status)});
    }
    for (const auto& finding : member_of(problem, "errors")) {
        failure.text += " [" + text_at(finding, "pointer") + " " + text_at(finding, "code");
        const auto detail = text_at(finding, "detail");
        failure.text += detail.empty() ? "]" : ": " + detail + "]";
    }
    return failure;
}

std::string text_at(const Json& object, std::string_view name) {
    const auto& member = member_of(object, name);
    return member.is_string() ? member.get<std::string>() : std::string();
}

const Json& member_of(const Json& object, std::string_view name) {
    static const Json nothing;
    if (!object.is_object()) {
        return nothing;
    }
    const auto found = object.find(name);
    return found == object.end() ? nothing : *found;
}

std::optional<std::int64_t> number_at(const Json& object, std::string_view name) {
    const auto& member = member_of(object, name);
    return member.is_number_integer() ? std::optional(member.get<std::int64_t>()) : std::nullopt;
}

} // namespace relay::client
