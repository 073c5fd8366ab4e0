#include "agent/ec2/http_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ec2/http_server.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using ::testing::HasSubstr;

const HttpRequest kGet = {.method = HttpRequest::Method::kGet, .path = "/a", .header = {"X-Name", "value"}};

// One request to a server that answers so.
absl::StatusOr<HttpAnswer> Ask(const std::optional<std::string>& answer, Duration patience = minutes(1)) {
  const HttpServer server([answer](const ServedRequest&) { return answer; });
  return (*HttpConnection::Make(server.endpoint()))->Send(kGet, patience);
}

TEST(HttpConnectionTest, AsksAndGetsTheAnswer) {
  std::vector<ServedRequest> served;
  const HttpServer server([&served](const ServedRequest& request) {
    served.push_back(request);
    return HttpServer::Text(200, "text\n");
  });
  const auto connection = *HttpConnection::Make(server.endpoint());
  const auto answer = connection->Send(kGet, minutes(1));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->code, 200);
  EXPECT_EQ(answer->body, "text\n");
  ASSERT_TRUE(connection->Send({.method = HttpRequest::Method::kPut, .path = "/b", .header = {}}, minutes(1)).ok());
  EXPECT_EQ(served[0].method, "GET");
  EXPECT_EQ(served[0].path, "/a");
  EXPECT_EQ(served[0].headers.at("x-name"), "value");
  EXPECT_EQ(served[0].headers.at("host"), server.endpoint().Host());
  EXPECT_EQ(served[1].method, "PUT");
  EXPECT_EQ(served[1].headers.at("content-length"), "0");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpConnectionTest, OneThatWasClosedMeanwhileIsMadeAnew) {
  int asked = 0;
  // Every second request finds the connection closed.
  const HttpServer server(
      [&asked](const ServedRequest&) { return ++asked % 2 == 0 ? "" : HttpServer::Text(200, "x"); });
  const auto connection = *HttpConnection::Make(server.endpoint());
  EXPECT_TRUE(connection->Send(kGet, minutes(1)).ok());
  EXPECT_TRUE(connection->Send(kGet, minutes(1)).ok());
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpConnectionTest, AnyCodeIsAnAnswerAndRedirectsAreNotFollowed) {
  EXPECT_EQ(Ask(HttpServer::Text(404, "no"))->code, 404);
  const auto redirect = Ask("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(redirect->code, 302);
}

TEST(HttpConnectionTest, NobodyThere) {
  const MetadataEndpoint gone = HttpServer([](const ServedRequest&) { return ""; }).endpoint();
  const auto answer = (*HttpConnection::Make(gone))->Send(kGet, minutes(1));
  EXPECT_TRUE(absl::IsUnavailable(answer.status())) << answer.status();
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr(gone.ToString() + ": cannot connect"));
}

TEST(HttpConnectionTest, NobodyWaitsForWhatDoesNotCome) {
  for (const std::optional<std::string>& slow :
       {std::optional<std::string>(), std::optional<std::string>("HTTP/1.1 2"),
        std::optional<std::string>("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")}) {
    const HttpServer server([slow](const ServedRequest&) { return slow; });
    const auto connection = *HttpConnection::Make(server.endpoint());
    const auto answer = connection->Send(kGet, milliseconds(50));
    EXPECT_TRUE(absl::IsDeadlineExceeded(answer.status())) << answer.status();
    EXPECT_TRUE(connection->was_connected());
  }
}

TEST(HttpConnectionTest, GarbageIsRefused) {
  EXPECT_FALSE(Ask("220 smtp.example\r\n\r\n").ok());
  EXPECT_FALSE(Ask("").ok());
  EXPECT_FALSE(Ask(std::string("\0\0\0\0\r\n\r\n", 8)).ok());
}

TEST(HttpConnectionTest, AnswersAreBounded) {
  const std::string most(64 << 10, 'x');
  EXPECT_EQ(Ask(HttpServer::Text(200, most))->body.size(), most.size());
  for (const std::string& huge :
       {HttpServer::Text(200, most + "x"), std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n") + most,
        absl::StrCat("HTTP/1.1 200 OK\r\n\r\n", most, most),
        absl::StrCat("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n", most, most, "\r\n0\r\n\r\n"),
        absl::StrCat("HTTP/1.1 200 OK\r\nX-Long: ", most, "\r\n\r\n")}) {
    const auto answer = Ask(huge);
    EXPECT_TRUE(absl::IsDataLoss(answer.status())) << huge.substr(0, 60) << ": " << answer.status();
  }
}

TEST(HttpConnectionTest, IsStoppedWhileItWaits) {
  HttpConnection* asking = nullptr;
  const HttpServer server([&asking](const ServedRequest&) {
    asking->Stop();
    return std::nullopt;
  });
  const auto connection = *HttpConnection::Make(server.endpoint());
  asking = connection.get();
  EXPECT_TRUE(absl::IsCancelled(connection->Send(kGet, minutes(10)).status()));
  EXPECT_TRUE(absl::IsCancelled(connection->Send(kGet, minutes(10)).status()));
}

}  // namespace
}  // namespace faultline
