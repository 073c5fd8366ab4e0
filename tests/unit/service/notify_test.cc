#include "common/service/notify.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "tests/support/datagrams.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using testing::Datagrams;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::StatusIs;

class NotifyTest : public ::testing::Test {
 protected:
  ~NotifyTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
    std::filesystem::remove_all(folder_);
  }

  const std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  const std::string path_ = folder_ + "/notify";
};

TEST_F(NotifyTest, TellsEachStateInADatagram) {
  for (const std::string& address : {path_, absl::StrCat("@faultline-notify-test-", getpid())}) {
    const Datagrams manager(address);
    ASSERT_TRUE(manager.bound());
    const absl::StatusOr<ServiceNotifier> notifier = ServiceNotifier::Open(address);
    ASSERT_THAT(notifier, IsOk());
    EXPECT_THAT(notifier->Ready(), IsOk());
    EXPECT_EQ(manager.Next(), "READY=1");
    EXPECT_THAT(notifier->Watchdog(), IsOk());
    EXPECT_EQ(manager.Next(), "WATCHDOG=1");
    EXPECT_THAT(notifier->Status("one\ntwo"), IsOk());
    EXPECT_EQ(manager.Next(), "STATUS=one; two");
    EXPECT_THAT(notifier->Stopping(), IsOk());
    EXPECT_EQ(manager.Next(), "STOPPING=1");
  }
}

TEST_F(NotifyTest, NobodyIsToldWithoutAnAddress) {
  unsetenv("NOTIFY_SOCKET");
  const absl::StatusOr<ServiceNotifier> notifier = ServiceNotifier::FromEnvironment();
  ASSERT_THAT(notifier, IsOk());
  EXPECT_THAT(notifier->Ready(), IsOk());
}

TEST_F(NotifyTest, TheEnvironmentNamesTheAddress) {
  setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  const Datagrams manager(path_);
  const absl::StatusOr<ServiceNotifier> notifier = ServiceNotifier::FromEnvironment();
  ASSERT_THAT(notifier, IsOk());
  EXPECT_THAT(notifier->Ready(), IsOk());
  EXPECT_EQ(manager.Next(), "READY=1");
}

TEST_F(NotifyTest, OtherAddressesAreRefused) {
  for (const std::string& address :
       {std::string("vsock:2:1234"), std::string("run/x"), std::string("/"), "/" + std::string(107, 'x')}) {
    EXPECT_THAT(ServiceNotifier::Open(address), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(address)));
  }
}

TEST_F(NotifyTest, WhenNobodyIsThereThatIsSaid) {
  const absl::StatusOr<ServiceNotifier> notifier = ServiceNotifier::Open(path_);
  ASSERT_THAT(notifier, IsOk());
  EXPECT_THAT(notifier->Ready(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("telling the service manager")));
}

TEST_F(NotifyTest, AWatchdogThatIsNotHeardDoesNotHoldUpItsThread) {
  const Datagrams manager(path_);
  const absl::StatusOr<ServiceNotifier> notifier = ServiceNotifier::Open(path_);
  ASSERT_THAT(notifier, IsOk());
  absl::Status told;
  for (int i = 0; i < 100'000 && told.ok(); ++i) told = notifier->Watchdog();
  EXPECT_FALSE(told.ok());
}

TEST_F(NotifyTest, WorksWithoutADescriptorLeft) {
  const Datagrams manager(path_);
  const absl::StatusOr<ServiceNotifier> notifier = ServiceNotifier::Open(path_);
  ASSERT_THAT(notifier, IsOk());
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  EXPECT_LT(open("/dev/null", O_RDONLY), 0);
  EXPECT_THAT(notifier->Watchdog(), IsOk());
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(manager.Next(), "WATCHDOG=1");
}

TEST_F(NotifyTest, TheWatchdogsIntervalIsThisProcesss) {
  EXPECT_EQ(WatchdogInterval(), std::nullopt);
  setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(WatchdogInterval(), std::chrono::seconds(30));
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_EQ(WatchdogInterval(), std::chrono::seconds(30));
  setenv("WATCHDOG_PID", std::to_string(getpid() + 1).c_str(), 1);
  EXPECT_EQ(WatchdogInterval(), std::nullopt);
  setenv("WATCHDOG_PID", "me", 1);
  EXPECT_EQ(WatchdogInterval(), std::nullopt);
  unsetenv("WATCHDOG_PID");
  for (const char* const wrong : {"0", "-1", "x", "9223372036854775807"}) {
    setenv("WATCHDOG_USEC", wrong, 1);
    EXPECT_EQ(WatchdogInterval(), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace faultline
