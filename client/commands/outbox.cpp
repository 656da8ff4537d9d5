// What one has sent: the list, withdrawal and evidence.
#include "client/commands/commands.hpp"
#include "client/commands/listing.hpp"
#include "client/files.hpp"
#include "client/session.hpp"
#include "client/words.hpp"
#include "protocol/ids.hpp"

#include <iostream>

namespace relay::client {

Outcome<void> run_outbox(const Settings& settings, const std::string& state) {
    auto session = Session::sign_in(settings);
    if (!session) {
        return session.error();
    }
    auto outbox = read_all_pages(*session, "/v1/outbox", "state=" + state);
    if (!outbox) {
        return outbox.error();
    }
    if (settings.json) {
        for (auto& bundle : (*outbox)["bundles"]) {
            add_kind(bundle);
        }
        std::cout << pretty(*outbox) << '\n';
        return {};
    }
    for (const auto& bundle : member_of(*outbox, "bundles")) {
        std::cout << describe_bundle(bundle, "recipient") << '\n';
    }
    if (member_of(*outbox, "bundles").empty()) {
        std::cout << words("nothing there", "該当するデータはありません") << '\n';
    }
    return {};
}

Outcome<void> run_withdraw(const Settings& settings, const std::string& bundle_id) {
    if (!protocol::BundleId::parse(bundle_id)) {
        return usage_failure(words("{0} is no bundle ID", "{0} は送信番号ではありません", {bundle_id}));
    }
    auto session = Session::sign_in(settings);
    if (!session) {
        return session.error();
    }
    const auto reply = session->call("DELETE", "/v1/outbox/" + bundle_id);
    if (!reply) {
        return reply.error();
    }
    if (settings.json) {
        std::cout << pretty(reply->body.is_null() ? Json::object() : reply->body) << '\n';
    } else {
        std::cout << words("withdrawn {0}", "{0} を取り消しました", {bundle_id}) << '\n';
    }
    return {};
}

Outcome<void> run_evidence(const Settings& settings, const std::string& bundle_id, const std::string& out) {
    if (!protocol::BundleId::parse(bundle_id)) {
        return usage_failure(words("{0} is no bundle ID", "{0} は送信番号ではありません", {bundle_id}));
    }
    auto session = Session::sign_in(settings);
    if (!session) {
        return session.error();
    }
    Request request;
    request.path = "/v1/evidence/" + bundle_id;
    const auto response = session->send(request);
    if (!response) {
        return response.error();
    }
    if (auto written = write_durably(out, response->body); !written) {
        return written;
    }
    std::cout << words("evidence of {0} in {1}", "{0} の証跡を {1} に保存しました", {bundle_id, out}) << '\n';
    return {};
}

} // namespace relay::client
