#include "agent/kernel/tc_message.h"

#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

namespace faultline {

void TcMessage::Freer::operator()(nl_msg* message) const { nlmsg_free(message); }

TcMessage::TcMessage(int type, int flags, const QdiscPlace& place, const char* kind) {
  constexpr std::size_t kRoom = std::size_t{16} << 10;
  message_.reset(nlmsg_alloc_size(kRoom));
  nlmsg_put(get(), NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, flags);
  tcmsg header{.tcm_family = AF_UNSPEC};
  header.tcm_ifindex = static_cast<int>(place.device);
  header.tcm_handle = place.handle;
  header.tcm_parent = place.parent;
  header.tcm_info = place.info;
  nlmsg_append(get(), &header, sizeof(header), NLMSG_ALIGNTO);
  if (kind != nullptr) nla_put_string(get(), TCA_KIND, kind);
}

}  // namespace faultline
