#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

using namespace relay::protocol;
using namespace std::string_literals;

namespace {

/// Findings as "pointer code", in the order told.
std::vector<std::string> told(std::vector<Finding> findings) {
    std::vector<std::string> out;
    for (const Finding& finding : findings) {
        out.push_back(finding.pointer + " " + finding.code);
    }
    return out;
}

/// What is found when nothing is asked for but the root.
std::vector<std::string> found_in(std::string_view text) {
    auto document = JsonDocument::parse(text, {});
    static_cast<void>(document.root());
    return told(document.finish());
}

/// What an independent parser says; nothing for numbers beyond a double, which it refuses though they are JSON.
std::optional<bool> independently_json(const std::string& text) {
    try {
        [[maybe_unused]] const auto parsed = nlohmann::json::parse(text);
        return true;
    } catch (const nlohmann::json::out_of_range&) {
        return std::nullopt;
    } catch (const nlohmann::json::parse_error&) {
        return false;
    }
}

bool is_json(std::string_view text) {
    auto document = JsonDocument::parse(text, {.max_depth = 1000, .refuse_nul = false});
    return document.usable() || told(document.finish()) == std::vector{" wrong_type"s};
}

using All = std::vector<std::string>;

} // namespace

TEST_CASE("Text that is no JSON is one finding at the whole document", "[protocol]") {
    for (const std::string& text : std::vector<std::string>{
             "",
             " ",
             "{",
             "}",
             "{]",
             "{\"a\"}",
             "{\"a\":}",
             "{\"a\":1,}",
             "{,}",
             "{\"a\":1 \"b\":2}",
             "{'a':1}",
             "{a:1}",
             "{\"a\":1}x",
             "{\"a\":1}{}",
             "{\"a\":1}\0"s,
             "\0{\"a\":1}"s,
             "{\"a\":1\0}"s,
             "\xef\xbb\xbf{\"a\":1}",
             "\xff\xfe{\0}\0"s,
             "{\"a\":[1,]}",
             "{\"a\":[1 2]}",
             "{\"a\":[}",
             "{\"a\":tru}",
             "{\"a\":TRUE}",
             "{\"a\":NaN}",
             "{\"a\":Infinity}",
             "{\"a\":01}",
             "{\"a\":-}",
             "{\"a\":+1}",
             "{\"a\":.5}",
             "{\"a\":1.}",
             "{\"a\":1e}",
             "{\"a\":1e+}",
             "{\"a\":0x1}",
             "{\"a\":\"}",
             "{\"a\":\"\\\"}",
             "{\"a\":\"\\x41\"}",
             "{\"a\":\"\\u12\"}",
             "{\"a\":\"\\u12g4\"}",
             "{\"a\":\"\\u-123\"}",
             "{\"a\":\"\\ud800\"}",
             "{\"a\":\"\\udc00\"}",
             "{\"a\":\"\\ud800\\u0041\"}",
             "{\"a\":\"\\ud800\\ud800\"}",
             "{\"a\":\"\\ud800\\ue000\"}",
             "{\"a\":\"\\ud800\\n\"}",
             "{\"a\":\"\\ud800\\u00\"}",
             "{\"a\":\"line\nbreak\"}",
             "{\"a\":\"tab\there\"}",
             "{\"a\":\"\x80\"}",
             "{\"a\":\"\xc0\xaf\"}",
             "{\"a\":\"\xed\xa0\x80\"}",
             "{\"a\":\"\xe0\x80\x80\"}",
             "{\"a\":\"\xf0\x80\x80\x80\"}",
             "{\"a\":\"\xf4\x90\x80\x80\"}",
             "{\"a\":\"\xf5\x80\x80\x80\"}",
             "{\"a\":\"\xe3\x81\"}",
             "{\"a\":1} // comment",
             "{/**/\"a\":1}",
             "{\"a\":1,\"a\":2",
         }) {
        CAPTURE(text);
        CHECK(found_in(text) == All{" bad_format"});
        CHECK_FALSE(JsonDocument::parse(text, {}).usable());
    }
}

TEST_CASE("JSON that is no object is of the wrong type", "[protocol]") {
    for (const std::string text : {"[]", "1", "\"a\"", "null", "true", "[{\"a\":1,\"a\":2}]"}) {
        CAPTURE(text);
        CHECK(found_in(text) == All{" wrong_type"});
    }
}

TEST_CASE("Whether a text is JSON is judged as by an independent parser", "[protocol]") {
    const std::string seed =
        R"({"a":[1,-2.5e+10,true,false,null,"x\u00e9\ud83d\ude00\/\"\\"],"b":{"c":"介護","d":[[],{}]},"e":0})";
    REQUIRE(is_json(seed));
    const std::string alphabet = "{}[]\",:\\0123456789eE+-.utrfn \n\x01\x7f\x80\xc3\xe3\xff";
    std::uint32_t random = 12345;
    const auto next = [&random] { return random = random * 1'664'525U + 1'013'904'223U, random >> 8U; };
    int accepted = 0;
    for (int round = 0; round < 4000; ++round) {
        std::string text = seed;
        for (std::uint32_t change = next() % 3; change < 3; ++change) {
            const std::size_t at = next() % text.size();
            switch (next() % 3) {
            case 0:
                text[at] = alphabet[next() % alphabet.size()];
                break;
            case 1:
                text.erase(at, 1 + next() % 4);
                break;
            default:
                text.insert(at, 1, alphabet[next() % alphabet.size()]);
                break;
            }
        }
        const auto expected = independently_json(text);
        if (expected && is_json(text) != *expected) {
            CAPTURE(text);
            CHECK(is_json(text) == *expected);
        }
        accepted += expected == true ? 1 : 0;
    }
    CHECK(accepted > 100);
}

TEST_CASE("Strings arrive with every escape undone, whatever their length", "[protocol]") {
    for (std::size_t padding = 0; padding < 20; ++padding) {
        const std::string plain(padding, 'x');
        const std::string text =
            R"({"a":")" + plain + R"(\"\\\/\b\f\n\r\t\u0041\u00e9\u4ecb\ud83d\ude00)" + plain + "介護\"}";
        auto document = JsonDocument::parse(text, {});
        CHECK(document.root().string("a") == plain + "\"\\/\b\f\n\r\tAé介😀" + plain + "介護");
        CHECK(document.finish().empty());
    }
}

TEST_CASE("Written strings are read back as they were", "[protocol]") {
    std::string all;
    for (int c = 1; c < 128; ++c) {
        all.push_back(static_cast<char>(c));
    }
    all += "é介😀";
    std::string text = "{";
    append_json_member(text, "a", all);
    append_json_member(text, "b", "");
    text += '}';
    auto document = JsonDocument::parse(text, {});
    CHECK(document.root().string("a") == all);
    CHECK(document.root().string("b") == "");
    CHECK(nlohmann::json::parse(text).at("a").get<std::string>() == all);
}

TEST_CASE("Members that stand twice are told at every level, once for each name", "[protocol]") {
    auto document = JsonDocument::parse(R"({"a":1,"b":{"x/y":1,"x\/y":2,"~":[{"k":1,"k":1,"k":1}]},"a":2})", {});
    CHECK(
        told(document.finish()) == All{"/b/~0/0/k duplicate_member", "/b/x~1y duplicate_member", "/a duplicate_member"}
    );
    CHECK(told(JsonDocument::parse(R"({"k":1,"k":1})", {}).finish()).front() == "/k duplicate_member");
}

TEST_CASE("Unknown members are told at every level that was opened, and only there", "[protocol]") {
    auto document = JsonDocument::parse(
        R"({"known":{"in":1,"extra":1},"list":[{"ok":"1","more":2},{"ok":"2"}],"closed":{"never":"read"},"top":1})", {}
    );
    JsonNode root = document.root();
    CHECK(root.object("known").integer("in", 0, 9) == 1);
    for (JsonNode& item : root.objects("list", 1, 5)) {
        CHECK(item.string("ok"));
    }
    CHECK(document.clean());
    CHECK(
        told(document.finish()) == All{"/closed unknown_member",
                                       "/top unknown_member",
                                       "/known/extra unknown_member",
                                       "/list/0/more unknown_member"}
    );
    CHECK_FALSE(document.clean());
}

TEST_CASE("Everything that is wrong is told at once with its place", "[protocol]") {
    auto document = JsonDocument::parse(
        R"({"text":1,"number":"1","object":[],"list":{},"bytes":"Zg=","far":11,"items":[1,{}],"words":["a",2],"few":[]})",
        {}
    );
    JsonNode root = document.root();
    CHECK_FALSE(root.string("text"));
    CHECK_FALSE(root.integer("number", 0, 10));
    JsonNode object = root.object("object");
    CHECK_FALSE(object);
    CHECK_FALSE(object.string("inside"));
    CHECK(root.objects("list", 0, 10).empty());
    CHECK_FALSE(root.base64("bytes"));
    CHECK_FALSE(root.integer("far", 0, 10));
    const auto items = root.objects("items", 0, 2);
    REQUIRE(items.size() == 2);
    CHECK_FALSE(items[0]);
    CHECK(items[1]);
    CHECK(root.strings("words", 1, 2) == All{"a", ""});
    CHECK(root.strings("few", 1, 2).empty());
    CHECK_FALSE(root.string("gone"));
    CHECK_FALSE(root.object("nowhere").integer("inside", 0, 1));
    CHECK_FALSE(root.optional_string("absent"));
    CHECK_FALSE(root.optional_base64("absent"));
    CHECK_FALSE(root.optional_object("absent"));
    CHECK(
        told(document.finish()) == All{"/text wrong_type",
                                       "/number wrong_type",
                                       "/object wrong_type",
                                       "/list wrong_type",
                                       "/bytes bad_format",
                                       "/far out_of_range",
                                       "/items/0 wrong_type",
                                       "/words/1 wrong_type",
                                       "/few out_of_range",
                                       "/gone missing",
                                       "/nowhere missing"}
    );
}

TEST_CASE("null never stands for an absent member", "[protocol]") {
    auto document = JsonDocument::parse(R"({"a":null,"b":null,"c":null})", {});
    JsonNode root = document.root();
    CHECK_FALSE(root.optional_string("a"));
    CHECK_FALSE(root.optional_base64("b"));
    CHECK_FALSE(root.optional_object("c"));
    CHECK(told(document.finish()) == All{"/a wrong_type", "/b wrong_type", "/c wrong_type"});
}

TEST_CASE("Integers are whole and exact", "[protocol]") {
    const auto read = [](std::string number) {
        const std::string text = "{\"n\":" + number + "}";
        auto document = JsonDocument::parse(text, {});
        const auto value = document.root().integer("n", INT64_MIN, INT64_MAX);
        const auto findings = document.finish();
        return value ? std::to_string(*value) : findings.at(0).code;
    };
    CHECK(read("0") == "0");
    CHECK(read("-0") == "0");
    CHECK(read("-9223372036854775808") == "-9223372036854775808");
    CHECK(read("9223372036854775807") == "9223372036854775807");
    CHECK(read("9223372036854775808") == "out_of_range");
    CHECK(read("18446744073709551617") == "out_of_range");
    CHECK(read("-9223372036854775809") == "out_of_range");
    CHECK(read(std::string(400, '9')) == "out_of_range");
    CHECK(read("1.0") == "wrong_type");
    CHECK(read("1e3") == "wrong_type");
    CHECK(read("1e999999") == "wrong_type");
    CHECK(read("true") == "wrong_type");
}

TEST_CASE("Nesting beyond the limit is told where it happens and ends the reading", "[protocol]") {
    const auto nested = [](int levels) {
        std::string text = "1";
        for (int i = 0; i < levels; ++i) {
            text = "{\"k\":" + text + "}";
        }
        return text;
    };
    CHECK(found_in(nested(16)) == All{"/k unknown_member"});
    const auto found = found_in(nested(17));
    std::string place;
    for (int i = 0; i < 16; ++i) {
        place += "/k";
    }
    CHECK(found == All{place + " out_of_range"});
    CHECK(found_in("{\"a\":" + std::string(1'000'000, '[')) == All{"/a" + [] {
              std::string zeros;
              for (int i = 0; i < 15; ++i) {
                  zeros += "/0";
              }
              return zeros;
          }() + " out_of_range"});
}

TEST_CASE("U+0000 is refused in strings and names unless allowed", "[protocol]") {
    const std::string text = R"({"a":"x\u0000y","b":["\u0000"]})";
    auto document = JsonDocument::parse(text, {});
    CHECK(told(document.finish()) == All{"/a bad_format", "/b/0 bad_format"});
    CHECK(told(JsonDocument::parse(R"({"n\u0000":1})", {}).finish()) == All{"/n\0 bad_format"s});
    auto lenient = JsonDocument::parse(text, {.max_depth = 16, .refuse_nul = false});
    CHECK(lenient.root().string("a") == "x\0y"s);
}

TEST_CASE("base64 members arrive as bytes", "[protocol]") {
    auto document = JsonDocument::parse(R"({"a":"Zm9v\/w==","b":""})", {});
    CHECK(document.root().base64("a") == Bytes{'f', 'o', 'o', 0xff});
    CHECK(document.root().optional_base64("b") == Bytes{});
    CHECK(document.finish().empty());
}

TEST_CASE("An escape that is cut short or means nothing is no JSON", "[protocol]") {
    for (const char* const text :
         {R"({"a":"\)",
          R"({"a":"\x"})",
          R"({"a":"\u)",
          R"({"a":"\u12)",
          R"({"a":"\u12g4"})",
          R"({"a":"\ud800"})",
          R"({"a":"\ud800\n"})",
          R"({"a":"\ud800\u12"})",
          R"({"a":"\ud800\ud7ff"})",
          R"({"a":"\ud800\ue000"})",
          R"({"a":"\udc00"})",
          R"({"a":"\udfff"})",
          R"({"a":"\u+123"})",
          "{\"a\":\"\x1f\"}",
          "{\"a\":\"\xe3\x81"}) {
        CAPTURE(text);
        auto document = JsonDocument::parse(text, {});
        (void)document.root();
        CHECK_FALSE(document.finish().empty());
    }
    auto document = JsonDocument::parse(R"({"a":"\ue000\ud7ff\uD800\uDC00\udbff\udfff"})", {});
    auto root = document.root();
    CHECK(root.string("a") == "\xee\x80\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
    CHECK(document.finish().empty());
}

TEST_CASE("Space of every kind may stand between words, and no other", "[protocol]") {
    for (const std::string space : {" ", "\n", "\r", "\t", " \r\n\t "}) {
        const std::string text = space + "{" + space + "\"a\"" + space + ":" + space + "\"b\"" + space + "}" + space;
        auto document = JsonDocument::parse(text, {});
        auto root = document.root();
        CHECK(root.string("a") == "b");
        CHECK(document.finish().empty());
    }
    for (const std::string space : {"\v", "\f", "\xa0"}) {
        const std::string text = "{" + space + "}";
        auto document = JsonDocument::parse(text, {});
        (void)document.root();
        CHECK_FALSE(document.finish().empty());
    }
}
