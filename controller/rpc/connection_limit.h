#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "common/clock.h"
#include "common/token_bucket.h"
#include "controller/connection_settings.h"

namespace faultline {

// How many connections a port takes. A source is an IPv4 address, or an IPv6 /64, as one host has all of that.
struct ConnectionLimits {
  // At once, and per second in the long run.
  std::uint64_t burst_of_one = 256;
  std::uint64_t per_second_of_one = 50;
  std::uint64_t burst_of_all = 1024;
  std::uint64_t per_second_of_all = 200;
  // Open at the same time. The second half of a port can be had by no single source.
  std::size_t open_of_one = 4096;
  std::size_t open_of_all = 8192;

  // As set, but with no more open ones than the process may have descriptors for, and some to spare. Where more may
  // come in a second than by default, five seconds' worth may come at once.
  static ConnectionLimits ForThisProcess(const ConnectionSettings& settings = {});
};

// Tells how fast connections may come, by their sources. Pure; not thread-safe; `now` must not go back.
class ConnectionLimit {
 public:
  explicit ConnectionLimit(const ConnectionLimits& limits);

  // Whether a connection may be taken at all now; until then whoever comes waits.
  bool Ready(MonotonicTime now);
  // Whether one of this source may stay; only what stays counts. REQUIRES: Ready since the last that stayed.
  bool Admit(const std::string& source, MonotonicTime now);

  // How many sources are remembered. Bounded by how many connections may come: who did not come lately is forgotten.
  std::size_t sources() const { return sources_.size(); }

 private:
  const ConnectionLimits limits_;
  TokenBucket all_;
  // Whether all_ has given what nobody had yet.
  bool ready_ = false;
  absl::flat_hash_map<std::string, TokenBucket> sources_;
  // With so many it is time to forget some.
  std::size_t crowd_;
};

}  // namespace faultline
