// relay-client: what an office's terminal does, on the command line.
#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"

#include <CLI/CLI.hpp>
#include <curl/curl.h>

#include <csignal>
#include <functional>
#include <iostream>

namespace {

using namespace relay::client;

struct Options {
    Settings settings;
    std::string config;
    SendOptions send;
    std::string batch_folder;
    InboxOptions inbox;
    FetchOptions fetch;
    std::string outbox_state = "all";
    std::string bundle_id;
    std::string evidence_file;
    PasswordOptions password;
    std::vector<std::string> checked_files;
};

using Run = std::function<Outcome<void>()>;

void add_common_options(CLI::App& app, Options& options) {
    auto& settings = options.settings;
    app.add_option("--url", settings.url, "Where the relay is, https://HOST:PORT");
    app.add_option("--ca", settings.ca, "PEM file of the CA whose server certificate is trusted");
    app.add_option("--cert", settings.cert, "PEM file of the office's certificate");
    app.add_option("--key", settings.key, "PEM file of its private key");
    app.add_option("--user", settings.user, "User ID, KJ and 12 digits");
    app.add_option("--password-file", settings.password_file, "File with the password; asked for when not given");
    app.add_option(
        "--client-ca",
        settings.client_ca,
        "PEM file of the CA that other offices' certificates must chain to (default: --ca)"
    );
    app.add_option(
        "--config", options.config, "TOML file with the keys url, ca, cert, key, user, password_file, client_ca"
    );
    app.add_flag("--json", settings.json, "Print the result as JSON");
}

void add_sending(CLI::App& app, Options& options, Run& run) {
    auto* send = app.add_subcommand("send", "Encrypt, sign and send files to an office");
    send->add_option("--to", options.send.to, "Number of the receiving office")->required();
    send->add_option("--message", options.send.message, "Cover letter, encrypted like the files");
    send->add_option("files", options.send.files, "Files of one sending unit")->required();
    send->callback([&] { run = [&] { return run_send(options.settings, options.send); }; });

    auto* batch =
        app.add_subcommand("send-batch", "Send a folder: files are sorted to offices and units by their names");
    batch->add_option("dir", options.batch_folder, "Folder with up to 100 bundles' files")->required();
    batch->callback([&] { run = [&] { return run_send_batch(options.settings, options.batch_folder); }; });

    auto* outbox = app.add_subcommand("outbox", "List what was sent and what became of it");
    outbox->add_option("--state", options.outbox_state, "Only bundles in this state");
    outbox->callback([&] { run = [&] { return run_outbox(options.settings, options.outbox_state); }; });

    auto* withdraw = app.add_subcommand("withdraw", "Take back a bundle that nobody has claimed yet");
    withdraw->add_option("id", options.bundle_id, "Bundle ID")->required();
    withdraw->callback([&] { run = [&] { return run_withdraw(options.settings, options.bundle_id); }; });

    auto* evidence = app.add_subcommand("evidence", "Save the proof that and when a bundle was delivered");
    evidence->add_option("id", options.bundle_id, "Bundle ID")->required();
    evidence->add_option("--out", options.evidence_file, "File to write")->required();
    evidence->callback([&] {
        run = [&] { return run_evidence(options.settings, options.bundle_id, options.evidence_file); };
    });
}

void add_receiving(CLI::App& app, Options& options, Run& run) {
    auto* inbox = app.add_subcommand("inbox", "List what waits to be fetched");
    inbox->add_option("--wait", options.inbox.wait_seconds, "Seconds to wait for something to arrive")
        ->check(CLI::Range(0, 86400));
    inbox->add_option(
        "--state", options.inbox.state, "waiting (default), claimed, fetched, rejected, withdrawn, expired or all"
    );
    inbox->callback([&] { run = [&] { return run_inbox(options.settings, options.inbox); }; });

    auto* fetch = app.add_subcommand("fetch", "Download, check and decrypt bundles, once; each into its own folder");
    fetch->add_option("ids", options.fetch.bundle_ids, "Bundle IDs");
    fetch->add_flag("--all", options.fetch.all, "Everything that waits, and what was begun before");
    fetch->add_option("--into", options.fetch.into, "Folder to download into")->required();
    fetch->callback([&] { run = [&] { return run_fetch(options.settings, options.fetch); }; });
}

void add_others(CLI::App& app, Options& options, Run& run) {
    auto* password = app.add_subcommand("password", "Change the password");
    password->add_option("--old-file", options.password.old_file, "File with the present password");
    password->add_option("--new-file", options.password.new_file, "File with the new password");
    password->callback([&] { run = [&] { return run_password(options.settings, options.password); }; });

    auto* check = app.add_subcommand("check", "Check names and combination of files as one sending unit, offline");
    check->add_option("files", options.checked_files, "Files")->required();
    check->callback([&] { run = [&] { return run_check(options.settings, options.checked_files); }; });
}

int tell(const Failure& failure) {
    auto line = for_terminal(failure.text);
    std::replace(line.begin(), line.end(), '\n', ' ');
    const bool usage = failure.code == wrong_usage;
    std::cerr << "relay-client: " << line;
    if (!usage && failure.code != "local") {
        std::cerr << " (" << failure.code << ')';
    }
    if (failure.retry_after) {
        std::cerr << " [retry after " << *failure.retry_after << " s]";
    }
    std::cerr << '\n';
    return usage ? 2 : 1;
}

int run_command_line(int argc, char** argv) {
    CLI::App app("Sends and receives care plans over the relay.", "relay-client");
    app.set_version_flag("--version", std::string("relay-client ") + RELAY_CLIENT_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    Options options;
    Run run;
    add_common_options(app, options);
    add_sending(app, options, run);
    add_receiving(app, options, run);
    add_others(app, options, run);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    if (!options.config.empty()) {
        if (const auto read = read_settings_file(options.config, options.settings); !read) {
            return tell(read.error());
        }
    }
    const auto done = run();
    std::cout.flush();
    return done ? 0 : tell(done.error());
}

} // namespace

int main(int argc, char** argv) {
    // A connection that the server resets must be an error, not the end of the process.
    (void)std::signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const int status = run_command_line(argc, argv);
    curl_global_cleanup();
    return status;
}
