#include "common/prefix_set.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
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

// The upper half of a prefix that can be halved.
Prefix UpperHalf(const Prefix& whole) { return *Prefix::Containing(whole.Last(), whole.length() + 1); }

// Appends what is left of `whole` without the holes: sorted, each inside it or around it.
void AppendWithout(const Prefix& whole, std::span<const Prefix> holes, std::vector<Prefix>& kept) {
  if (holes.empty()) {
    kept.push_back(whole);
    return;
  }
  if (holes.front().Contains(whole)) return;
  const Prefix upper = UpperHalf(whole);
  const auto border = std::lower_bound(holes.begin(), holes.end(), upper.address(),
                                       [](const Prefix& hole, const IpAddress& at) { return hole.address() < at; });
  const auto below = static_cast<std::size_t>(border - holes.begin());
  AppendWithout(*Prefix::Containing(whole.address(), whole.length() + 1), holes.first(below), kept);
  AppendWithout(upper, holes.subspan(below), kept);
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

PrefixSet PrefixSet::Intersection(const PrefixSet& other) const {
  std::vector<Prefix> both;
  auto a = prefixes().begin();
  auto b = other.prefixes().begin();
  while (a != prefixes().end() && b != other.prefixes().end()) {
    if (a->Contains(*b)) {
      both.push_back(*b++);
    } else if (b->Contains(*a)) {
      both.push_back(*a++);
    } else {
      ++(*a < *b ? a : b);
    }
  }
  return PrefixSet(std::move(both));
}

PrefixSet PrefixSet::Subtract(const PrefixSet& other) const {
  if (empty() || other.empty()) return *this;
  std::vector<Prefix> kept;
  const std::span<const Prefix> all = other.prefixes();
  auto hole = all.begin();
  for (const Prefix& whole : prefixes()) {
    // The first that does not end before this prefix begins.
    while (hole != all.end() && *hole < whole && !hole->Contains(whole)) ++hole;
    auto end = hole;
    while (end != all.end() && (whole.Contains(*end) || end->Contains(whole))) ++end;
    AppendWithout(whole, {hole, end}, kept);
    // One that holds all of this prefix may hold the next, too.
    if (end != hole && whole.Contains(*hole)) hole = end;
  }
  return PrefixSet(std::move(kept));
}

PrefixSet PrefixSet::Complement() const {
  static const PrefixSet& everything =
      *new PrefixSet({Prefix(), *Prefix::Containing(IpAddress(std::array<std::uint8_t, 16>()), 0)});
  return everything.Subtract(*this);
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
