#include "common/rpc/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

TEST(CredentialsTest, PlaintextIsForPrivatePlacesOnly) {
  for (const char* target :
       {"unix:/run/x.sock", "127.0.0.1:7400", "[::1]:7400", "198.18.0.10:7400", "[fd2f::10]:7400"}) {
    EXPECT_TRUE(ClientCredentials(target, /*insecure=*/false).ok()) << target;
    EXPECT_TRUE(ListenCredentials(target, /*insecure=*/false).ok()) << target;
  }
  for (const char* target :
       {"172.31.0.10:7400", "0.0.0.0:7400", "[::]:7400", "controller.example:7400", "localhost:7400"}) {
    const auto refused = ClientCredentials(target, /*insecure=*/false);
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition) << target;
    EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("--insecure")) << target;
    EXPECT_FALSE(ListenCredentials(target, /*insecure=*/false).ok()) << target;
    EXPECT_TRUE(ClientCredentials(target, /*insecure=*/true).ok()) << target;
  }
}

TEST(CredentialsTest, MalformedTargetsAreNamed) {
  for (const char* target : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "host:port"}) {
    EXPECT_EQ(ClientCredentials(target, /*insecure=*/true).status().code(), absl::StatusCode::kInvalidArgument)
        << target;
  }
}

}  // namespace
}  // namespace faultline
