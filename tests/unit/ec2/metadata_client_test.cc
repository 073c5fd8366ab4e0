#include "agent/ec2/metadata_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/unit/ec2/metadata_service.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A service that answers the requests of this method in this way, and others as it should.
MetadataService::Instead Always(const std::string& method, std::optional<std::string> answer) {
  return [=](const ServedRequest& request) -> std::optional<std::optional<std::string>> {
    if (request.method != method) return std::nullopt;
    return answer;
  };
}

class MetadataClientTest : public ::testing::Test {
 protected:
  std::unique_ptr<MetadataClient> ClientOf(std::vector<MetadataEndpoint> endpoints, bool allow_v1 = false) {
    auto client = *MetadataClient::Make({.endpoints = std::move(endpoints), .allow_v1 = allow_v1}, clock_);
    // The clock stands still: it does not end.
    client->Begin(minutes(1));
    return client;
  }
  // Of one request, to a service that answers otherwise than it should.
  absl::StatusOr<std::string> Ask(MetadataService::Instead instead, bool allow_v1 = false) {
    const MetadataService service(std::move(instead));
    return ClientOf({service.endpoint()}, allow_v1)->Get("mac");
  }

  FakeClock clock_;
};

TEST_F(MetadataClientTest, ATokenFirstAndThenWithEveryRequest) {
  const MetadataService service;
  const auto client = ClientOf({service.endpoint()});
  EXPECT_EQ(*client->Get("placement/region"), "eu-west-2");
  EXPECT_EQ(*client->Get("mac"), "0a:ff:00:11:22:33");
  EXPECT_TRUE(absl::IsNotFound(client->Get("spot/instance-action").status()));
  EXPECT_THAT(service.asked(), ElementsAre("PUT /latest/api/token", "GET /latest/meta-data/placement/region",
                                           "GET /latest/meta-data/mac", "GET /latest/meta-data/spot/instance-action"));
  EXPECT_EQ(service.connections(), 1);
}

TEST_F(MetadataClientTest, TheTokenIsRenewedBeforeItsEnd) {
  const MetadataService service;
  const auto client = ClientOf({service.endpoint()});
  ASSERT_TRUE(client->Get("mac").ok());
  clock_.Advance(minutes(58));
  client->Begin(minutes(1));
  ASSERT_TRUE(client->Get("mac").ok());
  EXPECT_EQ(service.tokens(), 1);
  clock_.Advance(minutes(1));
  client->Begin(minutes(1));
  ASSERT_TRUE(client->Get("mac").ok());
  EXPECT_EQ(service.tokens(), 2);
}

TEST_F(MetadataClientTest, ATokenThatIsRefusedIsGotAnew) {
  MetadataService service;
  const auto client = ClientOf({service.endpoint()});
  ASSERT_TRUE(client->Get("mac").ok());
  service.ForgetToken();
  EXPECT_EQ(*client->Get("mac"), "0a:ff:00:11:22:33");
  EXPECT_EQ(service.tokens(), 2);
}

TEST_F(MetadataClientTest, WhoRefusesEveryTokenIsNotAskedForEver) {
  const MetadataService service(Always("GET", HttpServer::Text(401, "")));
  EXPECT_TRUE(absl::IsUnauthenticated(ClientOf({service.endpoint()})->Get("mac").status()));
  EXPECT_EQ(service.tokens(), 2);
}

TEST_F(MetadataClientTest, MetadataThatIsTurnedOff) {
  const auto answer = Ask(Always("PUT", HttpServer::Text(403, "")));
  EXPECT_TRUE(absl::IsFailedPrecondition(answer.status()));
  EXPECT_THAT(std::string(answer.status().message()), AllOf(HasSubstr("--http-endpoint"), HasSubstr("metadata: off")));
}

TEST_F(MetadataClientTest, VersionOneOnlyWhereItIsAllowed) {
  for (const int code : {404, 405, 501}) {
    std::vector<std::string> tokens;
    const auto v1_only = [&](const ServedRequest& request) -> std::optional<std::optional<std::string>> {
      if (request.method == "PUT") return HttpServer::Text(code, "");
      tokens.push_back(request.headers.contains("x-aws-ec2-metadata-token") ? "some" : "none");
      return HttpServer::Text(200, "0a:ff:00:11:22:33");
    };
    const auto denied = Ask(v1_only);
    EXPECT_TRUE(absl::IsFailedPrecondition(denied.status()));
    EXPECT_THAT(std::string(denied.status().message()), HasSubstr("imdsv1: allow"));
    EXPECT_THAT(tokens, ElementsAre()) << "not asked at all";
    EXPECT_EQ(*Ask(v1_only, /*allow_v1=*/true), "0a:ff:00:11:22:33");
    EXPECT_THAT(tokens, ElementsAre("none"));
  }
}

TEST_F(MetadataClientTest, VersionTwoIsSpokenWhereverThereIsOne) {
  const MetadataService service;
  EXPECT_TRUE(ClientOf({service.endpoint()}, /*allow_v1=*/true)->Get("mac").ok());
  EXPECT_EQ(service.tokens(), 1);
}

TEST_F(MetadataClientTest, ALostAnswerToTheTokensRequestIsTheHopLimits) {
  const MetadataService service(Always("PUT", std::nullopt));
  auto client = ClientOf({service.endpoint()});
  client->Begin(milliseconds(50));
  const auto answer = client->Get("mac");
  EXPECT_TRUE(absl::IsDeadlineExceeded(answer.status()));
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("--http-put-response-hop-limit 2"));
}

TEST_F(MetadataClientTest, WhoFallsSilentOrIsSlowIsGivenUp) {
  for (const std::optional<std::string>& slow :
       {std::optional<std::string>(), std::optional<std::string>("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n0a")}) {
    const MetadataService service([&](const ServedRequest& request) -> std::optional<std::optional<std::string>> {
      if (request.path != "/latest/meta-data/mac") return std::nullopt;
      return slow;
    });
    const auto client = ClientOf({service.endpoint()});
    ASSERT_TRUE(client->Get("instance-id").ok());
    client->Begin(milliseconds(50));
    const auto answer = client->Get("mac");
    EXPECT_TRUE(absl::IsDeadlineExceeded(answer.status())) << answer.status();
    EXPECT_THAT(std::string(answer.status().message()), HasSubstr("mac: http://127.0.0.1"));
  }
}

TEST_F(MetadataClientTest, WhatIsNoTokenIsRefused) {
  for (const char* garbage : {"", "<html> </html>", "a\r\nX-Evil: 1", "\xff\xfe"}) {
    EXPECT_TRUE(absl::IsDataLoss(Ask(Always("PUT", HttpServer::Text(200, garbage))).status())) << garbage;
  }
  EXPECT_TRUE(absl::IsDataLoss(Ask(Always("PUT", HttpServer::Text(200, std::string(1025, 'a')))).status()));
  EXPECT_TRUE(absl::IsDataLoss(Ask(Always("GET", HttpServer::Text(200, std::string(70000, 'a')))).status()));
  EXPECT_FALSE(Ask(Always("PUT", "garbage\r\n\r\n")).ok());
}

TEST_F(MetadataClientTest, OtherCodesAreNoAnswer) {
  for (const int code : {302, 400, 500, 503}) {
    EXPECT_TRUE(absl::IsUnavailable(Ask(Always("GET", HttpServer::Text(code, ""))).status())) << code;
  }
}

TEST_F(MetadataClientTest, TheSecondEndpointWhereTheFirstIsNotThere) {
  const MetadataEndpoint gone = HttpServer([](const ServedRequest&) { return ""; }).endpoint();
  const MetadataService service;
  const auto client = ClientOf({gone, service.endpoint()});
  EXPECT_TRUE(client->Get("mac").ok());
  EXPECT_TRUE(client->Get("mac").ok());
  EXPECT_EQ(service.tokens(), 1) << "who answered is kept";
  const auto nobody = ClientOf({gone, gone})->Get("mac");
  EXPECT_TRUE(absl::IsUnavailable(nobody.status())) << nobody.status();
}

TEST_F(MetadataClientTest, WhoIsThereHasMoreToSayThanWhoIsNot) {
  const MetadataEndpoint gone = HttpServer([](const ServedRequest&) { return ""; }).endpoint();
  const MetadataService off(Always("PUT", HttpServer::Text(403, "")));
  EXPECT_TRUE(absl::IsFailedPrecondition(ClientOf({gone, off.endpoint()})->Get("mac").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(ClientOf({off.endpoint(), gone})->Get("mac").status()));
}

TEST_F(MetadataClientTest, ATimeThatIsOverIsOver) {
  const MetadataService service;
  const auto client = ClientOf({service.endpoint()});
  ASSERT_TRUE(client->Get("mac").ok());
  clock_.Advance(minutes(1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(client->Get("mac").status()));
}

}  // namespace
}  // namespace faultline
