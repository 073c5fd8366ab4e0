#include "common/rpc/local_pass.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/status.h"
#include "tests/support/matchers.h"
#include "tests/unit/rpc/test_server.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;

// Calls with a pass of its own making.
absl::Status CallWith(const TestServer& server, const std::string& pass) {
  const auto stub =
      v1::ControlService::NewStub(grpc::CreateChannel(server.local(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  if (!pass.empty()) context.AddMetadata(kPassKey, pass);
  v1::ListNodesResponse response;
  return FromGrpc(stub->ListNodes(&context, v1::ListNodesRequest(), &response));
}

TEST(LocalPassTest, CallersAreTheUserThatTheKernelSaysTheyAre) {
  TestServer server;
  EXPECT_EQ(*AskWhoIAm(server.local(), {}),
            absl::StrCat(Accounts::OfThisHost().UserName(geteuid()).value_or("nobody"), " admin"));
}

TEST(LocalPassTest, WithoutAPassOrWithAForgedOneNobodyIsKnown) {
  TestServer server;
  EXPECT_THAT(CallWith(server, ""), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("needs the pass")));
  std::string pass = *FetchPass(LoginSocketOf(server.socket()));
  EXPECT_THAT(CallWith(server, pass), testing::IsOk());
  pass.back() = pass.back() == '0' ? '1' : '0';
  EXPECT_THAT(CallWith(server, pass), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("not one of this")));
}

TEST(LocalPassTest, PassIsNoProofOverTheNetwork) {
  TestServer server;
  const std::string pass = *FetchPass(LoginSocketOf(server.socket()));
  const Security alice = server.Client("faultline:user:alice");
  const auto channel = OpenChannel(server.address(), alice, grpc::ChannelArguments());
  const auto stub = v1::ControlService::NewStub(*channel);
  grpc::ClientContext context;
  context.AddMetadata(kPassKey, pass);
  v1::ListNodesResponse response;
  ASSERT_TRUE(stub->ListNodes(&context, v1::ListNodesRequest(), &response).ok());
  EXPECT_EQ(response.nodes(0).info().name(), "alice");
}

TEST(LocalPassTest, ChannelOutlivesTheControllerThatGaveThePass) {
  std::optional<TestServer> first(std::in_place);
  const std::string pass = *FetchPass(LoginSocketOf(first->socket()));
  first.reset();
  TestServer second;
  EXPECT_THAT(CallWith(second, pass), StatusIs(absl::StatusCode::kUnauthenticated, ::testing::_));
}

TEST(LocalPassTest, SocketIsForItsGroupAndGoesWithTheServer) {
  std::string path;
  {
    TestServer server;
    path = LoginSocketOf(server.socket());
    struct stat found {};
    ASSERT_EQ(stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777u, 0660u);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(FetchPass(path), StatusIs(absl::StatusCode::kNotFound, HasSubstr(path)));
}

TEST(LocalPassTest, PathThatIsTooLongIsTold) {
  EXPECT_THAT(FetchPass(std::string(200, 'x')), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most 107")));
}

}  // namespace
}  // namespace faultline
