// relayctl certificate: list and revoke, and the group's command line.
#include "server/ctl/certificate.hpp"

#include "auth/authority_files.hpp"
#include "protocol/digest.hpp"
#include "server/config_values.hpp"
#include "server/ctl/commands.hpp"

#include <memory>
#include <system_error>

namespace relay::server::ctl {

using nlohmann::ordered_json;

namespace {

ordered_json facts_of(const storage::CertificateFacts& facts) {
    ordered_json out;
    out["user_id"] = facts.row.user_id.str();
    out["sha256"] = facts.row.sha256.hex();
    out["not_before"] = protocol::to_rfc3339(facts.row.not_before);
    out["not_after"] = protocol::to_rfc3339(facts.row.not_after);
    out["registered_at"] = protocol::to_rfc3339(facts.row.registered_at);
    out["revoked_at"] = nullptr;
    out["reason"] = nullptr;
    if (facts.row.revoked_at) {
        out["revoked_at"] = protocol::to_rfc3339(*facts.row.revoked_at);
        out["reason"] = facts.reason;
    }
    return out;
}

CLI::Validator is_duration() {
    return CLI::Validator(
        [](std::string& text) {
            return parse_duration(text) ? std::string() : "'" + text + "' is not a duration such as 90d";
        },
        ""
    );
}

} // namespace

bool has_authority(const Relay& relay) {
    std::error_code none;
    const auto& directory = relay.config().ca.directory;
    return !directory.empty() && std::filesystem::exists(directory / "ca.pem", none);
}

Result<void> write_crl(Relay& relay) {
    const auto authority = relay.authority();
    if (!authority) {
        return authority.error();
    }
    // From before the list is read: else a CRL without the latest revocation could take the place of one with it.
    const auto lock = auth::FolderLock::take(relay.config().ca.directory);
    if (!lock) {
        return lock.error();
    }
    const auto revoked = ask(relay, [](auto& accounts) { return accounts.list_revoked(); });
    if (!revoked) {
        return revoked.error();
    }
    std::vector<auth::RevokedEntry> entries;
    for (const auto& facts : *revoked) {
        const auto certificate = auth::read_certificate(facts.der);
        if (certificate && authority->issued(*certificate)) {
            entries.push_back({certificate->serial, *facts.row.revoked_at, facts.reason});
        }
    }
    return authority->write_crl(entries, now());
}

Result<void> list_certificates(Relay& relay, const CertificateOptions& options) {
    std::optional<protocol::Time> before;
    if (!options.expiring.empty()) {
        before = now() + *parse_duration(options.expiring);
    }
    const auto find = [&](auto& accounts) { return accounts.list_certificates(before); };
    return list_found(relay, options.json, find, facts_of);
}

Result<void> revoke_certificate(Relay& relay, const CertificateOptions& options) {
    const auto revoked = ask(relay, [&](auto& accounts) {
        return accounts.revoke_certificate(*protocol::Digest::from_hex(options.sha256), options.reason);
    });
    if (!revoked) {
        return revoked.error();
    }
    say(*revoked ? "revoked" : "was revoked already");
    return has_authority(relay) ? write_crl(relay) : Result<void>();
}

void add_certificate(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<CertificateOptions>();
    auto* group = add_group(app, "certificate", "Client certificates");
    const auto add_holder = [&](CLI::App& command) {
        command.add_option("id", options->user_id, "User ID")->required()->check(is_user_id());
    };
    const auto add_days = [&](CLI::App& command) {
        command.add_option("--days", options->days, "Days of validity")
            ->capture_default_str()
            ->check(CLI::Range(1, 3650));
    };

    auto* command = add_command(
        *group,
        commands,
        options,
        "issue",
        "Make a key and a certificate of our own CA, and register it",
        &issue_certificate
    );
    add_holder(*command);
    command
        ->add_option(
            "--out",
            options->out,
            "Writes PREFIX.key (0600; none may be there) and PREFIX.pem (certificate, then chain)"
        )
        ->required()
        ->type_name("PREFIX");
    command->add_option("--key-type", options->key_type, "p256 or rsa2048")
        ->capture_default_str()
        ->check(CLI::IsMember({"p256", "rsa2048"}));
    add_days(*command);

    command = add_command(
        *group, commands, options, "sign", "Sign a PKCS #10 request with our own CA, and register it", &sign_certificate
    );
    add_holder(*command);
    command->add_option("--csr", options->csr, "The request, PEM")->required()->type_name("FILE");
    command->add_option("--out", options->out, "Writes the certificate, then the chain")->required()->type_name("FILE");
    add_days(*command);

    command = add_command(*group, commands, options, "import", "Register a certificate of any CA", &import_certificate);
    add_holder(*command);
    command->add_option("file", options->file, "The certificate, PEM or DER")->required()->type_name("FILE");

    command = add_command(*group, commands, options, "list", "Registered certificates", &list_certificates);
    command->add_option("--expiring", options->expiring, "Only valid ones that end within this time, e.g. 90d")
        ->check(is_duration());
    add_json_flag(*command, options->json);

    command = add_command(
        *group, commands, options, "revoke", "Revoke for good; also writes the CRL of our own CA", &revoke_certificate
    );
    command->add_option("sha256", options->sha256, "SHA-256 of the certificate")->required()->check(is_digest());
    command->add_option("--reason", options->reason, "Why; a word of RFC 5280 (keyCompromise, …) stands in the CRL too")
        ->capture_default_str();
}

} // namespace relay::server::ctl
