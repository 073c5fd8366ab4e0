#include "agent/kernel/tc_tbf.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <limits>

namespace faultline {
namespace {

// With a link layer named, the kernel reckons with the rate itself and wants no table (sch_tbf.c, tbf_change).
tc_ratespec RateSpec(std::uint64_t rate) {
  tc_ratespec spec{};
  spec.linklayer = TC_LINKLAYER_ETHERNET;
  spec.rate = static_cast<std::uint32_t>(std::min<std::uint64_t>(rate, std::numeric_limits<std::uint32_t>::max()));
  return spec;
}

void PutRate64(nl_msg* message, int attribute, std::uint64_t rate) {
  if (rate > std::numeric_limits<std::uint32_t>::max()) nla_put_u64(message, attribute, rate);
}

}  // namespace

void PutTbf(nl_msg* message, const TbfSettings& settings) {
  // The bucket's depth is also the size above which tbf splits. When it is deeper, a second bucket of the largest
  // packet's depth, that fills without limit, sets the size instead.
  const bool deeper = settings.burst > settings.largest;
  tc_tbf_qopt options{};
  options.limit = settings.limit;
  options.rate = RateSpec(settings.rate);
  if (deeper) options.peakrate = RateSpec(TbfSettings::kUnlimited);
  nlattr* nest = nla_nest_start(message, TCA_OPTIONS);
  nla_put(message, TCA_TBF_PARMS, sizeof(options), &options);
  PutRate64(message, TCA_TBF_RATE64, settings.rate);
  nla_put_u32(message, TCA_TBF_BURST, deeper ? settings.burst : settings.largest);
  if (deeper) {
    PutRate64(message, TCA_TBF_PRATE64, TbfSettings::kUnlimited);
    nla_put_u32(message, TCA_TBF_PBURST, settings.largest);
  }
  nla_nest_end(message, nest);
}

}  // namespace faultline
