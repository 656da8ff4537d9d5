#include "client/settings.hpp"

#include "client/files.hpp"
#include "client/settings_standard.hpp"
#include "client/words.hpp"

#include <termios.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <utility>

namespace relay::client {
namespace {

struct Key {
    const char* name;
    std::string Settings::*value;
    bool is_path;
};

constexpr std::size_t most_settings_bytes = 64 * 1024;

constexpr std::array<Key, 9> keys{{
    {"url", &Settings::url, false},
    {"ca", &Settings::ca, true},
    {"cert", &Settings::cert, true},
    {"key", &Settings::key, true},
    {"user", &Settings::user, false},
    {"password_file", &Settings::password_file, true},
    {"client_ca", &Settings::client_ca, true},
    {"drafts", &Settings::drafts, true},
    {"state", &Settings::state, true},
}};

/// One path, or a list of them.
Outcome<void>
take_paths(const std::string& file, const std::string& name, const toml::node& node, std::vector<std::string>& paths) {
    std::vector<std::string> found;
    bool good = true;
    const auto take = [&](const toml::node& one) {
        const auto path = one.value<std::string>();
        good = good && path;
        found.push_back((fs::path(file).parent_path() / path.value_or("")).string());
    };
    if (const auto* list = node.as_array(); list != nullptr) {
        for (const auto& one : *list) {
            take(one);
        }
    } else {
        take(node);
    }
    if (!good) {
        return usage_failure(words(
            "{0}: {1} must be a text or a list of texts", "{0}: {1} は文字列かその並びにしてください", {file, name}
        ));
    }
    if (paths.empty()) {
        paths = std::move(found);
    }
    return {};
}

Outcome<void> take_key(const std::string& file, const std::string& name, const toml::node& node, Settings& settings) {
    if (name == "standard") {
        return read_standard_table(file, node, settings.standard);
    }
    if (name == "old_cert" || name == "old_key") {
        return take_paths(file, name, node, name == "old_cert" ? settings.old_certs : settings.old_keys);
    }
    for (const auto& key : keys) {
        if (name != key.name) {
            continue;
        }
        const auto value = node.value<std::string>();
        if (!value) {
            return usage_failure(words("{0}: {1} must be a text", "{0}: {1} は文字列にしてください", {file, name}));
        }
        if ((settings.*key.value).empty()) {
            settings.*key.value = key.is_path ? (fs::path(file).parent_path() / *value).string() : *value;
        }
        return {};
    }
    return usage_failure(words("{0}: unknown key {1}", "{0}: 知らない項目 {1} があります", {file, name}));
}

/// Switches the terminal's echo off while it lives.
class NoEcho {
public:
    NoEcho() : changed_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
        if (changed_) {
            termios quiet = before_;
            quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
            ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
        }
    }
    ~NoEcho() {
        if (changed_) {
            ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        }
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;

private:
    termios before_{};
    bool changed_;
};

std::string first_line(const std::string& text) {
    auto line = text.substr(0, text.find('\n'));
    if (!line.empty() && line.back() == '\r') {
        line.pop_back();
    }
    return line;
}

} // namespace

Outcome<void> read_settings_file(const std::string& file, Settings& settings) {
    const auto text = read_whole(file, most_settings_bytes);
    if (!text) {
        return usage_failure(text.error().text);
    }
    toml::table table;
    try {
        table = toml::parse(*text);
    } catch (const toml::parse_error& error) {
        return usage_failure(words(
            "{0}: line {1}: {2}",
            "{0}: {1}行目の書き方が正しくありません: {2}",
            {file, std::to_string(error.source().begin.line), error.description()}
        ));
    }
    for (const auto& [name, node] : table) {
        if (auto taken = take_key(file, std::string(name.str()), node, settings); !taken) {
            return taken;
        }
    }
    return {};
}

Outcome<void> check_complete(const Settings& settings) {
    std::string missing;
    for (const auto& key : keys) {
        const bool optional = key.value == &Settings::password_file || key.value == &Settings::client_ca ||
                              key.value == &Settings::drafts || key.value == &Settings::state;
        if (!optional && (settings.*key.value).empty()) {
            missing += (missing.empty() ? "--" : ", --") + std::string(key.name);
        }
    }
    if (!missing.empty()) {
        return usage_failure(words(
            "missing: {0} (or the same keys in a file given with --config)",
            "設定が足りません: {0}（--config で指定するファイルの同じ名前の項目でも構いません）",
            {missing}
        ));
    }
    if (!settings.url.starts_with("https://")) {
        return usage_failure(words("--url must begin with https://", "--url は https:// で始めてください"));
    }
    return {};
}

Outcome<std::string> read_password(const std::string& file, const std::string& prompt) {
    constexpr std::size_t most = 4096;
    std::string password;
    if (!file.empty()) {
        const auto content = read_whole(file, most);
        if (!content) {
            return content.error();
        }
        password = first_line(*content);
    } else if (::isatty(STDIN_FILENO) != 0) {
        std::cerr << prompt << ": " << std::flush;
        const NoEcho no_echo;
        std::getline(std::cin, password);
        std::cerr << '\n';
    } else {
        return local_failure(words(
            "no terminal to ask for the password: give it in a file",
            "パスワードを入力する端末がありません。ファイルで指定してください"
        ));
    }
    if (password.empty()) {
        return local_failure(words("the password is empty", "パスワードが空です"));
    }
    return password;
}

std::string usual_drafts_folder() {
    const char* data = std::getenv("XDG_DATA_HOME");
    const char* home = std::getenv("HOME");
    const fs::path base =
        data != nullptr && *data == '/' ? fs::path(data) : fs::path(home != nullptr ? home : ".") / ".local" / "share";
    return (base / "careplan-relay" / "drafts").string();
}

Outcome<std::string> state_folder(const Settings& settings) {
    if (!settings.state.empty()) {
        return settings.state;
    }
    const char* const state = std::getenv("XDG_STATE_HOME");
    if (state != nullptr && *state == '/') {
        return std::string(state) + "/relay-client";
    }
    const char* const home = std::getenv("HOME");
    if (home != nullptr && *home == '/') {
        return std::string(home) + "/.local/state/relay-client";
    }
    return local_failure(words(
        "no home folder to keep unfinished uploads in: name one with --state",
        "送信途中のデータを置くホームフォルダーがありません。--state で指定してください"
    ));
}

} // namespace relay::client
