// The directory of offices and their certificates (protocol.md §8).
#include "auth/certificate.hpp"
#include "protocol/json_writer.hpp"
#include "server/api/parameters.hpp"
#include "server/api/services.hpp"

#include <algorithm>

namespace relay::server::api {

using protocol::append_json_member;
using protocol::append_json_name;

namespace {

std::optional<std::string> parse_prefecture(std::string_view text) {
    const bool good = text.size() == 2 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    return good ? std::optional(std::string(text)) : std::nullopt;
}

void append_office(std::string& out, const storage::OfficeRow& office, bool accepting) {
    append_json_member(out, "number", office.number.view());
    append_json_member(out, "name", office.name);
    append_json_member(out, "prefecture", office.prefecture);
    append_json_name(out, "accepting");
    out += accepting ? "true" : "false";
}

void append_certificate(std::string& out, const storage::DirectoryCertificate& certificate) {
    append_json_member(out, "sha256", certificate.row.sha256.hex());
    append_json_member(out, "user_id", certificate.row.user_id.view());
    append_json_member(out, "not_after", protocol::to_rfc3339(certificate.row.not_after));
    append_json_member(out, "pem", auth::to_pem(certificate.der));
}

Answer list_offices(const Services& services, Request& request) {
    Parameters parameters(request, {"prefecture", "q", "after", "limit"});
    storage::DirectoryQuery query;
    query.prefecture = parameters.parsed("prefecture", parse_prefecture);
    query.q = parameters.text("q");
    if (query.q && query.q->size() > 200) {
        parameters.add("q", "out_of_range");
    }
    if (const auto after = parameters.parsed("after", protocol::OfficeNumber::parse)) {
        query.after = after->str();
    }
    query.limit = parameters.limit();
    auto good = parameters.verdict();
    if (!good) {
        co_return good.error();
    }
    auto page = co_await services.accounts.list_offices(std::move(query), services.clock());
    if (!page) {
        co_return page.error();
    }
    std::string out = R"({"offices":[)";
    for (const auto& entry : page->offices) {
        out += out.back() == '[' ? "{" : ",{";
        append_office(out, entry.office, entry.accepting);
        out += '}';
    }
    out += ']';
    if (page->more) {
        append_json_member(out, "next", page->offices.back().office.number.view());
    }
    out += '}';
    co_return http::json_response(200, std::move(out));
}

/// An office that is open, asked of the database where this process does not know it yet.
Awaitable<Result<storage::OfficeRow>> find_open_office(const Services& services, const protocol::OfficeNumber& number) {
    auto office = services.registry.office(number);
    if (!office) {
        auto refreshed = co_await services.registry.refresh_on_miss();
        if (!refreshed) {
            co_return refreshed.error();
        }
        office = services.registry.office(number);
    }
    if (!office || office->closed) {
        co_return protocol::errors::not_found("no such office");
    }
    co_return std::move(*office);
}

Answer get_office(const Services& services, Request& request) {
    const auto number = protocol::OfficeNumber::parse(request.captures.front()).value();
    auto office = co_await find_open_office(services, number);
    if (!office) {
        co_return office.error();
    }
    auto certificates = co_await services.accounts.certificates_of(number, services.clock());
    if (!certificates) {
        co_return certificates.error();
    }
    std::string out = "{";
    append_office(out, *office, services.registry.accepting(number, services.clock()));
    append_json_name(out, "certificates");
    out += '[';
    for (const auto& certificate : *certificates) {
        out += out.back() == '[' ? "{" : ",{";
        append_certificate(out, certificate);
        out += '}';
    }
    out += "]}";
    co_return http::json_response(200, std::move(out));
}

Answer get_certificate(const Services& services, Request& request) {
    const auto number = protocol::OfficeNumber::parse(request.captures.at(0)).value();
    const auto sha256 = protocol::Digest::from_hex(request.captures.at(1)).value();
    auto certificate = co_await services.accounts.find_certificate(sha256);
    if (!certificate) {
        co_return certificate.error();
    }
    if (!certificate->has_value()) {
        co_return protocol::errors::not_found("never registered");
    }
    const auto& row = (*certificate)->row;
    auto user = services.registry.user(row.user_id);
    if (!user) {
        co_await services.access.refresh();
        user = services.registry.user(row.user_id);
    }
    if (!user || user->office != number) {
        co_return protocol::errors::not_found("of another office");
    }
    std::string out = "{";
    append_certificate(out, **certificate);
    append_json_member(out, "registered_at", protocol::to_rfc3339(row.registered_at));
    if (row.revoked_at) {
        append_json_member(out, "revoked_at", protocol::to_rfc3339(*row.revoked_at));
    }
    out += '}';
    co_return http::json_response(200, std::move(out));
}

} // namespace

std::vector<Route> office_routes(const Services& services) {
    using auth::Action;
    using http::BodyKind;
    using http::Method;
    return {
        {Method::get,
         "/v1/offices",
         Action::read_directory,
         BodyKind::none,
         bind_handler(services, list_offices),
         true},
        {Method::get,
         "/v1/offices/{office}",
         Action::read_directory,
         BodyKind::none,
         bind_handler(services, get_office)},
        {Method::get,
         "/v1/offices/{office}/certificates/{digest}",
         Action::read_directory,
         BodyKind::none,
         bind_handler(services, get_certificate)},
    };
}

} // namespace relay::server::api
