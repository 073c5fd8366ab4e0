#include "agent/ec2/ec2_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/ec2/metadata_service.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;

class Ec2StartTest : public ::testing::Test {
 protected:
  ~Ec2StartTest() override { std::filesystem::remove_all(sys_); }

  // Where firmware names this vendor; none when empty.
  Ec2Start LookOn(const std::string& vendor) {
    std::filesystem::create_directories(sys_ / "class/dmi/id");
    if (!vendor.empty()) std::ofstream(sys_ / "class/dmi/id/sys_vendor") << vendor << "\n";
    return Ec2Start::Look(config_, sys_.string(), clock_);
  }

  const std::filesystem::path sys_ = [] {
    std::string name = std::filesystem::path(::testing::TempDir()) / "ec2_start_sys_XXXXXX";
    return std::filesystem::path(mkdtemp(name.data()));
  }();
  const SystemClock clock_{};
  const MetadataService service_;
  // As if it were that of 169.254.169.254.
  Ec2Config config_{.endpoints = {service_.endpoint()}};
};

TEST_F(Ec2StartTest, OnEc2ItIsRead) {
  const Ec2Start start = LookOn("Amazon EC2");
  ASSERT_TRUE(start.first.ok()) << start.first.status();
  EXPECT_NE(start.reader, nullptr);
  EXPECT_EQ(start.Describe(), "i-0123456789abcdef0 (m7g.large) in eu-west-2a, vpc-0a, subnet-0a");
}

TEST_F(Ec2StartTest, ElsewhereNobodyIsAsked) {
  EXPECT_EQ(LookOn("QEMU").reader, nullptr);
  EXPECT_TRUE(service_.asked().empty());
  config_.ask = false;
  EXPECT_EQ(LookOn("Amazon EC2").reader, nullptr);
  EXPECT_TRUE(service_.asked().empty());
}

TEST_F(Ec2StartTest, WhereFirmwareSaysNothingItIsTried) {
  // A machine that is busy may not manage in so little time.
  while (!LookOn("").first.ok()) {
  }
  config_.endpoints = {HttpServer([](const ServedRequest&) { return ""; }).endpoint()};
  const Ec2Start nobody = LookOn("");
  EXPECT_FALSE(nobody.first.ok());
  EXPECT_EQ(nobody.reader, nullptr) << "and that was that";
}

TEST_F(Ec2StartTest, AnEndpointThatIsGivenIsAskedAnywhere) {
  config_.anywhere = true;
  EXPECT_TRUE(LookOn("QEMU").first.ok());
  config_.endpoints = {HttpServer([](const ServedRequest&) { return ""; }).endpoint()};
  EXPECT_NE(LookOn("QEMU").reader, nullptr) << "it may come up later";
}

TEST_F(Ec2StartTest, ItsName) {
  config_.name = Ec2Config::NameFrom::kTag;
  config_.name_tag = "Name";
  EXPECT_EQ(LookOn("Amazon EC2").Name(config_)->text(), "web-1");
  const auto none = LookOn("QEMU").Name(config_);
  EXPECT_THAT(std::string(none.status().message()),
              ::testing::AllOf(HasSubstr("no EC2 instance"), HasSubstr("or give 'name'")));
}

}  // namespace
}  // namespace faultline
