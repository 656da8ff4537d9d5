// The commands of relay-client (docs: commands). Each prints its result on standard output and returns why it failed.
#pragma once

#include "client/failure.hpp"
#include "client/settings.hpp"

#include <string>
#include <vector>

namespace relay::client {

struct SendOptions {
    std::string to;
    std::string message;
    std::vector<std::string> files;
};
[[nodiscard]] Outcome<void> run_send(const Settings& settings, const SendOptions& options);

/// Sends every unit in the folder, up to 100; fails at the end when one of them was refused.
[[nodiscard]] Outcome<void> run_send_batch(const Settings& settings, const std::string& folder);

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

/// Offline: the standard's rules on names and combinations, for the files as one bundle.
[[nodiscard]] Outcome<void> run_check(const Settings& settings, const std::vector<std::string>& files);

} // namespace relay::client
