#include "protocol/whole_file.hpp"

#include <fstream>
#include <ios>
#include <iterator>

namespace relay::protocol {

std::optional<std::string> read_whole_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return std::nullopt;
    }
    try {
        return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    } catch (const std::ios_base::failure&) { // libstdc++ throws it for a failing read, whatever exceptions() says
        return std::nullopt;
    }
}

} // namespace relay::protocol
