#include "client/verified_manifest.hpp"

#include "client/archive.hpp"
#include "client/words.hpp"
#include "protocol/cms/signed_data.hpp"

#include <algorithm>
#include <limits>

namespace relay::client {

Outcome<VerifiedManifest> verify_manifest(
    std::string_view signed_manifest,
    const protocol::BundleId& bundle_id,
    const protocol::OfficeNumber& recipient,
    const TrustAnchors& anchors
) {
    const auto cms = protocol::from_base64(signed_manifest);
    if (!cms) {
        return content_failure(words("the signed manifest is no base64", "署名付きマニフェストがbase64ではありません"));
    }
    const auto content = protocol::cms::verify(*cms);
    if (!content) {
        return content_failure(words(
            "the sender's signature is not good: {0}",
            "送信元の電子署名が正しくありません: {0}",
            {content.error().cause}
        ));
    }
    // The relay judged its own limits when it took the bundle; they may have been others then.
    const protocol::ManifestLimits no_limits{
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::max()};
    auto manifest = protocol::read_manifest(content->content, no_limits);
    if (!manifest) {
        return content_failure(
            words("the manifest is not of the protocol's form", "マニフェストの形式が正しくありません")
        );
    }
    if (manifest->bundle_id != bundle_id || manifest->recipient != recipient) {
        return content_failure(words(
            "the manifest is of another bundle or for another office",
            "マニフェストが別のデータか、別の事業所宛てのものです"
        ));
    }
    const bool safe = std::all_of(manifest->files.begin(), manifest->files.end(), [](const auto& file) {
        return is_safe_name(file.name);
    });
    if (!safe) {
        return content_failure(
            words("the manifest lists a file name that is not allowed", "マニフェストに使えないファイル名があります")
        );
    }
    const auto signer = Certificate::from_der(content->signer_certificate);
    if (!signer) {
        return content_failure(words("the signer's certificate cannot be read", "署名者の電子証明書を読めません"));
    }
    // Judged as of the signing, whose time the relay compared with its own clock: a bundle may wait for months, and the
    // sender's certificate may have ended since.
    if (auto trusted = anchors.check_office(*signer, manifest->sender, manifest->created_at); !trusted) {
        return local_failure(
            words("the sender cannot be trusted: {0}", "送信元を信頼できません: {0}", {trusted.error().text})
        );
    }
    return VerifiedManifest{*std::move(manifest), protocol::Digest::of(content->content)};
}

} // namespace relay::client
