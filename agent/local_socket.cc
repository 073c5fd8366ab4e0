#include "agent/local_socket.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstring>

namespace faultline {
namespace {

constexpr std::size_t kMost = std::size_t{1} << 20;
constexpr std::chrono::milliseconds kSendPatience(2000);

void SetTimeout(int socket, int option, std::chrono::milliseconds timeout) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(timeout);
  const timeval time = {.tv_sec = whole.count(),
                        .tv_usec = std::chrono::duration_cast<std::chrono::microseconds>(timeout - whole).count()};
  setsockopt(socket, SOL_SOCKET, option, &time, sizeof(time));
}

}  // namespace

sockaddr_un LocalSocketAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

void SetLocalPatience(int socket, std::chrono::milliseconds silence) {
  SetTimeout(socket, SO_RCVTIMEO, silence);
  SetTimeout(socket, SO_SNDTIMEO, kSendPatience);
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
