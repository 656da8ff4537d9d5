// The commands of relay-client (docs: commands). Each prints its result on standard output and returns why it failed.
#pragma once

#include "client/cover_letters.hpp"
#include "client/failure.hpp"
#include "client/settings.hpp"
#include "client/standard/checking.hpp"

#include <string>
#include <vector>

namespace relay::client {

struct SendOptions {
    std::string to;
    CoverOptions cover;
    std::vector<std::string> files;
    bool names_only = false;

    [[nodiscard]] Depth depth() const noexcept { return names_only ? Depth::names : Depth::content; }
};
[[nodiscard]] Outcome<void> run_send(const Settings& settings, const SendOptions& options);

struct BatchOptions {
    std::string folder;
    CoverOptions cover;
    bool names_only = false;

    [[nodiscard]] Depth depth() const noexcept { return names_only ? Depth::names : Depth::content; }
};
/// Sends every unit in the folder, a hundred a call; fails at the end when one of them was not sent.
[[nodiscard]] Outcome<void> run_send_batch(const Settings& settings, const BatchOptions& options);

struct InboxOptions {
    int wait_seconds = 0;
    std::string state = "waiting";
};
[[nodiscard]] Outcome<void> run_inbox(const Settings& settings, const InboxOptions& options);

struct FetchOptions {
    std::vector<std::string> bundle_ids;
    bool all = false;
    std::string into;
};
[[nodiscard]] Outcome<void> run_fetch(const Settings& settings, const FetchOptions& options);

[[nodiscard]] Outcome<void> run_outbox(const Settings& settings, const std::string& state);
[[nodiscard]] Outcome<void> run_withdraw(const Settings& settings, const std::string& bundle_id);
[[nodiscard]] Outcome<void>
run_evidence(const Settings& settings, const std::string& bundle_id, const std::string& out);

struct PasswordOptions {
    std::string old_file;
    std::string new_file;
};
[[nodiscard]] Outcome<void> run_password(const Settings& settings, const PasswordOptions& options);

struct DraftOptions {
    std::string id;
    bool names_only = false;

    [[nodiscard]] Depth depth() const noexcept { return names_only ? Depth::names : Depth::content; }
};
[[nodiscard]] Outcome<void> run_draft_save(const Settings& settings, const SendOptions& options);
[[nodiscard]] Outcome<void> run_draft_list(const Settings& settings);
/// Sends it once, whatever happens in between, and removes it.
[[nodiscard]] Outcome<void> run_draft_send(const Settings& settings, const DraftOptions& options);
[[nodiscard]] Outcome<void> run_draft_drop(const Settings& settings, const DraftOptions& options);

struct CheckOptions {
    std::vector<std::string> files;
    bool names_only = false;
};
/// Offline: the standard's rules on names, combinations and content, for the files as one bundle.
[[nodiscard]] Outcome<void> run_check(const Settings& settings, const CheckOptions& options);

struct ConformanceOptions {
    std::string folder;
    std::string html; ///< file to write the page into; empty: none
};
/// Offline: every rule over a folder of exports; fails when one is not kept.
[[nodiscard]] Outcome<void> run_conformance(const Settings& settings, const ConformanceOptions& options);
/// Prints the rules as Markdown: docs/standard.md.
[[nodiscard]] Outcome<void> run_standard();

} // namespace relay::client
