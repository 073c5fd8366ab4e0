// What a real kernel says is beside faults on an interface.

#include "agent/kernel/network_survey.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

using ::testing::Contains;

class SurveyTest : public LinuxKernelTest {
 protected:
  NetworkSurvey::Device Eth0() {
    const InNetns inside(node());
    const auto survey = SurveyNetwork();
    EXPECT_THAT(survey, IsOk());
    if (!survey.ok()) return {};
    for (const NetworkSurvey::Device& device : survey->devices) {
      if (device.name == "eth0") return device;
    }
    ADD_FAILURE() << "no eth0";
    return {};
  }
};

TEST_F(SurveyTest, ATakenPlaceOfClsactIsSeen) {
  EXPECT_FALSE(Eth0().detour_taken);
  node().Run("tc qdisc add dev eth0 ingress");
  EXPECT_TRUE(Eth0().detour_taken);
  EXPECT_THAT(Eth0().qdiscs, Contains("ingress"));
  node().Run("tc qdisc del dev eth0 ingress");
  EXPECT_FALSE(Eth0().detour_taken);
}

TEST_F(SurveyTest, AFilterBeforeOursIsSeen) {
  node().Run("tc qdisc add dev eth0 clsact");
  EXPECT_FALSE(Eth0().detour_taken);
  node().Run("tc filter add dev eth0 ingress protocol ip pref 1 u32 match u32 0 0 classid 1:1");
  EXPECT_FALSE(Eth0().detour_taken) << "on the way in";
  EXPECT_TRUE(Eth0().filtered);
  node().Run("tc filter add dev eth0 egress protocol ip pref 2 u32 match u32 0 0 classid 1:1");
  EXPECT_FALSE(Eth0().detour_taken) << "behind ours";
  node().Run("tc filter add dev eth0 egress protocol ip pref 1 u32 match u32 0 0 classid 1:1");
  EXPECT_TRUE(Eth0().detour_taken);
  node().Run("tc qdisc del dev eth0 clsact");
}

}  // namespace
}  // namespace faultline::testing
