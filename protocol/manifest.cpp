#include "protocol/manifest.hpp"

#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

#include <algorithm>

namespace relay::protocol {

namespace {

constexpr std::int64_t max_file_size = (1LL << 53) - 1;

bool is_csv_version(std::string_view text) noexcept {
    return text.size() == 6 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool ends_in_csv(std::string_view name) noexcept {
    constexpr std::string_view extension = ".csv";
    if (name.size() < extension.size()) {
        return false;
    }
    return std::equal(extension.begin(), extension.end(), name.end() - extension.size(), [](char wanted, char c) {
        return wanted == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    });
}

ManifestFile read_file(JsonNode& node) {
    ManifestFile file;
    const auto name = node.string("name");
    file.name = name.value_or("");
    file.size = node.integer("size", 0, max_file_size).value_or(0);
    file.sha256 = node.string_as("sha256", Digest::from_hex).value_or(Digest{});
    file.csv_version = node.optional_string("csv_version");
    if (file.csv_version && !is_csv_version(*file.csv_version)) {
        node.add("csv_version", "bad_format");
    } else if (file.csv_version && name && !ends_in_csv(*name)) {
        node.add("csv_version", "inconsistent");
    }
    return file;
}

std::vector<Digest> read_chunks(JsonNode& payload, JsonDocument& document) {
    std::vector<Digest> chunks;
    // The upper bound is a limit (too_large), not a matter of form.
    for (const std::string& text : payload.strings("chunks", 1, max_manifest_bytes)) {
        const auto digest = Digest::from_hex(text);
        if (!digest) {
            document.add(payload.pointer() + "/chunks/" + std::to_string(chunks.size()), "bad_format");
        }
        chunks.push_back(digest.value_or(Digest{}));
    }
    return chunks;
}

/// Size, chunk size and number of chunks against each other; each is at least 1.
void check_cut(JsonNode& payload, const Manifest& manifest) {
    if (manifest.chunks.size() == 1) {
        if (manifest.chunk_size != manifest.payload_size) {
            payload.add("chunk_size", "inconsistent");
        }
        return;
    }
    if (manifest.chunk_size < min_chunk_size) {
        payload.add("chunk_size", "out_of_range");
        return;
    }
    const std::int64_t needed = (manifest.payload_size - 1) / manifest.chunk_size + 1;
    if (static_cast<std::uint64_t>(needed) != manifest.chunks.size()) {
        payload.add("chunks", "inconsistent");
    }
}

void read_payload(JsonNode payload, JsonDocument& document, Manifest& manifest) {
    constexpr std::int64_t any = INT64_MAX;
    manifest.payload_size = payload.integer("size", 1, any).value_or(0);
    manifest.chunk_size = payload.integer("chunk_size", 1, any).value_or(0);
    manifest.chunks = read_chunks(payload, document);
    if (manifest.payload_size > 0 && manifest.chunk_size > 0 && !manifest.chunks.empty()) {
        check_cut(payload, manifest);
    }
}

bool is_above(const Manifest& manifest, const ManifestLimits& limits) noexcept {
    return manifest.payload_size > limits.payload_size || manifest.chunk_size > limits.chunk_size ||
           manifest.chunks.size() > max_chunks;
}

/// `"bundle_id"` and a UUID wherever they stand, for text that is no JSON.
std::optional<BundleId> search_bundle_id(std::string_view text) {
    constexpr std::string_view name = "\"bundle_id\"";
    constexpr std::string_view between = " \t\r\n:\"";
    const std::size_t found = text.find(name);
    if (found == std::string_view::npos) {
        return std::nullopt;
    }
    text.remove_prefix(found + name.size());
    text.remove_prefix(std::min(text.find_first_not_of(between), text.size()));
    return BundleId::parse(text.substr(0, 36));
}

} // namespace

std::int64_t Manifest::size_of_chunk(std::size_t n) const noexcept {
    return n + 1 < chunks.size() ? chunk_size : payload_size - chunk_size * static_cast<std::int64_t>(n);
}

Result<Manifest> read_manifest(BytesView bytes, const ManifestLimits& limits) {
    if (bytes.size() > max_manifest_bytes) {
        return Error(ErrorCode::too_large, "manifest over 64 KiB");
    }
    auto document = JsonDocument::parse(as_text(bytes), {});
    JsonNode root = document.root();
    Manifest manifest;
    static_cast<void>(root.integer("version", 1, 1));
    manifest.bundle_id = root.string_as("bundle_id", BundleId::parse).value_or(BundleId{});
    manifest.sender = root.string_as("sender", OfficeNumber::parse).value_or(OfficeNumber{});
    manifest.recipient = root.string_as("recipient", OfficeNumber::parse).value_or(OfficeNumber{});
    manifest.created_at = root.string_as("created_at", parse_rfc3339).value_or(Time{});
    for (JsonNode& node : root.objects("files", 1, max_files)) {
        manifest.files.push_back(read_file(node));
    }
    manifest.cover = root.optional_base64("cover");
    if (manifest.cover && manifest.cover->size() > max_cover_bytes) {
        root.add("cover", "out_of_range");
    }
    read_payload(root.object("payload"), document, manifest);

    if (is_above(manifest, limits)) {
        return Error(ErrorCode::too_large, "payload above a limit");
    }
    auto findings = document.finish();
    if (!findings.empty()) {
        return Error(ErrorCode::invalid_manifest, std::move(findings));
    }
    return manifest;
}

std::string write_manifest(const Manifest& manifest) {
    std::string out = "{";
    append_json_name(out, "version");
    out += '1';
    append_json_member(out, "bundle_id", manifest.bundle_id.str());
    append_json_member(out, "sender", manifest.sender.view());
    append_json_member(out, "recipient", manifest.recipient.view());
    append_json_member(out, "created_at", to_rfc3339(manifest.created_at));
    append_json_name(out, "files");
    out += files_to_json(manifest.files);
    if (manifest.cover) {
        append_json_member(out, "cover", to_base64(*manifest.cover));
    }
    out += R"(,"payload":{"size":)" + std::to_string(manifest.payload_size);
    append_json_name(out, "chunk_size");
    out += std::to_string(manifest.chunk_size);
    append_json_name(out, "chunks");
    out += '[';
    for (const Digest& chunk : manifest.chunks) {
        out += out.ends_with('[') ? "" : ",";
        append_json_string(out, chunk.hex());
    }
    out += "]}}";
    return out;
}

std::string files_to_json(const std::vector<ManifestFile>& files) {
    constexpr std::size_t usual_length = 256;
    std::string out = "[";
    out.reserve(files.size() * usual_length);
    for (const ManifestFile& file : files) {
        out += out.size() == 1 ? "{" : ",{";
        append_json_member(out, "name", file.name);
        append_json_name(out, "size");
        out += std::to_string(file.size);
        append_json_member(out, "sha256", file.sha256.hex());
        if (file.csv_version) {
            append_json_member(out, "csv_version", *file.csv_version);
        }
        out += '}';
    }
    out += ']';
    return out;
}

std::optional<BundleId> peek_bundle_id(BytesView bytes) {
    const std::string_view text = as_text(bytes).substr(0, max_manifest_bytes);
    auto document = JsonDocument::parse(text, {});
    if (!document.usable()) {
        return search_bundle_id(text);
    }
    const auto member = document.root().optional_string("bundle_id");
    return member ? BundleId::parse(*member) : std::nullopt;
}

} // namespace relay::protocol
