// Receipts.
#include "protocol/receipt.hpp"

#include "protocol/problem.hpp"
#include "protocol/utf8.hpp"
#include "tests/fuzz/check.hpp"

#include <nlohmann/json.hpp>

namespace relay::fuzz {

void judge(protocol::BytesView input) {
    using namespace protocol;
    const auto receipt = read_receipt(input);
    if (!receipt) {
        require(receipt.error().code == ErrorCode::bad_receipt, "one refusal there is");
        require(!receipt.error().findings.empty(), "what is wrong is told");
        require(nlohmann::json::accept(problem_json(receipt.error(), Language::en, "id")), "a problem is JSON");
        return;
    }
    require(receipt->reason.has_value() == (receipt->outcome == Outcome::rejected), "a rejection has a reason");
    const std::size_t characters = count_characters(receipt->reason.value_or("x"));
    require(characters >= 1 && characters <= 500, "a reason has 1 to 500 characters");
    const std::string written = write_receipt(*receipt);
    const auto again = read_receipt(as_bytes(written));
    require(again.has_value(), "a receipt survives being written");
    require(
        again->bundle_id == receipt->bundle_id && again->claim_id == receipt->claim_id && again->at == receipt->at &&
            again->outcome == receipt->outcome && again->reason == receipt->reason &&
            again->manifest_sha256 == receipt->manifest_sha256,
        "a receipt written and read says the same"
    );
    require(write_receipt(*again) == written, "a receipt is written in one way");
}

} // namespace relay::fuzz
