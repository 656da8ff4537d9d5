#include "client/batch.hpp"

#include "client/sending.hpp"
#include "client/words.hpp"

#include <utility>

namespace relay::client {
namespace {

// Base64 needs no escapes, so an entry's size is known to the byte; this is for the frame around all of them.
constexpr std::int64_t frame_bytes = 64;

} // namespace

BatchResult failed_result(const std::string& bundle_id, const Failure& failure) {
    BatchResult result{{"status", failure.status}, {"problem", {{"code", failure.code}, {"detail", failure.text}}}};
    if (!bundle_id.empty()) {
        result["bundle_id"] = bundle_id;
    }
    return result;
}

void Batch::tell_failure(std::size_t number, const protocol::BundleId& bundle_id, const Failure& failure) {
    auto told = failure;
    if (failure.code == "unreachable") {
        cut_off_ = true;
        told.text += words(
            "; the same command again goes on with this very bundle",
            "。もう一度同じコマンドを実行すると、同じデータを続きから送信します"
        );
    }
    told_(number, failed_result(bundle_id.str(), told));
}

void Batch::add(std::size_t number, const PackedBundle& bundle, bool resumed) {
    const auto& bundle_id = bundle.manifest.bundle_id;
    if (!fits_inline(bundle, session_.limits())) {
        flush(); // units take effect in their order
        const auto sent = resumed ? send_bundle_again(session_, bundle) : send_bundle(session_, bundle);
        ++calls_;
        if (!sent) {
            tell_failure(number, bundle_id, sent.error());
            return;
        }
        told_(number, {{"bundle_id", bundle_id.str()}, {"status", 201}, {"bundle", *sent}});
        return;
    }
    auto body = describe_upload(bundle, session_.limits());
    if (!body) {
        tell_failure(number, bundle_id, body.error());
        return;
    }
    const auto size = static_cast<std::int64_t>(body->dump().size()) + 1;
    if (entries_.size() == most_in_a_call || size_ + size + frame_bytes > session_.limits().batch_body) {
        flush();
    }
    size_ += size;
    bodies_.push_back(*std::move(body));
    entries_.push_back({number, bundle_id});
}

void Batch::flush() {
    const auto entries = std::exchange(entries_, {});
    const Json call{{"bundles", std::exchange(bodies_, Json::array())}};
    size_ = 0;
    if (entries.empty()) {
        return;
    }
    ++calls_;
    const auto reply = session_.call("POST", "/v1/outbox", call);
    const auto& results = reply ? member_of(reply->body, "results") : Json();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!reply) {
            tell_failure(entries[i].number, entries[i].bundle_id, reply.error());
        } else if (results.size() != entries.size()) {
            tell_failure(
                entries[i].number,
                entries[i].bundle_id,
                local_failure(words(
                    "the server's answer does not tell what became of each bundle",
                    "サーバの応答から、それぞれのデータの結果が分かりません"
                ))
            );
        } else {
            told_(entries[i].number, results[i]);
        }
    }
}

} // namespace relay::client
