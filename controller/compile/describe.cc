#include "controller/compile/describe.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"

namespace faultline {
namespace {

std::string WithCorrelation(std::string text, Ratio correlation) {
  if (!correlation.zero()) absl::StrAppend(&text, " correlated by ", FormatRatio(correlation));
  return text;
}

absl::string_view LawOf(Distribution distribution) {
  switch (distribution) {
    case Distribution::kNormal:
      return " normal";
    case Distribution::kPareto:
      return " pareto";
    case Distribution::kParetoNormal:
      return " paretonormal";
    case Distribution::kUniform:
    case Distribution::kSamples:
      break;
  }
  return "";
}

std::string DelayText(const Impairment& impairment) {
  std::string text = "delay ";
  if (!impairment.samples.empty()) {
    absl::StrAppend(&text, FormatDuration(impairment.samples.front()), " to ",
                    FormatDuration(impairment.samples.back()), " as measured");
  } else {
    absl::StrAppend(&text, FormatDuration(impairment.delay));
  }
  if (impairment.jitter > Duration(0)) {
    absl::StrAppend(&text, " ± ", FormatDuration(impairment.jitter), LawOf(impairment.distribution));
  }
  if (impairment.reorder_by_jitter) absl::StrAppend(&text, " overtaking");
  return text;
}

std::string BurstsText(const GilbertElliott& bursts) {
  std::string text = absl::StrFormat("lose %.3g%% in bursts", 100 * bursts.MeanLoss());
  if (!bursts.r.zero()) absl::StrAppend(&text, absl::StrFormat(" of %.3g", 1 / bursts.r.AsDouble()));
  return text;
}

std::string ImpairmentText(const Impairment& impairment) {
  std::vector<std::string> parts;
  if (impairment.delay > Duration(0) || !impairment.samples.empty()) parts.push_back(DelayText(impairment));
  const auto add = [&parts](const char* verb, Ratio ratio, Ratio correlation) {
    if (!ratio.zero()) parts.push_back(WithCorrelation(absl::StrCat(verb, " ", FormatRatio(ratio)), correlation));
  };
  add("lose", impairment.loss, impairment.loss_correlation);
  if (impairment.bursts) parts.push_back(BurstsText(*impairment.bursts));
  add("duplicate", impairment.duplicate, impairment.duplicate_correlation);
  add("corrupt", impairment.corrupt, impairment.corrupt_correlation);
  add("reorder", impairment.reorder, impairment.reorder_correlation);
  if (impairment.reorder_gap > 1) absl::StrAppend(&parts.back(), " with gap ", impairment.reorder_gap);
  if (impairment.rate) parts.push_back(absl::StrCat("limit to ", FormatBitRate(*impairment.rate)));
  if (impairment.burst != 0) absl::StrAppend(&parts.back(), " with bursts of ", impairment.burst, " bytes");
  return parts.empty() ? "delay 0s" : absl::StrJoin(parts, ", ");
}

struct EffectText {
  std::string operator()(const Drop& /*drop*/) const { return "drop"; }
  std::string operator()(const Reject& /*reject*/) const { return "reject"; }
  std::string operator()(const Impairment& impairment) const { return ImpairmentText(impairment); }
};

// " tcp to port 3000"; nothing when it is any packet.
std::string FilterText(PacketFilter filter) {
  filter.except_addresses.reset();
  return filter == PacketFilter{} ? "" : absl::StrCat(" ", DescribeFilter(filter));
}

// ", ramped in 45s to delay 300ms, down 2s and up 5s": how it changes with time.
std::string ChangesText(const Step& step) {
  std::string text;
  if (step.ramp) {
    absl::StrAppend(&text, ", ramped in ", FormatDuration(step.ramp->over), " to ", ImpairmentText(step.ramp->to));
    if (step.ramp->changes != 0) absl::StrAppend(&text, " by ", step.ramp->changes, " changes");
  }
  if (step.flap) {
    absl::StrAppend(&text, ", down ", FormatDuration(step.flap->down), " and up ", FormatDuration(step.flap->up));
    if (step.flap->jitter > Duration(0)) absl::StrAppend(&text, " ± ", FormatDuration(step.flap->jitter));
  }
  return text;
}

std::string SetText(const std::optional<SetIndex>& set, const Timeline& timeline) {
  return set ? timeline.prefix_sets[*set].ToString() : "anywhere";
}

}  // namespace

std::string DescribeEffect(const Effect& effect) { return std::visit(EffectText(), effect); }

std::string DescribeStep(const Step& step) {
  return absl::StrCat(DescribeEffect(step.effect), FilterText(step.filter), ChangesText(step));
}

std::string DescribeRule(const Rule& rule, const Step& step, const Timeline& timeline) {
  std::string text =
      absl::StrCat(DescribeEffect(step.effect), rule.side == Side::kReceiver ? " in from " : " out from ",
                   SetText(rule.match.sources, timeline), " to ", SetText(rule.match.destinations, timeline));
  if (rule.match.except_destinations) {
    absl::StrAppend(&text, " except ", SetText(rule.match.except_destinations, timeline));
  }
  absl::StrAppend(&text, FilterText(step.filter));
  if (step.filter.except_addresses) {
    absl::StrAppend(&text, ", sparing ", SetText(step.filter.except_addresses, timeline));
  }
  return absl::StrCat(text, ChangesText(step));
}

}  // namespace faultline
