#include "controller/compile/forecast.h"

#include <algorithm>
#include <cmath>

namespace faultline {
namespace {

// Losses that depend on the one before clump, but a lane carries the packets of several edges in turn, so that those of
// one edge are further apart.
constexpr double kMostClumping = 9;

// What happens at one moment.
struct Moment {
  double arrives = 1;
  // Nanoseconds, and their square.
  double delay = 0;
  double variance = 0;
  double corrupt = 0;
};

Duration StartOf(const ActingStep& acting) { return acting.t0 + acting.step->at; }

Duration ElapsedOf(const ActingStep& acting, Duration time) {
  return std::clamp(time - StartOf(acting), Duration(0), acting.step->length - Duration(1));
}

bool IsOn(const ActingStep& acting, Duration time) {
  const std::optional<Flap>& flap = acting.step->flap;
  return !flap || FlapPhaseAt(*flap, acting.seed, ElapsedOf(acting, time)).down;
}

// When this step, by itself, next changes after `time`; nothing changes after its end.
Duration NextChange(const ActingStep& acting, Duration time) {
  const Step& step = *acting.step;
  const Duration start = StartOf(acting);
  if (time - start >= step.length) return Duration::max();
  const Duration elapsed = ElapsedOf(acting, time);
  Duration next = step.length;
  if (step.flap) next = std::min(next, FlapPhaseAt(*step.flap, acting.seed, elapsed).end);
  if (step.ramp) {
    const std::size_t position = RampPosition(*step.ramp, elapsed);
    if (position < RampChanges(*step.ramp)) next = std::min(next, RampChangeTime(*step.ramp, position + 1));
  }
  return start + next;
}

double Square(double value) { return value * value; }

double JitterVariance(const Impairment& impairment) {
  const double jitter = static_cast<double>(impairment.jitter.count());
  if (impairment.samples.empty()) {
    // Of an even distribution `jitter` is the half width.
    return impairment.distribution == Distribution::kUniform ? Square(jitter) / 3 : Square(jitter);
  }
  const double mean = static_cast<double>(impairment.MeanDelay().count());
  double sum = 0;
  for (const Duration sample : impairment.samples) sum += Square(static_cast<double>(sample.count()) - mean);
  return sum / static_cast<double>(impairment.samples.size());
}

// The share of packets that skip the delay: after a skip gap - 1 packets cannot, and then each does by chance
// (netem_enqueue in net/sched/sch_netem.c).
double SkipShare(const Impairment& impairment) {
  if (impairment.reorder.zero()) return 0;
  const double gap = std::max<std::uint32_t>(1, impairment.reorder_gap);
  return 1 / (gap - 1 + 1 / impairment.reorder.AsDouble());
}

// How far successive packets depend on each other makes means vary more.
double ClumpingOf(double correlation) {
  return correlation >= 1 ? kMostClumping : std::clamp((1 + correlation) / (1 - correlation), 1.0, kMostClumping);
}

double ClumpingOf(const Impairment& impairment) {
  const double plain = ClumpingOf(impairment.loss_correlation.AsDouble());
  if (!impairment.bursts) return plain;
  return ClumpingOf(1 - impairment.bursts->p.AsDouble() - impairment.bursts->r.AsDouble());
}

Moment MomentOf(const Impairment& impairment) {
  Moment moment;
  // Of a packet that is both lost and sent twice, one arrives (netem_enqueue).
  moment.arrives = 1 - impairment.MeanLoss() * (1 - impairment.duplicate.AsDouble());
  const double mean = static_cast<double>(impairment.MeanDelay().count());
  const double skip = SkipShare(impairment);
  moment.delay = (1 - skip) * mean;
  moment.variance = (1 - skip) * JitterVariance(impairment) + skip * (1 - skip) * Square(mean);
  moment.corrupt = impairment.corrupt.AsDouble();
  return moment;
}

void Note(const Impairment& impairment, Prediction& whole) {
  whole.impaired = true;
  whole.limited = whole.limited || impairment.rate.has_value();
  whole.clumping = std::max(whole.clumping, ClumpingOf(impairment));
}

// Of one end of the way; `steps` the strongest first. Notes in `whole` what is not a mean.
Moment MomentAt(const std::vector<ActingStep>& steps, Duration time, Prediction& whole) {
  const ActingStep* winner = nullptr;
  for (const ActingStep& acting : steps) {
    if (!IsOn(acting, time)) continue;
    if (!std::holds_alternative<Impairment>(acting.step->effect)) return {.arrives = 0};
    if (winner == nullptr) winner = &acting;
  }
  if (winner == nullptr) return {};
  const Impairment impairment = ImpairmentAt(*winner->step, ElapsedOf(*winner, time));
  Note(impairment, whole);
  return MomentOf(impairment);
}

// What happens at one end after another.
void Join(const Moment& next, Moment& way) {
  way.arrives *= next.arrives;
  way.delay += next.delay;
  way.variance += next.variance;
  way.corrupt = 1 - (1 - way.corrupt) * (1 - next.corrupt);
}

bool Stronger(const ActingStep& a, const ActingStep& b) {
  return std::tuple(a.run, a.step->at, a.step->index) > std::tuple(b.run, b.step->at, b.step->index);
}

void AddSide(const Timeline& timeline, Side side, const RunEnds& ends, const Packet& packet,
             std::span<const StepIndex> active, Acting& acting) {
  for (const Step& step : timeline.steps) {
    if (std::find(active.begin(), active.end(), step.index) == active.end()) continue;
    const bool matches = std::any_of(step.rules.begin(), step.rules.end(), [&](const Rule& rule) {
      return rule.side == side && Matches(rule.match, timeline, packet.source, packet.destination);
    });
    if (!matches) continue;
    if (!Covers(step.filter, timeline, side, packet)) {
      acting.unseen = true;
      continue;
    }
    (side == Side::kSender ? acting.at_sender : acting.at_receiver)
        .push_back({.run = ends.run, .step = &step, .seed = StepSeed(timeline, step.index), .t0 = ends.t0});
  }
}

}  // namespace

void AddActing(const RunEnds& ends, const Packet& packet, std::span<const StepIndex> active, Acting& acting) {
  if (ends.sender != nullptr && ends.receiver != nullptr && ends.sender->node == ends.receiver->node) return;
  if (ends.sender != nullptr) AddSide(*ends.sender, Side::kSender, ends, packet, active, acting);
  if (ends.receiver != nullptr) AddSide(*ends.receiver, Side::kReceiver, ends, packet, active, acting);
}

void AddActingOnAnswer(const RunEnds& ends, const Packet& answer, std::span<const StepIndex> active, Acting& acting) {
  Acting back;
  AddActing({.sender = ends.receiver, .receiver = ends.sender, .run = ends.run, .t0 = ends.t0}, answer, active, back);
  acting.at_answerer.insert(acting.at_answerer.end(), back.at_sender.begin(), back.at_sender.end());
  acting.at_asker.insert(acting.at_asker.end(), back.at_receiver.begin(), back.at_receiver.end());
  acting.unseen = acting.unseen || back.unseen;
}

Forecast::Forecast(const Acting& acting, Duration start, Duration end) {
  std::vector<std::vector<ActingStep>> ends;
  for (const std::span<const ActingStep> steps : acting.Ends()) {
    if (steps.empty()) continue;
    ends.emplace_back(steps.begin(), steps.end());
    std::sort(ends.back().begin(), ends.back().end(), Stronger);
  }
  whole_.unseen = acting.unseen;
  points_.push_back({.at = start});
  // One moment long at least, so that every question has an answer.
  end = std::max(end, start + Duration(1));
  while (points_.back().at < end && points_.size() <= kMostChanges) {
    const Duration now = points_.back().at;
    Duration next = end;
    Moment way;
    for (const std::vector<ActingStep>& steps : ends) {
      for (const ActingStep& one : steps) next = std::min(next, NextChange(one, now));
      Join(MomentAt(steps, now, whole_), way);
    }
    const double arrived = way.arrives * static_cast<double>((next - now).count());
    Point point = points_.back();
    point.at = next;
    point.arrived += arrived;
    point.delayed += arrived * way.delay;
    point.spread += arrived * way.variance;
    point.corrupted += arrived * way.corrupt;
    points_.push_back(point);
  }
}

Forecast::Point Forecast::At(Duration time) const {
  const auto after = std::upper_bound(points_.begin(), points_.end(), time,
                                      [](Duration value, const Point& point) { return value < point.at; });
  if (after == points_.begin()) return points_.front();
  if (after == points_.end()) return points_.back();
  const Point& from = *std::prev(after);
  const double share =
      static_cast<double>((time - from.at).count()) / static_cast<double>((after->at - from.at).count());
  const auto between = [share](double a, double b) { return a + (b - a) * share; };
  return {.at = time,
          .arrived = between(from.arrived, after->arrived),
          .delayed = between(from.delayed, after->delayed),
          .spread = between(from.spread, after->spread),
          .corrupted = between(from.corrupted, after->corrupted)};
}

Prediction Forecast::Over(Duration start, Duration end) const {
  // A moment at least, within what there is.
  start = std::clamp(start, points_.front().at, points_.back().at - Duration(1));
  end = std::clamp(end, start + Duration(1), points_.back().at);
  // The means of something constant are taken over all of it, where they are exact.
  const Point from = Constant() ? points_.front() : At(start);
  const Point to = Constant() ? points_.back() : At(end);
  Prediction prediction = whole_;
  const double arrived = to.arrived - from.arrived;
  prediction.arrives = arrived / static_cast<double>((to.at - from.at).count());
  if (arrived <= 0) return prediction;
  prediction.delay = Duration(std::llround((to.delayed - from.delayed) / arrived));
  prediction.delay_deviation = Duration(std::llround(std::sqrt((to.spread - from.spread) / arrived)));
  prediction.corrupt = (to.corrupted - from.corrupted) / arrived;
  return prediction;
}

const Forecast& Forecasts::Of(const Acting& acting) {
  Key key;
  auto& [steps, counts, unseen] = key;
  const auto ends = acting.Ends();
  for (std::size_t i = 0; i < ends.size(); ++i) {
    counts[i] = ends[i].size();
    for (const ActingStep& one : ends[i]) steps.emplace_back(one.run, one.step->index);
  }
  unseen = acting.unseen;
  const auto found = forecasts_.find(key);
  if (found != forecasts_.end()) return found->second;
  return forecasts_.emplace(std::move(key), Forecast(acting, start_, end_)).first->second;
}

}  // namespace faultline
