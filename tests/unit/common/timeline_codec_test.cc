#include "common/timeline_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/common/timeline_builder.h"

namespace faultline {
namespace {

using testing_support::GoodTimeline;

TEST(TimelineCodecTest, ReadsBackWhatItWrote) {
  const v1::Timeline message = EncodeTimeline(GoodTimeline());
  const absl::StatusOr<Timeline> timeline = DecodeTimeline(message);
  ASSERT_TRUE(timeline.ok()) << timeline.status();
  EXPECT_EQ(*timeline, GoodTimeline());
}

TEST(TimelineCodecTest, WritesTheSameBytesForTheSameTimeline) {
  EXPECT_EQ(EncodeTimeline(GoodTimeline()).SerializeAsString(), EncodeTimeline(GoodTimeline()).SerializeAsString());
}

TEST(TimelineCodecTest, PacksPrefixes) {
  const v1::Timeline message = EncodeTimeline(GoodTimeline());
  EXPECT_EQ(message.prefix_sets(0).ipv4(), std::string("\xac\x20\x00\x00\x10", 5));
  EXPECT_EQ(message.prefix_sets(0).ipv6(), std::string("\xfd\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x30", 17));
  EXPECT_EQ(message.prefix_sets(1).ipv6(), "");
}

struct BadMessage {
  const char* name;
  void (*spoil)(v1::Timeline&);
  const char* error;
};

class DecodeTimelineTest : public testing::TestWithParam<BadMessage> {};

TEST_P(DecodeTimelineTest, SaysWhatIsWrong) {
  v1::Timeline message = EncodeTimeline(GoodTimeline());
  GetParam().spoil(message);
  const absl::StatusOr<Timeline> timeline = DecodeTimeline(message);
  EXPECT_EQ(timeline.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(timeline.status().message(), GetParam().error);
}

std::string NameOf(const testing::TestParamInfo<BadMessage>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Refusals, DecodeTimelineTest,
    testing::Values(
        BadMessage{"Ipv4Cut", [](v1::Timeline& m) { m.mutable_prefix_sets(0)->mutable_ipv4()->pop_back(); },
                   "packed prefixes of 4 bytes do not divide by 5"},
        BadMessage{"Ipv6Cut", [](v1::Timeline& m) { m.mutable_prefix_sets(0)->mutable_ipv6()->push_back('x'); },
                   "packed prefixes of 18 bytes do not divide by 17"},
        BadMessage{"Ipv4TooLong", [](v1::Timeline& m) { m.mutable_prefix_sets(0)->mutable_ipv4()->back() = 33; },
                   "prefix length 33 is not within 0 to 32"},
        BadMessage{"Ipv6TooLong", [](v1::Timeline& m) { m.mutable_prefix_sets(0)->mutable_ipv6()->back() = '\xff'; },
                   "prefix length 255 is not within 0 to 128"},
        BadMessage{"HostBits", [](v1::Timeline& m) { m.mutable_prefix_sets(0)->mutable_ipv4()->back() = 8; },
                   "prefix 172.32.0.0/8 has host bits set"},
        BadMessage{"NoHook", [](v1::Timeline& m) { m.mutable_steps(0)->mutable_blocks(0)->clear_hook(); },
                   "step 'one-way': hook 0 is unknown"},
        BadMessage{"NewHook",
                   [](v1::Timeline& m) { m.mutable_steps(2)->mutable_blocks(0)->set_hook(static_cast<v1::Hook>(77)); },
                   "step 'split': hook 77 is unknown"},
        BadMessage{"NoLoss", [](v1::Timeline& m) { m.clear_on_controller_loss(); }, "on_controller_loss 0 is unknown"},
        BadMessage{"AtOutOfRange", [](v1::Timeline& m) { m.mutable_steps(0)->mutable_at()->set_seconds(INT64_MAX); },
                   "step 'one-way': a duration is malformed or out of range"},
        BadMessage{"LengthMalformed", [](v1::Timeline& m) { m.mutable_length()->set_nanos(1'000'000'000); },
                   "a duration is malformed or out of range"},
        BadMessage{"LeaseMixed", [](v1::Timeline& m) { m.mutable_lease()->set_nanos(-1); },
                   "a duration is malformed or out of range"},
        BadMessage{"NoLease", [](v1::Timeline& m) { m.clear_lease(); }, "the lease 0s is not within 1s to 10m"},
        BadMessage{"NoSets", [](v1::Timeline& m) { m.clear_prefix_sets(); },
                   "step 'one-way': prefix set 0 of 0 does not exist"},
        BadMessage{"EmptySet", [](v1::Timeline& m) { m.add_prefix_sets(); }, "a prefix set is empty"},
        BadMessage{"NoNode", [](v1::Timeline& m) { m.clear_node(); }, "node name is empty"}),
    NameOf);

TEST(DurationCodecTest, ReadsBackWhatItWrote) {
  for (const Duration duration : {Duration(0), Duration(1), Duration(-1), Duration(std::chrono::hours(876'000)),
                                  Duration(-1'500'000'000), Duration(999'999'999)}) {
    EXPECT_EQ(DecodeDuration(EncodeDuration(duration)).value(), duration);
  }
  EXPECT_EQ(EncodeDuration(Duration(-1'500'000'000)).seconds(), -1);
  EXPECT_EQ(EncodeDuration(Duration(-1'500'000'000)).nanos(), -500'000'000);
}

TEST(DurationCodecTest, RefusesTheRest) {
  const auto ok = [](std::int64_t seconds, std::int32_t nanos) {
    google::protobuf::Duration message;
    message.set_seconds(seconds);
    message.set_nanos(nanos);
    return DecodeDuration(message).ok();
  };
  EXPECT_TRUE(ok(3'153'600'000, 999'999'999));
  EXPECT_FALSE(ok(3'153'600'001, 0));
  EXPECT_FALSE(ok(-3'153'600'001, 0));
  EXPECT_FALSE(ok(INT64_MIN, 0));
  EXPECT_FALSE(ok(0, 1'000'000'000));
  EXPECT_FALSE(ok(0, INT32_MIN));
  EXPECT_FALSE(ok(1, -1));
  EXPECT_FALSE(ok(-1, 1));
}

}  // namespace
}  // namespace faultline
