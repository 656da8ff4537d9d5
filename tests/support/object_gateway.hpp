// The S3 store that tests/support/object_store.py started for this test process, as its environment tells.
#pragma once

#include "storage/objects/make_payload_store.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <sys/types.h>

namespace relay::test {

class ObjectGateway final {
public:
    /// `more`: further parameters, beginning with "&".
    [[nodiscard]] std::string url(const std::string& prefix, const std::string& more = {}) const {
        return "s3://" + told("BUCKET") + "/" + prefix + "?endpoint=http://localhost:" + told("PORT") + more;
    }
    [[nodiscard]] std::string tls_url(const std::string& prefix) const {
        return "s3://" + told("BUCKET") + "/" + prefix + "?endpoint=https://localhost:" + told("TLS_PORT");
    }
    [[nodiscard]] std::string url_of_bucket(const std::string& bucket) const {
        return "s3://" + bucket + "?endpoint=http://localhost:" + told("PORT");
    }
    [[nodiscard]] storage::objects::StoreOptions options() const {
        storage::objects::StoreOptions options;
        options.access_key = told("ACCESS_KEY");
        options.secret_key = told("SECRET_KEY");
        return options;
    }
    [[nodiscard]] std::string ca_file() const { return told("CA"); }

    /// `daemon`: mon.a, osd.0 or client.rgw.
    void signal(const std::string& daemon, int number) const {
        pid_t pid = 0;
        std::ifstream(told("RUN") + "/" + daemon + ".pid") >> pid;
        if (pid <= 0 || ::kill(pid, number) != 0) {
            throw std::runtime_error("no process of " + daemon);
        }
    }

private:
    [[nodiscard]] static std::string told(const std::string& name) {
        const char* value = std::getenv(("RELAY_TEST_S3_" + name).c_str());
        if (value == nullptr) {
            throw std::runtime_error("to be run by tests/support/object_store.py");
        }
        return value;
    }
};

[[nodiscard]] inline const ObjectGateway& gateway() {
    static const ObjectGateway one;
    return one;
}

} // namespace relay::test
