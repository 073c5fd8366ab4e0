#include "agent/observe/observation_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/timeline_codec.h"
#include "tests/unit/observe/burst_samples.h"
#include "tests/unit/observe/mesh_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

v1::ProbeConfig SampleConfig() {
  v1::ProbeConfig config;
  config.set_token(0xfedcba9876543210);
  config.set_self_id(1);
  config.set_port(7401);
  *config.mutable_interval() = EncodeDuration(milliseconds(200));
  *config.mutable_window() = EncodeDuration(milliseconds(100));
  v1::ProbePeer& first = *config.add_peers();
  first.set_name("par-1");
  first.set_id(2);
  first.set_ipv4(Address("172.33.11.90").ToBytes());
  first.set_ipv6(Address("fd21::1").ToBytes());
  v1::ProbePeer& second = *config.add_peers();
  second.set_name("par-2");
  second.set_id(3);
  second.set_ipv4(Address("172.33.8.38").ToBytes());
  config.add_keys(std::string(16, 'a'));
  config.add_keys(std::string(16, 'b'));
  return config;
}

std::string ErrorOf(const v1::ProbeConfig& config) {
  const absl::StatusOr<ProbeMesh> mesh = DecodeProbeMesh(config);
  return mesh.ok() ? "" : std::string(mesh.status().message());
}

TEST(ObservationCodecTest, DecodesAMesh) {
  const absl::StatusOr<ProbeMesh> mesh = DecodeProbeMesh(SampleConfig());
  ASSERT_TRUE(mesh.ok()) << mesh.status();
  EXPECT_EQ(*mesh, SampleMesh());
}

TEST(ObservationCodecTest, RefusesAMalformedMesh) {
  v1::ProbeConfig config = SampleConfig();
  config.set_port(65536 + 7401);
  EXPECT_THAT(ErrorOf(config), HasSubstr("probe port 72937"));

  config = SampleConfig();
  config.mutable_peers(0)->set_ipv4("123");
  EXPECT_THAT(ErrorOf(config), HasSubstr("probe peer"));

  config = SampleConfig();
  config.mutable_interval()->set_nanos(-1);
  EXPECT_THAT(ErrorOf(config), HasSubstr("probe interval"));

  config = SampleConfig();
  config.mutable_window()->set_nanos(2'000'000'000);
  EXPECT_THAT(ErrorOf(config), HasSubstr("probe window"));

  config = SampleConfig();
  config.set_keys(1, std::string(15, 'b'));
  EXPECT_THAT(ErrorOf(config), HasSubstr("a key of probes has 15 bytes instead of 16"));

  EXPECT_NE(ErrorOf(v1::ProbeConfig()), "");
}

TEST(ObservationCodecTest, RefusesAMeshThatBreaksARule) {
  v1::ProbeConfig config = SampleConfig();
  *config.mutable_interval() = EncodeDuration(milliseconds(10));
  EXPECT_THAT(ErrorOf(config), HasSubstr("more than 200 a second"));
}

TEST(ObservationCodecTest, SentAndReceivedAreWindowsOfTheirOwn) {
  const WindowCount count = {.peer = NodeName("par-1"),
                             .family = Family::kIpv6,
                             .start = ControllerTime(milliseconds(1500)),
                             .sent = 3,
                             .received = 2,
                             .min_delay = milliseconds(-1),
                             .sum_delay = milliseconds(3)};
  const v1::Observation observation = EncodeObservation(std::span(&count, 1));
  ASSERT_EQ(observation.windows_size(), 2);
  EXPECT_EQ(observation.windows(0).ShortDebugString(),
            R"(peer: "par-1" family: FAMILY_IPV6 start { seconds: 1 nanos: 500000000 } sent: 3)");
  EXPECT_EQ(observation.windows(1).ShortDebugString(),
            R"(peer: "par-1" family: FAMILY_IPV6 start { seconds: 1 nanos: 500000000 } received: 2 )"
            R"(min_delay { nanos: -1000000 } sum_delay { nanos: 3000000 })");
}

TEST(ObservationCodecTest, ACountOfNothingIsNoWindow) {
  const WindowCount count = {.peer = NodeName("par-1")};
  EXPECT_EQ(EncodeObservation(std::span(&count, 1)).windows_size(), 0);
}

TEST(ObservationCodecTest, BurstsAreReadAndWhatTheyNotedIsWritten) {
  v1::ProbeBursts message;
  message.set_run_id("split-1");
  v1::ProbeBurst& burst = *message.add_bursts();
  burst.set_number(7);
  *burst.mutable_start() = EncodeDuration(std::chrono::seconds(100));
  *burst.mutable_length() = EncodeDuration(milliseconds(1300));
  *burst.mutable_interval() = EncodeDuration(milliseconds(5));
  for (const char* peer : {"par-1", "par-2"}) {
    burst.add_to()->set_peer(peer);
    burst.mutable_to()->rbegin()->set_family(v1::FAMILY_IPV4);
  }
  burst.add_from()->set_peer("lon-2");
  burst.mutable_from(0)->set_family(v1::FAMILY_IPV6);
  const auto bursts = DecodeProbeBursts(message);
  ASSERT_TRUE(bursts.ok()) << bursts.status();
  EXPECT_THAT(*bursts, ::testing::ElementsAre(SampleBurst(7, ControllerTime(std::chrono::seconds(100)))));

  burst.mutable_to(1)->set_family(v1::FAMILY_UNSPECIFIED);
  EXPECT_THAT(std::string(DecodeProbeBursts(message).status().message()), HasSubstr("burst 7: IP version 0"));
  burst.mutable_to(1)->set_family(v1::FAMILY_IPV4);
  burst.mutable_interval()->set_nanos(0);
  EXPECT_THAT(std::string(DecodeProbeBursts(message).status().message()), HasSubstr("more than 2000"));

  const std::vector<BurstMarks> noted = {
      {.run = RunId("split-1"), .burst = 7, .end = {NodeName("lon-2"), Family::kIpv6}, .received = "ab"}};
  const v1::Observation observation = EncodeObservation({}, noted);
  ASSERT_EQ(observation.bursts_size(), 1);
  EXPECT_EQ(observation.bursts(0).run_id(), "split-1");
  EXPECT_EQ(observation.bursts(0).burst(), 7u);
  EXPECT_EQ(observation.bursts(0).peer(), "lon-2");
  EXPECT_EQ(observation.bursts(0).family(), v1::FAMILY_IPV6);
  EXPECT_EQ(observation.bursts(0).sent(), "");
  EXPECT_EQ(observation.bursts(0).received(), "ab");
}

}  // namespace
}  // namespace faultline
