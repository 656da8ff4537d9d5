#include "client/usage.hpp"

#include "client/commands/listing.hpp"
#include "client/words.hpp"

#include <iostream>

namespace relay::client {

void set_own_words(CLI::App& app) {
    app.set_help_flag("-h,--help", words("Print this help and exit", "この説明を表示します"));
    app.set_version_flag(
        "--version",
        std::string("relay-client ") + RELAY_CLIENT_VERSION,
        words("Print the version and exit", "バージョンを表示します")
    );
    const auto formatter = app.get_formatter();
    formatter->label("Usage", words("Usage", "使い方"));
    formatter->label("OPTIONS", words("OPTIONS", "オプション"));
    formatter->label("SUBCOMMAND", words("COMMAND", "コマンド"));
    formatter->label("Positionals", words("Arguments", "引数"));
    formatter->label("REQUIRED", words("REQUIRED", "必須"));
}

void set_own_headings(CLI::App& app) {
    const auto options = words("Options", "オプション");
    for (auto* option : app.get_options([](const CLI::Option* one) { return !one->get_positional(); })) {
        option->group(options);
    }
    for (auto* command : app.get_subcommands({})) {
        command->group(words("Commands", "コマンド"));
        set_own_headings(*command);
    }
}

void tell_usage(const CLI::ParseError& error) {
    std::string text = error.what();
    if (text == "A subcommand is required") {
        text = words("name one of its commands", "続くコマンドを指定してください");
    } else if (in_japanese()) {
        const auto colon = text.find(": ");
        if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
            text = "必要なものが足りません: " + text.substr(0, text.find(" is required"));
        } else if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && colon != std::string::npos) {
            text = "余分なものがあります: " + text.substr(colon + 2);
        } else {
            text = "正しくありません: " + text.substr(0, colon);
        }
    }
    std::cerr << "relay-client: " << for_terminal(text) << words(" (see --help)", "（--help に説明があります）")
              << '\n';
}

} // namespace relay::client
