// What several commands print.
#pragma once

#include "client/failure.hpp"
#include "client/session.hpp"

#include <string>
#include <string_view>

namespace relay::client {

/// All pages of a list. `query` is "" or "name=value&…".
[[nodiscard]] Outcome<Json> read_all_pages(Session& session, const std::string& path, const std::string& query);

/// For people: "0193…  fetched  2026-11-20 09:15:00  2670100011 Name  登録  CSV 202407", in Japan's time, then a line
/// for each file with its table, and what became of the bundle.
[[nodiscard]] std::string describe_bundle(const Json& bundle, std::string_view partner);

/// Adds "kind" (登録, 削除, PDF等) and "csv_version" to a bundle as the relay tells it.
void add_kind(Json& bundle);

/// Two spaces of indentation; bytes that are no UTF-8 are replaced.
[[nodiscard]] std::string pretty(const Json& json);

/// Text from elsewhere for the terminal: control characters other than line breaks are taken out.
[[nodiscard]] std::string for_terminal(std::string_view text);

} // namespace relay::client
