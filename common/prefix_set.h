#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/prefix.h"

namespace faultline {

// A set of addresses, held as the fewest prefixes: sorted, none inside another, neighbours that form a larger prefix
// merged (the kernel refuses overlaps). Two sets of the same addresses are equal. A value.
class PrefixSet {
 public:
  PrefixSet() = default;
  explicit PrefixSet(std::vector<Prefix> prefixes);
  PrefixSet(std::initializer_list<Prefix> prefixes) : PrefixSet(std::vector<Prefix>(prefixes)) {}

  // IPv4 first, each family by address.
  const std::vector<Prefix>& prefixes() const { return prefixes_; }
  bool empty() const { return prefixes_.empty(); }
  bool HasFamily(Family family) const;
  // O(log n).
  bool Contains(const IpAddress& address) const;
  // Whether any address is in both. O(n log m).
  bool Overlaps(const PrefixSet& other) const;
  PrefixSet Union(const PrefixSet& other) const;
  // "172.32.0.0/16, fd20::/48", cut after `most` prefixes ("and 9997 more").
  std::string ToString(std::size_t most = 8) const;

  friend bool operator==(const PrefixSet&, const PrefixSet&) = default;
  friend auto operator<=>(const PrefixSet&, const PrefixSet&) = default;

 private:
  std::vector<Prefix> prefixes_;
};

}  // namespace faultline
