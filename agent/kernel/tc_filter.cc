#include "agent/kernel/tc_filter.h"

#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <linux/tc_act/tc_skbedit.h>
#include <linux/tc_ematch/tc_em_meta.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <array>
#include <memory>
#include <utility>

namespace faultline {
namespace {

int AddFilter(nl_msg* message, void* argument) {
  auto& filters = *static_cast<std::vector<TcFilter>*>(argument);
  nlmsghdr* header = nlmsg_hdr(message);
  std::array<nlattr*, TCA_MAX + 1> found{};
  if (header->nlmsg_type != RTM_NEWTFILTER) return NL_SKIP;
  if (nlmsg_parse(header, sizeof(tcmsg), found.data(), TCA_MAX, nullptr) < 0) return NL_SKIP;
  if (found[TCA_KIND] == nullptr) return NL_SKIP;
  const auto* place = static_cast<const tcmsg*>(nlmsg_data(header));
  filters.push_back({.handle = place->tcm_handle,
                     .preference = static_cast<std::uint16_t>(TC_H_MAJ(place->tcm_info) >> 16),
                     .kind = nla_get_string(found[TCA_KIND])});
  return NL_OK;
}

int Dump(RtSocket& socket, const tcmsg& request, std::vector<TcFilter>& filters) {
  const std::unique_ptr<nl_cb, decltype(&nl_cb_put)> callbacks(nl_cb_alloc(NL_CB_DEFAULT), &nl_cb_put);
  nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, AddFilter, &filters);
  tcmsg header = request;
  const int sent = nl_send_simple(socket.get(), RTM_GETTFILTER, NLM_F_DUMP, &header, sizeof(header));
  return sent < 0 ? sent : nl_recvmsgs(socket.get(), callbacks.get());
}

// A match of em_meta, whole: libnl would put a flag on its number, which the kernel does not take (net/sched/ematch.c,
// tcf_em_tree_validate).
struct PriorityMatch {
  tcf_ematch_hdr header{};
  nlattr meta_header{.nla_len = sizeof(nlattr) + sizeof(tcf_meta_hdr), .nla_type = TCA_EM_META_HDR};
  tcf_meta_hdr meta{};
  nlattr value_header{.nla_len = sizeof(nlattr) + sizeof(std::uint32_t), .nla_type = TCA_EM_META_RVALUE};
  std::uint32_t value = 0;
};
static_assert(sizeof(PriorityMatch) == 8 + 4 + 8 + 4 + 4);

constexpr std::uint16_t NumberOf(unsigned id) { return static_cast<std::uint16_t>((TCF_META_TYPE_INT << 12) | id); }

void PutMatch(nl_msg* message, std::uint32_t priority) {
  PriorityMatch match{.value = priority};
  match.header.kind = TCF_EM_META;
  match.meta.left.kind = NumberOf(TCF_META_ID_PRIORITY);
  match.meta.left.op = TCF_EM_OPND_EQ;
  match.meta.right.kind = NumberOf(TCF_META_ID_VALUE);
  const tcf_ematch_tree_hdr header{.nmatches = 1, .progid = 0};
  nlattr* tree = nla_nest_start(message, TCA_BASIC_EMATCHES);
  nla_put(message, TCA_EMATCH_TREE_HDR, sizeof(header), &header);
  nlattr* list = nla_nest_start(message, TCA_EMATCH_TREE_LIST);
  nla_put(message, 1, sizeof(match), &match);
  nla_nest_end(message, list);
  nla_nest_end(message, tree);
}

// The action of this number in order.
template <typename PutOptions>
void PutAction(nl_msg* message, int order, const char* kind, const PutOptions& put_options) {
  nlattr* action = nla_nest_start(message, order);
  nla_put_string(message, TCA_ACT_KIND, kind);
  nlattr* options = nla_nest_start(message, TCA_ACT_OPTIONS);
  put_options();
  nla_nest_end(message, options);
  nla_nest_end(message, action);
}

}  // namespace

absl::StatusOr<std::vector<TcFilter>> ListFilters(RtSocket& socket, std::uint32_t device, std::uint32_t parent) {
  tcmsg request{.tcm_family = AF_UNSPEC};
  request.tcm_ifindex = static_cast<int>(device);
  request.tcm_parent = parent;
  // Other programs' changes may interrupt a listing; then it is read again.
  constexpr int kTries = 10;
  int error = -NLE_DUMP_INTR;
  for (int i = 0; i < kTries && error == -NLE_DUMP_INTR; ++i) {
    std::vector<TcFilter> filters;
    error = Dump(socket, request, filters);
    if (error >= 0) return filters;
  }
  return NlError(error, "list filters");
}

void PutPriorityDetour(nl_msg* message, std::uint32_t priority, std::uint32_t device) {
  nlattr* options = nla_nest_start(message, TCA_OPTIONS);
  PutMatch(message, priority);
  nlattr* actions = nla_nest_start(message, TCA_BASIC_ACT);
  PutAction(message, 1, "skbedit", [&] {
    tc_skbedit edit{};
    edit.action = TC_ACT_PIPE;
    nla_put(message, TCA_SKBEDIT_PARMS, sizeof(edit), &edit);
    nla_put_u32(message, TCA_SKBEDIT_PRIORITY, 0);
  });
  PutAction(message, 2, "mirred", [&] {
    tc_mirred redirect{};
    redirect.action = TC_ACT_STOLEN;
    redirect.eaction = TCA_EGRESS_REDIR;
    redirect.ifindex = device;
    nla_put(message, TCA_MIRRED_PARMS, sizeof(redirect), &redirect);
  });
  nla_nest_end(message, actions);
  nla_nest_end(message, options);
}

}  // namespace faultline
