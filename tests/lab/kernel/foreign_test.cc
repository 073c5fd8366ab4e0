// Changes by others: told when they are of a run's, and only then.

#include <condition_variable>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "agent/kernel/foreign_monitor.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ForeignTest : public LinuxKernelTest {
 protected:
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (IsSkipped()) return;
    // Without an owner tables can be changed by others.
    Open({.use_table_owner = false});
    Watch();
  }
  void TearDown() override {
    monitor_.reset();
    LinuxKernelTest::TearDown();
  }
  void Watch() {
    const InNetns inside(node());
    auto monitor = ForeignMonitor::Start(kernel_->ports(), [this](const std::vector<ForeignChange>& changes) {
      const std::lock_guard lock(mutex_);
      told_.insert(told_.end(), changes.begin(), changes.end());
      changed_.notify_all();
    });
    ASSERT_THAT(monitor.status(), IsOk());
    monitor_ = *std::move(monitor);
  }

  // Those of run "r" so far, up to the one that has `last` in its text, which is waited for.
  std::vector<std::string> ToldUpTo(const std::string& last) {
    std::vector<std::string> texts;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] {
      texts.clear();
      for (const ForeignChange& change : told_) {
        if (kernel_->Concerns(RunId("r"), change)) texts.push_back(change.text);
        if (change.text.find(last) != std::string::npos) return true;
      }
      return false;
    });
    return texts;
  }
  // Notifications come in order: what came before this one has been told.
  std::vector<std::string> ToldUpToNow() {
    node().Run("nft add chain netdev faultline marker");
    return ToldUpTo("marker");
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ForeignChange> told_;
  std::unique_ptr<ForeignMonitor> monitor_;
};

TEST_F(ForeignTest, OurOwnChangesAreNotTold) {
  Program program = ParisIngressProgram("r");
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  ASSERT_THAT(CloseGate("r", 0), IsOk());
  program.run = RunId("s");
  ASSERT_THAT(kernel_->Install(program), IsOk());
  ASSERT_THAT(kernel_->Remove(RunId("s")), IsOk());
  EXPECT_THAT(ToldUpToNow(), ElementsAre(HasSubstr("changed the chain marker")));
}

TEST_F(ForeignTest, WhatIsNotOursIsNotTold) {
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  node().Run("nft add table netdev other; add chain netdev other c; delete table netdev other");
  node().Run("nft add table ip faultline; delete table ip faultline");
  node().Run("ip link add d0 type ifb");
  node().Run("tc qdisc add dev d0 root pfifo");
  node().Run("ip link del d0");
  EXPECT_THAT(ToldUpToNow(), ElementsAre(HasSubstr("changed the chain marker")));
}

TEST_F(ForeignTest, TableThatIsDeletedIsToldInOneSentence) {
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  node().Run("nft flush ruleset");
  EXPECT_THAT(ToldUpTo("deleted the table"), ElementsAre(AllOf(HasSubstr("deleted the table netdev faultline"),
                                                               HasSubstr("its faults act here no longer"))));
}

TEST_F(ForeignTest, ObjectsOfARunAreToldToThatRunOnly) {
  Program program = ParisIngressProgram("r");
  ASSERT_THAT(kernel_->Install(program), IsOk());
  program.run = RunId("7up");
  ASSERT_THAT(kernel_->Install(program), IsOk());
  node().Run("nft flush chain netdev faultline _7up/s0/in");
  node().Run("nft flush set netdev faultline r/p0/v4");
  EXPECT_THAT(ToldUpTo("r/p0/v4"), ElementsAre(HasSubstr("changed the set r/p0/v4")));
  const std::lock_guard lock(mutex_);
  ASSERT_FALSE(told_.empty());
  EXPECT_EQ(told_[0].run, RunId("7up"));
  EXPECT_THAT(told_[0].text, HasSubstr("changed rules of the chain _7up/s0/in"));
}

TEST_F(ForeignTest, LanesAndTheirQdiscsAreTold) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  node().Run("tc qdisc replace dev fl0 root pfifo");
  EXPECT_THAT(ToldUpTo("fl0"), ElementsAre(HasSubstr("changed the qdiscs of the device fl0")));
  node().Run("ip link del fl0");
  EXPECT_THAT(ToldUpTo("deleted the device fl0").back(), HasSubstr("packets that were to go through it are lost"));
  // Nor is it told when we delete ours.
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
}

TEST_F(ForeignTest, OwnDevicesThatGoAreOfNoRun) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  EXPECT_THAT(ToldUpToNow(), ElementsAre(HasSubstr("changed the chain marker")));
}

TEST_F(ForeignTest, LargeBatchOfOursIsNotHeardAndWhatComesAfterIsTold) {
  std::vector<bool> calls;
  kernel_->OnLargeBatch([&](bool begins) {
    calls.push_back(begins);
    if (begins) monitor_->Deafen();
    if (!begins) EXPECT_THAT(monitor_->Listen(), IsOk());
    // In the middle of it: nobody hears.
    if (begins) node().Run("nft add table netdev faultline");
    if (begins) node().Run("nft delete table netdev faultline");
  });
  Program program = ParisIngressProgram("r");
  std::vector<Prefix> prefixes;
  for (int i = 0; i < 2000; ++i) {
    const std::uint8_t bytes[] = {10, static_cast<std::uint8_t>(i >> 7), static_cast<std::uint8_t>(i << 1), 0};
    prefixes.push_back(Prefix::Containing(IpAddress(bytes), 24).value());
  }
  program.prefix_sets[*program.steps[0].incoming[0].sources] = PrefixSet(std::move(prefixes));
  ASSERT_THAT(kernel_->Install(program), IsOk());
  EXPECT_THAT(calls, ElementsAre(true, false));
  EXPECT_THAT(ToldUpToNow(), ElementsAre(HasSubstr("changed the chain marker")));
  // A small one is nothing to be deaf for.
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  EXPECT_THAT(calls, ElementsAre(true, false));
}

TEST_F(ForeignTest, RunWithoutAnythingHereIsNotConcerned) {
  ASSERT_THAT(kernel_->Install({.run = RunId("r")}), IsOk());
  EXPECT_FALSE(kernel_->Concerns(RunId("r"), {.text = "interface eth1 has gone"}));
  EXPECT_FALSE(kernel_->Concerns(RunId("r"), {.table = NftFamily::kNetdev}));
  EXPECT_FALSE(kernel_->Concerns(RunId("s"), {}));
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
  EXPECT_TRUE(kernel_->Concerns(RunId("r"), {.text = "interface eth1 has gone"}));
  EXPECT_TRUE(kernel_->Concerns(RunId("r"), {.table = NftFamily::kNetdev}));
  EXPECT_FALSE(kernel_->Concerns(RunId("r"), {.table = NftFamily::kInet}));
}

}  // namespace
}  // namespace faultline::testing
