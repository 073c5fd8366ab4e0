#include "agent/session/observation_buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Observation Windows(int count) {
  v1::Observation observation;
  for (int i = 0; i < count; ++i) observation.add_windows()->set_sent(1);
  return observation;
}

// The numbers of all beyond the cursor.
std::vector<std::uint64_t> ReadAll(const ObservationBuffer& buffer, std::uint64_t cursor = 0) {
  std::vector<std::uint64_t> numbers;
  v1::Observation observation;
  while (buffer.ReadNext(cursor, 0, observation)) numbers.push_back(observation.number());
  return numbers;
}

std::uint64_t Lost(const ObservationBuffer& buffer, std::uint64_t before = 0) {
  std::uint64_t cursor = 0;
  v1::Observation observation;
  EXPECT_TRUE(buffer.ReadNext(cursor, before, observation));
  return observation.dropped();
}

TEST(ObservationBufferTest, EverySessionGetsWhatWasNotTakenInOrder) {
  ObservationBuffer buffer;
  for (int i = 0; i < 4; ++i) buffer.Add(Windows(i));
  EXPECT_THAT(ReadAll(buffer), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(ReadAll(buffer, 3), ElementsAre(4));
  EXPECT_THAT(ReadAll(buffer, 4), IsEmpty());
  buffer.Forget(2);
  EXPECT_THAT(ReadAll(buffer), ElementsAre(3, 4));
  buffer.Forget(1);
  EXPECT_THAT(ReadAll(buffer), ElementsAre(3, 4));
  EXPECT_EQ(Lost(buffer), 0u);
}

TEST(ObservationBufferTest, TheOldestGiveWayAndAreCounted) {
  ObservationBuffer buffer;
  const int half = static_cast<int>(ObservationBuffer::kMostWindows / 2);
  buffer.Add(Windows(10));
  buffer.Add(Windows(half));
  EXPECT_THAT(ReadAll(buffer), ElementsAre(1, 2));
  buffer.Add(Windows(half));
  EXPECT_THAT(ReadAll(buffer), ElementsAre(3));
  EXPECT_EQ(Lost(buffer), static_cast<std::uint64_t>(10 + half));
  EXPECT_EQ(Lost(buffer, 5), static_cast<std::uint64_t>(15 + half));
}

TEST(ObservationBufferTest, WindowsOfConnectionsCountToo) {
  ObservationBuffer buffer;
  const int half = static_cast<int>(ObservationBuffer::kMostWindows / 2);
  v1::Observation both = Windows(half);
  for (int i = 0; i < half; ++i) both.add_tcp_windows();
  buffer.Add(Windows(3));
  buffer.Add(both);
  buffer.Add(Windows(1));
  EXPECT_THAT(ReadAll(buffer), ElementsAre(3));
  EXPECT_EQ(Lost(buffer), static_cast<std::uint64_t>(3 + 2 * half));
}

TEST(ObservationBufferTest, EmptyOnesAreBoundedToo) {
  ObservationBuffer buffer;
  for (std::size_t i = 0; i < ObservationBuffer::kMostWindows + 5; ++i) buffer.Add(Windows(0));
  const std::vector<std::uint64_t> numbers = ReadAll(buffer);
  EXPECT_EQ(numbers.size(), ObservationBuffer::kMostWindows);
  EXPECT_EQ(numbers.front(), 6u);
}

TEST(ObservationBufferTest, NumbersGoOnWhenTheRestIsOfNoUse) {
  ObservationBuffer buffer;
  buffer.Add(Windows(1));
  buffer.Add(Windows(1));
  buffer.Clear();
  EXPECT_THAT(ReadAll(buffer), IsEmpty());
  buffer.Add(Windows(1));
  EXPECT_THAT(ReadAll(buffer), ElementsAre(3));
  EXPECT_EQ(Lost(buffer), 0u);
}

}  // namespace
}  // namespace faultline
