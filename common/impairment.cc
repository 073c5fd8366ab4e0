#include "common/impairment.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "common/duration.h"

namespace faultline {
namespace {

struct NamedRatio {
  const char* field;
  Ratio ratio;
};

std::vector<NamedRatio> RatiosOf(const Impairment& impairment) {
  std::vector<NamedRatio> ratios = {
      {"loss", impairment.loss},           {"loss.correlation", impairment.loss_correlation},
      {"duplicate", impairment.duplicate}, {"duplicate.correlation", impairment.duplicate_correlation},
      {"corrupt", impairment.corrupt},     {"corrupt.correlation", impairment.corrupt_correlation},
      {"reorder", impairment.reorder},     {"reorder.correlation", impairment.reorder_correlation}};
  if (impairment.bursts) {
    ratios.push_back({"loss.gemodel.p", impairment.bursts->p});
    ratios.push_back({"loss.gemodel.r", impairment.bursts->r});
    ratios.push_back({"loss.gemodel.1-h", impairment.bursts->bad_loss});
    ratios.push_back({"loss.gemodel.1-k", impairment.bursts->good_loss});
  }
  return ratios;
}

bool DoesNothing(const Impairment& impairment) {
  Impairment nothing;
  nothing.distribution = impairment.distribution;
  nothing.reorder_by_jitter = impairment.reorder_by_jitter;
  return impairment == nothing;
}

// How far delays are from their mean at most, in units of the jitter.
struct Reach {
  int below;
  int above;
};

Reach ReachOf(Distribution law) {
  switch (law) {
    case Distribution::kUniform:
      return {1, 1};
    case Distribution::kPareto:
      return {1, 31};
    case Distribution::kParetoNormal:
      return {2, 26};
    case Distribution::kNormal:
    case Distribution::kSamples:
      return {4, 4};
  }
  return {4, 4};
}

// Between the shortest and the longest delay, at most.
Duration SpreadOf(const Impairment& impairment) {
  const std::vector<Duration>& samples = impairment.samples;
  if (!samples.empty()) return samples.back() - samples.front();
  const Reach reach = ReachOf(impairment.distribution);
  const Duration jitter = std::clamp(impairment.jitter, Duration(0), kLongestDelay);
  return reach.above * jitter + std::min(reach.below * jitter, impairment.delay);
}

std::string TooWide(Duration spread) {
  return absl::StrCat("delays would be up to ", FormatDuration(spread), " apart, and ", FormatDuration(kWidestSpread),
                      " is the most that netem can do");
}

void CheckDelay(const Impairment& impairment, std::vector<FieldError>& errors) {
  if (impairment.delay < Duration(0) || impairment.delay > kLongestDelay) {
    errors.push_back({"delay", absl::StrCat(FormatDuration(impairment.delay), " is not within 0s to ",
                                            FormatDuration(kLongestDelay))});
  }
  if (impairment.jitter < Duration(0)) {
    errors.push_back({"jitter", "it is negative"});
  } else if (impairment.jitter > impairment.delay) {
    errors.push_back(
        {"jitter", absl::StrCat(FormatDuration(impairment.jitter), " is more than the delay of ",
                                FormatDuration(impairment.delay), "; no packet can arrive before it is sent")});
  }
  const bool varies = impairment.jitter > Duration(0) || impairment.distribution == Distribution::kSamples;
  if (!varies && impairment.distribution != Distribution::kUniform) {
    errors.push_back({"distribution", "it needs a jitter"});
  }
  if (!varies && impairment.reorder_by_jitter) errors.push_back({"reorder", "'allow' needs a jitter"});
  if (impairment.distribution != Distribution::kSamples && SpreadOf(impairment) > kWidestSpread) {
    errors.push_back({"jitter", absl::StrCat("with this law ", TooWide(SpreadOf(impairment)))});
  }
  if (impairment.reorder_by_jitter && impairment.rate) {
    errors.push_back(
        {"reorder", "'allow' and a rate exclude each other: a link with a rate sends one packet after the other"});
  }
}

void CheckSamples(const Impairment& impairment, std::vector<FieldError>& errors) {
  const std::vector<Duration>& samples = impairment.samples;
  if (impairment.distribution != Distribution::kSamples) {
    if (!samples.empty()) errors.push_back({"samples", "only a distribution of samples has them"});
    return;
  }
  if (impairment.delay != Duration(0) || impairment.jitter != Duration(0)) {
    errors.push_back({impairment.delay != Duration(0) ? "delay" : "jitter",
                      "samples have the delay and the jitter in them; give neither"});
  }
  if (samples.size() < 2 || samples.size() > kMostSamples) {
    errors.push_back({"samples", absl::StrCat("there are ", samples.size(), "; give 2 to ", kMostSamples)});
  } else if (!std::is_sorted(samples.begin(), samples.end())) {
    errors.push_back({"samples", "they are not sorted"});
  } else if (samples.front() < Duration(0) || samples.back() > kLongestDelay) {
    errors.push_back({"samples", absl::StrCat("each must be within 0s to ", FormatDuration(kLongestDelay))});
  } else if (SpreadOf(impairment) > kWidestSpread) {
    errors.push_back({"samples", TooWide(SpreadOf(impairment))});
  }
}

void CheckLoss(const Impairment& impairment, std::vector<FieldError>& errors) {
  if (impairment.bursts && !impairment.loss.zero()) {
    errors.push_back({"loss", "it is given both plain and as a gemodel"});
  }
  if (impairment.bursts && impairment.bursts->r.zero() && !impairment.bursts->p.zero()) {
    errors.push_back({"loss.gemodel.r", "with 0 the bad state never ends; use 'block' for a link that is gone"});
  }
  if (impairment.bursts && impairment.bursts->p.zero() && impairment.bursts->good_loss.zero()) {
    errors.push_back({"loss.gemodel.p", "with 0 nothing is ever lost"});
  }
  const NamedRatio correlated[] = {{"loss", impairment.loss_correlation},
                                   {"duplicate", impairment.duplicate_correlation},
                                   {"corrupt", impairment.corrupt_correlation},
                                   {"reorder", impairment.reorder_correlation}};
  const Ratio of[] = {impairment.loss, impairment.duplicate, impairment.corrupt, impairment.reorder};
  for (std::size_t i = 0; i < std::size(of); ++i) {
    if (!correlated[i].ratio.zero() && of[i].zero()) {
      errors.push_back({absl::StrCat(correlated[i].field, ".correlation"),
                        absl::StrCat("it needs a ", correlated[i].field, " ratio")});
    }
  }
}

void CheckReorderAndRate(const Impairment& impairment, std::vector<FieldError>& errors) {
  const bool delays = impairment.delay > Duration(0) || !impairment.samples.empty();
  if (!impairment.reorder.zero() && !delays) {
    errors.push_back({"reorder", "it needs a delay, which some packets then skip"});
  }
  if (impairment.reorder_gap != 0 && impairment.reorder.zero()) {
    errors.push_back({"reorder.gap", "it needs a reorder ratio"});
  }
  if (impairment.rate && impairment.rate->bits_per_second == 0) {
    errors.push_back({"rate", "it is 0; use 'block' for a link that is gone"});
  } else if (impairment.rate && impairment.rate->bits_per_second < 8'000) {
    errors.push_back({"rate", absl::StrCat(FormatBitRate(*impairment.rate), " is less than 8kbit")});
  }
  if (impairment.burst != 0 && !impairment.rate) errors.push_back({"burst", "it needs a rate"});
  constexpr std::uint64_t kSmallestBurst = 1600;
  constexpr std::uint64_t kLargestBurst = 1'000'000'000;
  if (impairment.burst != 0 && (impairment.burst < kSmallestBurst || impairment.burst > kLargestBurst)) {
    errors.push_back({"burst", absl::StrCat(impairment.burst, " bytes are not within ", kSmallestBurst, " to ",
                                            kLargestBurst, "; a packet must fit in")});
  }
}

}  // namespace

double GilbertElliott::MeanLoss() const {
  const double sum = p.AsDouble() + r.AsDouble();
  const double bad = sum > 0 ? p.AsDouble() / sum : 0;
  return bad * bad_loss.AsDouble() + (1 - bad) * good_loss.AsDouble();
}

double Impairment::MeanLoss() const { return bursts ? bursts->MeanLoss() : loss.AsDouble(); }

Duration Impairment::MeanDelay() const {
  if (samples.empty()) return delay;
  return std::accumulate(samples.begin(), samples.end(), Duration(0)) / static_cast<std::int64_t>(samples.size());
}

Duration Impairment::LongestDelay() const {
  return samples.empty() ? delay + ReachOf(distribution).above * jitter : samples.back();
}

bool Impairment::OnlyLoss() const {
  Impairment only;
  only.loss = loss;
  return !loss.zero() && *this == only;
}

bool Impairment::OnlyRate() const {
  Impairment only;
  only.rate = rate;
  only.burst = burst;
  return rate && *this == only;
}

std::vector<FieldError> CheckImpairment(const Impairment& impairment) {
  std::vector<FieldError> errors;
  if (DoesNothing(impairment)) errors.push_back({"impair", "it changes nothing; give a delay, a loss or a rate"});
  for (const NamedRatio& named : RatiosOf(impairment)) {
    if (named.ratio > Ratio::Percent(100)) {
      errors.push_back({named.field, absl::StrCat(FormatRatio(named.ratio), " is more than 100%")});
    }
  }
  CheckDelay(impairment, errors);
  CheckSamples(impairment, errors);
  CheckLoss(impairment, errors);
  CheckReorderAndRate(impairment, errors);
  return errors;
}

}  // namespace faultline
