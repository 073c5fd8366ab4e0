#include "agent/local_socket.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstring>

namespace faultline {
namespace {

constexpr timeval kPatience = {.tv_sec = 2, .tv_usec = 0};
constexpr std::size_t kMost = std::size_t{1} << 20;

}  // namespace

sockaddr_un LocalSocketAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

void SetLocalPatience(int socket) {
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
}

std::string ReadLocal(int socket, Until until) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.size() < kMost) {
    const ssize_t size = recv(socket, buffer.data(), buffer.size(), 0);
    if (size <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    if (until == Until::kLine && text.back() == '\n') break;
  }
  return text;
}

}  // namespace faultline
