#include "common/impairment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> FieldsOf(const std::vector<FieldError>& errors) {
  std::vector<std::string> fields;
  for (const FieldError& error : errors) {
    EXPECT_FALSE(error.message.empty());
    fields.push_back(error.field);
  }
  return fields;
}

Impairment Delayed(Duration delay, Duration jitter = Duration(0)) {
  Impairment impairment;
  impairment.delay = delay;
  impairment.jitter = jitter;
  return impairment;
}

Impairment Lossy(Ratio loss) {
  Impairment impairment;
  impairment.loss = loss;
  return impairment;
}

Impairment Limited(std::uint64_t bits_per_second, std::uint64_t burst = 0) {
  Impairment impairment;
  impairment.rate = BitRate{bits_per_second};
  impairment.burst = burst;
  return impairment;
}

Impairment Sampled(std::vector<Duration> samples) {
  Impairment impairment;
  impairment.distribution = Distribution::kSamples;
  impairment.samples = std::move(samples);
  return impairment;
}

Impairment Bursty(Ratio p, Ratio r, Ratio bad = Ratio::Percent(100), Ratio good = Ratio()) {
  Impairment impairment;
  impairment.bursts = GilbertElliott{p, r, bad, good};
  return impairment;
}

TEST(CheckImpairmentTest, GoodOnes) {
  for (const Impairment& good :
       {Delayed(milliseconds(80)), Delayed(milliseconds(80), milliseconds(80)), Delayed(kLongestDelay),
        Lossy(Ratio::Percent(100)), Lossy(Ratio::PartsPerBillion(1)), Limited(8'000), Limited(1'000'000, 1'600),
        Limited(1'000'000'000'000, 1'000'000'000), Sampled({kLongestDelay - kWidestSpread, kLongestDelay}),
        Sampled(std::vector<Duration>(kMostSamples)), Bursty(Ratio::Percent(1), Ratio::Percent(10)),
        Bursty(Ratio(), Ratio::Percent(10), Ratio(), Ratio::Percent(1))}) {
    EXPECT_THAT(CheckImpairment(good), IsEmpty());
  }
}

TEST(CheckImpairmentTest, Limits) {
  EXPECT_THAT(FieldsOf(CheckImpairment(Impairment())), ElementsAre("impair"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Delayed(kLongestDelay + Duration(1)))), ElementsAre("delay"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Delayed(Duration(-1)))), ElementsAre("delay", "jitter"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Delayed(milliseconds(1), -milliseconds(1)))), ElementsAre("jitter"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Delayed(milliseconds(1), milliseconds(1) + Duration(1)))),
              ElementsAre("jitter"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Lossy(Ratio::PartsPerBillion(Ratio::kOne + 1)))), ElementsAre("loss"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Limited(0))), ElementsAre("rate"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Limited(7'999))), ElementsAre("rate"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Limited(8'000, 1'599))), ElementsAre("burst"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Limited(8'000, 1'000'000'001))), ElementsAre("burst"));
}

TEST(CheckImpairmentTest, EveryRatioIsAtMostOne) {
  Impairment all = Delayed(milliseconds(10), milliseconds(1));
  const Ratio more = Ratio::Percent(101);
  all.loss = all.loss_correlation = all.duplicate = all.duplicate_correlation = all.corrupt = all.corrupt_correlation =
      all.reorder = all.reorder_correlation = more;
  EXPECT_THAT(FieldsOf(CheckImpairment(all)),
              ElementsAre("loss", "loss.correlation", "duplicate", "duplicate.correlation", "corrupt",
                          "corrupt.correlation", "reorder", "reorder.correlation"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Bursty(more, more, more, more))),
              ElementsAre("loss.gemodel.p", "loss.gemodel.r", "loss.gemodel.1-h", "loss.gemodel.1-k"));
}

TEST(CheckImpairmentTest, PartsThatNeedAnother) {
  Impairment impairment = Delayed(milliseconds(10));
  impairment.distribution = Distribution::kNormal;
  impairment.reorder_by_jitter = true;
  EXPECT_THAT(FieldsOf(CheckImpairment(impairment)), ElementsAre("distribution", "reorder"));

  impairment = Lossy(Ratio::Percent(1));
  impairment.duplicate_correlation = impairment.corrupt_correlation = impairment.reorder_correlation =
      Ratio::Percent(1);
  EXPECT_THAT(FieldsOf(CheckImpairment(impairment)),
              ElementsAre("duplicate.correlation", "corrupt.correlation", "reorder.correlation"));

  impairment = Lossy(Ratio::Percent(1));
  impairment.reorder = Ratio::Percent(1);
  impairment.burst = 2'000;
  EXPECT_THAT(FieldsOf(CheckImpairment(impairment)), ElementsAre("reorder", "burst"));

  impairment = Delayed(milliseconds(10));
  impairment.reorder_gap = 5;
  EXPECT_THAT(FieldsOf(CheckImpairment(impairment)), ElementsAre("reorder.gap"));
}

TEST(CheckImpairmentTest, PartsThatExcludeEachOther) {
  Impairment impairment = Bursty(Ratio::Percent(1), Ratio::Percent(10));
  impairment.loss = Ratio::Percent(1);
  EXPECT_THAT(FieldsOf(CheckImpairment(impairment)), ElementsAre("loss"));

  impairment = Delayed(milliseconds(10), milliseconds(1));
  impairment.reorder_by_jitter = true;
  impairment.rate = BitRate{1'000'000};
  EXPECT_THAT(FieldsOf(CheckImpairment(impairment)), ElementsAre("reorder"));

  impairment = Sampled({Duration(1), Duration(2)});
  impairment.delay = milliseconds(1);
  EXPECT_THAT(FieldsOf(CheckImpairment(impairment)), ElementsAre("delay"));
  impairment.delay = Duration(0);
  impairment.jitter = Duration(1);
  EXPECT_THAT(FieldsOf(CheckImpairment(impairment)), ElementsAre("jitter", "jitter"));
  impairment = Delayed(milliseconds(1));
  impairment.samples = {Duration(1), Duration(2)};
  EXPECT_THAT(FieldsOf(CheckImpairment(impairment)), ElementsAre("samples"));
}

TEST(CheckImpairmentTest, Samples) {
  EXPECT_THAT(FieldsOf(CheckImpairment(Sampled({}))), ElementsAre("impair", "samples"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Sampled({Duration(1)}))), ElementsAre("samples"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Sampled({Duration(2), Duration(1)}))), ElementsAre("samples"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Sampled({Duration(-1), Duration(1)}))), ElementsAre("samples"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Sampled({Duration(1), hours(2)}))), ElementsAre("samples"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Sampled(std::vector<Duration>(kMostSamples + 1)))), ElementsAre("samples"));
}

TEST(CheckImpairmentTest, BurstsThatNeverBeginOrEnd) {
  EXPECT_THAT(FieldsOf(CheckImpairment(Bursty(Ratio::Percent(1), Ratio()))), ElementsAre("loss.gemodel.r"));
  EXPECT_THAT(FieldsOf(CheckImpairment(Bursty(Ratio(), Ratio::Percent(1)))), ElementsAre("loss.gemodel.p"));
}

TEST(ImpairmentTest, MeanLoss) {
  EXPECT_DOUBLE_EQ(Impairment().MeanLoss(), 0);
  EXPECT_DOUBLE_EQ(Lossy(Ratio::Percent(5)).MeanLoss(), 0.05);
  EXPECT_DOUBLE_EQ(Bursty(Ratio::Percent(1), Ratio::Percent(9)).MeanLoss(), 0.1);
  EXPECT_DOUBLE_EQ(Bursty(Ratio::Percent(1), Ratio::Percent(9), Ratio::Percent(50), Ratio::Percent(10)).MeanLoss(),
                   0.1 * 0.5 + 0.9 * 0.1);
  EXPECT_DOUBLE_EQ(Bursty(Ratio(), Ratio(), Ratio(), Ratio::Percent(3)).MeanLoss(), 0.03);
}

TEST(ImpairmentTest, MeanLossIsThatOfTheChain) {
  // The model played by hand: the state before, then the loss in it.
  const Impairment impairment = Bursty(Ratio::Percent(2), Ratio::Percent(20), Ratio::Percent(80), Ratio::Percent(1));
  double bad = 0;
  double lost = 0;
  constexpr int kPackets = 100'000;
  for (int i = 0; i < kPackets; ++i) {
    bad = bad * 0.8 + (1 - bad) * 0.02;
    lost += bad * 0.8 + (1 - bad) * 0.01;
  }
  EXPECT_NEAR(impairment.MeanLoss(), lost / kPackets, 1e-4);
}

TEST(ImpairmentTest, Delays) {
  EXPECT_EQ(Delayed(milliseconds(80), milliseconds(10)).MeanDelay(), milliseconds(80));
  EXPECT_EQ(Delayed(milliseconds(80), milliseconds(10)).LongestDelay(), milliseconds(90));
  EXPECT_EQ(Delayed(kLongestDelay, kLongestDelay).LongestDelay(), hours(2));
  EXPECT_EQ(Sampled({milliseconds(1), milliseconds(2), milliseconds(6)}).MeanDelay(), milliseconds(3));
  EXPECT_EQ(Sampled({milliseconds(1), milliseconds(2), milliseconds(6)}).LongestDelay(), milliseconds(6));
  EXPECT_EQ(Sampled(std::vector<Duration>(kMostSamples, kLongestDelay)).MeanDelay(), kLongestDelay);
}

TEST(ImpairmentTest, WhatCanBeDoneWithoutNetem) {
  EXPECT_TRUE(Lossy(Ratio::Percent(1)).OnlyLoss());
  EXPECT_FALSE(Lossy(Ratio::Percent(1)).OnlyRate());
  EXPECT_TRUE(Limited(1'000'000, 2'000).OnlyRate());
  EXPECT_FALSE(Limited(1'000'000).OnlyLoss());
  EXPECT_FALSE(Impairment().OnlyLoss());
  EXPECT_FALSE(Impairment().OnlyRate());
  Impairment more = Lossy(Ratio::Percent(1));
  more.loss_correlation = Ratio::Percent(1);
  EXPECT_FALSE(more.OnlyLoss());
  more = Limited(1'000'000);
  more.loss = Ratio::Percent(1);
  EXPECT_FALSE(more.OnlyLoss() || more.OnlyRate());
  EXPECT_FALSE(Bursty(Ratio::Percent(1), Ratio::Percent(1)).OnlyLoss());
}

TEST(FieldErrorTest, FirstErrorIsAStatus) {
  EXPECT_TRUE(FirstError({}).ok());
  const absl::Status status = FirstError({{"loss", "it is too large"}, {"rate", "it is 0"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "loss: it is too large");
}

}  // namespace
}  // namespace faultline
