#include "storage/postgres/pg_options.hpp"

#include <libpq-fe.h>

#include <map>
#include <memory>

namespace relay::storage::postgres {

namespace {

// A peer that is gone without a word (power cut, silent network) must not keep its locks until the kernel's two hours
// are over: the server asks after it as the client asks after the server. Nothing of this concerns Unix-domain sockets.
constexpr std::string_view dead_peers =
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2 -c tcp_user_timeout=15000"
    " -c idle_in_transaction_session_timeout=30000";

std::string quoted(std::string_view value) {
    std::string out = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + "'";
}

} // namespace

protocol::Result<std::string>
complete_url(const std::string& url, std::string_view settings, std::string_view application_name) {
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
        PQconninfoParse(url.c_str(), &message), PQconninfoFree
    );
    const std::unique_ptr<char, void (*)(void*)> message_owner(message, PQfreemem);
    if (parsed == nullptr) {
        return protocol::Error(
            protocol::ErrorCode::malformed_request,
            std::string("the database's connection string: ") + (message != nullptr ? message : "out of memory")
        );
    }
    std::map<std::string, std::string> keywords = {
        {"application_name", std::string(application_name)},
        {"client_encoding", "UTF8"},
        {"connect_timeout", "5"},
        {"keepalives_idle", "10"},
        {"keepalives_interval", "5"},
        {"keepalives_count", "2"},
        {"tcp_user_timeout", "15000"},
    };
    for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr) {
            keywords[option->keyword] = option->val;
        }
    }
    std::string& options = keywords["options"];
    options += options.empty() ? "" : " ";
    options += settings;
    options += dead_peers;
    std::string completed;
    for (const auto& [keyword, value] : keywords) {
        completed += (completed.empty() ? "" : " ") + keyword + "=" + quoted(value);
    }
    return completed;
}

} // namespace relay::storage::postgres
