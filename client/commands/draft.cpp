// Drafts: save, list, send, drop.
#include "client/commands/arguments.hpp"
#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/directory.hpp"
#include "client/drafts.hpp"
#include "client/packing.hpp"
#include "client/sending.hpp"
#include "client/words.hpp"

#include <iostream>

namespace relay::client {
namespace {

DraftStore store_of(const Settings& settings) {
    return DraftStore(settings.drafts.empty() ? usual_drafts_folder() : settings.drafts);
}

Json to_json(const Draft& draft) {
    Json files = Json::array();
    for (const auto& path : draft.files) {
        files.push_back(path.filename().string());
    }
    return {
        {"draft", draft.id},
        {"recipient", draft.recipient.str()},
        {"saved_at", draft.saved_at},
        {"message", draft.message},
        {"files", files},
        {"being_sent", draft.being_sent}};
}

void print(const Draft& draft) {
    std::cout << draft.id << "  " << in_japan(draft.saved_at) << "  " << draft.recipient.str()
              << (draft.being_sent ? words("  (being sent)", "  （送信途中）") : "") << '\n';
    for (const auto& path : draft.files) {
        std::cout << "    " << for_terminal(path.filename().string()) << '\n';
    }
    if (!draft.message.empty()) {
        std::cout << "    | " << for_terminal(draft.message.substr(0, draft.message.find('\n'))) << '\n';
    }
}

/// The bundle of an earlier attempt, or one packed now and kept.
Outcome<PackedBundle>
prepare(const DraftStore& store, const Draft& draft, const Settings& settings, Session& session, Depth depth) {
    const DraftSender sender{settings.url, settings.user};
    auto packed = store.load_packed(draft.id, sender);
    if (!packed) {
        return packed.error();
    }
    if (*packed) {
        return **std::move(packed);
    }
    const auto credentials = load_credentials(settings);
    if (!credentials) {
        return credentials.error();
    }
    if (auto checked = check_before_sending(draft.files, session.office(), draft.recipient, settings.standard, depth);
        !checked) {
        return checked.error();
    }
    const auto recipient = look_up(session, credentials->anchors, draft.recipient);
    if (!recipient) {
        return recipient.error();
    }
    const auto folder = TemporaryFolder::make();
    if (!folder) {
        return folder.error();
    }
    const auto bundle = pack(
        draft.files,
        draft.message,
        session.office(),
        *recipient,
        credentials->identity,
        session.limits(),
        folder->path()
    );
    if (!bundle) {
        return bundle.error();
    }
    if (auto kept = store.keep_packed(draft.id, *bundle, sender); !kept) {
        return kept.error();
    }
    packed = store.load_packed(draft.id, sender);
    if (!packed) {
        return packed.error();
    }
    return **std::move(packed);
}

Outcome<Json> send_packed(const DraftStore& store, const Draft& draft, const PackedBundle& bundle, Session& session) {
    auto accepted = draft.being_sent ? send_bundle_again(session, bundle) : send_bundle(session, bundle);
    if (accepted) {
        return accepted;
    }
    // Refused for good: nothing is there, and the next attempt makes a new bundle. Unclear: the same one again.
    auto failure = accepted.error();
    const int status = failure.status;
    if (status == 409 || status == 410 || status == 413 || status == 422) {
        (void)store.drop_packed(draft.id);
    }
    if (status == 410) {
        failure.text += words(
            "; the draft stays, and the same command sends it once more",
            "。下書きは残してあります。もう一度同じコマンドを実行すると、あらためて送信します"
        );
    }
    return failure;
}

} // namespace

Outcome<void> run_draft_save(const Settings& settings, const SendOptions& options) {
    const auto number = parse_recipient(options);
    if (!number) {
        return number.error();
    }
    const auto message = cover_letter_for(*number, options.cover);
    if (!message) {
        return message.error();
    }
    const std::vector<fs::path> files(options.files.begin(), options.files.end());
    const auto draft = store_of(settings).save(*number, *message, files);
    if (!draft) {
        return draft.error();
    }
    if (settings.json) {
        std::cout << pretty(to_json(*draft)) << '\n';
    } else {
        std::cout << words(
                         "draft {0} for {1} (files: {2})",
                         "{1} 宛ての下書き {0} を保存しました（ファイル{2}件）",
                         {draft->id, number->str(), std::to_string(files.size())}
                     )
                  << '\n';
    }
    return {};
}

Outcome<void> run_draft_list(const Settings& settings) {
    const auto drafts = store_of(settings).list();
    if (!drafts) {
        return drafts.error();
    }
    Json all = Json::array();
    for (const auto& draft : *drafts) {
        if (settings.json) {
            all.push_back(to_json(draft));
        } else {
            print(draft);
        }
    }
    if (settings.json) {
        std::cout << pretty(Json{{"drafts", all}}) << '\n';
    } else if (drafts->empty()) {
        std::cout << words("no drafts", "下書きはありません") << '\n';
    }
    return {};
}

Outcome<void> run_draft_send(const Settings& settings, const DraftOptions& options) {
    const auto store = store_of(settings);
    if (const auto there = store.load(options.id); !there) {
        return there.error();
    }
    const auto lock = store.lock(options.id);
    if (!lock) {
        return lock.error();
    }
    const auto draft = store.load(options.id); // as whoever held it before has left it
    if (!draft) {
        return draft.error();
    }
    auto session = Session::sign_in(settings);
    if (!session) {
        return session.error();
    }
    const auto bundle = prepare(store, *draft, settings, *session, options.depth());
    if (!bundle) {
        return bundle.error();
    }
    const auto accepted = send_packed(store, *draft, *bundle, *session);
    if (!accepted) {
        return accepted.error();
    }
    if (settings.json) {
        std::cout << pretty(*accepted) << '\n';
    } else {
        std::cout << words(
                         "sent {0} to {1} (files: {2})",
                         "{1} へ {0} を送信しました（ファイル{2}件）",
                         {bundle->manifest.bundle_id.str(), draft->recipient.str(), std::to_string(draft->files.size())}
                     )
                  << '\n';
    }
    if (auto told = flush_output(); !told) {
        return told;
    }
    if (auto removed = store.remove(options.id); !removed) {
        std::cerr << "relay-client: "
                  << words(
                         "sent, but the draft stays: {0}",
                         "送信しましたが、下書きを消せません: {0}",
                         {for_terminal(removed.error().text)}
                     )
                  << '\n';
    }
    return {};
}

Outcome<void> run_draft_drop(const Settings& settings, const DraftOptions& options) {
    const auto store = store_of(settings);
    if (const auto draft = store.load(options.id); !draft) {
        return draft.error();
    }
    const auto lock = store.lock(options.id);
    if (!lock) {
        return lock.error();
    }
    if (auto removed = store.remove(options.id); !removed) {
        return removed;
    }
    std::cout << words("dropped draft {0}", "下書き {0} を捨てました", {options.id}) << '\n';
    return {};
}

} // namespace relay::client
