// The files of tls.client_ca and tls.client_crl, and chains judged by them. The input is CA file, CRL file and a PEM
// certificate, with a NUL between them.
#include "auth/trust.hpp"

#include "tests/fuzz/check.hpp"

#include <openssl/err.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

namespace relay::fuzz {

namespace {

using protocol::BytesView;

/// A file in memory with a path of its own.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view content) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
        require(
            write(descriptor_, content.data(), content.size()) == static_cast<ssize_t>(content.size()),
            "memory holds it"
        );
    }
    ~MemoryFile() { close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
};

std::string_view take_part(std::string_view& rest) {
    const std::string_view part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    return part;
}

} // namespace

void judge(BytesView input) {
    std::string_view rest = protocol::as_text(input);
    const MemoryFile ca(take_part(rest));
    const std::string_view crl_text = take_part(rest);
    const MemoryFile crl(crl_text);
    const auto trust =
        auth::Trust::load(ca.path(), crl_text.empty() ? std::filesystem::path() : std::filesystem::path(crl.path()));
    require(ERR_peek_error() == 0, "no error stays in the thread's queue");
    if (!trust) {
        require(trust.error().code == protocol::ErrorCode::internal && !trust.error().cause.empty(), "a cause is told");
        return;
    }
    require(!(*trust)->ca_certificates().empty(), "trust is in somebody");
    const auto leaf = auth::read_certificate_pem(rest);
    if (!leaf) {
        return;
    }
    const auto now = leaf->not_before + std::chrono::hours(1);
    static_cast<void>((*trust)->crl_overdue(now));
    const auto verdict = (*trust)->verify(*leaf, now);
    require((*trust)->verify(*leaf, now) == verdict, "a verdict is the same the second time");
    if (verdict == auth::ChainVerdict::good) {
        require(leaf->strong && leaf->valid_at(now), "a good certificate is strong and valid");
        const auto later = leaf->not_after + std::chrono::seconds(1);
        require((*trust)->verify(*leaf, later) == auth::ChainVerdict::expired, "a good certificate expires");
    }
    require(ERR_peek_error() == 0, "nor after a verdict");
}

} // namespace relay::fuzz
