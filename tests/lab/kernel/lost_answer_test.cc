// The kernel's answer to any message is lost: what was not confirmed is removed, and Remove and Reset make sure.

#include "absl/strings/str_cat.h"
#include "agent/kernel/nl_socket.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

// A socket that loses the answer to one of its messages, as a full receive buffer does.
class ForgetfulSocket : public NlTransport {
 public:
  ForgetfulSocket(std::unique_ptr<NlTransport> socket, const int& forgotten)
      : socket_(std::move(socket)), forgotten_(forgotten) {}

  int Send(std::span<const std::uint8_t> datagram) override {
    forgets_ = ++sent_ == forgotten_;
    return socket_->Send(datagram);
  }
  Received Receive(std::span<std::uint8_t> buffer, Duration timeout) override {
    if (!forgets_) return socket_->Receive(buffer, timeout);
    // All that is there.
    while (socket_->Receive(buffer, Duration(0)).error == 0) {
    }
    if (!told_) {
      told_ = true;
      return {.error = ENOBUFS};
    }
    return {.error = EAGAIN};
  }
  std::uint32_t port_id() const override { return socket_->port_id(); }

 private:
  std::unique_ptr<NlTransport> socket_;
  const int& forgotten_;
  int sent_ = 0;
  bool forgets_ = false;
  bool told_ = false;
};

class LostAnswerTest : public LinuxKernelTest {
 protected:
  // kernel_ anew; it loses the answer to its nth message from now.
  void OpenForgetful(int nth) {
    const InNetns inside(node());
    kernel_.reset();
    forgotten_ = -1;
    auto socket = NlSocket::Open();
    ASSERT_THAT(socket, IsOk());
    auto route = RtSocket::Open();
    ASSERT_THAT(route, IsOk());
    auto kernel =
        LinuxKernel::Open({}, std::make_unique<ForgetfulSocket>(*std::move(socket), forgotten_), *std::move(route));
    ASSERT_THAT(kernel, IsOk());
    kernel_ = *std::move(kernel);
    // Opening has taken one.
    forgotten_ = 1 + nth;
  }

  int forgotten_ = -1;
};

TEST_F(LostAnswerTest, AnInstallThatWasNotConfirmedLeavesNothing) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  OpenForgetful(1);
  EXPECT_THAT(kernel_->Install(ParisProgram("r")),
              StatusIs(absl::StatusCode::kDataLoss, ::testing::HasSubstr("run r")));
  EXPECT_EQ(node().State(), before());
  EXPECT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
}

TEST_F(LostAnswerTest, AnAttachThatWasNotConfirmedIsRemovedWithTheRun) {
  node().Run("ip link add eth1 type veth peer name far");
  const std::string with_eth1 = node().State();
  for (const bool beside_another : {false, true}) {
    OpenForgetful(beside_another ? 4 : 3);
    if (beside_another) {
      ASSERT_THAT(kernel_->Install(ParisIngressProgram("other")), IsOk());
    }
    ASSERT_THAT(kernel_->Install(ParisIngressProgram("r")), IsOk());
    // One question, and the batch.
    EXPECT_THAT(kernel_->Attach(RunId("r"), "eth1"), StatusIs(absl::StatusCode::kDataLoss, ::testing::HasSubstr("r")));
    EXPECT_THAT(node().State(), ::testing::HasSubstr("r/in/eth1"));
    EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
    EXPECT_THAT(kernel_->Remove(RunId("other")), IsOk());
    EXPECT_EQ(node().State(), with_eth1);
  }
  node().Run("ip link del eth1");
}

TEST_F(LostAnswerTest, ARemoveThatWasNotConfirmedCanBeRepeated) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  OpenForgetful(2);
  ASSERT_THAT(kernel_->Install(ParisProgram("r")), IsOk());
  EXPECT_THAT(kernel_->Remove(RunId("r")), StatusIs(absl::StatusCode::kDataLoss, ::testing::HasSubstr("remove run r")));
  EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_EQ(node().State(), before());
}

}  // namespace
}  // namespace faultline::testing
