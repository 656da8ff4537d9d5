// Makes a chosen call of OpenSSL say no, as it would without memory or random numbers. An executable that links
// openssl_faults.cpp needs the linker's --wrap for each function named there (tests/unit/openssl/CMakeLists.txt).
#pragma once

namespace relay::test {

/// While it lives, call number `nth` (from 0) of this thread to one of the wrapped functions fails, and no other.
class OpensslFault {
public:
    explicit OpensslFault(int nth);
    OpensslFault(const OpensslFault&) = delete;
    OpensslFault& operator=(const OpensslFault&) = delete;
    ~OpensslFault();

    /// The function that failed; null: there were fewer calls.
    [[nodiscard]] const char* failed() const;
};

} // namespace relay::test
