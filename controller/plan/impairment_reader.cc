#include "controller/plan/impairment_reader.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/duration.h"
#include "controller/plan/keys.h"

namespace faultline {
namespace {

// What stands for a value that could not be read: small, and good beside any other.
constexpr Ratio kSomeRatio = Ratio::PartsPerBillion(1);
constexpr BitRate kSomeRate{1'000'000'000};
constexpr Duration kSomeJitter{1};
constexpr Duration kSomeLength = std::chrono::hours(10'000);

std::optional<std::uint32_t> ReadCount(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  const std::optional<std::uint64_t> number =
      ReadNumber(value, what, errors, 1, std::numeric_limits<std::uint32_t>::max());
  if (!number) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

}  // namespace

Impairment ImpairmentReader::Read(const Record& impair) {
  Impairment impairment;
  TakeDelay(impair, impairment.delay);
  Take(impair, "jitter", ReadDuration, kSomeJitter, impairment.jitter);
  TakeDistribution(impair, impairment);
  if (const DocumentValue* correlation = impair.Find("correlation"); correlation != nullptr) {
    // sch_netem.c, tabledist: of a correlated number it takes the digits that do not correlate.
    errors_.Add(correlation->position, "'correlation': of delays it has no effect in any kernel; leave it out");
  }
  TakeLoss(impair, impairment);
  TakeShare(impair, "duplicate", {impairment.duplicate, impairment.duplicate_correlation});
  TakeShare(impair, "corrupt", {impairment.corrupt, impairment.corrupt_correlation});
  TakeReorder(impair, impairment);
  std::optional<BitRate> rate;
  if (impair.Find("rate") != nullptr) Take(impair, "rate", ReadBitRate, kSomeRate, rate.emplace());
  impairment.rate = rate;
  Take(impair, "burst", ReadBytes, std::uint64_t{0}, impairment.burst);
  return impairment;
}

Ramp ImpairmentReader::ReadRamp(const DocumentValue& value, const Impairment& from, Duration longest) {
  Ramp ramp;
  ramp.to = from;
  const Record record(value, "'ramp'", keys::Ramp(), errors_);
  prefix_ = "ramp.";
  TakeDelay(record, ramp.to.delay);
  Take(record, "jitter", ReadDuration, kSomeJitter, ramp.to.jitter);
  Take(record, "loss", ReadRatio, kSomeRatio, ramp.to.loss);
  Take(record, "duplicate", ReadRatio, kSomeRatio, ramp.to.duplicate);
  Take(record, "corrupt", ReadRatio, kSomeRatio, ramp.to.corrupt);
  Take(record, "reorder", ReadRatio, kSomeRatio, ramp.to.reorder);
  if (record.Find("rate") != nullptr) Take(record, "rate", ReadBitRate, kSomeRate, ramp.to.rate.emplace());
  TakeOver(record, longest, ramp.over);
  Take(record, "steps", ReadCount, std::uint32_t{0}, ramp.changes);
  if (!record.valid()) failed_.insert("ramp");
  prefix_.clear();
  return ramp;
}

template <typename T>
void ImpairmentReader::Take(const Record& record, absl::string_view key,
                            std::optional<T> (*read)(const DocumentValue&, absl::string_view, TextErrors&), T instead,
                            T& out) {
  const DocumentValue* value = record.Find(key);
  if (value == nullptr) return;
  const std::optional<T> taken = read(*value, absl::StrCat("'", key, "'"), errors_);
  if (!taken) failed_.insert(absl::StrCat(prefix_, key));
  out = taken.value_or(instead);
}

void ImpairmentReader::TakeOver(const Record& record, Duration longest, Duration& over) {
  over = kSomeLength;
  const DocumentValue* value = record.Require("over", "say how long it takes, for example 'over: 45s'", errors_);
  if (value == nullptr) return;
  Take(record, "over", ReadDuration, kSomeLength, over);
  if (longest == Duration(0) || over <= longest || failed_.contains("ramp.over")) return;
  errors_.Add(value->position,
              absl::StrCat("'over' is ", FormatDuration(over), ", longer than the step's ", FormatDuration(longest)));
}

void ImpairmentReader::TakeDelay(const Record& record, Duration& delay) {
  Take(record, "delay", ReadDuration, kLongestDelay, delay);
  const DocumentValue* rtt = record.Find("rtt");
  if (rtt == nullptr) return;
  if (record.Find("delay") != nullptr) {
    errors_.Add(rtt->position, "'rtt' and 'delay' exclude each other: 'delay' is one way, 'rtt' half of it each way");
    return;
  }
  if (!both_ways_) {
    errors_.Add(rtt->position, "'rtt' is for faults both ways, with half of it each way; one way, write 'delay'");
  }
  Duration round_trip{0};
  Take(record, "rtt", ReadDuration, 2 * kLongestDelay, round_trip);
  if (failed_.contains(prefix_ + "rtt") || !both_ways_) failed_.insert(prefix_ + "delay");
  delay = round_trip / 2;
}

void ImpairmentReader::TakeDistribution(const Record& record, Impairment& impairment) {
  const DocumentValue* distribution = record.Find("distribution");
  if (distribution != nullptr) {
    const std::optional<std::size_t> word = ReadWord(*distribution, "'distribution'", keys::Distributions(), errors_);
    impairment.distribution = static_cast<Distribution>(word.value_or(0));
  }
  const DocumentValue* samples = record.Find("samples");
  if (samples == nullptr) return;
  if (distribution != nullptr) {
    errors_.Add(distribution->position, "'distribution' and 'samples' exclude each other: samples are a distribution");
  }
  std::optional<std::vector<Duration>> list = samples_.Read(*samples);
  if (!list) failed_.insert("samples");
  impairment.distribution = Distribution::kSamples;
  impairment.samples = list ? *std::move(list) : std::vector<Duration>(2, kSomeJitter);
}

void ImpairmentReader::TakeShare(const Record& record, absl::string_view key, Share share) {
  const DocumentValue* value = record.Find(key);
  if (value == nullptr) return;
  if (value->kind != DocumentValue::Kind::kMapping) return Take(record, key, ReadRatio, kSomeRatio, share.ratio);
  const Record parts(*value, absl::StrCat("'", key, "'"), keys::Share(), errors_);
  prefix_ = absl::StrCat(key, ".");
  Take(parts, "ratio", ReadRatio, kSomeRatio, share.ratio);
  Take(parts, "correlation", ReadRatio, Ratio(), share.correlation);
  prefix_.clear();
}

void ImpairmentReader::TakeLoss(const Record& record, Impairment& impairment) {
  const DocumentValue* value = record.Find("loss");
  if (value == nullptr) return;
  if (value->kind != DocumentValue::Kind::kMapping) {
    return Take(record, "loss", ReadRatio, kSomeRatio, impairment.loss);
  }
  const Record parts(*value, "'loss'", keys::Loss(), errors_);
  prefix_ = "loss.";
  Take(parts, "ratio", ReadRatio, kSomeRatio, impairment.loss);
  Take(parts, "correlation", ReadRatio, Ratio(), impairment.loss_correlation);
  if (const DocumentValue* bursts = parts.Find("gemodel")) impairment.bursts = ReadGilbertElliott(*bursts);
  prefix_.clear();
}

GilbertElliott ImpairmentReader::ReadGilbertElliott(const DocumentValue& value) {
  GilbertElliott bursts;
  const Record record(value, "'gemodel'", keys::GilbertElliott(), errors_);
  prefix_ = "loss.gemodel.";
  bursts.p = bursts.r = kSomeRatio;
  record.Require("p", "give the chance to go from good to bad at each packet, for example 'p: 1%'", errors_);
  record.Require("r", "give the chance to come back at each packet, for example 'r: 10%'", errors_);
  Take(record, "p", ReadRatio, kSomeRatio, bursts.p);
  Take(record, "r", ReadRatio, kSomeRatio, bursts.r);
  Take(record, "1-h", ReadRatio, kSomeRatio, bursts.bad_loss);
  Take(record, "1-k", ReadRatio, kSomeRatio, bursts.good_loss);
  return bursts;
}

void ImpairmentReader::TakeReorder(const Record& record, Impairment& impairment) {
  const DocumentValue* value = record.Find("reorder");
  if (value == nullptr) return;
  if (value->kind == DocumentValue::Kind::kText && value->text == "allow") {
    impairment.reorder_by_jitter = true;
  } else if (value->kind != DocumentValue::Kind::kMapping) {
    Take(record, "reorder", ReadRatio, kSomeRatio, impairment.reorder);
  } else {
    const Record parts(*value, "'reorder'", keys::Reorder(), errors_);
    prefix_ = "reorder.";
    Take(parts, "ratio", ReadRatio, kSomeRatio, impairment.reorder);
    Take(parts, "correlation", ReadRatio, Ratio(), impairment.reorder_correlation);
    Take(parts, "gap", ReadCount, std::uint32_t{0}, impairment.reorder_gap);
    prefix_.clear();
  }
}

void ImpairmentReader::Check(const DocumentValue& impair, const Impairment& impairment, const DocumentValue* ramp_value,
                             const std::optional<Ramp>& ramp) {
  AddErrors(ramp ? CheckRamp(impairment, *ramp) : CheckImpairment(impairment), impair, ramp_value);
}

void ImpairmentReader::AddErrors(const std::vector<FieldError>& errors, const DocumentValue& impair,
                                 const DocumentValue* ramp) {
  for (const FieldError& error : errors) {
    if (Failed(error.field)) continue;
    absl::string_view path = error.field;
    const bool of_ramp = path == "ramp" || absl::ConsumePrefix(&path, "ramp.");
    const DocumentValue& mapping = of_ramp && ramp != nullptr ? *ramp : impair;
    const bool half =
        path == "delay" && &FindPath(mapping, "delay") == &mapping && &FindPath(mapping, "rtt") != &mapping;
    const DocumentValue& place = PlaceOf(mapping, half ? "rtt" : path);
    errors_.Add(place.position, half ? absl::StrCat("'rtt': half of it each way, ", error.message)
                                     : absl::StrCat("'", error.field, "': ", error.message));
  }
}

const DocumentValue& ImpairmentReader::PlaceOf(const DocumentValue& value, absl::string_view path) {
  const DocumentValue& place = FindPath(value, path);
  // The share itself, of one that is written with its correlation.
  return &place == &value ? place : FindPath(place, "ratio");
}

bool ImpairmentReader::Failed(absl::string_view field) const {
  if (field == "ramp" || field == "impair") return !failed_.empty();
  const std::string of_ramp(field);
  const std::string of_start(absl::StripPrefix(field, "ramp."));
  return failed_.contains(of_ramp) || failed_.contains(of_start) || failed_.contains(of_start + ".ratio");
}

}  // namespace faultline
