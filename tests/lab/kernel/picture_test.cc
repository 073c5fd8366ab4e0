// Pictures of a real namespace: equal while only counters move, and different where somebody changed something.

#include "absl/strings/str_cat.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kFirewall[] = R"nft(
table inet fw {
  set known { type ipv4_addr; flags dynamic,timeout; timeout 1m; }
  chain other { ip saddr 192.0.2.1 drop; }
  chain in {
    type filter hook input priority 0; policy accept;
    counter
    quota 100 mbytes counter
    limit rate over 5/second counter
    tcp dport { 22, 80 } counter accept comment "web"
    update @known { ip saddr counter }
  }
}
)nft";

class PictureTest : public LinuxKernelTest {
 protected:
  KernelPicture Picture() {
    const InNetns inside(node());
    const auto picture = kernel_->Picture();
    EXPECT_THAT(picture, IsOk());
    return picture.value_or(KernelPicture());
  }
  std::vector<std::string> ChangesSince(const KernelPicture& before) {
    std::vector<std::string> texts;
    for (const PictureDifference& difference : Difference(before, Picture())) {
      texts.push_back(absl::StrCat(difference.ours ? "OURS " : "", difference.text));
    }
    return texts;
  }
  void Nft(const std::string& text) { node().Run("nft -f -", text); }
};

class FirewallPictureTest : public PictureTest {
 protected:
  void SetUp() override {
    PictureTest::SetUp();
    if (!IsSkipped()) Nft(kFirewall);
  }
  void TearDown() override {
    if (!IsSkipped()) Nft("delete table inet fw");
    PictureTest::TearDown();
  }
};

TEST_F(PictureTest, HasDevicesQdiscsAndTheFiltersOfHooks) {
  node().Run("tc qdisc add dev eth0 clsact");
  const KernelPicture before = Picture();
  EXPECT_TRUE(before.things.contains("device lo"));
  EXPECT_TRUE(before.things.contains("device eth0"));
  EXPECT_EQ(before.things.at("qdisc clsact ffff: on eth0").parts, 0u);
  // Its preference, its hash table and its one filter.
  node().Run("tc filter add dev eth0 egress protocol ip u32 match u32 0 0");
  EXPECT_THAT(ChangesSince(before), ElementsAre("qdisc clsact ffff: on eth0: 0 filters before, 3 now"));
  node().Run("tc filter del dev eth0 egress");
  EXPECT_THAT(ChangesSince(before), IsEmpty());
  node().Run("tc filter add dev eth0 ingress protocol ip u32 match u32 0 0");
  EXPECT_THAT(ChangesSince(before), ElementsAre("qdisc clsact ffff: on eth0: 0 filters before, 3 now"));
  node().Run("tc qdisc del dev eth0 clsact");
  EXPECT_THAT(ChangesSince(before), ElementsAre("qdisc clsact ffff: on eth0 went"));
}

TEST_F(FirewallPictureTest, IsEqualWhateverIsCounted) {
  const KernelPicture before = Picture();
  EXPECT_EQ(before.things.at("chain in of table inet fw").parts, 5u);
  const std::string counters = node().Run("nft list ruleset");
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
  EXPECT_NE(node().Run("nft list ruleset"), counters) << "what is counted has changed";
  EXPECT_THAT(ChangesSince(before), IsEmpty());
}

TEST_F(FirewallPictureTest, IsEqualAfterARunOfOurs) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  const KernelPicture before = Picture();
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  EXPECT_THAT(ChangesSince(before), Contains("OURS table netdev faultline"));
  EXPECT_THAT(ChangesSince(before), Contains("OURS device fl0"));
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_THAT(ChangesSince(before), IsEmpty());
}

TEST_F(FirewallPictureTest, NamesTheChainWhoseRulesChanged) {
  KernelPicture before = Picture();
  Nft("add rule inet fw other ip saddr 192.0.2.2 drop");
  EXPECT_THAT(ChangesSince(before), ElementsAre("chain other of table inet fw: 1 rules before, 2 now"));
  before = Picture();
  Nft("flush chain inet fw other\nadd rule inet fw other ip saddr 192.0.2.1 drop");
  EXPECT_THAT(ChangesSince(before), ElementsAre("chain other of table inet fw: 2 rules before, 1 now"));
  before = Picture();
  Nft("flush chain inet fw other\nadd rule inet fw other ip saddr 192.0.2.3 drop");
  EXPECT_THAT(ChangesSince(before), ElementsAre("chain other of table inet fw: other rules than before, 1 as well"));
}

TEST_F(FirewallPictureTest, RulesThatAreSetAnewAsTheyWereAreEqual) {
  const KernelPicture before = Picture();
  Nft("flush chain inet fw other\nadd rule inet fw other ip saddr 192.0.2.1 drop");
  Nft("add element inet fw known { 192.0.2.9 }");
  EXPECT_THAT(ChangesSince(before), IsEmpty());
}

TEST_F(FirewallPictureTest, NamesPolicySetAndTable) {
  const KernelPicture before = Picture();
  Nft("add chain inet fw in { policy drop; }\nadd set inet fw more { type ipv4_addr; }\nadd table ip6 nat");
  EXPECT_THAT(ChangesSince(before),
              ElementsAre("chain in of table inet fw changed", "set more of table inet fw came", "table ip6 nat came"));
  Nft("delete table ip6 nat");
}

TEST_F(PictureTest, NamesQdiscsAndDevicesThatChanged) {
  node().Run("tc qdisc replace dev eth0 root handle 10: pfifo limit 100");
  KernelPicture before = Picture();
  node().Run("tc qdisc change dev eth0 root handle 10: pfifo limit 200");
  EXPECT_THAT(ChangesSince(before), ElementsAre("qdisc pfifo 10: root on eth0 changed"));
  before = Picture();
  node().Run("tc qdisc replace dev eth0 root handle 11: pfifo_fast");
  EXPECT_THAT(ChangesSince(before),
              ElementsAre("qdisc pfifo 10: root on eth0 went", "qdisc pfifo_fast 11: root on eth0 came"));
  node().Run("tc qdisc del dev eth0 root");
  before = Picture();
  node().Run("ip link set eth0 mtu 1400");
  node().Run("ip link add dummy0 type ifb");
  EXPECT_THAT(ChangesSince(before), ElementsAre("device dummy0 came", "device eth0 changed"));
  node().Run("ip link del dummy0");
  node().Run("ip link set eth0 mtu 1500");
  EXPECT_THAT(ChangesSince(before), IsEmpty());
}

TEST_F(PictureTest, KnowsWhatIsLeftOfOurs) {
  const KernelPicture before = Picture();
  Nft("add table netdev faultline\nadd chain netdev faultline r/in");
  node().Run("ip link add fl0 type ifb");
  node().Run("ip link add fl1 type ifb");
  node().Run("ip link set fl0 alias faultline");
  EXPECT_THAT(ChangesSince(before), ElementsAre("OURS device fl0", "device fl1 came", "OURS table netdev faultline"));
  node().Run("ip link del fl1");
  ASSERT_THAT(kernel_->Reset(), IsOk());
  EXPECT_THAT(ChangesSince(before), IsEmpty());
}

TEST_F(PictureTest, LooksAtThousandsOfRules) {
  std::string text = "table inet many {\n";
  for (int chain = 0; chain < 10; ++chain) {
    absl::StrAppend(&text, "chain c", chain, " {\n");
    for (int i = 0; i < 1000; ++i) absl::StrAppend(&text, "ip saddr 192.0.", i / 256, ".", i % 256, " counter drop\n");
    absl::StrAppend(&text, "}\n");
  }
  Nft(text + "}\n");
  const KernelPicture before = Picture();
  EXPECT_EQ(before.things.at("chain c9 of table inet many").parts, 1000u);
  Nft("insert rule inet many c3 drop");
  EXPECT_THAT(ChangesSince(before), ElementsAre("chain c3 of table inet many: 1000 rules before, 1001 now"));
  Nft("delete table inet many");
}

}  // namespace
}  // namespace faultline::testing
