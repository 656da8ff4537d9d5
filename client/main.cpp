// relay-client: what an office's terminal does, on the command line.
#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/usage.hpp"
#include "client/words.hpp"

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
    app.add_option(
        "--url", settings.url, words("Where the relay is, https://HOST:PORT", "サーバの場所 https://ホスト名:ポート")
    );
    app.add_option(
        "--ca",
        settings.ca,
        words("PEM file of the CA whose server certificate is trusted", "サーバ証明書を信頼する認証局のPEMファイル")
    );
    app.add_option(
        "--cert", settings.cert, words("PEM file of the office's certificate", "事業所の電子証明書のPEMファイル")
    );
    app.add_option("--key", settings.key, words("PEM file of its private key", "その秘密鍵のPEMファイル"));
    const auto add_old = [&](const char* name, std::vector<std::string>& files, const std::string& what) {
        app.add_option(name, files, what)->allow_extra_args(false);
    };
    add_old(
        "--old-cert",
        settings.old_certs,
        words("PEM file of a certificate from before its renewal", "更新前の電子証明書のPEMファイル")
    );
    add_old("--old-key", settings.old_keys, words("PEM file of that one's private key", "更新前の秘密鍵のPEMファイル"));
    app.add_option("--user", settings.user, words("User ID, KJ and 12 digits", "ユーザID（KJと数字12桁）"));
    app.add_option(
        "--password-file",
        settings.password_file,
        words("File with the password; asked for when not given", "パスワードのファイル（なければ入力を求めます）")
    );
    app.add_option(
        "--client-ca",
        settings.client_ca,
        words(
            "PEM file of the CA that other offices' certificates must chain to (default: --ca)",
            "相手の事業所の電子証明書の認証局のPEMファイル（省略時は --ca と同じ）"
        )
    );
    app.add_option(
        "--config",
        options.config,
        words(
            "TOML file with the keys url, ca, cert, key, old_cert, old_key, user, password_file, client_ca, state, "
            "drafts",
            "設定ファイル（TOML）。項目は "
            "url、ca、cert、key、old_cert、old_key、user、password_file、client_ca、state、drafts"
        )
    );
    app.add_flag("--json", settings.json, words("Print the result as JSON", "結果をJSONで出力します"));
}

void add_cover(CLI::App& command, CoverOptions& cover) {
    command.add_option(
        "--message",
        cover.message,
        words("Cover letter, encrypted like the files", "送付状（ファイルと同じように暗号化されます）")
    );
    command.add_option(
        "--message-file",
        cover.message_file,
        words("File with the cover letter, UTF-8, of many lines", "送付状のファイル（UTF-8、複数行）")
    );
}

void add_names_only(CLI::App& command, bool& names_only) {
    command.add_flag(
        "--names-only", names_only, words("Do not check what is inside the files", "ファイルの中身を確かめません")
    );
}

void add_state(CLI::App& command, Options& options) {
    command.add_option(
        "--state",
        options.settings.state,
        words(
            "Folder for uploads that are not finished (default: ~/.local/state)",
            "送信途中のデータを置くフォルダー（省略時は ~/.local/state/relay-client）"
        )
    );
}

void add_send(CLI::App& app, Options& options, Run& run) {
    auto* send = app.add_subcommand(
        "send", words("Encrypt, sign and send files to an office", "ファイルを暗号化し、署名して、事業所へ送信します")
    );
    send->add_option("--to", options.send.to, words("Number of the receiving office", "送信先の事業所番号"))
        ->required();
    add_cover(*send, options.send.cover);
    add_names_only(*send, options.send.names_only);
    add_state(*send, options);
    send->add_option("files", options.send.files, words("Files of one sending unit", "一つの送信単位のファイル"))
        ->required();
    send->callback([&] { run = [&] { return run_send(options.settings, options.send); }; });
}

void add_batch(CLI::App& app, Options& options, Run& run) {
    auto* batch = app.add_subcommand(
        "send-batch",
        words(
            "Send a folder: files are sorted to offices and units by their names",
            "フォルダーを一括送信します。ファイルは名前によって事業所と送信単位に振り分けられます"
        )
    );
    batch
        ->add_option(
            "dir",
            options.batch.folder,
            words(
                "Folder with the files of many bundles; 100 bundles go in a call",
                "送信するファイルのフォルダー（100件までを一回で送信します）"
            )
        )
        ->required();
    add_cover(*batch, options.batch.cover);
    batch->add_option(
        "--messages",
        options.batch.cover.folder,
        words("Folder with a cover letter NUMBER.txt for an office", "事業所ごとの送付状「事業所番号.txt」のフォルダー")
    );
    add_names_only(*batch, options.batch.names_only);
    add_state(*batch, options);
    batch->callback([&] { run = [&] { return run_send_batch(options.settings, options.batch); }; });
}

void add_sent(CLI::App& app, Options& options, Run& run) {
    auto* outbox = app.add_subcommand(
        "outbox", words("List what was sent and what became of it", "送信一覧と、それぞれの状態を示します")
    );
    outbox->add_option("--state", options.outbox_state, words("Only bundles in this state", "この状態のものだけ"));
    outbox->callback([&] { run = [&] { return run_outbox(options.settings, options.outbox_state); }; });

    auto* withdraw = app.add_subcommand(
        "withdraw",
        words("Take back a bundle that nobody has claimed yet", "まだ取得されていないデータの送信を取り消します")
    );
    withdraw->add_option("id", options.bundle_id, words("Bundle ID", "送信番号"))->required();
    withdraw->callback([&] { run = [&] { return run_withdraw(options.settings, options.bundle_id); }; });

    auto* evidence = app.add_subcommand(
        "evidence", words("Save the proof that and when a bundle was delivered", "いつ届いたかの証跡を保存します")
    );
    evidence->add_option("id", options.bundle_id, words("Bundle ID", "送信番号"))->required();
    evidence->add_option("--out", options.evidence_file, words("File to write", "保存するファイル"))->required();
    evidence->callback([&] {
        run = [&] { return run_evidence(options.settings, options.bundle_id, options.evidence_file); };
    });
}

void add_drafts(CLI::App& app, Options& options, Run& run) {
    app.add_option(
        "--drafts",
        options.settings.drafts,
        words(
            "Folder of drafts (default: in the user's data folder)",
            "下書きのフォルダー（省略時は ~/.local/share/careplan-relay/drafts）"
        )
    );
    auto* draft = app.add_subcommand(
        "draft",
        words(
            "Keep files and a cover letter on this computer until they are sent",
            "ファイルと送付状を、送信するまでこのパソコンに下書きとして置きます"
        )
    );
    draft->require_subcommand(1);

    auto* save =
        draft->add_subcommand("save", words("Save a draft; prints its number", "下書きを保存して、番号を示します"));
    save->add_option("--to", options.send.to, words("Number of the receiving office", "送信先の事業所番号"))
        ->required();
    add_cover(*save, options.send.cover);
    save->add_option("files", options.send.files, words("Files of one sending unit", "一つの送信単位のファイル"))
        ->required();
    save->callback([&] { run = [&] { return run_draft_save(options.settings, options.send); }; });

    auto* list = draft->add_subcommand("list", words("List the drafts", "下書きの一覧を示します"));
    list->callback([&] { run = [&] { return run_draft_list(options.settings); }; });

    auto* send = draft->add_subcommand(
        "send",
        words(
            "Send a draft and remove it; again after a crash, it is sent once",
            "下書きを送信して消します。途中で止まっても、もう一度実行すれば一度だけ送信されます"
        )
    );
    send->add_option("number", options.draft.id, words("Number of the draft", "下書きの番号"))->required();
    add_names_only(*send, options.draft.names_only);
    send->callback([&] { run = [&] { return run_draft_send(options.settings, options.draft); }; });

    auto* drop = draft->add_subcommand("drop", words("Throw a draft away", "下書きを捨てます"));
    drop->add_option("number", options.draft.id, words("Number of the draft", "下書きの番号"))->required();
    drop->callback([&] { run = [&] { return run_draft_drop(options.settings, options.draft); }; });
}

void add_receiving(CLI::App& app, Options& options, Run& run) {
    auto* inbox = app.add_subcommand("inbox", words("List what waits to be fetched", "受信一覧を示します"));
    inbox
        ->add_option(
            "--wait", options.inbox.wait_seconds, words("Seconds to wait for something to arrive", "届くのを待つ秒数")
        )
        ->check(CLI::Range(0, 86400));
    inbox->add_option(
        "--state",
        options.inbox.state,
        words(
            "waiting (default), claimed, fetched, rejected, withdrawn, expired or all",
            "waiting（省略時）、claimed、fetched、rejected、withdrawn、expired、all のどれか"
        )
    );
    inbox->callback([&] { run = [&] { return run_inbox(options.settings, options.inbox); }; });

    auto* fetch = app.add_subcommand(
        "fetch",
        words(
            "Download, check and decrypt bundles, once; each into its own folder",
            "データを取得し、確かめて、復号します（一度だけ）。一件ごとにフォルダーができます"
        )
    );
    fetch->add_option("ids", options.fetch.bundle_ids, words("Bundle IDs", "送信番号"));
    fetch->add_flag(
        "--all",
        options.fetch.all,
        words("Everything that waits, and what was begun before", "未取得のものすべてと、取得の途中のもの")
    );
    fetch
        ->add_option("--into", options.fetch.into, words("Folder to download into", "取得したファイルを置くフォルダー"))
        ->required();
    fetch->callback([&] { run = [&] { return run_fetch(options.settings, options.fetch); }; });
}

void add_password(CLI::App& app, Options& options, Run& run) {
    auto* password = app.add_subcommand("password", words("Change the password", "パスワードを変更します"));
    password->add_option(
        "--old-file", options.password.old_file, words("File with the present password", "今のパスワードのファイル")
    );
    password->add_option(
        "--new-file", options.password.new_file, words("File with the new password", "新しいパスワードのファイル")
    );
    password->callback([&] { run = [&] { return run_password(options.settings, options.password); }; });
}

void add_standard(CLI::App& app, Options& options, Run& run) {
    auto* check = app.add_subcommand(
        "check",
        words(
            "Check files as one sending unit, offline: names, combination, content",
            "ファイルを一つの送信単位として確かめます（通信しません）: 名前、組み合わせ、中身"
        )
    );
    check->add_option("files", options.check.files, words("Files", "ファイル"))->required();
    check->add_flag(
        "--names-only", options.check.names_only, words("Do not look into the files", "ファイルの中身を見ません")
    );
    check->callback([&] { run = [&] { return run_check(options.settings, options.check); }; });

    auto* conformance = app.add_subcommand(
        "conformance",
        words(
            "Check a folder of exports against every rule of the standard, offline",
            "書き出したフォルダーを標準仕様のすべての規則と照らし合わせます（通信しません）"
        )
    );
    conformance
        ->add_option(
            "dir",
            options.conformance.folder,
            words(
                "Folder; each folder in it is one bundle, loose files are sorted",
                "フォルダー。中のフォルダーはそれぞれ一つの送信単位、直下のファイルは名前で振り分けます"
            )
        )
        ->required();
    conformance->add_option(
        "--html",
        options.conformance.html,
        words("File to write a readable page into", "読みやすい報告のページ（HTML）を書くファイル")
    );
    conformance->callback([&] { run = [&] { return run_conformance(options.settings, options.conformance); }; });

    auto* standard = app.add_subcommand(
        "standard",
        words("Print the tables and rules of the standard as Markdown", "標準仕様の表と規則をMarkdownで出力します")
    );
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
        std::cerr << words(" [retry after {0} s]", "［{0}秒後にもう一度］", {std::to_string(*failure.retry_after)});
    }
    std::cerr << '\n';
    return usage ? 2 : 1;
}

int run_command_line(int argc, char** argv) {
    CLI::App app(
        words("Sends and receives care plans over the relay.", "ケアプランデータを送受信します。"), "relay-client"
    );
    set_own_words(app);
    app.require_subcommand(0, 1); // none is told below, so that an unknown one is told first
    app.fallthrough();
    Options options;
    Run run;
    add_common_options(app, options);
    add_send(app, options, run);
    add_batch(app, options, run);
    add_sent(app, options, run);
    add_drafts(app, options, run);
    add_receiving(app, options, run);
    add_password(app, options, run);
    add_standard(app, options, run);
    set_own_headings(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) {
            return app.exit(error);
        }
        tell_usage(error);
        return 2;
    }
    if (!run) {
        return tell(
            usage_failure(words("name a command (see --help)", "コマンドを指定してください（--help に説明があります）"))
        );
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
