#pragma once

#include <linux/netfilter/nfnetlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <cstdint>
#include <cstring>
#include <span>

#include "agent/kernel/nft_object.h"

namespace faultline {

// A request for all there is of one kind of thing.
class NlDump {
 public:
  template <typename Header>
  NlDump(std::uint16_t type, const Header& header) {
    nlmsghdr* message = mnl_nlmsg_put_header(bytes_);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    std::memcpy(mnl_nlmsg_put_extra_header(message, sizeof(header)), &header, sizeof(header));
  }

  // Of nf_tables: NFT_MSG_GETTABLE and the like, of every family.
  static NlDump Nft(std::uint16_t type) {
    return NlDump(static_cast<std::uint16_t>((NFNL_SUBSYS_NFTABLES << 8) | type),
                  nfgenmsg{.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0});
  }
  // Devices, without what they have counted.
  static NlDump Devices() {
    NlDump dump(RTM_GETLINK, ifinfomsg{.ifi_family = AF_UNSPEC});
    mnl_attr_put_u32(dump.message(), IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return dump;
  }
  // RTM_GETQDISC: of every device and place. RTM_GETTFILTER: of one.
  static NlDump Traffic(std::uint16_t type, std::uint32_t device = 0, std::uint32_t parent = 0) {
    tcmsg header{.tcm_family = AF_UNSPEC};
    header.tcm_ifindex = static_cast<int>(device);
    header.tcm_parent = parent;
    return NlDump(type, header);
  }

  // The request under its number; lives as long as this.
  std::span<const std::uint8_t> Numbered(std::uint32_t sequence) {
    message()->nlmsg_seq = sequence;
    return {bytes_, message()->nlmsg_len};
  }

 private:
  nlmsghdr* message() { return reinterpret_cast<nlmsghdr*>(bytes_); }

  alignas(nlmsghdr) std::uint8_t bytes_[128] = {};
};

}  // namespace faultline
