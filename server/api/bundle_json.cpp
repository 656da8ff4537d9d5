#include "server/api/bundle_json.hpp"

#include "protocol/json_writer.hpp"
#include "server/api/parameters.hpp"

namespace relay::server::api {

using protocol::append_json_member;
using protocol::append_json_name;
using protocol::BundleState;
using storage::BundleRecord;

namespace {

void append_time(std::string& out, std::string_view name, const std::optional<protocol::Time>& time) {
    if (time) {
        append_json_member(out, name, protocol::to_rfc3339(*time));
    }
}

void append_office(
    std::string& out, std::string_view name, const protocol::OfficeNumber& number, const std::string& office_name
) {
    append_json_name(out, name);
    out += '{';
    append_json_member(out, "number", number.view());
    append_json_member(out, "name", office_name);
    out += '}';
}

void append_payload(std::string& out, const BundleRecord& bundle, Detail detail) {
    append_json_name(out, "payload");
    out +=
        R"({"size":)" + std::to_string(bundle.payload_size) + R"(,"chunk_size":)" + std::to_string(bundle.chunk_size);
    if (detail != Detail::list) {
        out += R"(,"chunks":[)";
        for (std::size_t i = 0; i < bundle.chunk_digests.size(); ++i) {
            out += i == 0 ? "\"" : ",\"";
            out += bundle.chunk_digests[i].hex();
            out += '"';
        }
        out += ']';
    }
    out += '}';
}

void append_missing(std::string& out, const BundleRecord& bundle) {
    append_json_name(out, "missing_chunks");
    out += '[';
    for (std::size_t i = 0; i < bundle.missing_chunks.size(); ++i) {
        out += (i == 0 ? "" : ",") + std::to_string(bundle.missing_chunks[i]);
    }
    out += ']';
}

void append_signed(std::string& out, std::string_view name, const protocol::Bytes& word) {
    if (word.empty()) {
        return;
    }
    append_json_name(out, name);
    out += '"';
    protocol::append_base64(out, word);
    out += '"';
}

void append_end(std::string& out, const BundleRecord& bundle) {
    append_time(out, "fetched_at", bundle.fetched_at);
    if (bundle.confirmation) {
        append_json_member(out, "confirmation", *bundle.confirmation);
    }
    if (bundle.rejected_at) {
        append_json_name(out, "rejected");
        out += '{';
        append_json_member(out, "at", protocol::to_rfc3339(*bundle.rejected_at));
        append_json_member(out, "reason", bundle.reason.value_or(""));
        out += '}';
    }
    append_time(out, "withdrawn_at", bundle.withdrawn_at);
    append_time(out, "expired_at", bundle.expired_at);
}

struct OfficeNames {
    std::optional<std::string> sender, recipient;
};

OfficeNames names_of(const accounts::Registry& registry, const BundleRecord& bundle) {
    return {registry.office_name(bundle.sender), registry.office_name(bundle.recipient)};
}

void append(std::string& out, const BundleRecord& bundle, const OfficeNames& names, Detail detail) {
    out += '{';
    append_json_member(out, "bundle_id", bundle.bundle_id.str());
    append_json_member(out, "state", to_string(bundle.state));
    append_office(out, "sender", bundle.sender, names.sender.value_or(""));
    append_office(out, "recipient", bundle.recipient, names.recipient.value_or(""));
    append_json_member(out, "created_at", protocol::to_rfc3339(bundle.created_at));
    append_time(out, "accepted_at", bundle.accepted_at);
    append_time(out, "expires_at", bundle.expires_at);
    append_json_name(out, "files");
    out += bundle.files_json;
    if (bundle.cover) {
        append_signed(out, "cover", *bundle.cover);
    }
    append_payload(out, bundle, detail);
    if (bundle.state == BundleState::uploading) {
        append_missing(out, bundle);
    }
    append_time(out, "claimed_at", bundle.claimed_at);
    append_end(out, bundle);
    if (detail == Detail::whole) {
        append_signed(out, "signed_manifest", bundle.signed_manifest);
        append_signed(out, "signed_receipt", bundle.signed_receipt);
    }
    out += '}';
}

} // namespace

Awaitable<protocol::Result<void>>
append_bundle_json(std::string& out, accounts::Registry& registry, const BundleRecord& bundle, Detail detail) {
    auto names = names_of(registry, bundle);
    if (!names.sender || !names.recipient) {
        const auto refreshed = co_await registry.refresh_on_miss();
        if (!refreshed) {
            co_return refreshed.error();
        }
        names = names_of(registry, bundle);
    }
    append(out, bundle, names, detail);
    co_return protocol::Result<void>();
}

Awaitable<protocol::Result<http::Response>>
bundle_response(accounts::Registry& registry, int status, const BundleRecord& bundle, Detail detail) {
    std::string out;
    out.reserve(1024 + bundle.files_json.size() + bundle.chunk_digests.size() * 67);
    const auto appended = co_await append_bundle_json(out, registry, bundle, detail);
    if (!appended) {
        co_return appended.error();
    }
    co_return http::json_response(status, std::move(out));
}

Awaitable<protocol::Result<std::string>> bundle_list_json(
    accounts::Registry& registry,
    const storage::ListPage& page,
    std::string_view kind,
    std::int64_t BundleRecord::*place
) {
    std::string out = R"({"bundles":[)";
    for (const auto& bundle : page.bundles) {
        out += out.back() == '[' ? "" : ",";
        const auto appended = co_await append_bundle_json(out, registry, bundle, Detail::list);
        if (!appended) {
            co_return appended.error();
        }
    }
    out += ']';
    if (page.more) {
        append_json_member(out, "next", encode_cursor(kind, page.bundles.back().*place));
    }
    out += '}';
    co_return out;
}

} // namespace relay::server::api
