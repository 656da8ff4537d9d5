#include "client/commands/arguments.hpp"
#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/directory.hpp"
#include "client/packing.hpp"
#include "client/sending.hpp"
#include "client/standard/checking.hpp"
#include "client/upload_store.hpp"
#include "client/words.hpp"

#include <iostream>

namespace relay::client {
namespace {

struct Sent {
    std::string bundle_id;
    Json answer;
};

/// Packs and sends, or goes on with what an earlier run has left unfinished. A crash at any point, and the same command
/// again, gives one bundle.
Outcome<Sent> send_once(
    const Settings& settings,
    const SendOptions& options,
    Session& session,
    const Recipient& recipient,
    const Identity& identity
) {
    const std::vector<fs::path> files(options.files.begin(), options.files.end());
    const auto message = cover_letter_for(recipient.number, options.cover);
    if (!message) {
        return message.error();
    }
    const auto folder = state_folder(settings);
    const auto name = folder ? UploadStore::name_of(settings, recipient.number, *message, files)
                             : Outcome<std::string>(folder.error());
    if (!name) {
        return name.error();
    }
    const UploadStore uploads(*folder);
    auto kept = uploads.open(*name);
    if (!kept) {
        return kept.error();
    }
    if (kept->accepted) { // by a batch: to send it on its own is to send it once more
        if (auto emptied = uploads.empty(*kept, false); !emptied) {
            return emptied.error();
        }
    }
    for (bool resumed = kept->bundle.has_value();; resumed = false) {
        if (!resumed) {
            auto packed = pack(files, *message, session.office(), recipient, identity, session.limits(), kept->folder);
            if (!packed) {
                return packed.error();
            }
            kept->bundle = *std::move(packed);
            if (auto saved = uploads.save(*kept); !saved) {
                return saved.error();
            }
        }
        auto accepted = resumed ? send_bundle_again(session, *kept->bundle) : send_bundle(session, *kept->bundle);
        if (accepted || is_final(accepted.error())) {
            if (auto emptied = uploads.empty(*kept, accepted.has_value()); !emptied && !accepted) {
                return emptied.error();
            }
        }
        if (accepted) {
            return Sent{kept->bundle->manifest.bundle_id.str(), *std::move(accepted)};
        }
        if (!resumed || !is_final(accepted.error())) {
            return accepted.error();
        }
    }
}

} // namespace

Outcome<void> run_send(const Settings& settings, const SendOptions& options) {
    const auto number = parse_recipient(options);
    if (!number) {
        return number.error();
    }
    const auto credentials = load_credentials(settings);
    if (!credentials) {
        return credentials.error();
    }
    auto session = Session::sign_in(settings);
    if (!session) {
        return session.error();
    }
    const std::vector<fs::path> files(options.files.begin(), options.files.end());
    if (auto checked = check_before_sending(files, session->office(), *number, settings.standard, options.depth());
        !checked) {
        return checked;
    }
    const auto recipient = look_up(*session, credentials->anchors, *number);
    if (!recipient) {
        return recipient.error();
    }
    for (const auto& warning : recipient->warnings) {
        std::cerr << "relay-client: " << for_terminal(warning) << '\n';
    }
    const auto sent = send_once(settings, options, *session, *recipient, credentials->identity);
    if (!sent) {
        return sent.error();
    }
    if (settings.json) {
        std::cout << pretty(sent->answer) << '\n';
    } else {
        std::cout << words(
                         "sent {0} to {1} {2} (files: {3})",
                         "{1} {2} へ {0} を送信しました（ファイル{3}件）",
                         {sent->bundle_id, number->str(), for_terminal(recipient->name), std::to_string(files.size())}
                     )
                  << '\n';
    }
    return {};
}

} // namespace relay::client
