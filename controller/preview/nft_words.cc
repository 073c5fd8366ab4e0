#include "controller/preview/nft_words.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace faultline {
namespace {

std::string ElementText(std::span<const Prefix> touching) {
  const Prefix& first = touching.front();
  if (touching.size() > 1) return absl::StrCat(first.address().ToString(), "-", touching.back().Last().ToString());
  return first.length() == first.address().bits() ? first.address().ToString() : first.ToString();
}

// As the kernel's form of a set of ranges has them: those that touch are one.
std::vector<PortRange> Merged(std::span<const PortRange> ranges) {
  std::vector<PortRange> merged;
  const bool intervals =
      std::any_of(ranges.begin(), ranges.end(), [](const auto& range) { return range.first != range.last; });
  for (const PortRange& range : ranges) {
    if (intervals && !merged.empty() && merged.back().last + 1 == range.first) {
      merged.back().last = range.last;
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

}  // namespace

std::string PrefixElements(std::span<const Prefix> prefixes) {
  std::vector<std::string> elements;
  while (!prefixes.empty()) {
    std::size_t count = 1;
    while (count < prefixes.size() && prefixes[count - 1].Last().Next() == prefixes[count].address()) ++count;
    elements.push_back(ElementText(prefixes.first(count)));
    prefixes = prefixes.subspan(count);
  }
  return absl::StrJoin(elements, ", ");
}

NftWords& NftWords::Word(absl::string_view word) {
  absl::StrAppend(&text_, text_.empty() ? "" : " ", word);
  return *this;
}

NftWords& NftWords::InterfaceInSet(Direction direction, const std::string& set, Sense sense) {
  return Word(absl::StrCat(direction == Direction::kIngress ? "iifname " : "oifname ", Not(sense), "@", set));
}

NftWords& NftWords::InterfaceIn(Direction direction, const std::vector<std::string>& names, Sense sense) {
  const bool one = names.size() == 1;
  return Word(absl::StrCat(direction == Direction::kIngress ? "iifname " : "oifname ", Not(sense), one ? "\"" : "{ \"",
                           absl::StrJoin(names, "\", \""), one ? "\"" : "\" }"));
}

NftWords& NftWords::BeginAddress(End end, Family family) {
  Word(family == Family::kIpv4 ? "ip" : "ip6");
  return Word(end == End::kSource ? "saddr" : "daddr");
}

NftWords& NftWords::AddressInSet(End end, Family family, const std::string& set, Sense sense) {
  return BeginAddress(end, family).Word(absl::StrCat(Not(sense), "@", set));
}

NftWords& NftWords::AddressIn(End end, Family family, std::span<const Prefix> prefixes) {
  return BeginAddress(end, family).Word(absl::StrCat("{ ", PrefixElements(prefixes), " }"));
}

NftWords& NftWords::AddressOutside(End end, const Outline& outline) {
  const Prefix& first = outline.front();
  BeginAddress(end, first.family());
  if (outline.size() == 1) return Word(absl::StrCat("!= ", PrefixElements(outline)));
  const bool whole = first.length() == first.address().bits();
  const auto append = [](std::string* out, const Prefix& prefix) { out->append(prefix.address().ToString()); };
  return Word(absl::StrCat(whole ? "" : "& ", whole ? "" : first.Mask().ToString() + " ", "!= { ",
                           absl::StrJoin(outline, ", ", append), " }"));
}

NftWords& NftWords::AddressIs(End end, const IpAddress& address) {
  return BeginAddress(end, address.family()).Word(address.ToString());
}

NftWords& NftWords::DscpIs(Family family, std::uint8_t value) {
  return Word(absl::StrFormat("%s dscp 0x%02x", family == Family::kIpv4 ? "ip" : "ip6", value));
}

NftWords& NftWords::TransportIn(const TransportSet& set) {
  if (transport_known_) return *this;
  transport_known_ = true;
  if (set.transports.size() == 1) {
    return Word(absl::StrCat("meta l4proto ", Not(set.sense), NameOf(set.transports.front())));
  }
  const auto append = [](std::string* out, Transport transport) { absl::StrAppend(out, NameOf(transport)); };
  return Word(absl::StrCat("meta l4proto ", Not(set.sense), "{ ", absl::StrJoin(set.transports, ", ", append), " }"));
}

NftWords& NftWords::PortIn(const TransportSet& protocols, End end, std::span<const PortRange> ranges) {
  const bool one = protocols.transports.size() == 1;
  if (!one) TransportIn(protocols);
  transport_known_ = true;
  Word(one ? NameOf(protocols.transports.front()) : "th").Word(end == End::kSource ? "sport" : "dport");
  if (ranges.size() == 1) return Word(FormatPortRange(ranges.front()));
  const auto append = [](std::string* out, const PortRange& range) { absl::StrAppend(out, FormatPortRange(range)); };
  return Word(absl::StrCat("{ ", absl::StrJoin(Merged(ranges), ", ", append), " }"));
}

NftWords& NftWords::OpensTcp(bool opens) {
  return Word(opens ? "tcp flags syn / fin,syn,rst,ack" : "tcp flags != syn / fin,syn,rst,ack");
}

NftWords& NftWords::ConnectionIsNew(bool is_new) { return Word(is_new ? "ct state new" : "ct state != new"); }

NftWords& NftWords::Random(Ratio share) {
  return Word(absl::StrCat("numgen random mod ", Ratio::kOne, " < ", share.parts_per_billion()));
}

}  // namespace faultline
