#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "common/timeline.h"
#include "controller/compile/packet.h"

namespace faultline {

// What becomes of packets over some time. A value.
struct Prediction {
  // The share that arrives: 1 all, 0 none.
  double arrives = 1;
  // The mean delay added to those that arrive, the queueing for a rate left out.
  Duration delay{0};
  // Standard deviation of one packet's delay from the mean of its moment.
  Duration delay_deviation{0};
  // Whether an impairment acts at any time.
  bool impaired = false;
  // Whether one of them limits the rate: beside other traffic more may wait and more be lost.
  bool limited = false;
  // The share of those that arrive that is damaged, so that the receiver may throw it away.
  double corrupt = 0;
  // How much more the number of lost packets varies than if each were lost by itself: a factor of the variance, >= 1.
  double clumping = 1;
  // Faults act on packets between the same two ends, but not on such as these.
  bool unseen = false;

  // Simply all or nothing.
  bool Plain() const { return arrives == 0 || (arrives == 1 && !impaired); }
  friend bool operator==(const Prediction&, const Prediction&) = default;
};

// A step that acts on a packet; its times are its run's.
struct ActingStep {
  // Position of the run among those looked at; of two runs the later one's impairments win.
  std::size_t run = 0;
  const Step* step = nullptr;
  // StepSeed.
  std::uint64_t seed = 0;
  // From the forecast's time zero to the run's T0.
  Duration t0{0};
};

// Every step that acts on one packet on its way, and on its answer where it has one: then what arrives, and when, is
// the answer.
struct Acting {
  std::vector<ActingStep> at_sender;
  std::vector<ActingStep> at_receiver;
  // Of the answer, whose sender is the packet's receiver.
  std::vector<ActingStep> at_answerer;
  std::vector<ActingStep> at_asker;
  bool unseen = false;

  bool Acts() const { return !at_sender.empty() || !at_receiver.empty() || !at_answerer.empty() || !at_asker.empty(); }
  // In the order in which they are met.
  std::array<std::span<const ActingStep>, 4> Ends() const { return {at_sender, at_receiver, at_answerer, at_asker}; }
};

// A packet's two ends in one run: the timelines of its nodes, null for a host without an agent or without a part.
struct RunEnds {
  const Timeline* sender = nullptr;
  const Timeline* receiver = nullptr;
  // As in ActingStep.
  std::size_t run = 0;
  Duration t0{0};
};

// Adds the `active` steps of a run that act on the packet. On a node's packets to itself none does. The timelines must
// outlive `acting`. REQUIRES: they pass CheckTimeline.
void AddActing(const RunEnds& ends, const Packet& packet, std::span<const StepIndex> active, Acting& acting);
// The same of its answer; `ends` are still the packet's.
void AddActingOnAnswer(const RunEnds& ends, const Packet& answer, std::span<const StepIndex> active, Acting& acting);

// What becomes of packets from moment to moment while the same steps are active: flaps come and go, ramps move. At each
// end of the way a block wins over impairments, and of these the one of the later run, then of the step that starts
// later, then of the higher index. Before its start and after its end a step counts as it is then. Immutable.
class Forecast {
 public:
  // Of [start, end); what lies beyond the first kMostChanges changes counts as what lies before. Keeps nothing of
  // `acting`.
  Forecast(const Acting& acting, Duration start, Duration end);

  static constexpr std::size_t kMostChanges = 100'000;

  // The mean over [start, end), cut to what the forecast is of; of an empty one, of its first moment.
  Prediction Over(Duration start, Duration end) const;
  Prediction OverAll() const { return Over(points_.front().at, points_.back().at); }
  // Whether it is the same at all times.
  bool Constant() const { return points_.size() == 2; }

 private:
  // Sums over time since the forecast's start, in nanoseconds of each.
  struct Point {
    Duration at{0};
    double arrived = 0;
    double delayed = 0;
    double spread = 0;
    double corrupted = 0;
  };

  Point At(Duration time) const;

  // By time; at least two.
  std::vector<Point> points_;
  // What is not a mean.
  Prediction whole_;
};

// Forecasts of one stretch of time, each made once for all packets on which the same steps act. Not thread-safe.
class Forecasts {
 public:
  Forecasts(Duration start, Duration end) : start_(start), end_(end) {}

  // Lives as long as this.
  const Forecast& Of(const Acting& acting);

 private:
  // Run and step, end by end, and how many each end has.
  using Key = std::tuple<std::vector<std::pair<std::size_t, StepIndex>>, std::array<std::size_t, 4>, bool>;

  const Duration start_;
  const Duration end_;
  std::map<Key, Forecast> forecasts_;
};

}  // namespace faultline
