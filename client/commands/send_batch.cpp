#include "client/batch.hpp"
#include "client/commands/arguments.hpp"
#include "client/commands/batch_report.hpp"
#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/cover_letters.hpp"
#include "client/directory.hpp"
#include "client/packing.hpp"
#include "client/sending.hpp"
#include "client/sorting.hpp"
#include "client/upload_store.hpp"
#include "client/words.hpp"

#include <iostream>
#include <map>
#include <utility>

namespace relay::client {
namespace {

Outcome<std::vector<fs::path>> list_files(const std::string& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code unknown;
        const bool is_file = entry->is_regular_file(unknown);
        // A link that leads nowhere, or round in a circle, is no file; what cannot be looked at may be one.
        if (unknown && unknown != std::errc::no_such_file_or_directory &&
            unknown != std::errc::too_many_symbolic_link_levels) {
            return local_failure(entry->path().string() + ": " + words_of(unknown));
        }
        if (is_file && !entry->path().filename().string().starts_with('.')) {
            files.push_back(entry->path());
        }
    }
    if (error) {
        return local_failure(folder + ": " + words_of(error));
    }
    if (files.empty()) {
        return local_failure(folder + words(": holds no files to send", ": 送信するファイルがありません"));
    }
    return files;
}

/// Goes through the units one by one; what is wrong with one is its own fate and nobody else's. What goes to the relay
/// is kept in the upload store before, and what the relay accepted is noted there until the whole batch has gone, so
/// that the same command again sends the same bundles, after a crash at any point, and none of them twice. It is
/// forgotten once the person has been told: a run that finds it half forgotten tells it again.
class BatchRun {
public:
    BatchRun(
        Session& session,
        const Settings& settings,
        const BatchOptions& options,
        const Identity& identity,
        const TrustAnchors& anchors,
        const UploadStore& uploads,
        UploadStore::Told told_before,
        BatchReport& report
    )
        : session_(session),
          settings_(settings),
          options_(options),
          identity_(identity),
          anchors_(anchors),
          uploads_(uploads),
          told_before_(std::move(told_before)),
          report_(report),
          batch_(session, [this](std::size_t number, const BatchResult& result) { settle(number, result); }) {}

    void run(const std::vector<SortedUnit>& units) {
        for (std::size_t i = 0; i < units.size(); ++i) {
            try_one(i, units[i]);
        }
        batch_.flush();
        for (const auto i : std::exchange(anew_, {})) {
            try_one(i, units[i]);
        }
        batch_.flush();
        report_.calls = batch_.calls();
    }

    /// After the person was told that all of it has gone.
    void forget() {
        accepted_.merge(told_before_);
        if (uploads_.note_told(settings_, accepted_)) { // else the next run tells it once more
            uploads_.forget_told(settings_, accepted_);
        }
    }

private:
    /// A unit on its way.
    struct Sending {
        std::string name;
        UploadStore::Upload upload;
        bool resumed;
    };

    void try_one(std::size_t number, const SortedUnit& unit) {
        if (auto sent = send_one(number, unit); !sent) {
            report_.tell(number, failed_result({}, sent.error()));
        }
    }

    Outcome<void> send_one(std::size_t number, const SortedUnit& unit) {
        if (!unit.held_back.empty()) {
            return local_failure(unit.held_back);
        }
        if (auto checked = check_before_sending(
                unit.files, session_.office(), unit.recipient, settings_.standard, options_.depth()
            );
            !checked) {
            return checked;
        }
        if (batch_.is_cut_off()) {
            return local_failure(words("not tried: the relay cannot be reached", "接続できないため、送信していません"));
        }
        const auto message = cover_letter_for(unit.recipient, options_.cover);
        if (!message) {
            return message.error();
        }
        auto name = UploadStore::name_of(settings_, unit.recipient, *message, unit.files);
        if (!name) {
            return name.error();
        }
        auto upload = uploads_.open(*name);
        if (!upload) {
            return upload.error();
        }
        if (const auto told = tell_if_sent(number, *name, *upload); !told || *told) {
            return told ? Outcome<void>() : told.error();
        }
        const bool resumed = upload->bundle.has_value();
        Sending sending{*std::move(name), *std::move(upload), resumed};
        if (!resumed) {
            if (auto packed = pack_unit(unit, *message, sending.upload); !packed) {
                (void)uploads_.empty(sending.upload, true); // the failure itself matters more
                return packed;
            }
        }
        const auto& kept = sending_.insert_or_assign(number, std::move(sending)).first->second;
        batch_.add(number, PackedBundle(*kept.upload.bundle), resumed);
        return {};
    }

    Outcome<void> pack_unit(const SortedUnit& unit, const std::string& message, UploadStore::Upload& upload) {
        const auto& recipient = find_recipient(unit.recipient);
        if (!recipient) {
            return recipient.error();
        }
        auto bundle =
            pack(unit.files, message, session_.office(), *recipient, identity_, session_.limits(), upload.folder);
        if (!bundle) {
            return bundle.error();
        }
        upload.bundle = *std::move(bundle);
        return uploads_.save(upload);
    }

    /// True when an earlier run has sent the unit, and what became of it is told now.
    Outcome<bool> tell_if_sent(std::size_t number, const std::string& name, UploadStore::Upload& upload) {
        if (const auto before = told_before_.find(name); before != told_before_.end()) {
            if (auto told = tell_if_accepted(number, name, before->second); !told || *told) {
                return told;
            }
        }
        if (!upload.accepted && !upload.too_old) {
            return false;
        }
        auto told = tell_if_accepted(number, name, upload.bundle->manifest.bundle_id);
        if (!told) {
            return told;
        }
        const auto kept = !*told            ? forget_unknown(upload)
                          : upload.accepted ? Outcome<void>()
                                            : uploads_.note_accepted(upload);
        return kept ? told : kept.error();
    }

    /// Of a unit that an earlier run of this batch may have sent. False when the relay does not have it.
    Outcome<bool> tell_if_accepted(std::size_t number, const std::string& name, const protocol::BundleId& bundle_id) {
        const auto found = find_accepted(session_, bundle_id);
        if (!found) {
            return found.error();
        }
        if (*found) {
            tell_fate(number, name, 200, **found);
        }
        return found->has_value();
    }

    /// The relay does not have what was kept: what it once accepted is told, what never arrived is packed anew.
    Outcome<void> forget_unknown(UploadStore::Upload& upload) {
        const auto bundle_id = upload.bundle->manifest.bundle_id;
        const bool accepted = upload.accepted;
        if (auto emptied = uploads_.empty(upload, false); !emptied || !accepted) {
            return emptied;
        }
        return local_failure(words(
            "the relay no longer knows bundle {0}: send it again",
            "サーバに {0} がありません。もう一度送信してください",
            {bundle_id.str()}
        ));
    }

    /// Of a bundle that the relay has accepted: it went, or went and has ended.
    void tell_fate(std::size_t number, const std::string& name, int status, const Json& bundle) {
        const auto bundle_id = protocol::BundleId::parse(text_at(bundle, "bundle_id"));
        if (has_ended(bundle) || !bundle_id) {
            const auto state = describe_state(text_at(bundle, "state"));
            report_.tell(
                number,
                failed_result(
                    text_at(bundle, "bundle_id"),
                    local_failure(words(
                        "sent before, and now {0}; to send it once more: \"send --to\"",
                        "送信したあとで{0}になりました。もう一度送信するには「send --to 事業所番号」を使ってください",
                        {state}
                    ))
                )
            );
            return;
        }
        accepted_.insert_or_assign(name, *bundle_id);
        report_.tell(number, {{"bundle_id", bundle_id->str()}, {"status", status}, {"bundle", bundle}});
    }

    /// The relay's word on a bundle: what was kept of it stays, shrinks or goes.
    void settle(std::size_t number, const BatchResult& result) {
        auto one = sending_.extract(number);
        auto& [name, upload, resumed] = one.mapped();
        auto status = static_cast<int>(number_at(result, "status").value_or(0));
        auto bundle = member_of(result, "bundle");
        const auto refused = from_problem(member_of(result, "problem"), status);
        if (is_final(refused) && resumed) {
            const auto before = find_accepted(session_, upload.bundle->manifest.bundle_id);
            if (!before) { // not known: the next run asks again
                report_.tell(number, failed_result(upload.bundle->manifest.bundle_id.str(), before.error()));
                return;
            }
            if (*before) {
                status = 200;
                bundle = **before;
            } else {
                anew_.push_back(number);
            }
        }
        if (status == 200 || status == 201) {
            (void)uploads_.note_accepted(upload); // without the note, the same bytes go again
            tell_fate(number, name, status, bundle);
            return;
        }
        if (is_final(refused)) {
            (void)uploads_.empty(upload, true);
        }
        report_.tell(number, result);
    }

    const Outcome<Recipient>& find_recipient(const protocol::OfficeNumber& number) {
        const auto known = recipients_.find(number);
        if (known != recipients_.end()) {
            return known->second;
        }
        const auto& found = recipients_.emplace(number, look_up(session_, anchors_, number)).first->second;
        if (found) {
            report_.name_office(number, found->name);
            for (const auto& warning : found->warnings) {
                std::cerr << "relay-client: " << for_terminal(warning) << '\n';
            }
        }
        return found;
    }

    Session& session_;
    const Settings& settings_;
    const BatchOptions& options_;
    const Identity& identity_;
    const TrustAnchors& anchors_;
    const UploadStore& uploads_;
    UploadStore::Told told_before_; ///< by a run that was cut off while it forgot
    BatchReport& report_;
    Batch batch_;
    std::map<std::size_t, Sending> sending_; ///< given to batch_, fate unknown
    std::vector<std::size_t> anew_;          ///< refused as an earlier run had packed them
    UploadStore::Told accepted_;
    std::map<protocol::OfficeNumber, Outcome<Recipient>> recipients_;
};

Outcome<void> tell(const Settings& settings, const BatchReport& report) {
    if (settings.json) {
        std::cout << pretty(report.json()) << '\n';
    } else {
        report.print(std::cout);
    }
    return flush_output();
}

} // namespace

Outcome<void> run_send_batch(const Settings& settings, const BatchOptions& options) {
    const auto credentials = load_credentials(settings);
    if (!credentials) {
        return credentials.error();
    }
    const auto files = list_files(options.folder);
    if (!files) {
        return files.error();
    }
    const auto state = state_folder(settings);
    if (!state) {
        return state.error();
    }
    const UploadStore uploads(*state);
    const auto only_batch = uploads.lock_batch(settings);
    if (!only_batch) {
        return only_batch.error();
    }
    auto session = Session::sign_in(settings);
    if (!session) {
        return session.error();
    }
    const auto sorted = sort_files(*files, session->office(), options_now(settings.standard));
    auto told_before = uploads.load_told(settings);
    if (!told_before) {
        return told_before.error();
    }
    BatchReport report(sorted);
    BatchRun run(
        *session,
        settings,
        options,
        credentials->identity,
        credentials->anchors,
        uploads,
        *std::move(told_before),
        report
    );
    run.run(sorted.units);
    if (auto told = tell(settings, report); !told) {
        return told;
    }
    auto verdict = report.verdict();
    if (verdict) {
        run.forget();
    }
    return verdict;
}

} // namespace relay::client
