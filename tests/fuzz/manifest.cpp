// Manifests.
#include "protocol/manifest.hpp"

#include "protocol/problem.hpp"
#include "tests/fuzz/check.hpp"

#include <nlohmann/json.hpp>

#include <tuple>

namespace relay::fuzz {

namespace {

using namespace protocol;

bool are_equal(const Manifest& a, const Manifest& b) {
    const auto facts = [](const Manifest& m) {
        return std::tie(
            m.bundle_id, m.sender, m.recipient, m.created_at, m.cover, m.payload_size, m.chunk_size, m.chunks
        );
    };
    return facts(a) == facts(b) && std::equal(
                                       a.files.begin(),
                                       a.files.end(),
                                       b.files.begin(),
                                       b.files.end(),
                                       [](const ManifestFile& x, const ManifestFile& y) {
                                           return std::tie(x.name, x.size, x.sha256, x.csv_version) ==
                                                  std::tie(y.name, y.size, y.sha256, y.csv_version);
                                       }
                                   );
}

void judge_refusal(const Error& error) {
    require(error.code == ErrorCode::too_large || error.code == ErrorCode::invalid_manifest, "two refusals there are");
    require(error.code == ErrorCode::too_large || !error.findings.empty(), "what is wrong is told");
    require(nlohmann::json::accept(problem_json(error, Language::ja, "id")), "a problem is JSON");
}

void judge_cut(const Manifest& manifest, const ManifestLimits& limits) {
    std::int64_t sum = 0;
    for (std::size_t n = 0; n < manifest.chunks.size(); ++n) {
        const std::int64_t size = manifest.size_of_chunk(n);
        require(size >= 1 && size <= manifest.chunk_size, "a chunk is neither empty nor too large");
        sum += size;
    }
    require(sum == manifest.payload_size, "chunks make up the payload");
    require(manifest.payload_size <= limits.payload_size && manifest.chunk_size <= limits.chunk_size, "limits hold");
    require(manifest.chunks.size() <= max_chunks, "so does that of chunks");
}

} // namespace

void judge(BytesView input) {
    const ManifestLimits limits;
    const auto id = peek_bundle_id(input);
    const auto manifest = read_manifest(input, limits);
    if (!manifest) {
        judge_refusal(manifest.error());
        return;
    }
    require(id == manifest->bundle_id, "a good manifest's bundle_id is seen at a glance");
    require(!manifest->files.empty() && manifest->files.size() <= max_files, "1 to 100 files");
    judge_cut(*manifest, limits);
    const std::string written = write_manifest(*manifest);
    require(nlohmann::json::accept(files_to_json(manifest->files)), "files are JSON");
    if (written.size() > max_manifest_bytes) {
        return; // times grow when they are written in full
    }
    const auto again = read_manifest(as_bytes(written), limits);
    require(again && are_equal(*again, *manifest), "a manifest survives being written");
    require(write_manifest(*again) == written, "a manifest is written in one way");
}

} // namespace relay::fuzz
