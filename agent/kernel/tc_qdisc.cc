#include "agent/kernel/tc_qdisc.h"

#include <linux/gen_stats.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include "common/status.h"

namespace faultline {
namespace {

template <typename T>
T ValueOf(const nlattr* attribute) {
  // An older kernel's struct may be shorter.
  T value{};
  if (attribute != nullptr) {
    std::memcpy(&value, nla_data(attribute), std::min<std::size_t>(sizeof(value), nla_len(attribute)));
  }
  return value;
}

void ReadStatistics(nlattr* nest, Qdisc& qdisc) {
  std::array<nlattr*, TCA_STATS_MAX + 1> found{};
  if (nest == nullptr || nla_parse_nested(found.data(), TCA_STATS_MAX, nest, nullptr) < 0) return;
  const auto basic = ValueOf<gnet_stats_basic>(found[TCA_STATS_BASIC]);
  const auto queue = ValueOf<gnet_stats_queue>(found[TCA_STATS_QUEUE]);
  qdisc.bytes = basic.bytes;
  // Given from 2^32 packets on.
  const nlattr* packets64 = found[TCA_STATS_PKT64];
  qdisc.packets = packets64 != nullptr ? ValueOf<std::uint64_t>(packets64) : basic.packets;
  qdisc.dropped = queue.drops;
  qdisc.waiting = queue.qlen;
}

struct Listing {
  // Absent: of all.
  std::optional<std::uint32_t> device;
  std::vector<Qdisc> qdiscs;
};

int AddQdisc(nl_msg* message, void* argument) {
  auto& listing = *static_cast<Listing*>(argument);
  nlmsghdr* header = nlmsg_hdr(message);
  std::array<nlattr*, TCA_MAX + 1> found{};
  if (header->nlmsg_type != RTM_NEWQDISC) return NL_SKIP;
  if (nlmsg_parse(header, sizeof(tcmsg), found.data(), TCA_MAX, nullptr) < 0) return NL_SKIP;
  const auto* place = static_cast<const tcmsg*>(nlmsg_data(header));
  const auto device = static_cast<std::uint32_t>(place->tcm_ifindex);
  if (found[TCA_KIND] == nullptr || (listing.device && device != *listing.device)) return NL_SKIP;
  Qdisc qdisc{.device = device,
              .handle = place->tcm_handle,
              .parent = place->tcm_parent,
              .kind = nla_get_string(found[TCA_KIND])};
  if (const nlattr* options = found[TCA_OPTIONS]; options != nullptr) {
    qdisc.options.assign(static_cast<const char*>(nla_data(options)), nla_len(options));
  }
  ReadStatistics(found[TCA_STATS2], qdisc);
  listing.qdiscs.push_back(std::move(qdisc));
  return NL_OK;
}

int Dump(RtSocket& socket, Listing& listing) {
  const std::unique_ptr<nl_cb, decltype(&nl_cb_put)> callbacks(nl_cb_alloc(NL_CB_DEFAULT), &nl_cb_put);
  nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, AddQdisc, &listing);
  tcmsg request{.tcm_family = AF_UNSPEC};
  request.tcm_ifindex = static_cast<int>(listing.device.value_or(0));
  const int sent = nl_send_simple(socket.get(), RTM_GETQDISC, NLM_F_DUMP, &request, sizeof(request));
  return sent < 0 ? sent : nl_recvmsgs(socket.get(), callbacks.get());
}

absl::StatusOr<std::vector<Qdisc>> List(RtSocket& socket, std::optional<std::uint32_t> device) {
  // Other programs' changes may interrupt a listing; then it is read again.
  constexpr int kTries = 10;
  int error = -NLE_DUMP_INTR;
  for (int i = 0; i < kTries && error == -NLE_DUMP_INTR; ++i) {
    Listing listing{.device = device};
    error = Dump(socket, listing);
    if (error >= 0) return std::move(listing.qdiscs);
  }
  return NlError(error, "list qdiscs");
}

}  // namespace

absl::Status Send(RtSocket& socket, const TcMessage& message, const std::string& operation) {
  int error = nl_send_auto(socket.get(), message.get());
  if (error >= 0) error = nl_wait_for_ack(socket.get());
  return error < 0 ? NlError(error, operation) : absl::OkStatus();
}

absl::Status SendBoth(RtSocket& socket, const TcMessage& first, const TcMessage& second, const std::string& operation) {
  std::string datagram;
  for (const TcMessage* message : {&first, &second}) {
    nl_complete_msg(socket.get(), message->get());
    const nlmsghdr* header = nlmsg_hdr(message->get());
    datagram.append(reinterpret_cast<const char*>(header), header->nlmsg_len);
    datagram.resize(NLMSG_ALIGN(datagram.size()));
  }
  const int sent = nl_sendto(socket.get(), datagram.data(), datagram.size());
  if (sent < 0) return NlError(sent, operation);
  const int errors[] = {nl_wait_for_ack(socket.get()), nl_wait_for_ack(socket.get())};
  for (const int error : errors) {
    if (error < 0) return NlError(error, operation);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Qdisc>> ListQdiscs(RtSocket& socket, std::uint32_t device) { return List(socket, device); }

absl::StatusOr<std::vector<Qdisc>> ListAllQdiscs(RtSocket& socket) { return List(socket, std::nullopt); }

}  // namespace faultline
