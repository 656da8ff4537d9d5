#include "client/directory.hpp"

#include "client/words.hpp"

#include <chrono>

namespace relay::client {
namespace {

constexpr std::size_t most_recipients = 20; // RecipientInfos that the relay takes

protocol::Time now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

} // namespace

Outcome<Recipient> look_up(Session& session, const TrustAnchors& anchors, const protocol::OfficeNumber& number) {
    const auto reply = session.call("GET", "/v1/offices/" + number.str());
    if (!reply) {
        if (reply.error().status == 404) {
            return local_failure(
                words("office {0} is not known to the relay", "事業所 {0} は登録されていません", {number.str()})
            );
        }
        return reply.error();
    }
    Recipient recipient;
    recipient.number = number;
    recipient.name = text_at(reply->body, "name");
    for (const auto& listed : member_of(reply->body, "certificates")) {
        const auto certificate = Certificate::from_pem(text_at(listed, "pem"));
        if (!certificate) {
            recipient.warnings.push_back(
                words("left out: {0}", "使わない電子証明書があります: {0}", {certificate.error().text})
            );
            continue;
        }
        if (const auto trusted = anchors.check_office(*certificate, number, now()); !trusted) {
            recipient.warnings.push_back(
                words("left out: {0}", "使わない電子証明書があります: {0}", {trusted.error().text})
            );
        } else if (recipient.certificates.size() < most_recipients) {
            recipient.certificates.push_back(*certificate);
        }
    }
    if (recipient.certificates.empty()) {
        std::string text = words(
            "office {0} has no certificate that can be trusted, so nothing is sent to it",
            "事業所 {0} には信頼できる電子証明書がないため、送信しません",
            {number.str()}
        );
        for (const auto& warning : recipient.warnings) {
            text += "; " + warning;
        }
        return local_failure(std::move(text));
    }
    return recipient;
}

} // namespace relay::client
