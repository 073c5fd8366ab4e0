#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/prefix.h"

namespace faultline {

// A set of addresses, held as the fewest prefixes: sorted, none inside another, neighbours that form a larger prefix
// merged (the kernel refuses overlaps). Two sets of the same addresses are equal. A value; copies share the prefixes,
// so that a set of 100 000 of them costs nothing to hand to 1000 timelines.
class PrefixSet {
 public:
  PrefixSet() = default;
  explicit PrefixSet(std::vector<Prefix> prefixes);
  PrefixSet(std::initializer_list<Prefix> prefixes) : PrefixSet(std::vector<Prefix>(prefixes)) {}
  // Copied where others would be moved from, so that no set is ever without its (shared) prefixes.
  PrefixSet(const PrefixSet&) = default;
  PrefixSet& operator=(const PrefixSet&) = default;

  // IPv4 first, each family by address.
  const std::vector<Prefix>& prefixes() const { return *prefixes_; }
  bool empty() const { return prefixes_->empty(); }
  bool HasFamily(Family family) const;
  // O(log n).
  bool Contains(const IpAddress& address) const;
  // Whether any address is in both. O(n log m) for the smaller n.
  bool Overlaps(const PrefixSet& other) const;
  // Of n and m prefixes, O(n + m) where they do not touch.
  PrefixSet Union(const PrefixSet& other) const;
  // What is in both. O(n + m).
  PrefixSet Intersection(const PrefixSet& other) const;
  // What is not in `other`. O(n + m log m); each prefix of `other` leaves at most as many pieces as it has bits.
  PrefixSet Subtract(const PrefixSet& other) const;
  // Every address of both families that is not in this.
  PrefixSet Complement() const;
  // "172.32.0.0/16, fd20::/48", cut after `most` prefixes ("and 9997 more").
  std::string ToString(std::size_t most = 8) const;

  friend bool operator==(const PrefixSet& a, const PrefixSet& b) {
    return a.prefixes_ == b.prefixes_ || a.prefixes() == b.prefixes();
  }
  friend std::strong_ordering operator<=>(const PrefixSet& a, const PrefixSet& b) {
    return a.prefixes_ == b.prefixes_ ? std::strong_ordering::equal : a.prefixes() <=> b.prefixes();
  }

 private:
  static const std::shared_ptr<const std::vector<Prefix>>& None();

  // Never null.
  std::shared_ptr<const std::vector<Prefix>> prefixes_ = None();
};

}  // namespace faultline
