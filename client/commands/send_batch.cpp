#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/directory.hpp"
#include "client/packing.hpp"
#include "client/sending.hpp"
#include "client/sorting.hpp"

#include <iostream>
#include <map>
#include <utility>

namespace relay::client {
namespace {

constexpr std::size_t most_bundles = 100;

/// What became of one bundle, as the server says it or would say it: {"bundle_id","status","bundle" or "problem"}.
Json failed(const PackedBundle& bundle, const Failure& failure) {
    return {
        {"bundle_id", bundle.manifest.bundle_id.str()},
        {"status", failure.status},
        {"problem", {{"code", failure.code}, {"detail", failure.text}}}};
}

/// Sends bundles in the order given: small ones together, larger ones each on their own in between.
class Batch {
public:
    explicit Batch(Session& session) : session_(session) {}

    Outcome<void> add(const PackedBundle& bundle) {
        if (!fits_inline(bundle, session_.limits())) {
            if (auto flushed = flush(); !flushed) {
                return flushed;
            }
            auto sent = send_bundle(session_, bundle);
            results_.push_back(
                sent
                    ? Json{{"bundle_id", bundle.manifest.bundle_id.str()}, {"status", 201}, {"bundle", *std::move(sent)}}
                    : failed(bundle, sent.error())
            );
            return {};
        }
        auto entry = describe_upload(bundle, session_.limits());
        if (!entry) {
            return entry.error();
        }
        // Base64 needs no escapes, so this is the entry's size to the byte, with room for the frame around all.
        const auto size = static_cast<std::int64_t>(entry->dump().size()) + 1;
        constexpr std::int64_t frame_bytes = 64;
        if (size_ + size + frame_bytes > session_.limits().batch_body) {
            if (auto flushed = flush(); !flushed) {
                return flushed;
            }
        }
        size_ += size;
        entries_.push_back(*std::move(entry));
        return {};
    }

    Outcome<void> flush() {
        if (entries_.empty()) {
            return {};
        }
        const auto count = entries_.size();
        auto reply = session_.call("POST", "/v1/outbox", Json{{"bundles", std::move(entries_)}});
        entries_ = Json::array();
        size_ = 0;
        if (!reply) {
            return reply.error();
        }
        const auto& results = member_of(reply->body, "results");
        if (results.size() != count) {
            return local_failure("the server's answer does not tell what became of each bundle");
        }
        results_.insert(results_.end(), results.begin(), results.end());
        return {};
    }

    [[nodiscard]] const std::vector<Json>& results() const noexcept { return results_; }

private:
    Session& session_;
    Json entries_ = Json::array();
    std::int64_t size_ = 0;
    std::vector<Json> results_;
};

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
    return files;
}

/// Nothing is sent unless all of it can be.
Outcome<std::vector<SortedUnit>> sort_and_check(const std::string& folder, const protocol::OfficeNumber& sender) {
    const auto files = list_files(folder);
    if (!files) {
        return files.error();
    }
    auto sorted = sort_files(*files, sender);
    for (const auto& unit : sorted.units) {
        if (const auto checked = check_names(unit.files, sender, unit.recipient); !checked) {
            sorted.findings.push_back(checked.error().text);
        }
    }
    if (!sorted.findings.empty()) {
        std::string text = "nothing was sent";
        for (const auto& finding : sorted.findings) {
            text += "; " + finding;
        }
        return local_failure(std::move(text));
    }
    if (sorted.units.empty()) {
        return local_failure(folder + ": holds no files to send");
    }
    if (sorted.units.size() > most_bundles) {
        return local_failure(
            folder + ": " + std::to_string(sorted.units.size()) + " bundles; at most 100 are sent at a time"
        );
    }
    return std::move(sorted.units);
}

Outcome<std::map<protocol::OfficeNumber, Recipient>>
look_up_all(Session& session, const TrustAnchors& anchors, const std::vector<SortedUnit>& units) {
    std::map<protocol::OfficeNumber, Recipient> recipients;
    for (const auto& unit : units) {
        if (recipients.contains(unit.recipient)) {
            continue;
        }
        auto found = look_up(session, anchors, unit.recipient);
        if (!found) {
            return found.error();
        }
        for (const auto& warning : found->warnings) {
            std::cerr << "relay-client: " << for_terminal(warning) << '\n';
        }
        recipients.emplace(unit.recipient, *std::move(found));
    }
    return recipients;
}

/// Prints what became of each; fails when one was refused.
Outcome<void> report(const Settings& settings, const std::vector<SortedUnit>& units, const std::vector<Json>& results) {
    std::size_t refused = 0;
    for (std::size_t i = 0; i < results.size() && i < units.size(); ++i) {
        const auto& problem = member_of(results[i], "problem");
        refused += problem.is_object() ? 1U : 0U;
        if (!settings.json) {
            const auto why = from_problem(problem, static_cast<int>(number_at(results[i], "status").value_or(0)));
            std::cout << (problem.is_object() ? "refused " : "sent ") << text_at(results[i], "bundle_id") << " to "
                      << units[i].recipient.str() << " (" << units[i].files.size() << " files)";
            if (problem.is_object()) {
                std::cout << ": " << for_terminal(why.text) << " (" << why.code << ')';
            }
            std::cout << '\n';
        }
    }
    if (settings.json) {
        std::cout << pretty(Json{{"results", results}}) << '\n';
    }
    if (refused > 0) {
        return local_failure(
            std::to_string(refused) + " of " + std::to_string(results.size()) + " bundles were refused"
        );
    }
    return {};
}

} // namespace

Outcome<void> run_send_batch(const Settings& settings, const std::string& folder) {
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
    auto session = Session::sign_in(settings);
    if (!session) {
        return session.error();
    }
    const auto units = sort_and_check(folder, session->office());
    if (!units) {
        return units.error();
    }
    const auto recipients = look_up_all(*session, *anchors, *units);
    if (!recipients) {
        return recipients.error();
    }
    const auto temporary = TemporaryFolder::make();
    if (!temporary) {
        return temporary.error();
    }
    Batch batch(*session);
    Outcome<void> sent;
    for (const auto& unit : *units) {
        const auto bundle = pack(
            unit.files,
            "",
            session->office(),
            recipients->at(unit.recipient),
            *identity,
            session->limits(),
            temporary->path()
        );
        sent = bundle ? batch.add(*bundle) : Outcome<void>(bundle.error());
        if (!sent) {
            break;
        }
        std::error_code ignored;
        fs::remove(bundle->payload, ignored);
    }
    if (sent) {
        sent = batch.flush();
    }
    auto reported = report(settings, *units, batch.results());
    return sent ? reported : sent;
}

} // namespace relay::client
