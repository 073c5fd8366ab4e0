// What goes to the kernel of tbf and netem, byte for byte. A line is an attribute: length and type, each two bytes,
// then its value. On 6.1 "tc -d qdisc show" says of these bytes what is written above them (tests/vm/netem asks it of
// others).

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include <cctype>

#include "absl/strings/escaping.h"
#include "agent/kernel/tc_filter.h"
#include "agent/kernel/tc_message.h"
#include "agent/kernel/tc_netem.h"
#include "agent/kernel/tc_tbf.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using testing::IsOk;

// A message's bytes after the header of netlink.
std::string Bytes(const TcMessage& message) {
  const nlmsghdr* header = nlmsg_hdr(message.get());
  return {static_cast<const char*>(nlmsg_data(header)), static_cast<std::size_t>(nlmsg_datalen(header))};
}

// Of the options' attribute alone.
std::string OptionBytes(const TcMessage& message) { return Bytes(message).substr(sizeof(tcmsg)); }

std::string Hex(const std::string& words) {
  std::string digits;
  for (const char c : words) {
    if (std::isxdigit(static_cast<unsigned char>(c)) != 0) digits.push_back(c);
  }
  return digits;
}

TcMessage Netem(const NetemSettings& settings) {
  TcMessage message(RTM_NEWQDISC, 0, {.device = 7}, nullptr);
  PutNetem(message.get(), settings);
  return message;
}

TcMessage Tbf(const TbfSettings& settings) {
  TcMessage message(RTM_NEWQDISC, 0, {.device = 7}, nullptr);
  PutTbf(message.get(), settings);
  return message;
}

TEST(TcMessageTest, NamesThePlace) {
  const TcMessage message(RTM_NEWQDISC, NLM_F_CREATE, {.device = 7, .handle = 0x20000, .parent = 0x10001}, "netem");
  EXPECT_EQ(nlmsg_hdr(message.get())->nlmsg_type, RTM_NEWQDISC);
  EXPECT_TRUE(nlmsg_hdr(message.get())->nlmsg_flags & NLM_F_CREATE);
  EXPECT_EQ(absl::BytesToHexString(Bytes(message)), Hex("00000000 07000000 00000200 01000100 00000000"
                                                        "0a00 0100 6e6574656d00 0000"));
}

TEST(TcFilterTest, OfAPriority) {
  // basic match 'meta(priority eq 0xfa170003)' action skbedit priority none pipe action mirred egress redirect dev …
  const TcMessage message(RTM_NEWTFILTER, 0, {.device = 7, .handle = 0xfa170003, .parent = 0xfffffff3, .info = 0x10300},
                          nullptr);
  PutPriorityDetour(message.get(), 0xfa170003, 9);
  EXPECT_EQ(absl::BytesToHexString(Bytes(message)),
            Hex("00000000 07000000 030017fa f3ffffff 00030100"
                "a000 0280"
                "3000 0280"
                "0800 0100 01000000"
                "2400 0280"
                "2000 0100 00000400 00000000  0c00 0100 0610 00 00 0010 00 00  0800 0300 030017fa"
                "6c00 0380"
                "3400 0180"
                "0c00 0100 736b6265 64697400"
                "2400 0280"
                "1800 0200 00000000 00000000 03000000 00000000 00000000"
                "0800 0300 00000000"
                "3400 0280"
                "0b00 0100 6d697272 65640000"
                "2400 0280"
                "2000 0200 00000000 00000000 04000000 00000000 00000000 01000000 09000000"));
}

TEST(TcTbfTest, ThatOnlySplits) {
  // tbf rate 8000Tbit burst 1522b
  EXPECT_EQ(absl::BytesToHexString(OptionBytes(Tbf({.largest = 1522, .limit = 65536}))),
            Hex("4000 0280"
                "2800 0100 00 01 0000 0000 0000 ffffffff  00 00 0000 0000 0000 00000000  00000100 00000000 00000000"
                "0c00 0400 0080c6a47e8d0300"
                "0800 0600 f2050000"));
}

TEST(TcTbfTest, OfARateWithABurst) {
  // tbf rate 10Mbit burst 20000b peakrate 8000Tbit minburst 1522b
  EXPECT_EQ(
      absl::BytesToHexString(OptionBytes(Tbf({.rate = 1'250'000, .burst = 20'000, .largest = 1522, .limit = 312'500}))),
      Hex("4800 0280"
          "2800 0100 00 01 0000 0000 0000 d0121300  00 01 0000 0000 0000 ffffffff  b4c40400 00000000 00000000"
          "0800 0600 204e0000"
          "0c00 0500 0080c6a47e8d0300"
          "0800 0700 f2050000"));
}

TEST(TcTbfTest, ABurstBelowAPacketIsAPacket) {
  EXPECT_EQ(OptionBytes(Tbf({.rate = 1000, .burst = 1, .largest = 1522})),
            OptionBytes(Tbf({.rate = 1000, .burst = 1522, .largest = 1522})));
}

TEST(TcNetemTest, OfEverything) {
  const NetemSettings settings{
      .limit = 1000,
      .delay = {.latency = milliseconds(80), .jitter = milliseconds(1), .entries = {-32767, 0, 32767}},
      .loss = {.share = 2, .correlation = 3},
      .duplicate = 4,
      .duplicate_correlation = 5,
      .corrupt = 6,
      .corrupt_correlation = 7,
      .reorder = 8,
      .reorder_correlation = 9,
      .reorder_gap = 10,
      .rate = NetemSettings::kInOrder,
      .seed = 0x1122334455667788,
  };
  EXPECT_EQ(absl::BytesToHexString(OptionBytes(Netem(settings))),
            Hex("9400 0280"
                "00000000 e8030000 02000000 0a000000 04000000 00000000"
                "0c00 0a00 00b4c40400000000"
                "0c00 0b00 40420f0000000000"
                "1000 0100 00000000 03000000 05000000"
                "0c00 0300 08000000 09000000"
                "0c00 0400 06000000 07000000"
                "1400 0600 ffffffff 00000000 00000000 00000000"
                "0c00 0800 0080c6a47e8d0300"
                "0a00 0200 0180 0000 ff7f 0000"
                "0c00 0e00 8877665544332211"));
}

TEST(TcNetemTest, OfBursts) {
  // netem loss gemodel p 1% r 10% 1-h 75% 1-k 2%
  const NetemSettings settings{.loss = LossOf({.bursts = GilbertElliott{.p = Ratio::Percent(1),
                                                                        .r = Ratio::Percent(10),
                                                                        .bad_loss = Ratio::Percent(75),
                                                                        .good_loss = Ratio::Percent(2)}})};
  EXPECT_EQ(absl::BytesToHexString(OptionBytes(Netem(settings))).substr(2 * 112),
            Hex("1800 0580"
                "1400 0200 295c8f02 9a999919 ffffff3f 52b81e05"));
}

TEST(TcNetemTest, ReadsWhatItWrites) {
  NetemSettings settings{
      .limit = 1000,
      .delay = {.latency = milliseconds(80), .jitter = milliseconds(1)},
      .loss = {.correlation = 3, .bursts = NetemLoss::Bursts{.p = 21, .r = 22, .bad_pass = 23, .good_loss = 24}},
      .duplicate = 4,
      .duplicate_correlation = 5,
      .corrupt = 6,
      .corrupt_correlation = 7,
      .reorder = 8,
      .reorder_correlation = 9,
      .reorder_gap = 10,
      .rate = NetemSettings::kInOrder,
      .seed = 11,
  };
  EXPECT_EQ(ReadNetem(OptionBytes(Netem(settings)).substr(NLA_HDRLEN)), settings);
  settings.rate = 125'000;
  settings.loss = {.share = 12};
  settings.seed.reset();
  EXPECT_EQ(ReadNetem(OptionBytes(Netem(settings)).substr(NLA_HDRLEN)), settings);
}

TEST(TcNetemTest, ReadsNothingFromTooLittle) {
  const std::string options = OptionBytes(Netem({.limit = 5})).substr(NLA_HDRLEN);
  for (std::size_t size = 0; size < 24; ++size) EXPECT_EQ(ReadNetem(options.substr(0, size)), std::nullopt) << size;
  for (std::size_t size = 24; size < options.size(); ++size) {
    const auto settings = ReadNetem(options.substr(0, size));
    ASSERT_TRUE(settings) << size;
    EXPECT_EQ(settings->limit, 5u);
  }
}

TEST(TcNetemTest, OfAnImpairmentThatDoesNothingOnlyTheOrderIsKept) {
  const auto settings = DelayOf({});
  ASSERT_THAT(settings, IsOk());
  EXPECT_EQ(*settings, NetemSettings{.rate = NetemSettings::kInOrder});
  EXPECT_TRUE(LossOf({}).none());
}

TEST(TcNetemTest, WhereJitterMayReorderNoOrderIsKept) {
  const auto settings = DelayOf({.delay = milliseconds(9), .jitter = milliseconds(9), .reorder_by_jitter = true});
  ASSERT_THAT(settings, IsOk());
  EXPECT_EQ(settings->rate, 0u);
}

TEST(TcNetemTest, ReorderingHasAGapOfAtLeastOne) {
  const Ratio ratio = Ratio::Percent(50);
  EXPECT_EQ(DelayOf({.delay = milliseconds(9)})->reorder_gap, 0u);
  EXPECT_EQ(DelayOf({.delay = milliseconds(9), .reorder = ratio})->reorder_gap, 1u);
  EXPECT_EQ(DelayOf({.delay = milliseconds(9), .reorder = ratio, .reorder_gap = 5})->reorder_gap, 5u);
}

}  // namespace
}  // namespace faultline
