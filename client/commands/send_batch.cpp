#include "client/batch.hpp"
#include "client/commands/batch_report.hpp"
#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/cover_letters.hpp"
#include "client/directory.hpp"
#include "client/packing.hpp"
#include "client/sorting.hpp"

#include <iostream>
#include <map>
#include <utility>

namespace relay::client {
namespace {

Outcome<std::vector<fs::path>> list_files(const std::string& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (entry->is_regular_file() && !entry->path().filename().string().starts_with('.')) {
            files.push_back(entry->path());
        }
    }
    if (error) {
        return local_failure(folder + ": " + error.message());
    }
    if (files.empty()) {
        return local_failure(folder + ": holds no files to send");
    }
    return files;
}

/// Goes through the units one by one; what is wrong with one is its own fate and nobody else's.
class BatchRun {
public:
    BatchRun(
        Session& session,
        const Settings& settings,
        const BatchOptions& options,
        const Identity& identity,
        const TrustAnchors& anchors,
        BatchReport& report
    )
        : session_(session),
          settings_(settings),
          options_(options),
          identity_(identity),
          anchors_(anchors),
          report_(report),
          batch_(session, [&report](std::size_t number, const BatchResult& result) { report.tell(number, result); }) {}

    Outcome<void> run(const std::vector<SortedUnit>& units) {
        const auto temporary = TemporaryFolder::make();
        if (!temporary) {
            return temporary.error();
        }
        for (std::size_t i = 0; i < units.size(); ++i) {
            if (auto sent = send_one(i, units[i], temporary->path()); !sent) {
                report_.tell(i, failed_result({}, sent.error()));
            }
        }
        batch_.flush();
        report_.calls = batch_.calls();
        return {};
    }

private:
    Outcome<void> send_one(std::size_t number, const SortedUnit& unit, const fs::path& folder) {
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
            return local_failure("not tried: the relay cannot be reached");
        }
        const auto& recipient = find_recipient(unit.recipient);
        if (!recipient) {
            return recipient.error();
        }
        const auto message = cover_letter_for(unit.recipient, options_.cover);
        if (!message) {
            return message.error();
        }
        const auto bundle =
            pack(unit.files, *message, session_.office(), *recipient, identity_, session_.limits(), folder);
        if (!bundle) {
            return bundle.error();
        }
        batch_.add(number, *bundle);
        std::error_code ignored;
        fs::remove(bundle->payload, ignored);
        return {};
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
    BatchReport& report_;
    Batch batch_;
    std::map<protocol::OfficeNumber, Outcome<Recipient>> recipients_;
};

} // namespace

Outcome<void> run_send_batch(const Settings& settings, const BatchOptions& options) {
    if (auto complete = check_complete(settings); !complete) {
        return complete;
    }
    const auto identity = Identity::load(settings.cert, settings.key);
    if (!identity) {
        return identity.error();
    }
    const auto anchors = TrustAnchors::load(settings.trusted_ca());
    if (!anchors) {
        return anchors.error();
    }
    const auto files = list_files(options.folder);
    if (!files) {
        return files.error();
    }
    auto session = Session::sign_in(settings);
    if (!session) {
        return session.error();
    }
    const auto sorted = sort_files(*files, session->office(), options_now(settings.standard));
    BatchReport report(sorted);
    BatchRun run(*session, settings, options, *identity, *anchors, report);
    if (auto done = run.run(sorted.units); !done) {
        return done;
    }
    if (settings.json) {
        std::cout << pretty(report.json()) << '\n';
    } else {
        report.print(std::cout);
    }
    return report.verdict();
}

} // namespace relay::client
