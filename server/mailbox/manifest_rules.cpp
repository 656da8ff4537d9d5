#include "server/mailbox/manifest_rules.hpp"

#include <algorithm>
#include <array>

namespace relay::server::mailbox {

using protocol::Error;
using protocol::ErrorCode;
using protocol::Finding;

namespace {

constexpr auto clock_tolerance = std::chrono::hours(24);

/// The order in which the contract lists the codes of stage 6.
constexpr std::array stage_six{
    ErrorCode::sender_mismatch,
    ErrorCode::sent_to_self,
    ErrorCode::unknown_recipient,
    ErrorCode::recipient_not_accepting,
    ErrorCode::clock_skew,
    ErrorCode::file_type_not_allowed,
    ErrorCode::bad_file_name,
    ErrorCode::bad_file_combination,
    ErrorCode::not_encrypted_for_recipient,
    ErrorCode::chunk_digest_mismatch,
};

class Findings {
public:
    void add(ErrorCode code, std::string pointer, std::string text_ja = {}, std::string text_en = {}) {
        codes_.push_back(code);
        all_.push_back({std::move(pointer), std::string(to_string(code)), std::move(text_ja), std::move(text_en)});
    }

    [[nodiscard]] std::optional<Error> verdict() && {
        for (const auto code : stage_six) {
            if (std::ranges::find(codes_, code) != codes_.end()) {
                return Error(code, std::move(all_));
            }
        }
        return std::nullopt;
    }

private:
    std::vector<ErrorCode> codes_;
    std::vector<Finding> all_;
};

void check_offices(
    Findings& findings,
    const protocol::Manifest& manifest,
    const protocol::OfficeNumber& sender,
    const Directory& directory,
    protocol::Time now
) {
    if (manifest.sender != sender) {
        findings.add(ErrorCode::sender_mismatch, "/sender");
    }
    if (manifest.recipient == sender || manifest.recipient == manifest.sender) {
        findings.add(ErrorCode::sent_to_self, "/recipient");
        return;
    }
    switch (directory.recipient(manifest.recipient, now)) {
    case RecipientState::unknown:
        findings.add(ErrorCode::unknown_recipient, "/recipient");
        break;
    case RecipientState::not_accepting:
        findings.add(ErrorCode::recipient_not_accepting, "/recipient");
        break;
    case RecipientState::accepting:
        break;
    }
}

void check_names(
    Findings& findings, const protocol::Manifest& manifest, const RuleSettings& settings, protocol::Time now
) {
    std::vector<std::string> names;
    names.reserve(manifest.files.size());
    for (const auto& file : manifest.files) {
        names.push_back(file.name);
    }
    auto verdict = protocol::standard::check_unit(names, manifest.sender, manifest.recipient, settings.units.at(now));
    for (auto& found : verdict.findings) {
        auto pointer = "/files/" + std::to_string(found.file) + "/name";
        const auto code = protocol::standard::code_of(found.rule).value_or(ErrorCode::bad_file_combination);
        findings.add(code, std::move(pointer), std::move(found.text_ja), std::move(found.text_en));
    }
}

} // namespace

protocol::Result<void> check_encryption(
    protocol::BytesView head,
    std::int64_t whole_size,
    const protocol::OfficeNumber& office,
    const Directory& directory,
    protocol::Time now
) {
    auto read = protocol::cms::read_head(head, whole_size);
    if (!read) {
        return read.error();
    }
    for (const auto& name : read->recipients) {
        if (!directory.opens_for(office, name, now)) {
            return Error(
                ErrorCode::not_encrypted_for_recipient,
                "a RecipientInfo names no currently valid certificate of the recipient"
            );
        }
    }
    return {};
}

std::optional<Error> check_rules(
    const protocol::Manifest& manifest,
    const std::optional<protocol::Bytes>& payload,
    const protocol::OfficeNumber& sender,
    const Directory& directory,
    const RuleSettings& settings,
    protocol::Time now
) {
    Findings findings;
    check_offices(findings, manifest, sender, directory, now);
    if (const auto off = manifest.created_at - now; off > clock_tolerance || off < -clock_tolerance) {
        findings.add(ErrorCode::clock_skew, "/created_at");
    }
    check_names(findings, manifest, settings, now);
    if (manifest.cover) {
        const auto size = static_cast<std::int64_t>(manifest.cover->size());
        if (!check_encryption(*manifest.cover, size, manifest.recipient, directory, now)) {
            findings.add(ErrorCode::not_encrypted_for_recipient, "/cover");
        }
    }
    if (payload) {
        // What the digest does not vouch for is not judged: its head may have been damaged on the way.
        const bool whole = static_cast<std::int64_t>(payload->size()) == manifest.payload_size &&
                           protocol::Digest::of(*payload) == manifest.chunks.front();
        if (!whole) {
            findings.add(ErrorCode::chunk_digest_mismatch, "/payload/chunks/0");
        }
        if (whole && !check_encryption(*payload, manifest.payload_size, manifest.recipient, directory, now)) {
            findings.add(ErrorCode::not_encrypted_for_recipient, "/payload");
        }
    }
    return std::move(findings).verdict();
}

bool rests_on_accounts(const Error& error) {
    static constexpr std::array codes{"unknown_recipient", "recipient_not_accepting", "not_encrypted_for_recipient"};
    return std::ranges::any_of(error.findings, [](const Finding& finding) {
        return std::ranges::find(codes, finding.code) != codes.end();
    });
}

} // namespace relay::server::mailbox
