#include "agent/kernel/tc_netem.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "agent/kernel/tc_share.h"
#include "common/status.h"

namespace faultline {
namespace {

// TCA_NETEM_PRNG_SEED, which the headers of Linux 6.1 do not have yet.
constexpr int kPrngSeed = TCA_NETEM_SLOT_DIST + 1;
constexpr int kLastAttribute = kPrngSeed;

void PutLoss(nl_msg* message, const NetemLoss::Bursts& bursts) {
  const tc_netem_gemodel model{.p = bursts.p, .r = bursts.r, .h = bursts.bad_pass, .k1 = bursts.good_loss};
  nlattr* nest = nla_nest_start(message, TCA_NETEM_LOSS);
  nla_put(message, NETEM_LOSS_GE, sizeof(model), &model);
  nla_nest_end(message, nest);
}

using Attributes = std::array<nlattr*, kLastAttribute + 1>;

template <typename T>
T WholeValueOf(const nlattr* attribute) {
  T value{};
  if (attribute != nullptr && nla_len(attribute) >= static_cast<int>(sizeof(value))) {
    std::memcpy(&value, nla_data(attribute), sizeof(value));
  }
  return value;
}

std::optional<NetemLoss::Bursts> ReadBursts(nlattr* attribute) {
  if (attribute == nullptr) return std::nullopt;
  const nlattr* model = nla_find(static_cast<nlattr*>(nla_data(attribute)), nla_len(attribute), NETEM_LOSS_GE);
  if (model == nullptr) return std::nullopt;
  const auto value = WholeValueOf<tc_netem_gemodel>(model);
  return NetemLoss::Bursts{.p = value.p, .r = value.r, .bad_pass = value.h, .good_loss = value.k1};
}

}  // namespace

NetemLoss LossOf(const Impairment& impairment) {
  if (!impairment.bursts) {
    return {.share = CorrelatedNetemShare(impairment.loss, impairment.loss_correlation),
            .correlation = NetemShare(impairment.loss_correlation)};
  }
  const GilbertElliott& model = *impairment.bursts;
  return {.bursts =
              NetemLoss::Bursts{.p = NetemChance(model.p),
                                .r = NetemChance(model.r),
                                .bad_pass = std::numeric_limits<std::uint32_t>::max() - NetemChance(model.bad_loss),
                                .good_loss = NetemChance(model.good_loss)}};
}

absl::StatusOr<NetemSettings> DelayOf(const Impairment& impairment) {
  FAULTLINE_ASSIGN_OR_RETURN(DelayTable delay, MakeDelayTable(impairment));
  const bool reorders = !impairment.reorder.zero();
  return NetemSettings{
      .delay = std::move(delay),
      .duplicate = CorrelatedNetemShare(impairment.duplicate, impairment.duplicate_correlation),
      .duplicate_correlation = NetemShare(impairment.duplicate_correlation),
      .corrupt = CorrelatedNetemShare(impairment.corrupt, impairment.corrupt_correlation),
      .corrupt_correlation = NetemShare(impairment.corrupt_correlation),
      .reorder = CorrelatedNetemShare(impairment.reorder, impairment.reorder_correlation),
      .reorder_correlation = NetemShare(impairment.reorder_correlation),
      .reorder_gap = reorders ? std::max(1U, impairment.reorder_gap) : 0,
      .rate = impairment.reorder_by_jitter ? 0 : NetemSettings::kInOrder,
  };
}

void PutNetem(nl_msg* message, const NetemSettings& settings) {
  tc_netem_qopt options{};
  options.limit = settings.limit;
  options.loss = settings.loss.share;
  options.gap = settings.reorder_gap;
  options.duplicate = settings.duplicate;
  nlattr* nest = nla_nest_start(message, TCA_OPTIONS);
  nlmsg_append(message, &options, sizeof(options), NLMSG_ALIGNTO);
  nla_put_s64(message, TCA_NETEM_LATENCY64, settings.delay.latency.count());
  nla_put_s64(message, TCA_NETEM_JITTER64, settings.delay.jitter.count());
  const tc_netem_corr correlations{.loss_corr = settings.loss.correlation, .dup_corr = settings.duplicate_correlation};
  nla_put(message, TCA_NETEM_CORR, sizeof(correlations), &correlations);
  const tc_netem_reorder reorder{.probability = settings.reorder, .correlation = settings.reorder_correlation};
  nla_put(message, TCA_NETEM_REORDER, sizeof(reorder), &reorder);
  const tc_netem_corrupt corrupt{.probability = settings.corrupt, .correlation = settings.corrupt_correlation};
  nla_put(message, TCA_NETEM_CORRUPT, sizeof(corrupt), &corrupt);
  // Of the two rates the kernel takes the larger.
  constexpr std::uint64_t kMost32 = std::numeric_limits<std::uint32_t>::max();
  const tc_netem_rate rate{.rate = static_cast<std::uint32_t>(std::min(settings.rate, kMost32))};
  nla_put(message, TCA_NETEM_RATE, sizeof(rate), &rate);
  if (settings.rate > kMost32) nla_put_u64(message, TCA_NETEM_RATE64, settings.rate);
  if (settings.loss.bursts) PutLoss(message, *settings.loss.bursts);
  const std::vector<std::int16_t>& table = settings.delay.entries;
  if (!table.empty()) {
    nla_put(message, TCA_NETEM_DELAY_DIST, static_cast<int>(table.size() * sizeof(table[0])), table.data());
  }
  if (settings.seed) nla_put_u64(message, kPrngSeed, *settings.seed);
  nla_nest_end(message, nest);
}

std::optional<NetemSettings> ReadNetem(absl::string_view options) {
  tc_netem_qopt fixed{};
  constexpr std::size_t kFixed = NLA_ALIGN(sizeof(fixed));
  if (options.size() < kFixed) return std::nullopt;
  std::memcpy(&fixed, options.data(), sizeof(fixed));
  // libnl's parser takes no const and changes nothing.
  std::string attributes(options.substr(kFixed));
  Attributes found{};
  if (nla_parse(found.data(), kLastAttribute, reinterpret_cast<nlattr*>(attributes.data()),
                static_cast<int>(attributes.size()), nullptr) < 0) {
    return std::nullopt;
  }
  const auto correlations = WholeValueOf<tc_netem_corr>(found[TCA_NETEM_CORR]);
  const auto reorder = WholeValueOf<tc_netem_reorder>(found[TCA_NETEM_REORDER]);
  const auto corrupt = WholeValueOf<tc_netem_corrupt>(found[TCA_NETEM_CORRUPT]);
  const auto rate64 = WholeValueOf<std::uint64_t>(found[TCA_NETEM_RATE64]);
  NetemSettings settings{
      .limit = fixed.limit,
      .delay = {.latency = Duration(WholeValueOf<std::int64_t>(found[TCA_NETEM_LATENCY64])),
                .jitter = Duration(WholeValueOf<std::int64_t>(found[TCA_NETEM_JITTER64]))},
      .loss = {.share = fixed.loss, .correlation = correlations.loss_corr, .bursts = ReadBursts(found[TCA_NETEM_LOSS])},
      .duplicate = fixed.duplicate,
      .duplicate_correlation = correlations.dup_corr,
      .corrupt = corrupt.probability,
      .corrupt_correlation = corrupt.correlation,
      .reorder = reorder.probability,
      .reorder_correlation = reorder.correlation,
      .reorder_gap = fixed.gap,
      .rate = rate64 != 0 ? rate64 : WholeValueOf<tc_netem_rate>(found[TCA_NETEM_RATE]).rate,
  };
  if (found[kPrngSeed] != nullptr) settings.seed = WholeValueOf<std::uint64_t>(found[kPrngSeed]);
  return settings;
}

}  // namespace faultline
