#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/prefix.h"
#include "common/program/program.h"

namespace faultline {

// The DNS servers that this node asks, as its configuration has them now.

// More than any resolver asks; what a file names beyond is passed over.
inline constexpr std::size_t kMostResolvers = 8;

// Of a resolv.conf(5): its name servers in order, each once, but for those on loopback, which no fault touches. Lines
// that make no sense are passed over, as resolvers do.
std::vector<IpAddress> ParseResolvConf(absl::string_view text);

// By /etc/resolv.conf and, where that only names a resolver on this node, systemd-resolved's own. None when neither can
// be read.
std::vector<IpAddress> SystemResolvers();

// The same as they were last known: a file that cannot be read, or is being written, takes no server away. Not
// thread-safe.
class KnownResolvers {
 public:
  // Those of now; none when that is not known.
  using Find = std::function<std::vector<IpAddress>()>;

  explicit KnownResolvers(Find find = SystemResolvers) : find_(std::move(find)) {}

  const std::vector<IpAddress>& Now() {
    std::vector<IpAddress> found = find_();
    if (!found.empty()) known_ = std::move(found);
    return known_;
  }

 private:
  const Find find_;
  std::vector<IpAddress> known_;
};

// Where they are asked: port 53, and 853 over TLS.
std::vector<ProtectedEndpoint> DnsEndpoints(const std::vector<IpAddress>& servers);

}  // namespace faultline
