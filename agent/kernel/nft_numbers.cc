#include "agent/kernel/nft_numbers.h"

#include "agent/kernel/nft_object.h"

namespace faultline {

std::uint16_t NumberOf(NftFamily family) { return family == NftFamily::kNetdev ? NFPROTO_NETDEV : NFPROTO_INET; }

std::uint32_t NumberOf(Hook hook) {
  switch (hook) {
    case Hook::kIngress:
      return NF_NETDEV_INGRESS;
    case Hook::kEgress:
      return NF_NETDEV_EGRESS;
    case Hook::kPrerouting:
      return NF_INET_PRE_ROUTING;
    case Hook::kForward:
      return NF_INET_FORWARD;
    case Hook::kOutput:
      return NF_INET_LOCAL_OUT;
    case Hook::kPostrouting:
      return NF_INET_POST_ROUTING;
  }
  return NF_INET_NUMHOOKS;
}

}  // namespace faultline
