#pragma once

#include <sys/un.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace faultline {

// What both ends of the agent's own socket do with it.

// REQUIRES: the path is of LocalSocketPath.
sockaddr_un LocalSocketAddress(const std::string& path);

// A peer that says nothing for so long is given up, and one that takes nothing for two seconds.
void SetLocalPatience(int socket, std::chrono::milliseconds silence = std::chrono::seconds(2));

enum class Until : std::uint8_t { kLine, kEnd };
// What the peer says, up to its first line's end or the end of the connection: at most 1 MiB, and none of what comes
// after a silence.
std::string ReadLocal(int socket, Until until);

}  // namespace faultline
