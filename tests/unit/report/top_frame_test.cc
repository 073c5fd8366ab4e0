#include "controller/report/top_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "controller/report/text_table.h"
#include "tests/unit/report/top_samples.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string Shown(const TopState& state, const TerminalStyle& style, std::size_t width, std::size_t height) {
  return "\n" + absl::StrJoin(TopFrame(state, style, width, height), "\n") + "\n";
}

// Whatever is shown, it fits.
void ExpectFits(const TopState& state, std::size_t width, std::size_t height) {
  for (const bool utf8 : {true, false}) {
    const std::vector<std::string> frame = TopFrame(state, {.color = true, .utf8 = utf8}, width, height);
    EXPECT_LE(frame.size(), height) << width << "x" << height;
    for (const std::string& line : frame) EXPECT_LE(WidthOf(line), width) << line;
  }
}

TEST(TopFrameTest, InASmallWindow) {
  EXPECT_EQ(Shown(SampleState(), {}, 80, 24), R"(
faultline top  2024-01-01 00:00:12 UTC  unix:/run/faultline/controller.sock
5 of 6 nodes connected, clocks known to ±0.42 ms, 2 runs in progress
! gone: par-3

  RUN            STANDING  STAGE LEFT  RUN LEFT  STAGE
> split-brain-3  running   8s          51s       2 of 4: one-way
  nightly-4      waiting   -           -         -

  STEP     STATE             NODES  PACKETS  WHAT IT DOES
  one-way  acting, 18s left  2/2    -        drop
  far      in 8s             -      -        delay 80ms, lose 1%

12 OF 30 EDGES      NOW         LOST  DELAY  LAST 60 S
lon-1 → par-2 IPv4  · open!     0%    -      %  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
lon-1 → par-1       █ cut       100%  -      %  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██████████
lon-1 → par-2 IPv6  █ cut       100%  -      %  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██████████
lon-2 → par-1       █ cut       100%  -      %  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██████████
lon-2 → par-2       █ cut       100%  -      %  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██████████
lon-3 → par-1       █ cut       100%  -      %  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██████████
lon-3 → par-2       █ cut       100%  -      %  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██████████
par-1 → par-2       ≈ impaired  2%    +80ms  ms                     ██████████
lon-1 → par-3       ? unknown   -     -      %  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
and 4 more
q quit   j k scroll   r next run   ? help
)");
}

TEST(TopFrameTest, InALargeWindow) {
  EXPECT_EQ(Shown(SampleState(), {}, 200, 50), R"(
faultline top  2024-01-01 00:00:12 UTC  unix:/run/faultline/controller.sock
5 of 6 nodes connected, clocks known to ±0.42 ms, 2 runs in progress
! gone: par-3

  RUN            STANDING  STAGE LEFT  RUN LEFT  STAGE
> split-brain-3  running   8s          51s       2 of 4: one-way
  nightly-4      waiting   -           -         -

  STEP     STATE             NODES  PACKETS  WHAT IT DOES
  one-way  acting, 18s left  2/2    -        drop
  far      in 8s             -      -        delay 80ms, lose 1%

12 OF 30 EDGES      NOW         LOST  DELAY  PLANNED   LOST, LAST 60 S                                               DELAY, LAST 60 S
lon-1 → par-2 IPv4  · open!     0%    -      cut       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
lon-1 → par-1       █ cut       100%  -      cut       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁████████████████████
lon-1 → par-2 IPv6  █ cut       100%  -      cut       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁████████████████████
lon-2 → par-1       █ cut       100%  -      cut       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁████████████████████
lon-2 → par-2       █ cut       100%  -      cut       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁████████████████████
lon-3 → par-1       █ cut       100%  -      cut       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁████████████████████
lon-3 → par-2       █ cut       100%  -      cut       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁████████████████████
par-1 → par-2       ≈ impaired  2%    +80ms  +80ms 2%  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂                                          ████████████████████
lon-1 → par-3       ? unknown   -     -      cut       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
lon-2 → par-3       ? unknown   -     -      cut       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
lon-3 → par-3       ? unknown   -     -      cut       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
par-1 → par-3       ? unknown   -     -      open      ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
par-2 → par-3       ? unknown   -     -      open      ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁























q quit   j k scroll   r next run   ? help
)");
}

TEST(TopFrameTest, InAscii) {
  const TerminalStyle ascii = {.utf8 = false};
  EXPECT_EQ(Shown(SampleState(), ascii, 80, 24), R"(
faultline top  2024-01-01 00:00:12 UTC  unix:/run/faultline/controller.sock
5 of 6 nodes connected, clocks known to +-0.42 ms, 2 runs in progress
! gone: par-3

  RUN            STANDING  STAGE LEFT  RUN LEFT  STAGE
> split-brain-3  running   8s          51s       2 of 4: one-way
  nightly-4      waiting   -           -         -

  STEP     STATE             NODES  PACKETS  WHAT IT DOES
  one-way  acting, 18s left  2/2    -        drop
  far      in 8s             -      -        delay 80ms, lose 1%

12 OF 30 EDGES       NOW         LOST  DELAY  LAST 60 S
lon-1 -> par-2 IPv4  . open!     0%    -      %  000000000000000000000000000000
lon-1 -> par-1       x cut       100%  -      %  000000000000000000009999999999
lon-1 -> par-2 IPv6  x cut       100%  -      %  000000000000000000009999999999
lon-2 -> par-1       x cut       100%  -      %  000000000000000000009999999999
lon-2 -> par-2       x cut       100%  -      %  000000000000000000009999999999
lon-3 -> par-1       x cut       100%  -      %  000000000000000000009999999999
lon-3 -> par-2       x cut       100%  -      %  000000000000000000009999999999
par-1 -> par-2       = impaired  2%    +80ms  ms                     9999999999
lon-1 -> par-3       ? unknown   -     -      %  00000000000000000000
and 4 more
q quit   j k scroll   r next run   ? help
)");
  EXPECT_EQ(Shown(SampleState(), ascii, 200, 50), R"(
faultline top  2024-01-01 00:00:12 UTC  unix:/run/faultline/controller.sock
5 of 6 nodes connected, clocks known to +-0.42 ms, 2 runs in progress
! gone: par-3

  RUN            STANDING  STAGE LEFT  RUN LEFT  STAGE
> split-brain-3  running   8s          51s       2 of 4: one-way
  nightly-4      waiting   -           -         -

  STEP     STATE             NODES  PACKETS  WHAT IT DOES
  one-way  acting, 18s left  2/2    -        drop
  far      in 8s             -      -        delay 80ms, lose 1%

12 OF 30 EDGES       NOW         LOST  DELAY  PLANNED   LOST, LAST 60 S                                               DELAY, LAST 60 S
lon-1 -> par-2 IPv4  . open!     0%    -      cut       000000000000000000000000000000000000000000000000000000000000
lon-1 -> par-1       x cut       100%  -      cut       000000000000000000000000000000000000000099999999999999999999
lon-1 -> par-2 IPv6  x cut       100%  -      cut       000000000000000000000000000000000000000099999999999999999999
lon-2 -> par-1       x cut       100%  -      cut       000000000000000000000000000000000000000099999999999999999999
lon-2 -> par-2       x cut       100%  -      cut       000000000000000000000000000000000000000099999999999999999999
lon-3 -> par-1       x cut       100%  -      cut       000000000000000000000000000000000000000099999999999999999999
lon-3 -> par-2       x cut       100%  -      cut       000000000000000000000000000000000000000099999999999999999999
par-1 -> par-2       = impaired  2%    +80ms  +80ms 2%  000000000000000000000000000000000000000011111111111111111111                                          99999999999999999999
lon-1 -> par-3       ? unknown   -     -      cut       0000000000000000000000000000000000000000
lon-2 -> par-3       ? unknown   -     -      cut       0000000000000000000000000000000000000000
lon-3 -> par-3       ? unknown   -     -      cut       0000000000000000000000000000000000000000
par-1 -> par-3       ? unknown   -     -      open      0000000000000000000000000000000000000000
par-2 -> par-3       ? unknown   -     -      open      0000000000000000000000000000000000000000























q quit   j k scroll   r next run   ? help
)");
}

TEST(TopFrameTest, FitsEveryWindow) {
  TopState state = SampleState();
  for (const bool keys : {true, false}) {
    for (const bool help : {true, false}) {
      state.keys = keys;
      state.help = help;
      for (std::size_t width = 1; width <= 210; width += 11) {
        for (const std::size_t height : {1, 9, 10, 11, 13, 14, 19, 20, 24, 50}) ExpectFits(state, width, height);
      }
    }
  }
}

TEST(TopFrameTest, ASmallerWindowSaysSo) {
  EXPECT_THAT(TopFrame(SampleState(), {}, 59, 24), ElementsAre("too small: 60x10 is needed, this is 59x24"));
  EXPECT_THAT(TopFrame(SampleState(), {}, 80, 9), ElementsAre("too small: 60x10 is needed, this is 80x9"));
  EXPECT_THAT(TopFrame(SampleState(), {}, 12, 9), ElementsAre("too small: …"));
  EXPECT_THAT(TopFrame(SampleState(), {}, 60, 10), SizeIs(10));
}

TEST(TopFrameTest, NothingGoingOn) {
  TopState state;
  EXPECT_EQ(Shown(state, {}, 80, 12), R"(
faultline top  1970-01-01 00:00:00 UTC  
0 of 0 nodes connected, clocks not known yet, 0 runs in progress
no run is in progress
no two nodes can probe each other







q quit   j k scroll   r next run   ? help
)");
  state.matrix = OpenStage(3);
  EXPECT_THAT(TopFrame(state, {}, 80, 24), Contains("all 30 edges are open"));
}

TEST(TopFrameTest, ColourMarksWithoutMovingAnything) {
  const std::string plain = Shown(SampleState(), {}, 80, 24);
  const std::string colored = Shown(SampleState(), {.color = true}, 80, 24);
  EXPECT_THAT(colored, HasSubstr("\x1b[1;31m· open!\x1b[0m"));
  EXPECT_THAT(colored, HasSubstr("\x1b[1;31m! gone: par-3\x1b[0m"));
  EXPECT_EQ(absl::StrReplaceAll(colored, {{"\x1b[1;31m", ""}, {"\x1b[0m", ""}}), plain);
}

// Names come from elsewhere: they neither steer the terminal nor move a column.
TEST(TopFrameTest, HostileNamesAreTamed) {
  TopState state = SampleState();
  const std::string hostile = "東京\x1b[2J\u009b\u202e\ne\u0301" + std::string(300, 'x');
  state.controller = hostile;
  state.nodes[5].name = hostile;
  state.runs[0].run.set_id(hostile);
  state.runs[0].run.set_step_names(0, hostile);
  state.runs[0].run.set_step_effects(1, hostile);
  state.runs[0].run.mutable_schedule(1)->set_name(hostile);
  for (v1::EdgeVerdict& edge : *state.matrix.mutable_edges()) {
    if (edge.from() == "lon-1") edge.set_from(hostile);
  }
  for (const std::size_t width : {60, 80, 200}) ExpectFits(state, width, 24);
  for (const std::string& line : TopFrame(state, {}, 80, 24)) {
    for (const char* bad : {"\x1b", "\u009b", "\u202e", "\n"}) EXPECT_THAT(line, Not(HasSubstr(bad)));
  }
  EXPECT_THAT(Shown(state, {}, 80, 24), HasSubstr("東京?[2J????e\u0301xxx"));
}

TEST(TopFrameTest, WideNamesKeepTheColumns) {
  TopState state;
  state.matrix = StageAsPlanned({"東京", "par"}, [](const std::string&, const std::string&) { return false; });
  const std::vector<std::string> frame = TopFrame(state, {}, 80, 12);
  ASSERT_GE(frame.size(), 6u);
  EXPECT_THAT(frame[3], StartsWith("2 OF 2 EDGES  NOW    LOST  DELAY  LAST 60 S"));
  EXPECT_THAT(frame[4], StartsWith("par → 東京    █ cut  100%  -      %"));
  EXPECT_THAT(frame[5], StartsWith("東京 → par    █ cut  100%  -      %"));
}

TEST(TopFrameTest, ScrollingShowsEveryEdge) {
  TopState state = SampleState();
  const std::size_t most = MostScrolled(state, {}, 80, 24);
  EXPECT_GT(most, 0u);
  std::string all;
  for (state.scrolled = 0; state.scrolled <= most; ++state.scrolled) {
    const std::vector<std::string> frame = TopFrame(state, {}, 80, 24);
    EXPECT_THAT(frame, SizeIs(24));
    absl::StrAppend(&all, absl::StrJoin(frame, "\n"), "\n");
  }
  for (const char* edge : {"lon-1 → par-2 IPv4", "lon-3 → par-1", "par-1 → par-2", "par-2 → par-3"}) {
    EXPECT_THAT(all, HasSubstr(edge));
  }
  EXPECT_THAT(all, HasSubstr(absl::StrCat("\nand ", most, " above\n")));
  state.scrolled = 1000;
  EXPECT_THAT(TopFrame(state, {}, 80, 24), Contains(absl::StrCat("and ", most, " above")));
  EXPECT_EQ(MostScrolled(state, {}, 200, 50), 0u);
  EXPECT_EQ(MostScrolled(state, {}, 20, 50), 0u);
}

TEST(TopFrameTest, TheChosenRunsStepsAreShown) {
  TopState state = SampleState();
  EXPECT_THAT(Shown(state, {}, 80, 24), AllOf(HasSubstr("\n> split-brain-3  "), HasSubstr("\n  one-way")));
  state.chosen_run = "nightly-4";
  EXPECT_THAT(Shown(state, {}, 80, 24), AllOf(HasSubstr("\n> nightly-4  "), Not(HasSubstr("\n  one-way"))));
  state.chosen_run = "one that is over";
  EXPECT_THAT(Shown(state, {}, 80, 24), HasSubstr("\n> split-brain-3  "));
}

TEST(TopFrameTest, RunsAndStepsThatDoNotFitAreCounted) {
  TopState state = SampleState();
  for (int i = 0; i < 20; ++i) {
    state.runs[0].run.add_step_names(absl::StrCat("later-", i));
    state.runs.push_back(state.runs[1]);
  }
  // What acts now is seen, whatever is before it.
  state.chosen_run = "split-brain-3";
  for (v1::NodeRun& node : *state.runs[0].run.mutable_nodes()) {
    AddTransition(node, 20, v1::TRANSITION_FIRED, std::chrono::seconds(11), Duration(0));
    for (const std::uint32_t step : {0u, 1u}) {
      AddTransition(node, step, v1::TRANSITION_FIRED, Duration(0), Duration(0));
      AddTransition(node, step, v1::TRANSITION_HEALED, Duration(0), Duration(0));
    }
  }
  const std::string frame = Shown(state, {}, 80, 24);
  EXPECT_THAT(frame, AllOf(HasSubstr("\n> split-brain-3"), HasSubstr("\nand 20 more\n"),
                           HasSubstr("\n  later-18  acting "), HasSubstr("\nand 18 above\n")));
}

TEST(TopFrameTest, CountersAreShownAsFarAsTheyAreKnown) {
  TopState state = SampleState();
  EXPECT_THAT(Shown(state, {}, 80, 24), Not(HasSubstr("PASSED")));
  AddCounters(state.runs[0].run, 0, 0, 12'345, 0);
  AddCounters(state.runs[0].run, 1, 1, 700, 100);
  const std::string frame = Shown(state, {}, 200, 50);
  EXPECT_THAT(frame, HasSubstr("NODES  PACKETS  PASSED  LOST  OVERFLOWED  WHAT IT DOES\n"));
  EXPECT_THAT(frame, HasSubstr("2/2    12 345   0       0     0           drop\n"));
  EXPECT_THAT(frame, HasSubstr("-      700      100     1     0           delay 80ms, lose 1%\n"));
}

TEST(TopFrameTest, NodesGoneAreNamedAsFarAsTheyFit) {
  TopState state;
  for (int i = 0; i < 40; ++i) state.nodes.push_back({.name = absl::StrCat("node-", i)});
  EXPECT_THAT(TopFrame(state, {}, 60, 12), Contains("! gone: node-0, node-1, node-2, node-3, node-4 and 35 more"));
}

TEST(TopFrameTest, HelpInsteadOfAll) {
  TopState state = SampleState();
  state.help = true;
  const std::string frame = Shown(state, {}, 80, 24);
  EXPECT_THAT(frame, AllOf(HasSubstr("6 nodes connected"), HasSubstr("the next run's steps"), Not(HasSubstr("EDGES"))));
}

TEST(TopFrameTest, WithoutKeysNoneAreNamed) {
  TopState state = SampleState();
  state.keys = false;
  const std::vector<std::string> frame = TopFrame(state, {}, 80, 1000);
  EXPECT_THAT(frame, Each(Not(HasSubstr("q quit"))));
  EXPECT_THAT(frame, Each(Not(StartsWith("and "))));
}

TEST(TopGistTest, IsOfWhatHappensNotOfFigures) {
  TopState state = SampleState();
  const std::string gist = TopGist(state);
  state.now += std::chrono::seconds(5);
  state.runs[0].elapsed = std::chrono::seconds(17);
  AddCounters(state.runs[0].run, 0, 0, 5, 0);
  EdgeOf(state.matrix, "par-1", "par-2", v1::FAMILY_IPV4).set_received(97);
  EXPECT_EQ(TopGist(state), gist);

  TopState next = state;
  next.runs[0].elapsed = std::chrono::seconds(21);
  EXPECT_NE(TopGist(next), gist);
  next = state;
  next.nodes[0].connected = false;
  EXPECT_NE(TopGist(next), gist);
  next = state;
  SetObserved(next.matrix, "lon-1", "lon-2", v1::FAMILY_IPV4, v1::REACH_CUT, 0);
  EXPECT_NE(TopGist(next), gist);
  next = state;
  AddTransition(*next.runs[0].run.mutable_nodes(0), 1, v1::TRANSITION_FIRED, Duration(0), Duration(0));
  EXPECT_NE(TopGist(next), gist);
}

}  // namespace
}  // namespace faultline
