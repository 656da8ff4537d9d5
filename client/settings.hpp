// Where the relay is and who one is: from the command line, or from a TOML file.
#pragma once

#include "client/failure.hpp"
#include "protocol/standard/sending_unit.hpp"

#include <string>
#include <vector>

namespace relay::client {

struct Settings {
    std::string url;
    std::string ca;                     ///< PEM file: whose server certificate is trusted
    std::string cert;                   ///< PEM file
    std::string key;                    ///< PEM file
    std::vector<std::string> old_certs; ///< PEM files: certificates of before, to open what is encrypted for them
    std::vector<std::string> old_keys;  ///< PEM files: theirs, in the same order
    std::string user;
    std::string password_file; ///< empty: asked for on the terminal
    std::string client_ca;     ///< PEM file: whose office certificates are trusted; empty: `ca`
    std::string state;         ///< folder for uploads that are not finished; empty: state_folder() has a default
    bool json = false;         ///< answers as JSON
    std::string drafts;        ///< folder of drafts; empty: the user's data folder
    protocol::standard::UnitSettings standard;

    [[nodiscard]] const std::string& trusted_ca() const noexcept { return client_ca.empty() ? ca : client_ca; }
};

/// Fills what the command line left empty. Paths in the file are relative to its folder. Unknown keys are refused.
[[nodiscard]] Outcome<void> read_settings_file(const std::string& file, Settings& settings);
/// Failure that names what is missing to reach the relay.
[[nodiscard]] Outcome<void> check_complete(const Settings& settings);

/// Reads a password: the first line of `file`, or from the terminal without echo when `file` is empty.
[[nodiscard]] Outcome<std::string> read_password(const std::string& file, const std::string& prompt);

/// Where drafts are kept when nothing else is said: $XDG_DATA_HOME or ~/.local/share, careplan-relay/drafts.
[[nodiscard]] std::string usual_drafts_folder();
/// Where unfinished uploads are kept: `settings.state`, else $XDG_STATE_HOME or ~/.local/state, relay-client in it.
/// Failure when there is no home either.
[[nodiscard]] Outcome<std::string> state_folder(const Settings& settings);

} // namespace relay::client
