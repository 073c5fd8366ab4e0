#include "controller/guard/http_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/guard/deadline.h"
#include "tests/unit/guard/tcp_server.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

std::string Answer(int status, const std::string& body, const std::string& header = "") {
  return "HTTP/1.1 " + std::to_string(status) + " Words\r\nConnection: close\r\n" + header +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

CheckResult Check(const HttpCheck& check, Duration timeout = seconds(10)) {
  const StopSignal stop;
  return CheckHttp(check, timeout, stop);
}

TEST(HttpCheckTest, StatusMustBeTheOneAskedFor) {
  const TcpServer server(Answer(503, "no"));
  const CheckResult failed = Check({.url = server.Url("/health")});
  EXPECT_FALSE(failed.passed);
  EXPECT_EQ(failed.detail, "status 503, not 200");
  EXPECT_TRUE(Check({.url = server.Url("/health"), .status = 503}).passed);
}

TEST(HttpCheckTest, FieldMustBeTheTextAskedFor) {
  const TcpServer server(Answer(200, R"({"cluster": {"state": "green"}})"));
  EXPECT_TRUE(Check({.url = server.Url("/"), .field = "cluster.state", .equals = "green"}).passed);
  EXPECT_TRUE(Check({.url = server.Url("/"), .field = "cluster.state"}).passed);
  const CheckResult failed = Check({.url = server.Url("/"), .field = "cluster.state", .equals = "red"});
  EXPECT_FALSE(failed.passed);
  EXPECT_EQ(failed.detail, "cluster.state is 'green', not 'red'");
  EXPECT_EQ(Check({.url = server.Url("/"), .field = "cluster.size"}).detail,
            "the answer has no 'size' of 'cluster.size'");
}

TEST(HttpCheckTest, RedirectIsAnAnswer) {
  const TcpServer elsewhere(Answer(200, "ok"));
  const TcpServer server(Answer(302, "", "Location: " + elsewhere.Url("/") + "\r\n"));
  EXPECT_EQ(Check({.url = server.Url("/")}).detail, "status 302, not 200");
}

TEST(HttpCheckTest, LongAnswerFails) {
  const TcpServer server(Answer(200, std::string(1024 * 1024 + 1, 'x')));
  const CheckResult result = Check({.url = server.Url("/")});
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.detail, "the answer is longer than 1 MiB");
}

TEST(HttpCheckTest, SilenceEndsAtTheTimeLimit) {
  const TcpServer server("");
  const Deadline deadline(seconds(60));
  const CheckResult result = Check({.url = server.Url("/")}, milliseconds(300));
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.detail, "no answer within 300ms");
  EXPECT_LT(deadline.Elapsed(), seconds(50));
}

TEST(HttpCheckTest, OtherProtocolsAreRefused) {
  EXPECT_FALSE(Check({.url = "file:///etc/hostname"}).passed);
  EXPECT_FALSE(Check({.url = "http://127.0.0.1:1/"}).passed);
}

}  // namespace
}  // namespace faultline
