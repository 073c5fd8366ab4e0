// The lane that swallows what is dropped on its way out, of which all runs together have one.

#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BlackholeTest : public LinuxKernelTest {
 protected:
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (!IsSkipped()) FAULTLINE_SKIP_IF(WhyNoEgress());
  }
};

TEST_F(BlackholeTest, IsThereFromTheFirstRunThatNeedsItToTheLast) {
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("in")), IsOk());
  EXPECT_THAT(node().State(), Not(HasSubstr("fl0")));
  ASSERT_THAT(kernel_->Install(ParisProgram("a")), IsOk());
  ASSERT_THAT(kernel_->Install(ParisProgram("b")), IsOk());
  EXPECT_THAT(node().State(), HasSubstr("qdisc blackhole"));
  EXPECT_THAT(node().State(), Not(HasSubstr("fl1")));
  ASSERT_THAT(kernel_->Remove(RunId("a")), IsOk());
  EXPECT_THAT(node().State(), HasSubstr("fl0"));
  ASSERT_THAT(kernel_->Remove(RunId("b")), IsOk());
  EXPECT_THAT(node().State(), Not(HasSubstr("fl0")));
  ASSERT_THAT(kernel_->Remove(RunId("in")), IsOk());
}

TEST_F(BlackholeTest, RemoveSucceedsWhenSomebodyDeletedIt) {
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  ASSERT_THAT(OpenGate("r", 1), IsOk());
  node().Run("ip link del fl0");
  EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_EQ(node().Run("nft list tables"), "");
}

}  // namespace
}  // namespace faultline::testing
