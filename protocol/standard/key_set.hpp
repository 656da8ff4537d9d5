// Finds keys that come twice, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace relay::protocol::standard {

/// Keeps 64 bits of each key, at most `most_keys` of them (16 MiB); later keys are not looked at.
class KeySet {
public:
    static constexpr std::size_t most_keys = std::size_t{1} << 20U;

    /// False when the key is there already.
    [[nodiscard]] bool insert(std::uint64_t key);

private:
    void grow();
    [[nodiscard]] std::uint64_t& slot_of(std::uint64_t key) noexcept;

    std::vector<std::uint64_t> slots_; ///< 0: empty
    std::size_t count_ = 0;
};

/// Goes on with a hash over one more part of a key.
[[nodiscard]] std::uint64_t hash_on(std::uint64_t hash, std::string_view part) noexcept;

} // namespace relay::protocol::standard
