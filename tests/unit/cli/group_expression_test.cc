#include "controller/cli/group_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace faultline {
namespace {

using ::testing::HasSubstr;

TEST(GroupExpressionTest, ReadsEachForm) {
  EXPECT_EQ(*GroupYaml("172.32.0.0/16,fd20::/48"), "{cidrs: [\"172.32.0.0/16\", \"fd20::/48\"]}");
  EXPECT_EQ(*GroupYaml("172.32.4.2"), "{cidrs: [\"172.32.4.2\"]}");
  EXPECT_EQ(*GroupYaml("region=eu-west-2,az=*a"), "{labels: {\"region\": \"eu-west-2\", \"az\": \"*a\"}}");
  EXPECT_EQ(*GroupYaml("lon-1,par-*"), "{nodes: [\"lon-1\", \"par-*\"]}");
}

TEST(GroupExpressionTest, ReadsAFileOfCidrs) {
  const std::string path = std::filesystem::temp_directory_path() / "faultline-group-test";
  std::ofstream(path) << "# London\n172.32.0.0/16  # all of it\n\nfd20::/48\n";
  EXPECT_EQ(*GroupYaml("@" + path), "{cidrs: [\"172.32.0.0/16\", \"fd20::/48\"]}");
  std::ofstream(path) << "172.32.0.0/16\n172.32.0.1/16\n";
  EXPECT_THAT(std::string(GroupYaml("@" + path).status().message()), HasSubstr(path + ":2: CIDR"));
  std::filesystem::remove(path);
  EXPECT_FALSE(GroupYaml("@" + path).ok());
}

TEST(GroupExpressionTest, WrongWordsAreNamed) {
  EXPECT_THAT(std::string(GroupYaml("172.32.0.1/16").status().message()), HasSubstr("host bits"));
  EXPECT_THAT(std::string(GroupYaml("region=").status().message()), HasSubstr("not a label"));
  EXPECT_THAT(std::string(GroupYaml("a,,b").status().message()), HasSubstr("not a group"));
  EXPECT_THAT(std::string(GroupYaml("").status().message()), HasSubstr("not a group"));
}

}  // namespace
}  // namespace faultline
