#include "common/timeline.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/common/timeline_builder.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing_support::GoodTimeline;

struct BadTimeline {
  const char* name;
  void (*spoil)(Timeline&);
  const char* error;
};

class CheckTimelineTest : public testing::TestWithParam<BadTimeline> {};

TEST_P(CheckTimelineTest, SaysWhichRule) {
  Timeline timeline = GoodTimeline();
  ASSERT_TRUE(CheckTimeline(timeline).ok()) << CheckTimeline(timeline);
  GetParam().spoil(timeline);
  const absl::Status status = CheckTimeline(timeline);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), GetParam().error);
}

std::string NameOf(const testing::TestParamInfo<BadTimeline>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Rules, CheckTimelineTest,
    testing::Values(
        BadTimeline{"NoRun", [](Timeline& bad) { bad.run = RunId(); }, "run id is empty"},
        BadTimeline{"BadNode", [](Timeline& bad) { bad.node = NodeName("a b"); },
                    "node name 'a b' may have only letters, digits, '-', '_' and '.'"},
        BadTimeline{"LeaseShort", [](Timeline& bad) { bad.lease = seconds(1) - Duration(1); },
                    "the lease 999ms999us999ns is not within 1s to 10m"},
        BadTimeline{"LeaseLong", [](Timeline& bad) { bad.lease = minutes(10) + Duration(1); },
                    "the lease 10m1ns is not within 1s to 10m"},
        BadTimeline{"NoLength", [](Timeline& bad) { bad.length = Duration(0); }, "the run has no length"},
        BadTimeline{"EmptySet", [](Timeline& bad) { bad.prefix_sets[2] = PrefixSet(); }, "a prefix set is empty"},
        BadTimeline{"StepName", [](Timeline& bad) { bad.steps[0].name = ""; }, "step '': step name is empty"},
        BadTimeline{"StepEarly", [](Timeline& bad) { bad.steps[0].at = Duration(-1); },
                    "step 'one-way': it lies outside of the run's 1m"},
        BadTimeline{"StepLate", [](Timeline& bad) { bad.steps[2].at += Duration(1); },
                    "step 'split': it lies outside of the run's 1m"},
        BadTimeline{"StepEndless", [](Timeline& bad) { bad.steps[2].length = Duration::max(); },
                    "step 'split': it lies outside of the run's 1m"},
        BadTimeline{"StepShort", [](Timeline& bad) { bad.steps[1].length = milliseconds(100) - Duration(1); },
                    "step 'watch': it is shorter than 100ms"},
        BadTimeline{"NoSet", [](Timeline& bad) { bad.steps[0].blocks[0].match.sources = 3; },
                    "step 'one-way': prefix set 3 of 3 does not exist"},
        BadTimeline{"NoExceptSet",
                    [](Timeline& bad) { bad.steps[2].blocks[0].match.except_destinations = 4294967295u; },
                    "step 'split': prefix set 4294967295 of 3 does not exist"},
        BadTimeline{"BlocksEverything", [](Timeline& bad) { bad.steps[2].blocks[0].match.destinations.reset(); },
                    "step 'split': a block names neither sources nor destinations"},
        BadTimeline{"IndexTwice", [](Timeline& bad) { bad.steps[1].index = 0; }, "step index 0 comes twice"},
        BadTimeline{"Unsorted", [](Timeline& bad) { std::swap(bad.steps[0], bad.steps[1]); },
                    "the steps are not in order"},
        BadTimeline{"UnsortedByIndex", [](Timeline& bad) { bad.steps[2].at = bad.steps[1].at; },
                    "the steps are not in order"}),
    NameOf);

}  // namespace
}  // namespace faultline
