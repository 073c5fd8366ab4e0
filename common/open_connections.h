#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace faultline {

// Counts connections that were handed to a library that does not tell when it closes one. The kernel does: each socket
// has a cookie, and no other will ever have that; a descriptor without it is another's by now. Only looks: whatever a
// descriptor may have become is not touched. Not thread-safe.
class OpenConnections {
 public:
  // REQUIRES: `fd` is a socket, and still ours.
  void Add(int fd, const std::string& source);

  // As of the last Refresh: of those some may be closed.
  std::size_t of_all() const { return connections_.size(); }
  std::size_t of(const std::string& source) const;
  // Forgets what is closed. One system call for each.
  void Refresh();

 private:
  struct Connection {
    int fd = -1;
    std::uint64_t cookie = 0;
    std::string source;
  };

  void Forget(const Connection& connection);

  std::vector<Connection> connections_;
  std::unordered_map<std::string, std::size_t> by_source_;
};

}  // namespace faultline
