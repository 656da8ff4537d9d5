// Rows of accounts, and the changes that sign-in and relayctl share. Inside a transaction of the caller.
#pragma once

#include "storage/account_store.hpp"

#include <pqxx/pqxx>

#include <cstdint>

namespace relay::storage::postgres {

[[nodiscard]] OfficeRow read_office(const pqxx::row& row);
[[nodiscard]] UserRow read_user(const pqxx::row& row);
[[nodiscard]] CertificateRow read_certificate(const pqxx::row& row);
[[nodiscard]] LicenceRow read_licence(const pqxx::row& row);
[[nodiscard]] SessionRow read_session(const pqxx::row& row);

/// The version for the rows of this change, with its notification. Once a transaction, after other locks were taken.
[[nodiscard]] std::int64_t take_next_version(pqxx::work& transaction);

/// Registers the certificate at `at` with certificate_registered. False: registered before, and nothing is written.
bool insert_certificate(
    pqxx::work& transaction,
    const CertificateRow& row,
    const Bytes& der,
    Time at,
    const protocol::DeliveryEvent& event,
    std::int64_t version
);

/// Content octets of the serial number in a certificate's DER; empty when it is none.
[[nodiscard]] Bytes serial_of(const Bytes& der);

} // namespace relay::storage::postgres
