#include "server/api/audit_stream.hpp"

#include "protocol/bytes.hpp"
#include "server/http/ascii_case.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <string>
#include <utility>

namespace relay::server::api {

namespace {

constexpr int events_a_page = 500;

struct Column {
    std::string_view name;
    std::string_view object; ///< empty: a member of the event itself
    std::string_view member;
};

constexpr Column columns[] = {
    {"index", "", "index"},
    {"event_id", "", "event_id"},
    {"type", "", "type"},
    {"at", "", "at"},
    {"actor.user_id", "actor", "user_id"},
    {"actor.certificate_sha256", "actor", "certificate_sha256"},
    {"subject.user_id", "subject", "user_id"},
    {"subject.certificate_sha256", "subject", "certificate_sha256"},
    {"subject.office", "subject", "office"},
    {"bundle_id", "", "bundle_id"},
    {"sender", "", "sender"},
    {"recipient", "", "recipient"},
    {"manifest_sha256", "", "manifest_sha256"},
    {"receipt_sha256", "", "receipt_sha256"},
    {"code", "", "code"},
    {"confirmation", "", "confirmation"},
};

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The weight of one element of an Accept field; 1 when it says none, 0 when it cannot be read.
double weight_of(std::string_view parameters) {
    const auto at = parameters.find("q=");
    if (at == std::string_view::npos) {
        return 1;
    }
    const auto text = parameters.substr(at + 2);
    double weight = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), weight);
    return read.ec == std::errc() ? weight : 0;
}

void append_csv(std::string& out, std::string_view value) {
    if (value.find_first_of(",\"\r\n") == std::string_view::npos) {
        out += value;
        return;
    }
    out += '"';
    for (const char c : value) {
        out += c;
        if (c == '"') {
            out += c;
        }
    }
    out += '"';
}

std::string text_of(const nlohmann::json& event, const Column& column) {
    const auto* object = &event;
    if (!column.object.empty()) {
        const auto found = event.find(column.object);
        if (found == event.end()) {
            return {};
        }
        object = &*found;
    }
    const auto value = object->find(column.member);
    if (value == object->end()) {
        return {};
    }
    return value->is_string() ? value->get<std::string>() : value->dump();
}

std::string csv_header() {
    std::string out;
    for (const auto& column : columns) {
        out += out.empty() ? "" : ",";
        out += column.name;
    }
    return out + "\r\n";
}

void append_event(std::string& out, const storage::EventRow& row, EventForm form) {
    if (form == EventForm::lines) {
        append_event_json(out, row);
        out += '\n';
        return;
    }
    std::string text;
    append_event_json(text, row);
    const auto event = nlohmann::json::parse(text, nullptr, false);
    bool first = true;
    for (const auto& column : columns) {
        out += first ? "" : ",";
        first = false;
        append_csv(out, event.is_object() ? text_of(event, column) : std::string());
    }
    out += "\r\n";
}

class EventStream final : public http::BodySource {
public:
    EventStream(storage::EventStore& events, storage::EventQuery query, EventForm form, StillAllowed still_allowed)
        : events_(&events),
          query_(std::move(query)),
          form_(form),
          still_allowed_(std::move(still_allowed)),
          head_(form == EventForm::csv ? csv_header() : "") {
        query_.limit = events_a_page;
    }

    std::int64_t size() const noexcept override { return http::unknown_size; }

    Awaitable<protocol::Result<protocol::BytesView>> next() override {
        text_ = std::exchange(head_, {});
        const auto head = text_.size();
        while (!ended_ && text_.size() == head) { // a page may be empty where much of the log holds nothing
            const auto allowed = co_await still_allowed_();
            if (!allowed) {
                co_return allowed.error();
            }
            auto page = co_await events_->list_events(query_);
            if (!page) {
                co_return page.error();
            }
            take(*page);
        }
        co_return protocol::as_bytes(text_);
    }

    void written(std::int64_t /*bytes*/, bool /*done*/) override {}

private:
    void take(storage::EventPage& page) {
        for (const auto& event : page.events) {
            append_event(text_, event, form_);
        }
        ended_ = !page.next;
        if (page.next) {
            query_.after = std::move(*page.next);
        }
    }

    storage::EventStore* events_;
    storage::EventQuery query_;
    EventForm form_;
    StillAllowed still_allowed_;
    std::string head_;
    std::string text_;
    bool ended_ = false;
};

} // namespace

void append_event_json(std::string& out, const storage::EventRow& event) {
    out += event.leaf;
    if (event.index) {
        out.back() = ','; // the leaf's closing brace
        out += "\"index\":" + std::to_string(*event.index) + "}";
    }
}

EventForm choose_event_form(std::string_view accept) {
    EventForm best = EventForm::json;
    double best_weight = 0;
    while (!accept.empty()) {
        const auto comma = accept.find(',');
        const auto element = accept.substr(0, comma);
        accept = comma == std::string_view::npos ? std::string_view() : accept.substr(comma + 1);
        const auto semicolon = element.find(';');
        const auto type = trim(element.substr(0, semicolon));
        const auto weight = semicolon == std::string_view::npos ? 1 : weight_of(element.substr(semicolon));
        const bool lines = http::equal_ignoring_case(type, "application/x-ndjson");
        const bool csv = http::equal_ignoring_case(type, "text/csv");
        if ((lines || csv || http::equal_ignoring_case(type, "application/json") || type == "*/*") &&
            weight > best_weight) {
            best = lines ? EventForm::lines : csv ? EventForm::csv : EventForm::json;
            best_weight = weight;
        }
    }
    return best;
}

http::Response
stream_events(storage::EventStore& events, storage::EventQuery query, EventForm form, StillAllowed still_allowed) {
    auto response = http::empty_response(200);
    response.fields.emplace_back(
        "Content-Type", form == EventForm::csv ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson"
    );
    response.fields.emplace_back("Vary", "Accept");
    response.source = std::make_unique<EventStream>(events, std::move(query), form, std::move(still_allowed));
    return response;
}

} // namespace relay::server::api
