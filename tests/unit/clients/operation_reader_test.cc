#include "controller/clients/operation_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using std::chrono::seconds;

const WallTime kReaderOrigin = WallTime(seconds(1'763'846'400));
constexpr char kOperation[] = R"({"time": 1763846401, "side": "london", "ok": true})";

OperationOutput ReadAll(const std::string& text, std::size_t at_a_time = 1000) {
  OperationReader reader(kReaderOrigin);
  for (std::size_t i = 0; i < text.size(); i += at_a_time) reader.Take(absl::string_view(text).substr(i, at_a_time));
  return std::move(reader).Finish();
}

TEST(OperationReaderTest, ReadsLinesCutAnywhere) {
  const std::string text = std::string(kOperation) + "\r\n\n" + kOperation + "\n" +
                           R"({"time": 1763846402, "event": "leader"})" + "\n" +
                           R"({"acknowledged": 1, "found": 1, "lost": 0})";
  for (const std::size_t at_a_time : {1u, 7u, 50u, 1000u}) {
    const OperationOutput output = ReadAll(text, at_a_time);
    EXPECT_EQ(output.lines.operations(), 2u);
    EXPECT_EQ(output.lines.happenings(), 1u);
    EXPECT_EQ(output.lines.accountings(), 1u);
    EXPECT_EQ(output.lines.bad(), 0u);
    EXPECT_EQ(output.lines.first_bad(), "");
    EXPECT_EQ(output.log.sides().at("london").at(100).acknowledged, 2u);
    EXPECT_EQ(output.log.happenings().at(0).text, "leader");
    EXPECT_EQ(output.log.accountings().size(), 1u);
    EXPECT_FALSE(output.truncated);
    EXPECT_FALSE(output.lines.cut());
  }
}

TEST(OperationReaderTest, CountsWhatIsNoneAndNamesTheFirst) {
  const std::string text = std::string(kOperation) + "\n\nhello\n{}\n" + std::string(20'000, 'x') + "\n" + kOperation;
  const OperationOutput output = ReadAll(text);
  EXPECT_EQ(output.lines.operations(), 2u);
  EXPECT_EQ(output.lines.bad(), 3u);
  EXPECT_EQ(output.lines.first_bad(), "line 3: it is no JSON object");
  EXPECT_EQ(ReadAll(std::string(20'000, ' ')).lines.first_bad(), "line 1: it is longer than 16384 bytes");
  EXPECT_EQ(ReadAll(R"({"time": 1, "side": "a", "ok": true})").lines.first_bad(),
            "line 1: its time is more than a week away from the run");
}

TEST(OperationReaderTest, ReadsNoMoreThanItMay) {
  OperationReader reader(kReaderOrigin);
  const std::string blank = std::string(kLongestLine - 1, ' ') + "\n";
  const std::string operation = std::string(kOperation) + "\n";
  for (std::size_t i = 1; i < kMostOperationBytes / blank.size(); ++i) reader.Take(blank);
  // The last that there is room for.
  reader.Take(blank.substr(operation.size()));
  reader.Take(operation);
  reader.Take(operation);
  const OperationOutput output = std::move(reader).Finish();
  EXPECT_TRUE(output.truncated);
  EXPECT_TRUE(output.lines.cut());
  EXPECT_EQ(output.lines.operations(), 1u);
  EXPECT_EQ(output.lines.bad(), 0u);
}

}  // namespace
}  // namespace faultline
