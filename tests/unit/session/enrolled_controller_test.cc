#include "agent/enrolled_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace faultline {
namespace {

using ::testing::HasSubstr;

class EnrolledControllerTest : public ::testing::Test {
 protected:
  ~EnrolledControllerTest() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<std::string> After(const std::string& text) const {
    std::ofstream(EnrolledControllerFile(tls_)) << text;
    return EnrolledController(tls_);
  }

  const std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  const TlsFiles tls_ = {.ca = "", .certificate = folder_ + "/node.crt", .key = ""};
};

TEST_F(EnrolledControllerTest, IsWhatTheFileBesideTheCertificateHas) {
  EXPECT_EQ(After("c.example:7400\n").value(), "c.example:7400");
}

TEST_F(EnrolledControllerTest, NoneIsSaidWithItsMend) {
  EXPECT_EQ(EnrolledController(tls_).status().code(), absl::StatusCode::kNotFound);
  for (const char* blank : {"", "\n", " \t\n"}) {
    const absl::Status status = After(blank).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr("/controller is empty, which `faultline-agent enroll`"));
  }
}

}  // namespace
}  // namespace faultline
