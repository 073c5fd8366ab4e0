#include "common/rpc/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "common/file.h"
#include "tests/support/certificates.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsOk;
using testing::MakeCertificate;
using testing::StatusIs;

class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() {
    folder_ = (std::filesystem::temp_directory_path() / "faultline-tls-XXXXXX").string();
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  ~CredentialsTest() override { std::filesystem::remove_all(folder_); }

  // What is wrong with these at a TCP address.
  static absl::Status Check(const TlsFiles& files) {
    return CheckSecurity("host:7400", {.tls = files, .mend = "mend"});
  }

  std::string folder_;
};

TEST_F(CredentialsTest, MalformedTargetsAreNamed) {
  for (const char* target : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "host:port", ":7400"}) {
    EXPECT_THAT(CheckSecurity(target, {.insecure = true}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("write HOST:PORT")))
        << target;
  }
}

TEST_F(CredentialsTest, UnixSocketsNeedNoFilesAndInsecureNone) {
  EXPECT_THAT(CheckSecurity("unix:/run/x.sock", {}), IsOk());
  for (const char* target : {"127.0.0.1:7400", "[::1]:7400", "198.18.0.10:7400", "controller.example:7400"}) {
    EXPECT_THAT(CheckSecurity(target, {.insecure = true}), IsOk()) << target;
    EXPECT_THAT(CheckSecurity(target, {}), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(target)));
  }
}

TEST_F(CredentialsTest, MissingFileIsNamedWithWhatToDo) {
  const TlsFiles good = MakeCertificate(folder_, "good", {});
  EXPECT_THAT(Check(good), IsOk());
  for (std::string TlsFiles::*part : {&TlsFiles::ca, &TlsFiles::certificate, &TlsFiles::key}) {
    TlsFiles files = good;
    files.*part = folder_ + "/absent";
    EXPECT_THAT(Check(files), StatusIs(absl::StatusCode::kFailedPrecondition,
                                       AllOf(HasSubstr(folder_ + "/absent: No such file"), HasSubstr("; mend"))));
    files.*part = "";
    EXPECT_THAT(Check(files), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("are needed")));
    files.*part = folder_ + "/garbage";
    ASSERT_THAT(WriteFile(files.*part, "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"), IsOk());
    EXPECT_THAT(Check(files), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(folder_ + "/garbage")));
  }
}

TEST_F(CredentialsTest, FilesHaveToBelongTogether) {
  const TlsFiles good = MakeCertificate(folder_, "good", {});
  TlsFiles files = MakeCertificate(folder_, "other", {.ca = "another-ca"});
  files.key = good.key;
  EXPECT_THAT(Check(files), StatusIs(absl::StatusCode::kFailedPrecondition,
                                     HasSubstr(good.key + " is not the key of " + files.certificate)));
  files = MakeCertificate(folder_, "other", {.ca = "another-ca"});
  files.ca = good.ca;
  EXPECT_THAT(Check(files), StatusIs(absl::StatusCode::kFailedPrecondition,
                                     HasSubstr(files.certificate + " does not hold against " + good.ca)));
  files = MakeCertificate(folder_, "ended", {.ended = true});
  EXPECT_THAT(Check(files), StatusIs(absl::StatusCode::kFailedPrecondition,
                                     HasSubstr(files.certificate + " has ended at 2024-01-02 00:00 UTC")));
}

TEST_F(CredentialsTest, WhyNothingAnswersIsTold) {
  grpc::ChannelArguments arguments;
  const auto channel = OpenChannel("unix:" + folder_ + "/absent", {}, arguments);
  ASSERT_THAT(channel, IsOk());
  EXPECT_THAT(AwaitConnected(*channel, std::chrono::milliseconds(100)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("No such file")));
}

}  // namespace
}  // namespace faultline
