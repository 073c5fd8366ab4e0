#include "controller/rpc/session_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/rpc/status.h"
#include "tests/support/matchers.h"
#include "tests/unit/rpc/test_server.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using testing::IsOk;
using ::testing::Le;
using ::testing::SizeIs;
using testing::StatusIs;

constexpr std::chrono::seconds kSessionPatience(60);
// What is to be over within a second. An emulated processor takes ten times as long.
#ifdef FAULTLINE_EMULATED
constexpr std::chrono::seconds kSoon(10);
#else
constexpr std::chrono::seconds kSoon(1);
#endif

// An agent as far as its session goes.
class Caller {
 public:
  Caller(const std::string& target, const Security& security) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel = OpenChannel(target, security, arguments);
    EXPECT_THAT(channel, IsOk());
    stub_ = v1::AgentSessionService::NewStub(*channel);
    context_.set_deadline(std::chrono::system_clock::now() + kSessionPatience);
    stream_ = stub_->Session(&context_);
  }
  ~Caller() { context_.TryCancel(); }

  // Calls itself `name`; whether it is welcome.
  bool SayHello(const std::string& name) {
    v1::SessionRequest hello;
    hello.mutable_hello()->mutable_node()->set_name(name);
    hello.mutable_hello()->mutable_node()->set_incarnation(7);
    v1::SessionResponse answer;
    return stream_->Write(hello) && stream_->Read(&answer) && answer.has_welcome();
  }

  // Whether the controller has done with the hello and answers what comes after it.
  bool IsHeard() {
    v1::SessionRequest ping;
    ping.mutable_clock_ping()->mutable_agent_sent();
    v1::SessionResponse answer;
    if (!stream_->Write(ping)) return false;
    while (stream_->Read(&answer)) {
      if (answer.has_clock_pong()) return true;
    }
    return false;
  }

  // Says something again and again without reading, until the controller does not listen any more.
  void SayUntilTheEnd() {
    v1::SessionRequest ping;
    ping.mutable_clock_ping()->mutable_agent_sent();
    while (stream_->Write(ping)) {
    }
  }

  // Until the controller does not listen any more.
  void Say(const v1::SessionRequest& message, int times) {
    for (int i = 0; i < times && stream_->Write(message); ++i) {
    }
  }

  // Why the controller has ended the session.
  absl::Status AwaitEnd() {
    v1::SessionResponse ignored;
    while (stream_->Read(&ignored)) {
    }
    return FromGrpc(stream_->Finish());
  }

 private:
  std::unique_ptr<v1::AgentSessionService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SessionRequest, v1::SessionResponse>> stream_;
};

TEST(SessionServiceTest, NodeIsWelcomeUnderTheNameOfItsCertificate) {
  TestServer server;
  Caller agent(server.address(), server.Client("faultline:node:lon-1"));
  EXPECT_TRUE(agent.SayHello("lon-1"));
  EXPECT_TRUE(server.fleet().Connected(NodeName("lon-1")));
}

TEST(SessionServiceTest, NodeThatCallsItselfByAnotherNameIsToldWhyItIsRefused) {
  TestServer server;
  Caller agent(server.address(), server.Client("faultline:node:lon-1"));
  EXPECT_FALSE(agent.SayHello("par-1"));
  EXPECT_THAT(agent.AwaitEnd(), StatusIs(absl::StatusCode::kPermissionDenied,
                                         HasSubstr("is of node 'lon-1', and it calls itself 'par-1'")));
  EXPECT_FALSE(server.fleet().Connected(NodeName("par-1")));
}

TEST(SessionServiceTest, WhoFloodsIsEnded) {
  TestServer server;
  Caller agent(server.address(), server.Client("faultline:node:lon-1"));
  ASSERT_TRUE(agent.SayHello("lon-1"));
  v1::SessionRequest message;
  message.mutable_counters()->set_run_id("split-1");
  agent.Say(message, 200'000);
  EXPECT_THAT(agent.AwaitEnd(),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("it says more than any agent has to")));
}

TEST(SessionServiceTest, WhoSaysTooMuchAtOnceIsEnded) {
  TestServer server;
  Caller agent(server.address(), server.Client("faultline:node:lon-1"));
  ASSERT_TRUE(agent.SayHello("lon-1"));
  v1::SessionRequest message;
  message.mutable_refused()->set_reason(std::string(300'000, 'x'));
  agent.Say(message, 1);
  EXPECT_THAT(agent.AwaitEnd(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a message of 3000")));
}

TEST(SessionServiceTest, UsersOpenNoSession) {
  TestServer server;
  Caller alice(server.address(), server.Client("faultline:user:alice"));
  EXPECT_FALSE(alice.SayHello("alice"));
  EXPECT_THAT(alice.AwaitEnd(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("only a node's may open a session")));
}

TEST(SessionServiceTest, CommonNameIsTheNodesWhereTheControllerIsToldSo) {
  TestServer server({.gate = {.names = CertificateNames::kCommonName}});
  const Security london = server.Client(testing::TestCertificate{.common_name = "lon-1"});
  Caller agent(server.address(), london);
  EXPECT_TRUE(agent.SayHello("lon-1"));
  Caller liar(server.address(), london);
  EXPECT_FALSE(liar.SayHello("lon-2"));
}

TEST(SessionServiceTest, RevokedNodeIsRefused) {
  TestServer server;
  server.directory().Revoke("faultline:node:lon-1");
  Caller agent(server.address(), server.Client("faultline:node:lon-1"));
  EXPECT_FALSE(agent.SayHello("lon-1"));
  EXPECT_THAT(agent.AwaitEnd(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("node 'lon-1' has been revoked")));
  EXPECT_THAT(server.audit().Take(), ElementsAre(AllOf(HasSubstr(": open a session : refused: "),
                                                       HasSubstr("node 'lon-1' has been revoked"))));
}

TEST(SessionServiceTest, WhoIsRefusedAgainAndAgainFillsNoLog) {
  TestServer server;
  const Security london = server.Client("faultline:node:lon-1");
  for (int i = 0; i < 30; ++i) {
    Caller liar(server.address(), london);
    EXPECT_FALSE(liar.SayHello("lon-2"));
    liar.AwaitEnd().IgnoreError();
  }
  const std::vector<std::string> lines = server.audit().Take();
  // Ten, and one for each six seconds that this took.
  EXPECT_THAT(lines, SizeIs(AllOf(Ge(10u), Le(20u))));
  EXPECT_THAT(lines[0], AllOf(HasSubstr("faultline:node:lon-1: open a session : refused: "),
                              HasSubstr("it calls itself 'lon-2'")));
}

TEST(SessionServiceTest, RevokedNodesSessionEndsWithinASecond) {
  TestServer server;
  Caller agent(server.address(), server.Client("faultline:node:lon-1"));
  ASSERT_TRUE(agent.SayHello("lon-1"));
  ASSERT_TRUE(agent.IsHeard());
  server.directory().Revoke("faultline:node:lon-1");
  const auto began = std::chrono::steady_clock::now();
  server.sessions().CloseNode(NodeName("lon-1"), absl::PermissionDeniedError("it has been revoked"));
  EXPECT_FALSE(server.fleet().Connected(NodeName("lon-1")));
  EXPECT_THAT(agent.AwaitEnd(), StatusIs(absl::StatusCode::kPermissionDenied, "it has been revoked"));
  EXPECT_LT(std::chrono::steady_clock::now() - began, kSoon);
}

TEST(SessionServiceTest, RevokedNodeThatReadsNothingIsRidOfWithinASecondToo) {
  TestServer server;
  Caller agent(server.address(), server.Client("faultline:node:lon-1"));
  ASSERT_TRUE(agent.SayHello("lon-1"));
  v1::SessionResponse large;
  large.mutable_arm()->mutable_timeline()->set_run_id(std::string(4'000'000, 'x'));
  // More than is on its way before somebody reads.
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(server.fleet().Send(NodeName("lon-1"), large));
  const auto began = std::chrono::steady_clock::now();
  server.sessions().CloseNode(NodeName("lon-1"), absl::PermissionDeniedError("it has been revoked"));
  agent.SayUntilTheEnd();
  EXPECT_LT(std::chrono::steady_clock::now() - began, kSoon);
}

TEST(SessionServiceTest, NodeThatWasSentAwayBeforeItsHelloCameIsRefused) {
  TestServer server;
  Caller agent(server.address(), server.Client("faultline:node:lon-1"));
  // The session is open once another one, opened later, is.
  Caller later(server.address(), server.Client("faultline:node:lon-2"));
  ASSERT_TRUE(later.SayHello("lon-2"));
  server.directory().Revoke("faultline:node:lon-1");
  server.sessions().CloseNode(NodeName("lon-1"), absl::PermissionDeniedError("it has been revoked"));
  agent.SayHello("lon-1");
  EXPECT_THAT(agent.AwaitEnd(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("node 'lon-1' has been revoked")));
}

TEST(SessionServiceTest, SessionEndsWithItsCertificate) {
  TestServer server;
  Caller agent(server.address(), server.Client({.uri = "faultline:node:lon-1", .ends_in = std::chrono::seconds(3)}));
  ASSERT_TRUE(agent.SayHello("lon-1"));
  while (agent.IsHeard()) {
  }
  EXPECT_THAT(agent.AwaitEnd(), StatusIs(absl::StatusCode::kUnauthenticated, "its certificate has ended"));
}

TEST(SessionServiceTest, WhoSaysNoHelloIsEnded) {
  TestServer server({.hello_patience = std::chrono::milliseconds(100)});
  Caller agent(server.address(), server.Client("faultline:node:lon-1"));
  EXPECT_THAT(agent.AwaitEnd(), StatusIs(absl::StatusCode::kDeadlineExceeded, "no hello has come"));
}

TEST(SessionServiceTest, WhoHasSaidHelloInTimeStays) {
  TestServer server({.hello_patience = std::chrono::milliseconds(500)});
  Caller agent(server.address(), server.Client("faultline:node:lon-1"));
  ASSERT_TRUE(agent.SayHello("lon-1"));
  // The first goes after the time that the second was given as well.
  Caller other(server.address(), server.Client("faultline:node:lon-2"));
  EXPECT_THAT(other.AwaitEnd(), StatusIs(absl::StatusCode::kDeadlineExceeded, ::testing::_));
  EXPECT_TRUE(server.fleet().Connected(NodeName("lon-1")));
}

TEST(SessionServiceTest, WithoutTlsAndOnTheHostItselfEveryNameIsBelieved) {
  TestServer server({.gate = {.insecure = true}});
  Caller remote(server.address(), {.insecure = true});
  EXPECT_TRUE(remote.SayHello("lon-1"));
  Caller local(server.local(), {});
  EXPECT_TRUE(local.SayHello("lon-2"));
}

}  // namespace
}  // namespace faultline
