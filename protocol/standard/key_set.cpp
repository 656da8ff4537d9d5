#include "protocol/standard/key_set.hpp"

#include <utility>

namespace relay::protocol::standard {

std::uint64_t& KeySet::slot_of(std::uint64_t key) noexcept {
    const auto mask = slots_.size() - 1;
    std::size_t at = (key ^ key >> 29U) & mask;
    while (slots_[at] != 0 && slots_[at] != key) {
        at = (at + 1) & mask;
    }
    return slots_[at];
}

bool KeySet::insert(std::uint64_t key) {
    if (count_ == most_keys) {
        return true;
    }
    if (count_ * 2 >= slots_.size()) {
        grow();
    }
    key |= key == 0 ? 1U : 0U;
    auto& slot = slot_of(key);
    if (slot == key) {
        return false;
    }
    slot = key;
    ++count_;
    return true;
}

void KeySet::grow() {
    constexpr std::size_t first_slots = 256;
    auto before = std::exchange(slots_, {});
    slots_.resize(before.empty() ? first_slots : before.size() * 2);
    for (const auto key : before) {
        if (key != 0) {
            slot_of(key) = key;
        }
    }
}

std::uint64_t hash_on(std::uint64_t hash, std::string_view part) noexcept {
    constexpr std::uint64_t prime = 0x100000001B3; // FNV-1a, then a finisher that mixes all bits
    hash ^= 0xCBF29CE484222325;
    for (const char c : part) {
        hash = (hash ^ static_cast<unsigned char>(c)) * prime;
    }
    hash = (hash ^ 0xFFU) * prime;
    hash = (hash ^ hash >> 30U) * 0xBF58476D1CE4E5B9;
    return hash ^ hash >> 31U;
}

} // namespace relay::protocol::standard
