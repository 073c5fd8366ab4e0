#include "tests/bench/simulated_run.h"

#include <algorithm>

#include "agent/session/messages.h"
#include "agent/timeline/engine.h"

namespace faultline::bench {
namespace {

constexpr Duration kCountInterval = std::chrono::seconds(1);
// A probe in its IP and UDP headers.
constexpr std::uint64_t kProbeBytes = 68;

}  // namespace

std::vector<v1::SessionRequest> SimulatedRun::TakeDue(ControllerTime now) {
  std::vector<v1::SessionRequest> due;
  if (!t0_ || over_) return due;
  const Duration elapsed = now - *t0_;
  const auto passed = [&](Duration moment) { return told_ < moment && moment <= elapsed; };
  for (const Step& step : timeline_.steps) {
    for (const bool fired : {true, false}) {
      const Duration moment = fired ? step.at : step.end();
      if (!passed(moment)) continue;
      due.push_back(EncodeStep(
          timeline_.run,
          {.step = step.index, .fired = fired, .planned = moment, .actual = moment, .kernel_time = Duration(0)}));
    }
  }
  over_ = passed(timeline_.length);
  if (over_) {
    due.push_back(EncodeRunEnd(
        timeline_.run, {.end = RunEnd::kCompleted, .detail = "", .at = timeline_.length, .counters = counters_}));
  } else if (now >= next_count_) {
    next_count_ = now + kCountInterval;
    if (counters_ != told_counters_) due.push_back(EncodeCounters(timeline_.run, counters_));
    told_counters_ = counters_;
  }
  told_ = elapsed;
  return due;
}

bool SimulatedRun::Drops(const IpAddress& from, const IpAddress& to, ControllerTime at) {
  if (!t0_) return false;
  const Duration elapsed = at - *t0_;
  for (const Step& step : timeline_.steps) {
    if (elapsed < step.at || elapsed >= step.end() || !std::holds_alternative<Drop>(step.effect)) continue;
    const bool covered = std::ranges::any_of(
        step.rules, [&](const Rule& rule) { return rule.side == Side::kReceiver && Covers(rule.match, from, to); });
    if (!covered) continue;
    RuleCounters& counters = CountersOf(step.index);
    ++counters.packets;
    counters.bytes += kProbeBytes;
    return true;
  }
  return false;
}

RuleCounters& SimulatedRun::CountersOf(StepIndex step) {
  const auto found = std::ranges::find(counters_, step, &RuleCounters::step);
  if (found != counters_.end()) return *found;
  return counters_.emplace_back(RuleCounters{.step = step});
}

bool SimulatedRun::Covers(const Match& match, const IpAddress& from, const IpAddress& to) const {
  const auto has = [this](SetIndex set, const IpAddress& address) {
    return timeline_.prefix_sets[set].Contains(address);
  };
  return (!match.sources || has(*match.sources, from)) && (!match.destinations || has(*match.destinations, to)) &&
         !(match.except_destinations && has(*match.except_destinations, to));
}

}  // namespace faultline::bench
