#include "agent/kernel/nft_family.h"

#include <linux/netfilter.h>

#include "absl/strings/str_cat.h"

namespace faultline {

std::string NftFamilyName(std::uint8_t family) {
  switch (family) {
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_IPV6:
      return "ip6";
    case NFPROTO_ARP:
      return "arp";
    case NFPROTO_BRIDGE:
      return "bridge";
    case NFPROTO_NETDEV:
      return "netdev";
    default:
      return absl::StrCat("of family ", family);
  }
}

}  // namespace faultline
