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
#include <optional>
#include <utility>

namespace relay::client {
namespace {

struct Sent {
    UploadStore::Upload upload; ///< kept until the person has been told
    Json answer;
};

struct Parcel {
    std::vector<fs::path> files;
    std::string message;
    const Recipient& recipient;
    const Identity& identity;
};

/// Of an upload that is too old to be gone on with: the bundle when the relay has it. Else nothing is kept of it.
Outcome<std::optional<Json>> find_old(Session& session, const UploadStore& uploads, UploadStore::Upload& kept) {
    auto found = find_accepted(session, kept.bundle->manifest.bundle_id);
    if (!found || (*found && !has_ended(**found))) {
        return found;
    }
    if (auto emptied = uploads.empty(kept, false); !emptied) {
        return emptied.error();
    }
    return std::optional<Json>();
}

Outcome<void>
pack_anew(const Parcel& parcel, const Session& session, const UploadStore& uploads, UploadStore::Upload& kept) {
    auto packed = pack(
        parcel.files, parcel.message, session.office(), parcel.recipient, parcel.identity, session.limits(), kept.folder
    );
    if (!packed) {
        return packed.error();
    }
    kept.bundle = *std::move(packed);
    return uploads.save(kept);
}

/// A bundle of an earlier run that has ended, or that the relay will not take any more, is packed anew.
Outcome<Json> send_kept(const Parcel& parcel, Session& session, const UploadStore& uploads, UploadStore::Upload& kept) {
    for (bool resumed = kept.bundle.has_value();; resumed = false) {
        if (!resumed) {
            if (auto packed = pack_anew(parcel, session, uploads, kept); !packed) {
                return packed.error();
            }
        }
        auto accepted = resumed ? send_bundle_again(session, *kept.bundle) : send_bundle(session, *kept.bundle);
        if (accepted || !is_final(accepted.error())) {
            return accepted;
        }
        auto emptied = uploads.empty(kept, false);
        if (!emptied || !resumed) {
            return emptied ? accepted.error() : emptied.error();
        }
    }
}

/// Packs and sends, or goes on with what an earlier run has left unfinished. A crash at any point, and the same command
/// again, gives one bundle.
Outcome<Sent> send_once(const Settings& settings, const Parcel& parcel, Session& session, const UploadStore& uploads) {
    const auto name = UploadStore::name_of(settings, parcel.recipient.number, parcel.message, parcel.files);
    if (!name) {
        return name.error();
    }
    auto kept = uploads.open(*name);
    if (!kept) {
        return kept.error();
    }
    if (kept->too_old) {
        auto found = find_old(session, uploads, *kept);
        if (!found) {
            return found.error();
        }
        if (*found) {
            return Sent{*std::move(kept), **std::move(found)};
        }
    }
    if (kept->accepted) { // by a batch: to send it on its own is to send it once more
        if (auto begun = uploads.begin_anew(*kept); !begun) {
            return begun.error();
        }
    }
    auto accepted = send_kept(parcel, session, uploads, *kept);
    if (!accepted) {
        return accepted.error();
    }
    return Sent{*std::move(kept), *std::move(accepted)};
}

void print(const Settings& settings, const Sent& sent, const Parcel& parcel) {
    if (settings.json) {
        std::cout << pretty(sent.answer) << '\n';
        return;
    }
    std::cout << words(
                     "sent {0} to {1} {2} (files: {3})",
                     "{1} {2} へ {0} を送信しました（ファイル{3}件）",
                     {sent.upload.bundle->manifest.bundle_id.str(),
                      parcel.recipient.number.str(),
                      for_terminal(parcel.recipient.name),
                      std::to_string(parcel.files.size())}
                 )
              << '\n';
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
    const auto message = cover_letter_for(*number, options.cover);
    if (!message) {
        return message.error();
    }
    const auto state = state_folder(settings);
    if (!state) {
        return state.error();
    }
    const UploadStore uploads(*state);
    const Parcel parcel{files, *message, *recipient, credentials->identity};
    auto sent = send_once(settings, parcel, *session, uploads);
    if (!sent) {
        return sent.error();
    }
    print(settings, *sent, parcel);
    if (auto told = flush_output(); !told) {
        return told;
    }
    // A batch that has noted these files must find this bundle. Where that or the forgetting fails, the same command
    // tells of the same bundle again.
    (void)(sent->upload.of_batch ? uploads.note_accepted(sent->upload) : uploads.empty(sent->upload, true));
    return {};
}

} // namespace relay::client
