#include "client/commands/arguments.hpp"
#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/receiving.hpp"
#include "client/words.hpp"

#include <algorithm>
#include <iostream>

namespace relay::client {
namespace {

Outcome<std::vector<protocol::BundleId>> parse_all(const std::vector<std::string>& texts) {
    std::vector<protocol::BundleId> ids;
    for (const auto& text : texts) {
        const auto id = protocol::BundleId::parse(text);
        if (!id) {
            return usage_failure(words("{0} is no bundle ID", "{0} は送信番号ではありません", {text}));
        }
        ids.push_back(*id);
    }
    return ids;
}

/// What was begun before comes first, then what waits.
Outcome<std::vector<protocol::BundleId>>
find_all(Session& session, const ClaimStore& claims, const Download& download) {
    std::vector<protocol::BundleId> ids;
    for (const auto& id : claims.unfinished()) {
        if (download.is_ours(id)) {
            ids.push_back(id);
        } else {
            std::cerr << "relay-client: "
                      << words(
                             "{0}: begun in this folder with another relay or office, and left alone",
                             "{0}: このフォルダーで別のサーバか事業所の設定で取得の途中のため、そのままにします",
                             {id.str()}
                         )
                      << '\n';
        }
    }
    const auto inbox = read_all_pages(session, "/v1/inbox", "state=waiting");
    if (!inbox) {
        return inbox.error();
    }
    for (const auto& bundle : member_of(*inbox, "bundles")) {
        const auto id = protocol::BundleId::parse(text_at(bundle, "bundle_id"));
        if (id && std::find(ids.begin(), ids.end(), *id) == ids.end()) {
            ids.push_back(*id);
        }
    }
    return ids;
}

Json to_json(const Received& received) {
    const auto& manifest = received.verified.manifest;
    Json json{
        {"bundle_id", manifest.bundle_id.str()},
        {"sender", manifest.sender.str()},
        {"folder", received.folder.string()},
        {"files", Json::array()}};
    for (const auto& file : manifest.files) {
        json["files"].push_back({{"name", file.name}, {"size", file.size}, {"sha256", file.sha256.hex()}});
    }
    if (!received.message.empty()) {
        json["message"] = received.message;
    }
    return json;
}

void print(const Received& received) {
    const auto& manifest = received.verified.manifest;
    std::cout << words(
                     "fetched {0} from {1} into {2}",
                     "{1} からの {0} を {2} に取得しました",
                     {manifest.bundle_id.str(), manifest.sender.str(), received.folder.string()}
                 )
              << '\n';
    for (const auto& file : manifest.files) {
        std::cout << "    " << for_terminal(file.name) << "  " << size_in_words(file.size) << '\n';
    }
    if (!received.message.empty()) {
        print_indented(received.message);
    }
}

/// One after the other; a bundle that fails does not keep the others.
Outcome<void> fetch_each(const Settings& settings, Download& download, const std::vector<protocol::BundleId>& ids) {
    Json fetched = Json::array();
    Json failures = Json::array();
    Failure last;
    for (const auto& id : ids) {
        auto received = download.run(id);
        if (!received) {
            last = received.error();
            last.text = id.str() + ": " + last.text;
            failures.push_back({{"bundle_id", id.str()}, {"code", last.code}, {"detail", last.text}});
            if (ids.size() > 1) {
                std::cerr << "relay-client: " << for_terminal(last.text) << " (" << last.code << ")\n";
            }
        } else if (settings.json) {
            fetched.push_back(to_json(*received));
        } else {
            print(*received);
        }
    }
    if (settings.json) {
        std::cout << pretty(Json{{"bundles", fetched}, {"failures", failures}}) << '\n';
    }
    if (ids.empty() && !settings.json) {
        std::cout << words("nothing to fetch", "取得するデータはありません") << '\n';
    }
    if (failures.empty()) {
        return {};
    }
    if (ids.size() == 1) {
        return last;
    }
    return local_failure(words(
        "{0} of {1} bundles were not fetched",
        "{1}件のうち{0}件を取得できませんでした",
        {std::to_string(failures.size()), std::to_string(ids.size())}
    ));
}

} // namespace

Outcome<void> run_fetch(const Settings& settings, const FetchOptions& options) {
    if (options.all != options.bundle_ids.empty()) {
        return usage_failure(words("name bundle IDs, or --all", "送信番号か --all を指定してください"));
    }
    auto ids = parse_all(options.bundle_ids);
    if (!ids) {
        return ids.error();
    }
    const auto credentials = load_credentials(settings);
    if (!credentials) {
        return credentials.error();
    }
    const auto old = load_old_identities(settings);
    if (!old) {
        return old.error();
    }
    std::error_code error;
    const fs::path into = fs::absolute(options.into, error);
    const ClaimStore claims(error ? fs::path(options.into) : into);
    auto session = Session::sign_in(settings);
    if (!session) {
        return session.error();
    }
    Download download(*session, credentials->identity, Keys(credentials->identity, *old), credentials->anchors, claims);
    if (options.all) {
        ids = find_all(*session, claims, download);
        if (!ids) {
            return ids.error();
        }
    }
    return fetch_each(settings, download, *ids);
}

} // namespace relay::client
