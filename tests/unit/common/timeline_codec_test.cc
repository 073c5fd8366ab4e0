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

// A part of a timeline that is put in place of another, still good: the wire must carry it.
struct Change {
  const char* name;
  void (*make)(Timeline&);
};

class TimelineCodecChangeTest : public ::testing::TestWithParam<Change> {};

TEST_P(TimelineCodecChangeTest, TravelsOverTheWire) {
  Timeline changed = GoodTimeline();
  GetParam().make(changed);
  ASSERT_NE(changed, GoodTimeline());
  ASSERT_TRUE(CheckTimeline(changed).ok()) << CheckTimeline(changed);
  std::string bytes = EncodeTimeline(changed).SerializeAsString();
  EXPECT_NE(bytes, EncodeTimeline(GoodTimeline()).SerializeAsString());
  v1::Timeline message;
  ASSERT_TRUE(message.ParseFromString(bytes));
  const absl::StatusOr<Timeline> timeline = DecodeTimeline(message);
  ASSERT_TRUE(timeline.ok()) << timeline.status();
  EXPECT_EQ(*timeline, changed);
}

Impairment& ImpairmentOf(Timeline& timeline, std::size_t step) {
  return std::get<Impairment>(timeline.steps[step].effect);
}

// Of the step "far" and its ramp alike, so that only numbers differ between them.
template <typename Make>
void ChangeBoth(Timeline& timeline, Make make) {
  make(ImpairmentOf(timeline, 3));
  make(timeline.steps[3].ramp->to);
}

INSTANTIATE_TEST_SUITE_P(
    Parts, TimelineCodecChangeTest,
    ::testing::Values(
        Change{"Side", [](Timeline& good) { good.steps[0].rules[0].side = Side::kSender; }},
        Change{"EffectDrop", [](Timeline& good) { good.steps[5].effect = Drop{}; }},
        Change{"EffectReject", [](Timeline& good) { good.steps[0].effect = Reject{}; }},
        Change{"Holds",
               [](Timeline& good) {
                 good.on_controller_loss = ControllerLoss::kHeal;
                 good.holds = {std::chrono::seconds(10), std::chrono::seconds(30)};
               }},
        Change{"Delay", [](Timeline& good) { ImpairmentOf(good, 3).delay += Duration(1); }},
        Change{"Jitter", [](Timeline& good) { ImpairmentOf(good, 3).jitter += Duration(1); }},
        Change{"Uniform",
               [](Timeline& good) { ChangeBoth(good, [](auto& i) { i.distribution = Distribution::kUniform; }); }},
        Change{"Normal",
               [](Timeline& good) { ChangeBoth(good, [](auto& i) { i.distribution = Distribution::kNormal; }); }},
        Change{"Pareto",
               [](Timeline& good) { ChangeBoth(good, [](auto& i) { i.distribution = Distribution::kPareto; }); }},
        Change{"Samples", [](Timeline& good) { ImpairmentOf(good, 4).samples[1] += Duration(1); }},
        Change{"Overtaking", [](Timeline& good) { ImpairmentOf(good, 4).reorder_by_jitter = false; }},
        Change{"Loss", [](Timeline& good) { ImpairmentOf(good, 3).loss = Ratio::PartsPerBillion(1); }},
        Change{"LossCorrelation",
               [](Timeline& good) { ChangeBoth(good, [](auto& i) { i.loss_correlation = Ratio(); }); }},
        Change{"NoBursts", [](Timeline& good) { ImpairmentOf(good, 4).bursts.reset(); }},
        Change{"BurstsP", [](Timeline& good) { ImpairmentOf(good, 4).bursts->p = Ratio::Percent(100); }},
        Change{"BurstsR", [](Timeline& good) { ImpairmentOf(good, 4).bursts->r = Ratio::Percent(100); }},
        Change{"BurstsBadLoss", [](Timeline& good) { ImpairmentOf(good, 4).bursts->bad_loss = Ratio(); }},
        Change{"BurstsGoodLoss", [](Timeline& good) { ImpairmentOf(good, 4).bursts->good_loss = Ratio(); }},
        Change{"Duplicate", [](Timeline& good) { ImpairmentOf(good, 3).duplicate = Ratio::Percent(100); }},
        Change{"DuplicateCorrelation",
               [](Timeline& good) { ChangeBoth(good, [](auto& i) { i.duplicate_correlation = Ratio(); }); }},
        Change{"Corrupt", [](Timeline& good) { ImpairmentOf(good, 3).corrupt = Ratio::Percent(100); }},
        Change{"CorruptCorrelation",
               [](Timeline& good) { ChangeBoth(good, [](auto& i) { i.corrupt_correlation = Ratio(); }); }},
        Change{"Reorder", [](Timeline& good) { ImpairmentOf(good, 3).reorder = Ratio::Percent(100); }},
        Change{"ReorderCorrelation",
               [](Timeline& good) { ChangeBoth(good, [](auto& i) { i.reorder_correlation = Ratio(); }); }},
        Change{"ReorderGap", [](Timeline& good) { ChangeBoth(good, [](auto& i) { i.reorder_gap = 4294967295u; }); }},
        Change{"Rate", [](Timeline& good) { ImpairmentOf(good, 3).rate->bits_per_second = 1'000'000'000'000; }},
        Change{"NoRate", [](Timeline& good) { ChangeBoth(good, [](auto& i) { i.rate.reset(), i.burst = 0; }); }},
        Change{"Burst", [](Timeline& good) { ChangeBoth(good, [](auto& i) { i.burst = 0; }); }},
        Change{"NoFilter", [](Timeline& good) { good.steps[3].filter = {}; }},
        Change{"Protocol", [](Timeline& good) { good.steps[3].filter.protocol = Protocol::kSctp; }},
        Change{"ProtocolIcmp", [](Timeline& good) { good.steps[5].filter.protocol = Protocol::kIcmp; }},
        Change{"ProtocolUdp", [](Timeline& good) { good.steps[5].filter.protocol = Protocol::kUdp; }},
        Change{"DestinationPorts", [](Timeline& good) { good.steps[3].filter.destination_ports[1].last = 65535; }},
        Change{"SourcePorts", [](Timeline& good) { good.steps[3].filter.source_ports.clear(); }},
        Change{"EitherPorts", [](Timeline& good) { good.steps[4].filter.either_ports[0] = {2, 3}; }},
        Change{"ExceptPorts", [](Timeline& good) { good.steps[3].filter.except_ports.push_back({23, 23}); }},
        Change{"ExceptAddresses", [](Timeline& good) { good.steps[3].filter.except_addresses = 0; }},
        Change{"NoExceptAddresses", [](Timeline& good) { good.steps[3].filter.except_addresses.reset(); }},
        Change{"DscpZero", [](Timeline& good) { good.steps[3].filter.dscp = 0; }},
        Change{"NoDscp", [](Timeline& good) { good.steps[3].filter.dscp.reset(); }},
        Change{"Connection", [](Timeline& good) { good.steps[5].filter.connection = Connection::kEstablished; }},
        Change{"Interfaces", [](Timeline& good) { good.steps[3].filter.interfaces = {"ens5"}; }},
        Change{"NoFlap", [](Timeline& good) { good.steps[4].flap.reset(); }},
        Change{"FlapDown", [](Timeline& good) { good.steps[4].flap->down += Duration(1); }},
        Change{"FlapUp", [](Timeline& good) { good.steps[4].flap->up += Duration(1); }},
        Change{"FlapJitter", [](Timeline& good) { good.steps[4].flap->jitter = Duration(0); }},
        Change{
            "FlapOfADrop",
            [](Timeline&
                   good) { good.steps[0].flap = Flap{.down = std::chrono::seconds(1), .up = std::chrono::seconds(1)}; }},
        Change{"NoRamp", [](Timeline& good) { good.steps[3].ramp.reset(); }},
        Change{"RampTo", [](Timeline& good) { good.steps[3].ramp->to.loss = Ratio::Percent(50); }},
        Change{"RampOver", [](Timeline& good) { good.steps[3].ramp->over += Duration(1); }},
        Change{"RampChanges", [](Timeline& good) { good.steps[3].ramp->changes = 0; }}),
    [](const ::testing::TestParamInfo<Change>& change) { return change.param.name; });

// What a later version adds is passed over.
TEST(TimelineCodecTest, AnUnknownFieldIsPassedOver) {
  std::string bytes = EncodeTimeline(GoodTimeline()).SerializeAsString();
  bytes += std::string("\xf8\x07\x01", 3);  // Field 127: 1.
  v1::Timeline message;
  ASSERT_TRUE(message.ParseFromString(bytes));
  EXPECT_EQ(DecodeTimeline(message).value(), GoodTimeline());
}

struct BadMessage {
  const char* name;
  void (*spoil)(v1::Timeline&);
  const char* error;
};

class DecodeTimelineTest : public ::testing::TestWithParam<BadMessage> {};

TEST_P(DecodeTimelineTest, SaysWhatIsWrong) {
  v1::Timeline message = EncodeTimeline(GoodTimeline());
  GetParam().spoil(message);
  const absl::StatusOr<Timeline> timeline = DecodeTimeline(message);
  EXPECT_EQ(timeline.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(timeline.status().message(), GetParam().error);
}

v1::PacketFilter& FilterOf(v1::Timeline& message, int step) { return *message.mutable_steps(step)->mutable_filter(); }
v1::Impairment& ImpairOf(v1::Timeline& message, int step) { return *message.mutable_steps(step)->mutable_impair(); }

std::string NameOfCase(const ::testing::TestParamInfo<BadMessage>& bad) { return bad.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Refusals, DecodeTimelineTest,
    ::testing::Values(
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
        BadMessage{"NoSide", [](v1::Timeline& m) { m.mutable_steps(0)->mutable_rules(0)->clear_side(); },
                   "step 'one-way': side 0 is unknown"},
        BadMessage{"NewSide",
                   [](v1::Timeline& m) { m.mutable_steps(2)->mutable_rules(0)->set_side(static_cast<v1::Side>(77)); },
                   "step 'split': side 77 is unknown"},
        BadMessage{"NoEffect", [](v1::Timeline& m) { m.mutable_steps(0)->clear_effect(); },
                   "step 'one-way': it has no effect that this version knows"},
        BadMessage{"NewProtocol", [](v1::Timeline& m) { FilterOf(m, 3).set_protocol(static_cast<v1::Protocol>(5)); },
                   "step 'far': protocol 5 is unknown"},
        BadMessage{"NegativeProtocol",
                   [](v1::Timeline& m) { FilterOf(m, 3).set_protocol(static_cast<v1::Protocol>(-1)); },
                   "step 'far': protocol -1 is unknown"},
        BadMessage{"NewConnection",
                   [](v1::Timeline& m) { FilterOf(m, 5).set_connection(static_cast<v1::Connection>(3)); },
                   "step 'refuse': connection 3 is unknown"},
        BadMessage{"HugeDestinationPort",
                   [](v1::Timeline& m) { FilterOf(m, 3).mutable_destination_ports(0)->set_last(65536); },
                   "step 'far': ports 80-65536 do not exist"},
        BadMessage{"HugeSourcePort",
                   [](v1::Timeline& m) { FilterOf(m, 3).mutable_source_ports(0)->set_first(4294967295u); },
                   "step 'far': ports 4294967295-65535 do not exist"},
        BadMessage{"HugeEitherPort", [](v1::Timeline& m) { FilterOf(m, 4).mutable_either_ports(0)->set_last(65537); },
                   "step 'measured': ports 1-65537 do not exist"},
        BadMessage{"HugeExceptPort", [](v1::Timeline& m) { FilterOf(m, 3).mutable_except_ports(0)->set_last(65558); },
                   "step 'far': ports 22-65558 do not exist"},
        BadMessage{"PortZero", [](v1::Timeline& m) { FilterOf(m, 3).mutable_destination_ports(0)->clear_first(); },
                   "step 'far': ports: 0-80 is not a range within 1 to 65535"},
        BadMessage{"HugeDscp", [](v1::Timeline& m) { FilterOf(m, 3).set_dscp(302); },
                   "step 'far': dscp 302 does not exist"},
        BadMessage{"NoSparedSet", [](v1::Timeline& m) { FilterOf(m, 3).set_except_addresses(4294967295u); },
                   "step 'far': prefix set 4294967295 of 3 does not exist"},
        BadMessage{"OddInterface", [](v1::Timeline& m) { FilterOf(m, 3).set_interfaces(0, "a\x1b/b"); },
                   "step 'far': interface: 'a\\x1b/b' is no interface's name"},
        BadMessage{"DelayMalformed", [](v1::Timeline& m) { ImpairOf(m, 3).mutable_delay()->set_nanos(-1); },
                   "step 'far': delay: -1ns is not within 0s to 1h"},
        BadMessage{"DelayOutOfRange", [](v1::Timeline& m) { ImpairOf(m, 3).mutable_delay()->set_seconds(INT64_MIN); },
                   "step 'far': a duration is malformed or out of range"},
        BadMessage{"JitterMalformed", [](v1::Timeline& m) { ImpairOf(m, 3).mutable_jitter()->set_nanos(INT32_MAX); },
                   "step 'far': a duration is malformed or out of range"},
        BadMessage{"NoDistribution", [](v1::Timeline& m) { ImpairOf(m, 3).clear_distribution(); },
                   "step 'far': distribution 0 is unknown"},
        BadMessage{"NewDistribution",
                   [](v1::Timeline& m) { ImpairOf(m, 3).set_distribution(static_cast<v1::Distribution>(6)); },
                   "step 'far': distribution 6 is unknown"},
        BadMessage{"HugeRatio", [](v1::Timeline& m) { ImpairOf(m, 4).mutable_bursts()->set_p(4294967295u); },
                   "step 'measured': loss.gemodel.p: 429.4967295% is more than 100%"},
        BadMessage{"HugeSample", [](v1::Timeline& m) { ImpairOf(m, 4).set_samples(2, UINT64_MAX); },
                   "step 'measured': samples: each must be within 0s to 1h"},
        BadMessage{"UnsortedSamples", [](v1::Timeline& m) { ImpairOf(m, 4).set_samples(0, 13'000'000); },
                   "step 'measured': samples: they are not sorted"},
        BadMessage{"ManySamples",
                   [](v1::Timeline& m) {
                     for (int i = 0; i < 5000; ++i) ImpairOf(m, 4).add_samples(3'600'000'000'000);
                   },
                   "step 'measured': samples: there are 5003; give 2 to 4096"},
        BadMessage{"RateZero", [](v1::Timeline& m) { m.mutable_steps(3)->mutable_ramp()->mutable_to()->set_rate(0); },
                   "step 'far': ramp.rate: it is 0; use 'block' for a link that is gone"},
        BadMessage{
            "HugeBurst", [](v1::Timeline& m) { ImpairOf(m, 3).set_burst(UINT64_MAX); },
            "step 'far': burst: 18446744073709551615 bytes are not within 1600 to 1000000000; a packet must fit in"},
        BadMessage{"FlapMalformed",
                   [](v1::Timeline& m) { m.mutable_steps(4)->mutable_flap()->mutable_up()->set_nanos(1'000'000'000); },
                   "step 'measured': a duration is malformed or out of range"},
        BadMessage{"FlapEmpty", [](v1::Timeline& m) { m.mutable_steps(4)->mutable_flap()->Clear(); },
                   "step 'measured': flap.down: 0s is shorter than 100ms"},
        BadMessage{"FlapJitterNegative",
                   [](v1::Timeline& m) { m.mutable_steps(4)->mutable_flap()->mutable_jitter()->set_nanos(-1); },
                   "step 'measured': flap.jitter: it is negative"},
        BadMessage{"RampEmpty", [](v1::Timeline& m) { m.mutable_steps(3)->mutable_ramp()->Clear(); },
                   "step 'far': distribution 0 is unknown"},
        BadMessage{"RampMalformed",
                   [](v1::Timeline& m) { m.mutable_steps(3)->mutable_ramp()->mutable_over()->set_nanos(INT32_MIN); },
                   "step 'far': a duration is malformed or out of range"},
        BadMessage{"RampTooFine", [](v1::Timeline& m) { m.mutable_steps(3)->mutable_ramp()->set_changes(4294967295u); },
                   "step 'far': ramp.steps: 4294967295 in 15s are closer than 100ms"},
        BadMessage{"RampOfADrop", [](v1::Timeline& m) { *m.mutable_steps(0)->mutable_ramp() = m.steps(3).ramp(); },
                   "step 'one-way': ramp: only an impairment has one"},
        BadMessage{"NoLoss", [](v1::Timeline& m) { m.clear_on_controller_loss(); }, "on_controller_loss 0 is unknown"},
        BadMessage{"AtOutOfRange", [](v1::Timeline& m) { m.mutable_steps(0)->mutable_at()->set_seconds(INT64_MAX); },
                   "step 'one-way': a duration is malformed or out of range"},
        BadMessage{"LengthMalformed", [](v1::Timeline& m) { m.mutable_length()->set_nanos(1'000'000'000); },
                   "a duration is malformed or out of range"},
        BadMessage{"LeaseMixed", [](v1::Timeline& m) { m.mutable_lease()->set_nanos(-1); },
                   "a duration is malformed or out of range"},
        BadMessage{"HoldMalformed", [](v1::Timeline& m) { m.add_holds()->set_nanos(1'000'000'000); },
                   "a duration is malformed or out of range"},
        BadMessage{"HoldBeforeT0", [](v1::Timeline& m) { m.add_holds()->set_seconds(-1); },
                   "the hold at -1s is out of place"},
        BadMessage{"HoldOfARunThatContinues", [](v1::Timeline& m) { m.add_holds()->set_seconds(1); },
                   "a run that waits for its stages to be verified cannot continue without its controller, which alone "
                   "can tell it to go on: use on_controller_loss: heal"},
        BadMessage{"NoLease", [](v1::Timeline& m) { m.clear_lease(); }, "the lease 0s is not within 1s to 10m"},
        BadMessage{"NoSets", [](v1::Timeline& m) { m.clear_prefix_sets(); },
                   "step 'one-way': prefix set 0 of 0 does not exist"},
        BadMessage{"EmptySet", [](v1::Timeline& m) { m.add_prefix_sets(); }, "a prefix set is empty"},
        BadMessage{"NoNode", [](v1::Timeline& m) { m.clear_node(); }, "node name is empty"}),
    NameOfCase);

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
