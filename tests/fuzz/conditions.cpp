// Range and If-None-Match. The first two bytes are the size of what is asked for.
#include "server/api/conditions.hpp"

#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <string>

namespace relay::fuzz {

namespace {

void judge_range(std::string_view field, std::int64_t size) {
    using server::api::RangeKind;
    const auto wish = server::api::read_range(field, size);
    const auto& [first, last] = wish.part;
    switch (wish.kind) {
    case RangeKind::part: {
        require(0 <= first && first <= last && last < size, "a part lies inside");
        const auto again = server::api::read_range("bytes=" + std::to_string(first) + "-" + std::to_string(last), size);
        require(
            again.kind == RangeKind::part && again.part.first == first && again.part.last == last,
            "a part asked for by its numbers is that part"
        );
        break;
    }
    case RangeKind::unsatisfiable:
    case RangeKind::whole:
        require(first == 0 && last == 0, "no part without a range");
        break;
    }
    if (wish.kind != RangeKind::whole) {
        require(field.find('=') != std::string_view::npos, "a range has a unit");
        require(field.find(',') == std::string_view::npos, "several ranges are none");
    }
}

void judge_match(const std::string& field) {
    const std::string etag = "\"0193493a\"";
    const bool named = server::api::none_match_names(field, etag);
    if (named) {
        require(
            field.find(etag) != std::string::npos || field.find('*') != std::string::npos, "an ETag is named or all are"
        );
    }
    require(server::api::none_match_names(field + " , W/" + etag, etag), "an ETag behind anything is found");
    require(server::api::none_match_names(etag + "," + field, etag), "an ETag before anything is found");
}

} // namespace

void judge(protocol::BytesView input) {
    if (input.size() < 2) {
        return;
    }
    const std::int64_t size = 1 + input[0] + 256 * input[1];
    const std::string field(protocol::as_text(input.subspan(2)));
    judge_range(field, size);
    judge_range("bytes=" + field, size);
    judge_range(field, INT64_MAX);
    judge_match(field);
}

} // namespace relay::fuzz
