#include "common/capability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(CapabilitySetTest, HoldsWhatIsSet) {
  CapabilitySet set;
  EXPECT_THAT(set.ToVector(), IsEmpty());
  set.Set(Capability::kNetem);
  set.Set(Capability::kIngressHook);
  EXPECT_TRUE(set.Has(Capability::kNetem));
  EXPECT_FALSE(set.Has(Capability::kNetemSeed));
  EXPECT_THAT(set.ToVector(), ElementsAre(Capability::kIngressHook, Capability::kNetem));
  EXPECT_EQ(set, (CapabilitySet{Capability::kNetem, Capability::kIngressHook}));
  set.Set(Capability::kNetem, false);
  EXPECT_EQ(set, CapabilitySet{Capability::kIngressHook});
  set.Set(Capability::kNetem, false);
  EXPECT_EQ(set, CapabilitySet{Capability::kIngressHook});
}

TEST(CapabilitySetTest, AllIsAll) {
  EXPECT_THAT(CapabilitySet::All().ToVector(), SizeIs(kCapabilityCount));
  for (int i = 0; i < kCapabilityCount; ++i) EXPECT_TRUE(CapabilitySet::All().Has(static_cast<Capability>(i)));
}

TEST(CapabilityTest, EachHasItsOwnNameAndAdvice) {
  std::set<std::string> names;
  for (const Capability capability : CapabilitySet::All().ToVector()) {
    EXPECT_TRUE(names.insert(std::string(NameOf(capability))).second) << NameOf(capability);
    EXPECT_GT(NameOf(capability).size(), 3u);
    EXPECT_GT(HowToGet(capability, Platform()).size(), 3u) << NameOf(capability);
  }
}

TEST(CapabilityTest, AdviceFitsThePlatform) {
  const auto netem = [](const char* id, const char* like) {
    return HowToGet(Capability::kNetem, {id, like, "6.1.0-9"});
  };
  EXPECT_THAT(netem("amzn", "centos rhel fedora"), HasSubstr("dnf install kernel-modules-extra;"));
  EXPECT_THAT(netem("rocky", "rhel centos fedora"), HasSubstr("dnf install kernel-modules-extra-6.1.0-9"));
  EXPECT_THAT(netem("rhel", "fedora"), HasSubstr("dnf install kernel-modules-extra-6.1.0-9"));
  EXPECT_THAT(netem("ubuntu", "debian"), HasSubstr("apt install linux-modules-extra-6.1.0-9"));
  EXPECT_THAT(netem("debian", ""), HasSubstr("apt install linux-image-amd64"));
  EXPECT_THAT(HowToGet(Capability::kNetem, {"debian", "", "6.1.0-9-cloud-arm64"}),
              HasSubstr("apt install linux-image-arm64 (or -cloud-arm64) and reboot"));
  EXPECT_THAT(netem("opensuse-leap", "suse opensuse"), HasSubstr("zypper install kernel-default"));
  EXPECT_EQ(netem("", ""), "install your distribution's package with the kernel module sch_netem");
  EXPECT_EQ(HowToGet(Capability::kNetemSeed, {"debian", "", "6.1"}), "use Linux 6.6 or later");
}

TEST(PlatformTest, ReadsOsRelease) {
  EXPECT_EQ(ParseOsRelease("NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\n", "6.1.0"),
            (Platform{"debian", "", "6.1.0"}));
  EXPECT_EQ(ParseOsRelease("ID=\"rocky\"\nID_LIKE='rhel centos fedora'", "5.14"),
            (Platform{"rocky", "rhel centos fedora", "5.14"}));
  EXPECT_EQ(ParseOsRelease("", "5.14"), (Platform{"", "", "5.14"}));
  EXPECT_EQ(ParseOsRelease("ID\n=x\nID=\"\nPLATFORM_ID=y\n#ID=z\nID_LIKE=\n", ""), (Platform{"\"", "", ""}));
}

}  // namespace
}  // namespace faultline
