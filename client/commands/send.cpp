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
    UploadStore::Upload upload; ///< kept until the person has been told
    Json answer;
};

/// Packs and sends, or goes on with what an earlier run has left unfinished. A crash at any point, and the same command
/// again, gives one bundle; one that has ended is not there, so the files go in a new one.
Outcome<Sent> send_once(
    const Settings& settings,
    const SendOptions& options,
    const UploadStore& uploads,
    Session& session,
    const Recipient& recipient,
    const Identity& identity
) {
    const std::vector<fs::path> files(options.files.begin(), options.files.end());
    const auto message = cover_letter_for(recipient.number, options.cover);
    if (!message) {
        return message.error();
    }
    const auto name = UploadStore::name_of(settings, recipient.number, *message, files);
    if (!name) {
        return name.error();
    }
    auto kept = uploads.open(*name);
    if (!kept) {
        return kept.error();
    }
    if (kept->too_old) {
        const auto found = find_accepted(session, kept->bundle->manifest.bundle_id);
        if (!found) {
            return found.error();
        }
        if (*found && !has_ended(**found)) {
            return Sent{*std::move(kept), **found};
        }
        if (auto emptied = uploads.empty(*kept, false); !emptied) {
            return emptied.error();
        }
    }
    if (kept->accepted) { // by a batch: to send it on its own is to send it once more
        if (auto begun = uploads.begin_anew(*kept); !begun) {
            return begun.error();
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
        if (accepted) {
            return Sent{*std::move(kept), *std::move(accepted)};
        }
        if (!is_final(accepted.error())) {
            return accepted.error();
        }
        if (auto emptied = uploads.empty(*kept, false); !emptied || !resumed) {
            return emptied ? accepted.error() : emptied.error();
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
    const auto state = state_folder(settings);
    if (!state) {
        return state.error();
    }
    const UploadStore uploads(*state);
    auto sent = send_once(settings, options, uploads, *session, *recipient, credentials->identity);
    if (!sent) {
        return sent.error();
    }
    const auto bundle_id = sent->upload.bundle->manifest.bundle_id.str();
    if (settings.json) {
        std::cout << pretty(sent->answer) << '\n';
    } else {
        std::cout << words(
                         "sent {0} to {1} {2} (files: {3})",
                         "{1} {2} へ {0} を送信しました（ファイル{3}件）",
                         {bundle_id, number->str(), for_terminal(recipient->name), std::to_string(files.size())}
                     )
                  << '\n';
    }
    if (auto told = flush_output(); !told) {
        return told;
    }
    // A batch that has noted these files must find this bundle. Where that or the forgetting fails, the same command
    // tells of the same bundle again.
    (void)(sent->upload.of_batch ? uploads.note_accepted(sent->upload) : uploads.empty(sent->upload, true));
    return {};
}

} // namespace relay::client
