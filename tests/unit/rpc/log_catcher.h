#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/log/log.h"
#include "common/unique_fd.h"

namespace faultline {

// Takes what is logged while it lives, as systemd's journal would.
class LogCatcher {
 public:
  LogCatcher() : folder_(MakeFolder()), socket_(Bind(Path())), writer_({.journal = Path()}) {}
  ~LogCatcher() { std::filesystem::remove_all(folder_); }
  LogCatcher(const LogCatcher&) = delete;
  LogCatcher& operator=(const LogCatcher&) = delete;

  // Waits, for 20 s at most, until something with this text is logged. What came before it is forgotten.
  bool Await(const std::string& text) {
    const MonotonicTime until = SystemClock().Now() + std::chrono::seconds(20);
    std::vector<char> buffer(1 << 16);
    while (SystemClock().Now() < until) {
      const ssize_t size = recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (size > 0 && std::string(buffer.data(), static_cast<std::size_t>(size)).find(text) != std::string::npos) {
        return true;
      }
    }
    return false;
  }

 private:
  static std::string MakeFolder() {
    std::string folder = ::testing::TempDir() + "/faultline-log-XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    return folder;
  }

  static UniqueFd Bind(const std::string& path) {
    UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof(address.sun_path), "%s", path.c_str());
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    const timeval patience{.tv_sec = 1, .tv_usec = 0};
    EXPECT_EQ(setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    return fd;
  }

  std::string Path() const { return folder_ + "/journal"; }

  const std::string folder_;
  const UniqueFd socket_;
  LogWriter writer_;
};

}  // namespace faultline
