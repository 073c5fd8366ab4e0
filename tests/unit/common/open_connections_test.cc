#include "common/open_connections.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "common/unique_fd.h"

namespace faultline {
namespace {

int MakeSocket() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

TEST(OpenConnectionsTest, CountsWhatIsOpenBySource) {
  OpenConnections open;
  const UniqueFd first(MakeSocket());
  const UniqueFd second(MakeSocket());
  {
    const UniqueFd third(MakeSocket());
    open.Add(first.get(), "a");
    open.Add(second.get(), "b");
    open.Add(third.get(), "a");
    open.Refresh();
    EXPECT_EQ(open.of_all(), 3u);
    EXPECT_EQ(open.of("a"), 2u);
  }
  open.Refresh();
  EXPECT_EQ(open.of_all(), 2u);
  EXPECT_EQ(open.of("a"), 1u);
  EXPECT_EQ(open.of("b"), 1u);
  EXPECT_EQ(open.of("c"), 0u);
}

TEST(OpenConnectionsTest, AnotherSocketOfTheSameNumberIsNotIt) {
  OpenConnections open;
  const int number = MakeSocket();
  open.Add(number, "a");
  const UniqueFd other(MakeSocket());
  const UniqueFd same(dup3(other.get(), number, O_CLOEXEC));
  ASSERT_EQ(same.get(), number);
  open.Refresh();
  EXPECT_EQ(open.of_all(), 0u);
  EXPECT_EQ(open.of("a"), 0u);
}

TEST(OpenConnectionsTest, AFileOfTheSameNumberIsNotItEither) {
  OpenConnections open;
  const int number = MakeSocket();
  open.Add(number, "a");
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd out(ends[0]);
  const UniqueFd in(ends[1]);
  const UniqueFd same(dup3(out.get(), number, O_CLOEXEC));
  ASSERT_EQ(same.get(), number);
  open.Refresh();
  EXPECT_EQ(open.of_all(), 0u);
}

}  // namespace
}  // namespace faultline
