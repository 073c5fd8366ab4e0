// Any bytes as a timeline message: what decodes passes every check, survives another trip over the wire, and can be
// asked what it does at any time.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "common/timeline_codec.h"
#include "tests/fuzz/require.h"

namespace faultline {
namespace {

template <typename T>
bool Between(const T& value, const T& a, const T& b) {
  return std::min(a, b) <= value && value <= std::max(a, b);
}

void CheckImpairmentAt(const Step& step, Duration elapsed) {
  const Impairment impairment = ImpairmentAt(step, elapsed);
  FAULTLINE_REQUIRE(impairment.MeanLoss() >= 0 && impairment.MeanLoss() <= 1);
  FAULTLINE_REQUIRE(impairment.MeanDelay() >= Duration(0) && impairment.MeanDelay() <= impairment.LongestDelay());
  if (!step.ramp) return;
  const auto& from = std::get<Impairment>(step.effect);
  const Impairment& to = step.ramp->to;
  FAULTLINE_REQUIRE(Between(impairment.delay, from.delay, to.delay));
  FAULTLINE_REQUIRE(Between(impairment.jitter, from.jitter, to.jitter));
  FAULTLINE_REQUIRE(Between(impairment.loss, from.loss, to.loss));
  FAULTLINE_REQUIRE(Between(impairment.duplicate, from.duplicate, to.duplicate));
  FAULTLINE_REQUIRE(Between(impairment.corrupt, from.corrupt, to.corrupt));
  FAULTLINE_REQUIRE(Between(impairment.reorder, from.reorder, to.reorder));
  FAULTLINE_REQUIRE(Between(impairment.rate, from.rate, to.rate));
}

void CheckStep(const Timeline& timeline, const Step& step) {
  const std::array<Duration, 4> times = {Duration(0), step.length / 3, step.length / 2, step.length - Duration(1)};
  for (const Duration elapsed : times) {
    if (std::holds_alternative<Impairment>(step.effect)) CheckImpairmentAt(step, elapsed);
    if (!step.flap) continue;
    const FlapPhase phase = FlapPhaseAt(*step.flap, StepSeed(timeline, step.index), elapsed);
    FAULTLINE_REQUIRE(phase.start <= elapsed && elapsed < phase.end);
    FAULTLINE_REQUIRE(phase.end - phase.start >= kShortestPhase);
  }
  for (const Rule& rule : step.rules) {
    FAULTLINE_REQUIRE(Impossible(step, rule.side).empty());
    FAULTLINE_REQUIRE(Missing(step, rule.side, CapabilitySet::All()).empty());
    FAULTLINE_REQUIRE(!Missing(step, rule.side, {}).empty());
  }
  FAULTLINE_REQUIRE(!DescribeFilter(step.filter).empty());
}

void Check(const v1::Timeline& message) {
  const absl::StatusOr<Timeline> timeline = DecodeTimeline(message);
  if (!timeline.ok()) {
    FAULTLINE_REQUIRE(timeline.status().code() == absl::StatusCode::kInvalidArgument);
    return;
  }
  FAULTLINE_REQUIRE(CheckTimeline(*timeline).ok());
  const v1::Timeline encoded = EncodeTimeline(*timeline);
  const absl::StatusOr<Timeline> again = DecodeTimeline(encoded);
  FAULTLINE_REQUIRE(again.ok());
  FAULTLINE_REQUIRE(*again == *timeline);
  FAULTLINE_REQUIRE(EncodeTimeline(*again).SerializeAsString() == encoded.SerializeAsString());
  for (const Step& step : timeline->steps) CheckStep(*timeline, step);
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::v1::Timeline message;
  if (message.ParseFromArray(data, static_cast<int>(size))) faultline::Check(message);
  return 0;
}
