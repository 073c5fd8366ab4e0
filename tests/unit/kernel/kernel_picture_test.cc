#include "agent/kernel/kernel_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = KernelPicture::Thing::Kind;

constexpr char kFirewall[] = "table inet firewall";
constexpr char kInput[] = "chain input of table inet firewall";
constexpr char kOurs[] = "table netdev faultline";

// A firewall with one chain of 12 rules, and a device with a qdisc that has a filter.
KernelPicture Sample() {
  return {.things = {{kFirewall, {.kind = Kind::kTable, .digest = 1}},
                     {kInput, {.kind = Kind::kChain, .of = kFirewall, .digest = 2, .parts = 12, .parts_digest = 3}},
                     {"device eth0", {.kind = Kind::kDevice, .digest = 4}},
                     {"qdisc clsact ffff: on eth0",
                      {.kind = Kind::kQdisc, .of = "device eth0", .digest = 5, .parts = 1, .parts_digest = 6}}}};
}

std::vector<PictureDifference> After(const KernelPicture& after) { return Difference(Sample(), after); }

TEST(KernelPictureTest, EqualPicturesDifferInNothing) {
  EXPECT_THAT(Difference({}, {}), IsEmpty());
  EXPECT_THAT(After(Sample()), IsEmpty());
}

TEST(KernelPictureTest, WhatHoldsOtherPartsSaysHowMany) {
  KernelPicture after = Sample();
  after.things[kInput].parts = 13;
  after.things[kInput].parts_digest = 30;
  after.things["qdisc clsact ffff: on eth0"].parts_digest = 60;
  EXPECT_THAT(After(after),
              ElementsAre(PictureDifference{"chain input of table inet firewall: 12 rules before, 13 now"},
                          PictureDifference{"qdisc clsact ffff: on eth0: other filters than before, 1 as well"}));
}

TEST(KernelPictureTest, WhatIsSetOtherwiseHasChanged) {
  KernelPicture after = Sample();
  after.things["device eth0"].digest = 40;
  after.things[kInput].digest = 20;
  after.things[kInput].parts = 0;
  EXPECT_THAT(After(after), ElementsAre(PictureDifference{"chain input of table inet firewall changed"},
                                        PictureDifference{"device eth0 changed"}));
}

TEST(KernelPictureTest, OfWhatCameOrWentNothingWithinIsTold) {
  KernelPicture after = Sample();
  after.things.erase(kFirewall);
  after.things.erase(kInput);
  after.things["device veth7"] = {.kind = Kind::kDevice};
  after.things["qdisc noqueue 0: root on veth7"] = {.kind = Kind::kQdisc, .of = "device veth7"};
  after.things["qdisc fq 8002: root on eth0"] = {.kind = Kind::kQdisc, .of = "device eth0"};
  EXPECT_THAT(After(after),
              ElementsAre(PictureDifference{"device veth7 came"}, PictureDifference{"qdisc fq 8002: root on eth0 came"},
                          PictureDifference{"table inet firewall went"}));
}

TEST(KernelPictureTest, WhateverIsOursAfterwardsIsTold) {
  KernelPicture both = Sample();
  both.things[kOurs] = {.kind = Kind::kTable, .ours = true};
  const PictureDifference left{.text = kOurs, .ours = true};
  EXPECT_THAT(After(both), ElementsAre(left));
  EXPECT_THAT(Difference(both, both), ElementsAre(left)) << "also what was there before";
  EXPECT_THAT(Difference(both, Sample()), IsEmpty()) << "that it has gone is no change by others";
}

}  // namespace
}  // namespace faultline
