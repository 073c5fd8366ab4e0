#include "controller/plan/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/impairment.h"

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

std::string ErrorOf(absl::string_view text) { return std::string(ParseSamplesCsv(text).status().message()); }

TEST(SamplesTest, ReadsWhatToolsWrite) {
  EXPECT_THAT(*ParseSamplesCsv("1\n2\n"), ElementsAre(milliseconds(1), milliseconds(2)));
  EXPECT_THAT(*ParseSamplesCsv("1.5\n0\n"), ElementsAre(microseconds(1500), Duration(0)));
  EXPECT_THAT(*ParseSamplesCsv("2s\n1.5us"), ElementsAre(seconds(2), Duration(1500)));
  EXPECT_THAT(*ParseSamplesCsv("rtt,when\r\n3,12:00\r\n1ms \r\n"), ElementsAre(milliseconds(3), milliseconds(1)));
  EXPECT_THAT(*ParseSamplesCsv("\xef\xbb\xbf\"rtt\"\n# a\n\n 4 ; x\n5\ty\n"),
              ElementsAre(milliseconds(4), milliseconds(5)));
}

TEST(SamplesTest, RefusesWhatIsNoDelay) {
  EXPECT_EQ(ErrorOf("1\nfast\n"), "line 2: 'fast' is no delay; write milliseconds, or a unit as in 1.2ms");
  EXPECT_EQ(ErrorOf("h\nh\n"), "line 2: 'h' is no delay; write milliseconds, or a unit as in 1.2ms");
  EXPECT_EQ(ErrorOf("1\n-2\n"), "line 2: '-2' is no delay; write milliseconds, or a unit as in 1.2ms");
  EXPECT_EQ(ErrorOf("1\n1e3\n"), "line 2: '1e3' is no delay; write milliseconds, or a unit as in 1.2ms");
  EXPECT_EQ(ErrorOf("1\n2 s\n"), "line 2: '2 s' is no delay; write milliseconds, or a unit as in 1.2ms");
  EXPECT_EQ(ErrorOf("1\n,2\n"), "line 2: '' is no delay; write milliseconds, or a unit as in 1.2ms");
  EXPECT_EQ(ErrorOf(""), "samples are delays, one a line; there are only 0");
  EXPECT_EQ(ErrorOf("rtt\n1\n"), "samples are delays, one a line; there are only 1");
}

TEST(SamplesTest, FewSamplesAreOnlySorted) {
  EXPECT_THAT(ReduceSamples({Duration(3), Duration(1), Duration(3)}),
              ElementsAre(Duration(1), Duration(3), Duration(3)));
  EXPECT_THAT(ReduceSamples({}), ElementsAre());
  std::vector<Duration> most(kMostSamples);
  for (std::size_t i = 0; i < most.size(); ++i) most[i] = Duration(i);
  EXPECT_EQ(ReduceSamples(most), most);
}

TEST(SamplesTest, QuantilesKeepTheDistribution) {
  for (const std::size_t count : {kMostSamples + 1, 2 * kMostSamples - 1, std::size_t{100'000}}) {
    std::vector<Duration> samples;
    for (std::size_t i = 0; i < count; ++i) samples.push_back(Duration((i * 7919) % count));
    const std::vector<Duration> reduced = ReduceSamples(samples);
    ASSERT_EQ(reduced.size(), kMostSamples);
    EXPECT_TRUE(std::is_sorted(reduced.begin(), reduced.end()));
    for (std::size_t i = 0; i < reduced.size(); ++i) {
      // The quantile at (i + 1/2) / kMostSamples of 0, 1, 2, ...
      const double quantile = (static_cast<double>(i) + 0.5) / kMostSamples * static_cast<double>(count);
      ASSERT_NEAR(static_cast<double>(reduced[i].count()), quantile, 1.0);
    }
  }
}

}  // namespace
}  // namespace faultline
