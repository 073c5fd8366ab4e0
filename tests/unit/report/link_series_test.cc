#include "controller/report/link_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// T0 is no multiple of a window.
constexpr Duration kT0 = seconds(1'000) + milliseconds(30);

class LinkSeriesTest : public ::testing::Test {
 protected:
  void AddNode(const std::string& name, const std::string& region, bool ipv6 = false) {
    ProbeNode& node = nodes_.emplace_back();
    node.name = NodeName(name);
    node.ipv4 = *IpAddress::Parse("192.0.2.1");
    if (ipv6) node.ipv6 = *IpAddress::Parse("2001:db8::1");
    if (!region.empty()) regions_[name] = region;
  }
  void AddGroup(const std::string& name, const std::vector<std::string>& nodes) {
    v1::GroupMembers& group = *run_.add_groups();
    group.set_name(name);
    group.mutable_nodes()->Assign(nodes.begin(), nodes.end());
  }
  // In the window that begins so long after T0, which must be that of a window.
  void Probe(const std::string& from, const std::string& to, Duration at, std::uint32_t sent, std::uint32_t received,
             Duration delay = milliseconds(2), v1::Family family = v1::FAMILY_IPV4) {
    const auto window = [&](const std::string& peer) {
      v1::ProbeWindow message;
      message.set_peer(peer);
      message.set_family(family);
      *message.mutable_start() = EncodeDuration(kT0 + at);
      return message;
    };
    v1::Observation out;
    *out.add_windows() = window(to);
    out.mutable_windows(0)->set_sent(sent);
    v1::Observation in;
    *in.add_windows() = window(from);
    in.mutable_windows(0)->set_received(received);
    if (received > 0) *in.mutable_windows(0)->mutable_sum_delay() = EncodeDuration(received * delay);
    ASSERT_TRUE(log_.Add(NodeName(from), out).ok());
    ASSERT_TRUE(log_.Add(NodeName(to), in).ok());
  }
  void Make(Duration from, Duration until) {
    AddSeries({.nodes = nodes_, .regions = regions_, .t0 = ControllerTime(kT0), .from = from, .until = until}, log_,
              run_);
  }
  const v1::LinkSeries& Of(const std::string& from, const std::string& to, v1::Family family = v1::FAMILY_IPV4) {
    for (const v1::LinkSeries& series : run_.series()) {
      if (series.from() == from && series.to() == to && series.family() == family) return series;
    }
    ADD_FAILURE() << "no series from " << from << " to " << to;
    return v1::LinkSeries::default_instance();
  }

  std::vector<ProbeNode> nodes_;
  std::map<std::string, std::string> regions_;
  ProbeLog log_;
  v1::Run run_;
};

TEST_F(LinkSeriesTest, PointsBetweenGroupsAddUpAllTheirNodes) {
  AddNode("lon-1", "london");
  AddNode("lon-2", "london");
  AddNode("par-1", "paris");
  AddGroup("a", {"lon-1", "lon-2"});
  AddGroup("b", {"par-1"});
  Probe("lon-1", "par-1", milliseconds(70), 1, 1, milliseconds(2));
  Probe("lon-2", "par-1", milliseconds(470), 2, 1, milliseconds(4));
  Probe("lon-2", "par-1", milliseconds(570), 2, 0);
  Probe("lon-1", "lon-2", milliseconds(70), 9, 9);
  Make(Duration(0), milliseconds(1'600));
  ASSERT_THAT(run_.series(), SizeIs(2));
  const v1::LinkSeries& series = Of("a", "b");
  // The first window that lies within the run.
  EXPECT_EQ(*DecodeDuration(series.start()), milliseconds(70));
  EXPECT_EQ(*DecodeDuration(series.step()), milliseconds(500));
  EXPECT_THAT(series.sent(), ElementsAre(3, 2, 0));
  EXPECT_THAT(series.received(), ElementsAre(2, 0, 0));
  EXPECT_THAT(series.mean_delay_us(), ElementsAre(3'000, 0, 0));
  EXPECT_THAT(Of("b", "a").sent(), Each(0));
}

TEST_F(LinkSeriesTest, EachIpVersionThatBothHaveIsApart) {
  AddNode("lon-1", "", true);
  AddNode("par-1", "", true);
  AddNode("par-2", "", false);
  Probe("lon-1", "par-1", milliseconds(70), 3, 3, milliseconds(1), v1::FAMILY_IPV6);
  Make(Duration(0), seconds(1));
  // Six directions over IPv4, two over IPv6; without groups, between nodes.
  EXPECT_THAT(run_.series(), SizeIs(8));
  EXPECT_THAT(Of("lon-1", "par-1", v1::FAMILY_IPV6).sent(), ElementsAre(3));
  EXPECT_THAT(Of("lon-1", "par-1").sent(), ElementsAre(0));
}

TEST_F(LinkSeriesTest, ClockErrorsMakeNoDelayNothing) {
  AddNode("lon-1", "");
  AddNode("par-1", "");
  Probe("lon-1", "par-1", milliseconds(70), 1, 1, -milliseconds(3));
  Make(Duration(0), seconds(1));
  EXPECT_THAT(Of("lon-1", "par-1").mean_delay_us(), ElementsAre(1));
}

TEST_F(LinkSeriesTest, LongRunsHaveWiderPoints) {
  AddNode("lon-1", "");
  AddNode("par-1", "");
  for (int i = 0; i < 3'600; ++i) Probe("lon-1", "par-1", seconds(i) + milliseconds(70), 1, 1);
  Make(-seconds(3), seconds(3'600));
  const v1::LinkSeries& series = Of("lon-1", "par-1");
  EXPECT_LE(series.sent_size(), kMostPoints);
  EXPECT_GT(series.sent_size(), kMostPoints * 9 / 10);
  EXPECT_EQ(*DecodeDuration(series.step()) % milliseconds(100), Duration(0));
  const auto sent = std::accumulate(series.sent().begin(), series.sent().end(), 0);
  EXPECT_GE(sent, 3'590);
}

TEST_F(LinkSeriesTest, TooManyNodesAreTakenByRegion) {
  for (int i = 0; i < 20; ++i) AddNode(absl::StrCat("n-", i), i % 2 == 0 ? "london" : "paris");
  Probe("n-0", "n-1", milliseconds(70), 1, 1);
  Probe("n-2", "n-3", milliseconds(70), 1, 0);
  Make(Duration(0), seconds(1));
  EXPECT_THAT(run_.series(), SizeIs(2));
  EXPECT_THAT(Of("london", "paris").sent(), ElementsAre(2));
  EXPECT_THAT(Of("london", "paris").received(), ElementsAre(1));
  EXPECT_THAT(run_.warnings(), IsEmpty());
}

TEST_F(LinkSeriesTest, WithoutRegionsTooManyAreLeftOutWithAWarning) {
  for (int i = 0; i < 20; ++i) AddNode(absl::StrCat("n-", i), "");
  Make(Duration(0), seconds(1));
  EXPECT_THAT(run_.series(), IsEmpty());
  EXPECT_THAT(run_.warnings(), ElementsAre(HasSubstr("more than 200 links")));
}

TEST_F(LinkSeriesTest, ARunTooShortForAPointHasNone) {
  AddNode("lon-1", "");
  AddNode("par-1", "");
  Make(Duration(0), milliseconds(500));
  Make(Duration(0), -seconds(1));
  EXPECT_THAT(run_.series(), IsEmpty());
}

}  // namespace
}  // namespace faultline
