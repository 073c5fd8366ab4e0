#include "controller/clients/client_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

const WallTime kTime = WallTime(seconds(1'763'846'400));

ClientLine Read(const std::string& line) {
  const absl::StatusOr<ClientLine> read = ParseClientLine(line);
  EXPECT_TRUE(read.ok()) << line << ": " << read.status();
  return read.value_or(ClientLine());
}

std::string Wrong(const std::string& line) {
  const absl::StatusOr<ClientLine> read = ParseClientLine(line);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << line;
  return std::string(read.status().message());
}

TEST(ClientLineTest, ReadsOperations) {
  EXPECT_EQ(
      Read(R"({"time": 1763846400.125, "side": "london", "ok": true, "ms": 3.25})"),
      ClientLine(ClientOperation{
          .time = kTime + milliseconds(125), .side = "london", .acknowledged = true, .took = microseconds(3250)}));
  EXPECT_EQ(Read(R"({"time": 1763846400, "side": "Zürich", "ok": false, "count": 7, "key": {"of": ["others"]}})"),
            ClientLine(ClientOperation{.time = kTime, .side = "Zürich", .took = {}, .count = 7}));
}

TEST(ClientLineTest, ReadsTimesAsText) {
  for (const char* time : {"2025-11-22T21:20:00Z", "2025-11-22T22:20:00+01:00", "2025-11-22T21:20:00.000Z"}) {
    const ClientLine line = Read(std::string(R"({"side": "a", "ok": true, "time": ")") + time + "\"}");
    EXPECT_EQ(std::get<ClientOperation>(line).time, kTime) << time;
  }
}

TEST(ClientLineTest, ReadsHappeningsAndAccountings) {
  EXPECT_EQ(Read(R"({"time": 1763846400, "event": "leader lon-1 -> par-2"})"),
            ClientLine(ClientHappening{.time = kTime, .side = "", .text = "leader lon-1 -> par-2"}));
  EXPECT_EQ(
      Read(R"({"side": "london", "acknowledged": 2000, "found": 10, "lost": 1990, "extra": 3})"),
      ClientLine(ClientAccounting{.side = "london", .acknowledged = 2000, .found = 10, .lost = 1990, .extra = 3}));
  EXPECT_EQ(Read(R"({"acknowledged": 0, "found": 0, "lost": 0})"), ClientLine(ClientAccounting{}));
}

TEST(ClientLineTest, SaysWhatIsAmiss) {
  EXPECT_EQ(Wrong("connection refused"), "it is no JSON object");
  EXPECT_EQ(Wrong("[1]"), "it is no JSON object");
  EXPECT_EQ(Wrong("{}"), "it has none of 'ok', 'acknowledged' and 'event'");
  EXPECT_EQ(Wrong(R"({"time": 1, "side": "a", "ok": "yes"})"), "'ok' must be true or false");
  EXPECT_EQ(Wrong(R"({"time": 1, "ok": true})"), "'side' must be a text of 1 to 64 bytes without control characters");
  EXPECT_EQ(Wrong(R"({"side": "a", "ok": true})"),
            "'time' must be seconds since 1970, or a text such as 2026-12-01T02:00:00.5Z");
  EXPECT_EQ(Wrong(R"({"time": 1, "side": "a", "ok": true, "count": 0})"),
            "'count' must be a whole number from 1 to 1000000000");
  EXPECT_EQ(Wrong(R"({"time": 1, "side": "a", "ok": true, "ms": -1})"), "'ms' must be milliseconds, from 0 to a day's");
  EXPECT_EQ(Wrong(R"({"acknowledged": 3, "found": 1, "lost": 1})"),
            "'acknowledged' must be as many as 'found' and 'lost' together");
  EXPECT_EQ(Wrong(R"({"acknowledged": 3, "found": 3})"), "'lost' must be a whole number from 0 to 1000000000");
}

TEST(ClientLineTest, IsStrict) {
  const std::string operation = R"("side": "a", "ok": true, "time": )";
  // Milliseconds in place of seconds, and what no calendar has.
  for (const char* time : {"1763846400123", "-1", "1e300", "1e999", "NaN", "true", "null", "\"yesterday\"",
                           "\"infinite-future\"", "\"infinite-past\"", "\"9999-01-01T00:00:00Z\"", "[1]"}) {
    Wrong("{" + operation + time + "}");
  }
  for (const char* line :
       {R"({time: 1, side: "a", ok: true})", R"({'time': 1, 'side': 'a', 'ok': true})",
        R"({"time": 1, "side": "a", "ok": true,})", R"({"time": 1, "side": "a", "ok": true} {})",
        R"({"time": 1, "side": "a\u0000", "ok": true})", R"({"time": 1, "side": "a\n", "ok": true})",
        R"({"time": 1, "side": "\u001b[2J", "ok": true})", "{\"time\": 1, \"side\": \"\xff\", \"ok\": true}",
        R"({"time": 1, "side": "", "ok": true})", R"({"time": 1, "side": "a", "ok": true, "count": 1.5})",
        R"({"time": 1, "side": "a", "ok": true, "count": -1})", R"({"time": 1, "event": 3})",
        R"({"time": 1, "side": 7, "event": "x"})", R"({"acknowledged": 1e99, "found": 1, "lost": 1})"}) {
    Wrong(line);
  }
  Wrong(R"({"time": 1, "ok": true, "side": ")" + std::string(65, 'x') + "\"}");
  Wrong(R"({"time": 1, "event": ")" + std::string(201, 'x') + "\"}");
  Wrong(std::string(100'000, '['));
  Wrong(R"({"a":)" + std::string(100'000, '['));
}

}  // namespace
}  // namespace faultline
