#include "common/prefix_set.h"

#include <algorithm>
#include <iterator>
#include <utility>

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

const std::shared_ptr<const std::vector<Prefix>>& PrefixSet::None() {
  static const auto& none = *new auto(std::make_shared<const std::vector<Prefix>>());
  return none;
}

PrefixSet::PrefixSet(std::vector<Prefix> prefixes) {
  if (!std::is_sorted(prefixes.begin(), prefixes.end())) std::sort(prefixes.begin(), prefixes.end());
  // A stack: by the order, whatever can contain or complete a prefix is on its top.
  std::vector<Prefix> kept;
  for (Prefix next : prefixes) {
    if (!kept.empty() && kept.back().Contains(next)) continue;
    Prefix merged;
    while (!kept.empty() && Merge(kept.back(), next, merged)) {
      kept.pop_back();
      next = merged;
    }
    kept.push_back(next);
  }
  if (!kept.empty()) prefixes_ = std::make_shared<const std::vector<Prefix>>(std::move(kept));
}

bool PrefixSet::HasFamily(Family family) const {
  return family == Family::kIpv4 ? !empty() && prefixes().front().family() == family
                                 : !empty() && prefixes().back().family() == family;
}

bool PrefixSet::Contains(const IpAddress& address) const {
  const auto after = std::upper_bound(prefixes().begin(), prefixes().end(), Prefix(address));
  return after != prefixes().begin() && std::prev(after)->Contains(address);
}

bool PrefixSet::Overlaps(const PrefixSet& other) const {
  if (other.prefixes().size() < prefixes().size()) return other.Overlaps(*this);
  const auto touches = [&other](const Prefix& prefix) {
    if (other.Contains(prefix.address())) return true;
    const auto next = std::lower_bound(other.prefixes().begin(), other.prefixes().end(), prefix);
    return next != other.prefixes().end() && prefix.Contains(*next);
  };
  return std::any_of(prefixes().begin(), prefixes().end(), touches);
}

PrefixSet PrefixSet::Union(const PrefixSet& other) const {
  std::vector<Prefix> all;
  all.reserve(prefixes().size() + other.prefixes().size());
  std::merge(prefixes().begin(), prefixes().end(), other.prefixes().begin(), other.prefixes().end(),
             std::back_inserter(all));
  return PrefixSet(std::move(all));
}

std::string PrefixSet::ToString(std::size_t most) const {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, prefixes().size()); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", prefixes()[i].ToString());
  }
  if (prefixes().size() > most) absl::StrAppend(&text, " and ", prefixes().size() - most, " more");
  return text;
}

}  // namespace faultline
