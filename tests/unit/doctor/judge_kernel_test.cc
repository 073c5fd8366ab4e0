#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/doctor/kernel_facts.h"
#include "agent/doctor/privilege_facts.h"
#include "tests/unit/doctor/samples.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Platform kDebian = Platforms()[3];

KernelFacts Facts(CapabilitySet without, const Platform& platform = kDebian, const char* loadable = "") {
  CapabilitySet has = CapabilitySet::All();
  for (const Capability capability : without.ToVector()) has.Set(capability, false);
  return {.platform = platform, .machine = "x86_64", .has = has, .modules = ModuleTable::Parse(loadable, "", "")};
}

TEST(JudgeKernelTest, AllIsWellWhereAllWorks) {
  const Examination findings = JudgeKernel(Facts({}));
  EXPECT_EQ(WorstOf(findings), Health::kGood);
  EXPECT_EQ(Of(findings, "kernel").detail, "Linux 6.1.0-27-cloud-amd64, x86_64, debian");
  EXPECT_EQ(Of(findings, "netem").detail, "netem qdisc: works");
  EXPECT_THAT(Of(findings, "dead-man").detail, HasSubstr("the rules go with the agent"));
}

TEST(JudgeKernelTest, OnlyWithoutTheIngressHookIsANodeOfNoUse) {
  for (const Capability capability : CapabilitySet::All().ToVector()) {
    const Health expected = capability == Capability::kIngressHook ? Health::kBad
                            : capability == Capability::kNetemSeed || capability == Capability::kEgressClsact
                                ? Health::kGood
                                : Health::kWarning;
    EXPECT_EQ(WorstOf(JudgeKernel(Facts({capability}))), expected) << NameOf(capability);
  }
}

TEST(JudgeKernelTest, WhateverIsMissingAnywhereHasAMend) {
  for (const Platform& platform : Platforms()) {
    for (const Capability capability : CapabilitySet::All().ToVector()) {
      EXPECT_THAT(WithoutMend(JudgeKernel(Facts({capability}, platform))), IsEmpty()) << platform.kernel_release;
    }
  }
}

TEST(JudgeKernelTest, TheMendIsThePackageOfTheDistribution) {
  const char* const packages[] = {"dnf install kernel-modules-extra;",
                                  "apt install linux-modules-extra-5.15.0-1071-aws",
                                  "apt install linux-modules-extra-6.8.0-1018-aws",
                                  "apt install linux-image-amd64",
                                  "dnf install kernel-modules-extra-5.14.0-503.el9.x86_64",
                                  "your distribution's package"};
  for (std::size_t i = 0; i < Platforms().size(); ++i) {
    EXPECT_THAT(Of(JudgeKernel(Facts({Capability::kNetem}, Platforms()[i])), "netem").mend, HasSubstr(packages[i]));
  }
}

TEST(JudgeKernelTest, AModuleThatIsThereIsToBeLoadedAndNotInstalled) {
  const KernelFacts facts =
      Facts({Capability::kNetem}, kDebian, "kernel/net/sched/sch_netem.ko:\nkernel/drivers/net/ifb.ko:\n");
  EXPECT_EQ(Of(JudgeKernel(facts), "netem").mend, "modprobe -a sch_netem ifb; then restart the agent");
  EXPECT_THAT(Of(JudgeKernel(facts), "modules").detail, HasSubstr("loaded when needed: ifb sch_netem"));
}

TEST(JudgeKernelTest, ClsactIsOnlySpokenOfWithoutTheHook) {
  const auto of_clsact = [](const Examination& findings) {
    return std::ranges::find(findings, "egress-clsact", &Finding::subject) != findings.end();
  };
  EXPECT_FALSE(of_clsact(JudgeKernel(Facts({}))));
  const Examination with = JudgeKernel(Facts({Capability::kEgressHook}));
  EXPECT_EQ(Of(with, "egress-clsact").health, Health::kGood);
  EXPECT_THAT(Of(with, "egress-hook").detail, HasSubstr("clsact stands in for it"));
  const Examination without = JudgeKernel(Facts({Capability::kEgressHook, Capability::kEgressClsact}, kDebian,
                                                "kernel/net/sched/em_meta.ko:\n"
                                                "kernel/net/sched/cls_basic.ko:\n"
                                                "kernel/net/sched/sch_ingress.ko:\n"
                                                "kernel/net/sched/act_skbedit.ko:\n"
                                                "kernel/net/sched/act_mirred.ko:\n"
                                                "kernel/drivers/net/ifb.ko:\n"));
  EXPECT_THAT(Of(without, "egress-hook").detail, HasSubstr("plans that need it are refused"));
  EXPECT_EQ(Of(without, "egress-clsact").health, Health::kWarning);
  EXPECT_EQ(Of(without, "egress-clsact").mend,
            "modprobe -a sch_ingress cls_basic em_meta act_skbedit act_mirred ifb; then restart the agent");
}

TEST(JudgeKernelTest, WithoutOwnersTheGateAloneIsInForce) {
  const Finding finding = Of(JudgeKernel(Facts({Capability::kTableOwner})), "dead-man");
  EXPECT_EQ(finding.health, Health::kWarning);
  EXPECT_THAT(finding.detail, HasSubstr("each fault's gate ends in the kernel by itself"));
  EXPECT_THAT(finding.detail, Not(HasSubstr("go with the agent")));
}

TEST(JudgeKernelTest, WhatCouldNotBeTriedIsSaidNotToBe) {
  KernelFacts facts = Facts({});
  facts.has = absl::PermissionDeniedError("no network namespace can be made to try it in");
  EXPECT_EQ(Of(JudgeKernel(facts), "features").health, Health::kWarning);
  EXPECT_EQ(Of(JudgeKernel(facts), "features").mend, "run this as root");
  facts.has = absl::UnavailableError("this kernel has no nf_tables");
  EXPECT_EQ(Of(JudgeKernel(facts), "features").health, Health::kBad);
  EXPECT_THAT(WithoutMend(JudgeKernel(facts)), IsEmpty());
}

TEST(JudgePrivilegesTest, FaultsTakeOneCapability) {
  EXPECT_EQ(Of(JudgePrivileges({.user = 0, .effective = ~0ULL}), "privileges").detail, "root with CAP_NET_ADMIN");
  EXPECT_EQ(Of(JudgePrivileges({.user = 990, .effective = 1ULL << 12}), "privileges").detail,
            "user 990 with CAP_NET_ADMIN alone");
  for (const Examination& findings :
       {JudgePrivileges({.user = 1000, .effective = 0}), JudgePrivileges({.user = 0, .effective = std::nullopt})}) {
    EXPECT_NE(WorstOf(findings), Health::kGood);
    EXPECT_THAT(WithoutMend(findings), IsEmpty());
  }
}

TEST(JudgePrivilegesTest, ReadsTheLineOfTheKernel) {
  EXPECT_EQ(ParseEffective("Name:\tx\nCapPrm:\t00\nCapEff:\t0000000000001000\nCapBnd:\t1\n"), 0x1000U);
  EXPECT_EQ(ParseEffective("CapEff:\tsome\n"), std::nullopt);
  EXPECT_EQ(ParseEffective(""), std::nullopt);
}

}  // namespace
}  // namespace faultline
