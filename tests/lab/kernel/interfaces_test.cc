// What a real kernel says of its interfaces.

#include "absl/strings/str_cat.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

using ::testing::ElementsAre;

class InterfacesTest : public LinuxKernelTest {
 protected:
  std::vector<std::string> Listed() {
    const auto interfaces = kernel_->Interfaces();
    EXPECT_THAT(interfaces, IsOk());
    std::vector<std::string> texts;
    if (!interfaces.ok()) return texts;
    for (const Interface& interface : *interfaces) {
      for (const Interface::Address& address : interface.addresses) {
        texts.push_back(absl::StrCat(interface.name, " ", address.address.ToString(), "/", address.prefix_length));
      }
    }
    return texts;
  }
};

TEST_F(InterfacesTest, AreThoseThatAreUpWithGlobalAddresses) {
  node().Run("ip link add down0 type veth peer name down1");
  node().Run("ip address add 10.1.0.1/24 dev down0");
  node().Run("ip link add bare0 type veth peer name bare1");
  node().Run("ip link set bare0 up");
  node().Run("ip address add 10.2.0.1/32 dev lo");
  EXPECT_THAT(Listed(), ElementsAre("eth0 172.32.4.2/11", "eth0 fd20::402/15"));
  node().Run("ip link set down0 up");
  EXPECT_THAT(Listed(), ElementsAre("eth0 172.32.4.2/11", "eth0 fd20::402/15", "down0 10.1.0.1/24"));
  node().Run("ip link del down0");
  node().Run("ip link del bare0");
  node().Run("ip address del 10.2.0.1/32 dev lo");
}

TEST_F(InterfacesTest, SecondaryAndDeprecatedAddressesCount) {
  node().Run("ip address add 172.32.4.3/11 dev eth0");
  node().Run("ip address add fd20::403/15 dev eth0 nodad preferred_lft 0 valid_lft 1000");
  EXPECT_THAT(Listed(), ::testing::UnorderedElementsAre("eth0 172.32.4.2/11", "eth0 172.32.4.3/11", "eth0 fd20::402/15",
                                                        "eth0 fd20::403/15"));
  node().Run("ip address del 172.32.4.3/11 dev eth0");
  node().Run("ip address del fd20::403/15 dev eth0");
}

TEST_F(InterfacesTest, LinkLocalAndTentativeAddressesDoNot) {
  node().Run("ip address add 169.254.7.7/32 dev eth0");
  node().Run("ip address add fe80::7/64 dev eth0 nodad");
  // Duplicate detection cannot begin on a device without carrier: the address stays tentative.
  node().Run("ip link add half0 type veth peer name half1");
  node().Run("ip address add fd33::1/64 dev half0");
  node().Run("ip link set half0 up");
  EXPECT_THAT(node().Run("ip address show half0"), ::testing::HasSubstr("tentative"));
  EXPECT_THAT(Listed(), ElementsAre("eth0 172.32.4.2/11", "eth0 fd20::402/15"));
  node().Run("ip link del half0");
  node().Run("ip address del 169.254.7.7/32 dev eth0");
  node().Run("ip address del fe80::7/64 dev eth0");
}

TEST_F(InterfacesTest, OursDoNotCount) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  node().Run("ip address add 10.3.0.1/24 dev fl0");
  EXPECT_THAT(Listed(), ElementsAre("eth0 172.32.4.2/11", "eth0 fd20::402/15"));
}

}  // namespace
}  // namespace faultline::testing
