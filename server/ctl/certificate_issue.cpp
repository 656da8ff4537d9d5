// relayctl certificate issue, sign, import: certificates come in, and are registered.
#include "server/accounts/peer_certificate.hpp"
#include "server/ctl/certificate.hpp"
#include "server/ctl/commands.hpp"

namespace relay::server::ctl {

using protocol::UserId;

namespace {

constexpr unsigned key_mode = 0600;
constexpr unsigned certificate_mode = 0644;

protocol::Error refuse(std::string why) {
    return protocol::Error(protocol::ErrorCode::malformed_request, std::move(why));
}

/// Who the certificate is for: known, open, no agent.
Result<storage::UserRow> find_holder(Relay& relay, const std::string& text) {
    const auto user_id = *UserId::parse(text);
    if (user_id.is_agent()) {
        return refuse("user IDs that begin with HD belong to billing agents and are refused");
    }
    const auto found = ask(relay, [&](auto& accounts) { return accounts.find_user(user_id); });
    if (!found) {
        return found.error();
    }
    if (found->user.closed) {
        return refuse(text + " is closed");
    }
    return found->user;
}

Result<void>
enrol(Relay& relay, const auth::Certificate& certificate, const UserId& user_id, const std::string& command) {
    const auto row = accounts::registration_of(certificate, user_id, now());
    const auto registered =
        ask(relay, [&](auto& accounts) { return accounts.register_certificate(row, certificate.der, command); });
    if (!registered) {
        return registered.error();
    }
    say((*registered ? "registered " : "was registered already: ") + certificate.sha256.hex());
    return {};
}

/// What can fail without a trace comes first: files under temporary names, then the registration, then their names.
Result<void> enrol_with_files(
    Relay& relay,
    const auth::IssuedCertificate& issued,
    const UserId& user_id,
    const std::string& command,
    NewFiles& files
) {
    const auto enrolled = enrol(relay, issued.certificate, user_id, command);
    return enrolled ? files.put_into_place() : enrolled;
}

} // namespace

Result<void> issue_certificate(Relay& relay, const CertificateOptions& options) {
    if (const auto key = options.out + ".key"; relay.is_there(key)) {
        return refuse(key + " is there already: what was encrypted for it opens with no other");
    }
    const auto holder = find_holder(relay, options.user_id);
    if (!holder) {
        return holder.error();
    }
    const auto authority = relay.authority();
    if (!authority) {
        return authority.error();
    }
    const auto key_type = options.key_type == "rsa2048" ? auth::KeyType::rsa2048 : auth::KeyType::p256;
    const auto issued = authority->issue(holder->user_id, holder->office, key_type, options.days, now());
    if (!issued) {
        return issued.error();
    }
    NewFiles files(relay.privileges());
    if (auto written = files.write(options.out + ".key", issued->key_pem, key_mode); !written) {
        return written;
    }
    if (auto written = files.write(options.out + ".pem", issued->chain_pem, certificate_mode); !written) {
        return written;
    }
    return enrol_with_files(relay, *issued, holder->user_id, "certificate issue", files);
}

Result<void> sign_certificate(Relay& relay, const CertificateOptions& options) {
    const auto holder = find_holder(relay, options.user_id);
    if (!holder) {
        return holder.error();
    }
    const auto csr = relay.read_file(options.csr);
    if (!csr) {
        return csr.error();
    }
    const auto authority = relay.authority();
    if (!authority) {
        return authority.error();
    }
    const auto issued = authority->sign_request(*csr, holder->user_id, holder->office, options.days, now());
    if (!issued) {
        return issued.error();
    }
    NewFiles files(relay.privileges());
    if (auto written = files.write(options.out, issued->chain_pem, certificate_mode); !written) {
        return written;
    }
    return enrol_with_files(relay, *issued, holder->user_id, "certificate sign", files);
}

Result<void> import_certificate(Relay& relay, const CertificateOptions& options) {
    const auto text = relay.read_file(options.file);
    if (!text) {
        return text.error();
    }
    auto certificate = auth::read_certificate_pem(*text);
    if (!certificate) {
        certificate = auth::read_certificate(protocol::as_bytes(*text));
    }
    if (!certificate) {
        return refuse(options.file + " holds no certificate, neither as PEM nor as DER");
    }
    if (certificate->common_name != options.user_id) {
        return refuse("the certificate's CN is not " + options.user_id);
    }
    if (certificate->not_after < now()) {
        return refuse("the certificate has expired");
    }
    if (!certificate->strong) {
        return refuse("the certificate's key or signature is too weak, or it is not for TLS clients");
    }
    const auto holder = find_holder(relay, options.user_id);
    if (!holder) {
        return holder.error();
    }
    return enrol(relay, *certificate, holder->user_id, "certificate import");
}

} // namespace relay::server::ctl
