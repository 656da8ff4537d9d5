#include "protocol/problem.hpp"

#include "protocol/json_writer.hpp"
#include "protocol/problem_texts.hpp"

#include <algorithm>
#include <array>
#include <climits>

namespace relay::protocol {

namespace {

struct FindingText {
    std::string_view code, ja, en;
};

/// Texts of finding codes that are no error codes of their own.
constexpr std::array finding_texts{
    FindingText{"missing", "必要な項目がありません。", "This member is required."},
    FindingText{"unknown_member", "定義されていない項目です。", "This member is not known."},
    FindingText{"duplicate_member", "同じ項目が重複しています。", "This member stands more than once."},
    FindingText{"wrong_type", "値の種類が正しくありません。", "The value is of the wrong type."},
    FindingText{"out_of_range", "値が許される範囲にありません。", "The value is outside the range allowed."},
    FindingText{"bad_format", "値の形式が正しくありません。", "The value is not of its form."},
    FindingText{"inconsistent", "他の項目と矛盾しています。", "The value does not agree with the rest."},
};

ProblemText problem_text(ErrorCode code, Language language) noexcept {
    return language == Language::en ? problem_text_en(code) : problem_text_ja(code);
}

/// The text for a finding that brings none: its own code's, or else that of the error it belongs to.
std::string_view default_text(std::string_view code, ErrorCode of, Language language) noexcept {
    for (const FindingText& text : finding_texts) {
        if (text.code == code) {
            return language == Language::en ? text.en : text.ja;
        }
    }
    constexpr auto last = static_cast<unsigned>(ErrorCode::unavailable);
    for (unsigned i = 0; i <= last; ++i) {
        if (to_string(static_cast<ErrorCode>(i)) == code) {
            return problem_text(static_cast<ErrorCode>(i), language).detail;
        }
    }
    return problem_text(of, language).detail;
}

void append_findings(std::string& out, const Error& error, Language language) {
    append_json_name(out, "errors");
    out += '[';
    for (const Finding& finding : error.findings) {
        out += out.ends_with('[') ? "{" : ",{";
        append_json_member(out, "pointer", finding.pointer);
        append_json_member(out, "code", finding.code);
        const std::string& own = language == Language::en ? finding.text_en : finding.text_ja;
        append_json_member(out, "detail", own.empty() ? default_text(finding.code, error.code, language) : own);
        out += '}';
    }
    out += ']';
}

std::string_view trim(std::string_view text) noexcept {
    const auto from = text.find_first_not_of(" \t");
    if (from == std::string_view::npos) {
        return {};
    }
    return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

bool equal_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

/// A weight (RFC 9110 §12.4.2) in thousandths; -1 when it is none.
int parse_weight(std::string_view text) noexcept {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') || (text.size() > 1 && text[1] != '.')) {
        return -1;
    }
    int weight = (text[0] - '0') * 1000;
    int place = 100;
    for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (c < '0' || c > '9') {
            return -1;
        }
        weight += (c - '0') * place;
        place /= 10;
    }
    return weight <= 1000 ? weight : -1;
}

/// One entry of Accept-Language: a range and its weight, 1000 when none is given.
struct Preference {
    std::string_view range;
    int weight = 1000;
};

Preference parse_preference(std::string_view entry) noexcept {
    Preference preference;
    const auto semicolon = entry.find(';');
    preference.range = trim(entry.substr(0, semicolon));
    if (semicolon == std::string_view::npos) {
        return preference;
    }
    const auto parameter = trim(entry.substr(semicolon + 1));
    const bool is_weight = parameter.size() > 2 && equal_ignoring_case(parameter.substr(0, 2), "q=");
    preference.weight = is_weight ? parse_weight(parameter.substr(2)) : -1;
    return preference;
}

/// The best weight given to a language, and the place of the entry that gave it.
struct Standing {
    static constexpr int no_place = INT_MAX; ///< of a wildcard: among equal weights a language that is named wins

    int weight = -1;
    int place = no_place;

    void hear(int given, int at) noexcept {
        if (given > weight) {
            weight = given;
            place = at;
        }
    }
};

} // namespace

Language choose_language(std::string_view accept_language) {
    constexpr std::size_t max_bytes = 1024;
    constexpr int max_entries = 50;
    std::string_view rest = accept_language.substr(0, max_bytes);
    Standing ja;
    Standing en;
    Standing others;
    for (int place = 0; place < max_entries && !rest.empty(); ++place) {
        const auto comma = rest.find(',');
        const Preference preference = parse_preference(rest.substr(0, comma));
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        const auto primary = preference.range.substr(0, preference.range.find('-'));
        if (equal_ignoring_case(primary, "ja")) {
            ja.hear(preference.weight, place);
        } else if (equal_ignoring_case(primary, "en")) {
            en.hear(preference.weight, place);
        } else if (preference.range == "*") {
            others.hear(preference.weight, Standing::no_place);
        }
    }
    if (ja.weight < 0) {
        ja = others;
    }
    if (en.weight < 0) {
        en = others;
    }
    const bool english = en.weight > ja.weight || (en.weight == ja.weight && en.place < ja.place);
    return english && en.weight > 0 ? Language::en : Language::ja;
}

int status_of(ErrorCode code) noexcept {
    switch (code) {
    case ErrorCode::malformed_request:
        return 400;
    case ErrorCode::not_signed_in:
        return 401;
    case ErrorCode::session_expired:
        return 401;
    case ErrorCode::wrong_credentials:
        return 401;
    case ErrorCode::wrong_certificate:
        return 401;
    case ErrorCode::certificate_revoked:
        return 401;
    case ErrorCode::agent_user_id:
        return 403;
    case ErrorCode::password_expired:
        return 403;
    case ErrorCode::client_too_old:
        return 403;
    case ErrorCode::licence_required:
        return 403;
    case ErrorCode::role_not_allowed:
        return 403;
    case ErrorCode::not_found:
        return 404;
    case ErrorCode::method_not_allowed:
        return 405;
    case ErrorCode::timeout:
        return 408;
    case ErrorCode::bundle_id_reused:
        return 409;
    case ErrorCode::claimed_elsewhere:
        return 409;
    case ErrorCode::already_claimed:
        return 409;
    case ErrorCode::already_fetched:
        return 410;
    case ErrorCode::too_late_to_withdraw:
        return 409;
    case ErrorCode::receipt_conflict:
        return 409;
    case ErrorCode::not_sent_yet:
        return 409;
    case ErrorCode::not_claimed:
        return 409;
    case ErrorCode::withdrawn:
        return 410;
    case ErrorCode::expired:
        return 410;
    case ErrorCode::length_required:
        return 411;
    case ErrorCode::too_large:
        return 413;
    case ErrorCode::unsupported_media_type:
        return 415;
    case ErrorCode::range_not_satisfiable:
        return 416;
    case ErrorCode::invalid_manifest:
        return 422;
    case ErrorCode::bad_signature:
        return 422;
    case ErrorCode::signer_not_registered:
        return 422;
    case ErrorCode::sender_mismatch:
        return 422;
    case ErrorCode::unknown_recipient:
        return 422;
    case ErrorCode::sent_to_self:
        return 422;
    case ErrorCode::recipient_not_accepting:
        return 422;
    case ErrorCode::bad_file_name:
        return 422;
    case ErrorCode::bad_file_combination:
        return 422;
    case ErrorCode::file_type_not_allowed:
        return 422;
    case ErrorCode::not_encrypted_for_recipient:
        return 422;
    case ErrorCode::chunk_digest_mismatch:
        return 422;
    case ErrorCode::clock_skew:
        return 422;
    case ErrorCode::bad_receipt:
        return 422;
    case ErrorCode::bad_password:
        return 422;
    case ErrorCode::locked_out:
        return 429;
    case ErrorCode::too_many_requests:
        return 429;
    case ErrorCode::quota_exceeded:
        return 429;
    case ErrorCode::headers_too_large:
        return 431;
    case ErrorCode::internal:
        return 500;
    case ErrorCode::unavailable:
        return 503;
    }
    return 500;
}

std::string problem_json(const Error& error, Language language, std::string_view request_id) {
    const ProblemText text = problem_text(error.code, language);
    const std::string code(to_string(error.code));
    std::string out = "{";
    append_json_member(out, "type", "urn:careplan-relay:problem:" + code);
    append_json_member(out, "title", text.title);
    append_json_name(out, "status");
    out += std::to_string(status_of(error.code));
    append_json_member(out, "code", code);
    append_json_member(out, "detail", text.detail);
    append_json_member(out, "instance", "urn:uuid:" + std::string(request_id));
    if (!error.findings.empty()) {
        append_findings(out, error, language);
    }
    for (const auto& [name, value] : error.members) {
        append_json_member(out, name, value);
    }
    out += '}';
    return out;
}

} // namespace relay::protocol
