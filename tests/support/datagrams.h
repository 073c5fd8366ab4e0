#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "common/unique_fd.h"

namespace faultline::testing {

// A Unix datagram socket that a service manager or a journal could have. The path's first character '@' makes the name
// abstract.
class Datagrams {
 public:
  explicit Datagrams(const std::string& path) : path_(path), socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    bound_ = bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0;
  }
  ~Datagrams() {
    if (bound_ && path_[0] != '@') unlink(path_.c_str());
  }
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;

  bool bound() const { return bound_; }
  // The next, waiting for it.
  std::string Next() const {
    std::string text(1 << 18, '\0');
    const ssize_t size = recv(socket_.get(), text.data(), text.size(), 0);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }
  // Whether none is there now.
  bool empty() const {
    char byte = 0;
    return recv(socket_.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0;
  }

 private:
  const std::string path_;
  const UniqueFd socket_;
  bool bound_ = false;
};

}  // namespace faultline::testing
