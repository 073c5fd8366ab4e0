#include "common/prefix_set.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

// The two halves of one larger prefix become it.
bool Merge(const Prefix& low, const Prefix& high, Prefix& merged) {
  if (low.family() != high.family() || low.length() != high.length() || low.length() == 0) return false;
  merged = *Prefix::Containing(low.address(), low.length() - 1);
  return merged.address() == low.address() && merged.Contains(high);
}

}  // namespace

PrefixSet::PrefixSet(std::vector<Prefix> prefixes) {
  std::sort(prefixes.begin(), prefixes.end());
  // A stack: by the order, whatever can contain or complete a prefix is on its top.
  for (Prefix next : prefixes) {
    if (!prefixes_.empty() && prefixes_.back().Contains(next)) continue;
    Prefix merged;
    while (!prefixes_.empty() && Merge(prefixes_.back(), next, merged)) {
      prefixes_.pop_back();
      next = merged;
    }
    prefixes_.push_back(next);
  }
}

bool PrefixSet::HasFamily(Family family) const {
  return family == Family::kIpv4 ? !empty() && prefixes_.front().family() == family
                                 : !empty() && prefixes_.back().family() == family;
}

bool PrefixSet::Contains(const IpAddress& address) const {
  const auto after = std::upper_bound(prefixes_.begin(), prefixes_.end(), Prefix(address));
  return after != prefixes_.begin() && std::prev(after)->Contains(address);
}

bool PrefixSet::Overlaps(const PrefixSet& other) const {
  const auto touches = [&other](const Prefix& prefix) {
    if (other.Contains(prefix.address())) return true;
    const auto next = std::lower_bound(other.prefixes_.begin(), other.prefixes_.end(), prefix);
    return next != other.prefixes_.end() && prefix.Contains(*next);
  };
  return std::any_of(prefixes_.begin(), prefixes_.end(), touches);
}

PrefixSet PrefixSet::Union(const PrefixSet& other) const {
  std::vector<Prefix> all = prefixes_;
  all.insert(all.end(), other.prefixes_.begin(), other.prefixes_.end());
  return PrefixSet(std::move(all));
}

std::string PrefixSet::ToString(std::size_t most) const {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, prefixes_.size()); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", prefixes_[i].ToString());
  }
  if (prefixes_.size() > most) absl::StrAppend(&text, " and ", prefixes_.size() - most, " more");
  return text;
}

}  // namespace faultline
