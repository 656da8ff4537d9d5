// The command line's own words: CLI11 has English ones only.
#pragma once

#include <CLI/CLI.hpp>

namespace relay::client {

/// Help, version and the words of the help's frame. Before anything is added to the command.
void set_own_words(CLI::App& app);
/// The headings over options and commands, of every command. After all have been added.
void set_own_headings(CLI::App& app);
/// Says why a command line is not understood.
void tell_usage(const CLI::ParseError& error);

} // namespace relay::client
