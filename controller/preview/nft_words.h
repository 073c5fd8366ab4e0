#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/packet_filter.h"
#include "common/prefix.h"
#include "common/program/nft_names.h"
#include "common/program/nft_outline.h"
#include "common/program/nft_variants.h"
#include "common/ratio.h"

namespace faultline {

// A rule in nft's words, put together word by word, as NftRuleBuilder (agent/kernel) does it for the kernel:
//   NftWords().AddressInSet(End::kSource, Family::kIpv4, "p0/v4", Sense::kIn).Word("counter drop").text()
class NftWords {
 public:
  const std::string& text() const { return text_; }

  NftWords& Word(absl::string_view word);
  NftWords& InterfaceInSet(Direction direction, const std::string& set, Sense sense);
  NftWords& InterfaceIn(Direction direction, const std::vector<std::string>& names, Sense sense);
  NftWords& AddressInSet(End end, Family family, const std::string& set, Sense sense);
  NftWords& AddressIn(End end, Family family, std::span<const Prefix> prefixes);
  NftWords& AddressOutside(End end, const Outline& outline);
  NftWords& AddressIs(End end, const IpAddress& address);
  NftWords& DscpIs(Family family, std::uint8_t value);
  // REQUIRES: the set is not empty. Said once.
  NftWords& TransportIn(const TransportSet& set);
  // REQUIRES: all of `protocols` have ports.
  NftWords& PortIn(const TransportSet& protocols, End end, std::span<const PortRange> ranges);
  NftWords& OpensTcp(bool opens);
  NftWords& ConnectionIsNew(bool is_new);
  NftWords& Random(Ratio share);

 private:
  NftWords& BeginAddress(End end, Family family);

  std::string text_;
  bool transport_known_ = false;
};

// Prefixes of one family as the elements of a set, those that touch as one range: "10.9.0.0-10.9.1.127, 172.32.0.0/16".
std::string PrefixElements(std::span<const Prefix> prefixes);

}  // namespace faultline
