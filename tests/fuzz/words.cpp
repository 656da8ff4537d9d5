// Small words of the wire: encodings, numbers of offices and users, UUIDs, digests, tokens, versions. Whatever is read
// is written back as it came, so that one value never has two spellings.
#include "tests/fuzz/check.hpp"

#include "auth/token.hpp"
#include "protocol/bytes.hpp"
#include "protocol/delivery_event.hpp"
#include "protocol/digest.hpp"
#include "protocol/ids.hpp"
#include "protocol/utf8.hpp"
#include "server/accounts/client_version.hpp"

#include <string>

namespace relay::fuzz {

namespace {

void judge_encodings(protocol::BytesView input, std::string_view text) {
    using namespace protocol;
    require(from_hex(to_hex(input)) == to_bytes(input), "bytes survive hex");
    require(from_base64(to_base64(input)) == to_bytes(input), "bytes survive base64");
    require(from_base64url(to_base64url(input)) == to_bytes(input), "bytes survive base64url");
    if (const auto bytes = from_hex(text)) {
        require(to_hex(*bytes) == text, "hex has one spelling");
    }
    if (const auto bytes = from_base64(text)) {
        require(to_base64(*bytes) == text, "base64 has one spelling");
    }
    if (const auto bytes = from_base64url(text)) {
        require(to_base64url(*bytes) == text, "base64url has one spelling");
    }
}

void judge_names(std::string_view text) {
    using namespace protocol;
    if (const auto office = OfficeNumber::parse(text)) {
        require(office->view() == text, "an office number has one spelling");
    }
    if (const auto user = UserId::parse(text)) {
        require(user->view() == text, "a user ID has one spelling");
        require(user->role().has_value() != user->is_agent(), "a user has a role or is an agent");
    }
    if (const auto uuid = BundleId::parse(text)) {
        require(uuid->str() == text, "a UUID has one spelling");
    }
    if (const auto digest = Digest::from_hex(text)) {
        require(digest->hex() == text, "a digest has one spelling");
    }
    if (const auto type = parse_event_type(text)) {
        require(to_string(*type) == text, "an event type has one spelling");
    }
    if (const auto digest = auth::token_digest(text)) {
        const auto bytes = from_base64url(text);
        require(bytes && bytes->size() == 32, "a token is 32 bytes");
        require(*digest == Digest::of(text), "a token is looked up by the digest of its text");
    }
}

void judge_version(std::string_view text) {
    using server::accounts::ClientVersion;
    const auto version = ClientVersion::parse(text);
    if (!version) {
        return;
    }
    const auto with_zero = ClientVersion::parse(std::string(text) + ".0");
    const auto with_more = ClientVersion::parse(std::string(text) + ".1");
    const auto padded = ClientVersion::parse("00" + std::string(text));
    require(with_zero && with_more && padded, "a version may go on");
    require(*version == *version && *version == *with_zero, "missing parts are 0");
    require(*version<*with_more&& * with_more> * version, "versions have an order");
    require(*version == *padded, "leading zeros say nothing");
}

void judge_utf8(std::string_view text) {
    std::size_t characters = 0;
    const std::string_view whole = text;
    while (!text.empty()) {
        const std::size_t length = protocol::utf8_length(text);
        require(length <= text.size() && length <= 4, "a character ends where the text does");
        if (length == 0) {
            return;
        }
        ++characters;
        text.remove_prefix(length);
    }
    require(protocol::count_characters(whole) == characters, "characters are counted one by one");
}

} // namespace

void judge(protocol::BytesView input) {
    const std::string_view text = protocol::as_text(input);
    judge_encodings(input, text);
    judge_names(text);
    judge_version(text);
    judge_utf8(text);
}

} // namespace relay::fuzz
