// What several commands print.
#pragma once

#include "client/failure.hpp"
#include "client/session.hpp"
#include "protocol/standard/units.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relay::client {

/// All pages of a list. `query` is "" or "name=value&…".
[[nodiscard]] Outcome<Json> read_all_pages(Session& session, const std::string& path, const std::string& query);

/// For people: "0193…  fetched  2026-11-20 09:15:00  2670100011 Name  registration  CSV 202407", in Japan's time, then
/// a line for each file with its table, and what became of the bundle.
[[nodiscard]] std::string describe_bundle(const Json& bundle, std::string_view partner);

/// The state with the word that offices know from 受信一覧 (standard.md §3.3), where the terminal is Japanese.
[[nodiscard]] std::string describe_state(const std::string& state);
/// "2026-11-20 09:15:00" in Japan; the text itself when it is no time.
[[nodiscard]] std::string in_japan(const std::string& text);
[[nodiscard]] std::string kind_in_words(protocol::standard::UnitKind kind);
[[nodiscard]] std::string size_in_words(std::int64_t bytes);
/// A cover letter, each line behind a bar.
void print_indented(const std::string& message);

/// Adds "kind" (登録, 削除, PDF等) and "csv_version" to a bundle as the relay tells it.
void add_kind(Json& bundle);

/// Two spaces of indentation; bytes that are no UTF-8 are replaced.
[[nodiscard]] std::string pretty(const Json& json);

/// Text from elsewhere for the terminal: control characters other than line breaks are taken out.
[[nodiscard]] std::string for_terminal(std::string_view text);

/// Failure when standard output did not take all that was printed: then nobody was told.
[[nodiscard]] Outcome<void> flush_output();

} // namespace relay::client
