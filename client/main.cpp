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
    BatchOptions batch;
    InboxOptions inbox;
    FetchOptions fetch;
    std::string outbox_state = "all";
    std::string bundle_id;
    std::string evidence_file;
    PasswordOptions password;
    CheckOptions check;
    DraftOptions draft;
    ConformanceOptions conformance;
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
        "--config", options.config, "TOML file with the keys url, ca, cert, key, user, password_file, client_ca, state"
    );
    app.add_flag("--json", settings.json, "Print the result as JSON");
}

void add_cover(CLI::App& command, CoverOptions& cover) {
    command.add_option("--message", cover.message, "Cover letter, encrypted like the files");
    command.add_option("--message-file", cover.message_file, "File with the cover letter, UTF-8, of many lines");
}

void add_state(CLI::App& command, Options& options) {
    command.add_option(
        "--state", options.settings.state, "Folder for uploads that are not finished (default: ~/.local/state)"
    );
}

void add_sending(CLI::App& app, Options& options, Run& run) {
    auto* send = app.add_subcommand("send", "Encrypt, sign and send files to an office");
    send->add_option("--to", options.send.to, "Number of the receiving office")->required();
    add_cover(*send, options.send.cover);
    send->add_flag("--names-only", options.send.names_only, "Do not check what is inside the files");
    add_state(*send, options);
    send->add_option("files", options.send.files, "Files of one sending unit")->required();
    send->callback([&] { run = [&] { return run_send(options.settings, options.send); }; });

    auto* batch =
        app.add_subcommand("send-batch", "Send a folder: files are sorted to offices and units by their names");
    batch->add_option("dir", options.batch.folder, "Folder with the files of many bundles; 100 bundles go in a call")
        ->required();
    add_cover(*batch, options.batch.cover);
    batch->add_option("--messages", options.batch.cover.folder, "Folder with a cover letter NUMBER.txt for an office");
    batch->add_flag("--names-only", options.batch.names_only, "Do not check what is inside the files");
    add_state(*batch, options);
    batch->callback([&] { run = [&] { return run_send_batch(options.settings, options.batch); }; });

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

void add_drafts(CLI::App& app, Options& options, Run& run) {
    app.add_option("--drafts", options.settings.drafts, "Folder of drafts (default: in the user's data folder)");
    auto* draft = app.add_subcommand("draft", "Keep files and a cover letter on this computer until they are sent");
    draft->require_subcommand(1);

    auto* save = draft->add_subcommand("save", "Save a draft; prints its number");
    save->add_option("--to", options.send.to, "Number of the receiving office")->required();
    add_cover(*save, options.send.cover);
    save->add_option("files", options.send.files, "Files of one sending unit")->required();
    save->callback([&] { run = [&] { return run_draft_save(options.settings, options.send); }; });

    auto* list = draft->add_subcommand("list", "List the drafts");
    list->callback([&] { run = [&] { return run_draft_list(options.settings); }; });

    auto* send = draft->add_subcommand("send", "Send a draft and remove it; again after a crash, it is sent once");
    send->add_option("number", options.draft.id, "Number of the draft")->required();
    send->add_flag("--names-only", options.draft.names_only, "Do not check what is inside the files");
    send->callback([&] { run = [&] { return run_draft_send(options.settings, options.draft); }; });

    auto* drop = draft->add_subcommand("drop", "Throw a draft away");
    drop->add_option("number", options.draft.id, "Number of the draft")->required();
    drop->callback([&] { run = [&] { return run_draft_drop(options.settings, options.draft); }; });
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

    auto* check = app.add_subcommand("check", "Check files as one sending unit, offline: names, combination, content");
    check->add_option("files", options.check.files, "Files")->required();
    check->add_flag("--names-only", options.check.names_only, "Do not look into the files");
    check->callback([&] { run = [&] { return run_check(options.settings, options.check); }; });

    auto* conformance =
        app.add_subcommand("conformance", "Check a folder of exports against every rule of the standard, offline");
    conformance
        ->add_option(
            "dir", options.conformance.folder, "Folder; each folder in it is one bundle, loose files are sorted"
        )
        ->required();
    conformance->add_option("--html", options.conformance.html, "File to write a readable page into");
    conformance->callback([&] { run = [&] { return run_conformance(options.settings, options.conformance); }; });

    auto* standard = app.add_subcommand("standard", "Print the tables and rules of the standard as Markdown");
    standard->callback([&] { run = [] { return run_standard(); }; });
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
    add_drafts(app, options, run);
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
