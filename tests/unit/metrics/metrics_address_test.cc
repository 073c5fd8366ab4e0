#include "common/metrics/metrics_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const MetricsAddress kDefault = MetricsAddress::Loopback(7402);

// What the configuration's `metrics` makes of the default; errors as "line:column: what".
std::optional<MetricsAddress> Read(const std::string& text, std::string& errors) {
  std::optional<MetricsAddress> target = kDefault;
  TextErrors found;
  const DocumentPtr root = ParseDocument(text, found);
  if (root != nullptr) ReadMetrics(*root, target, found);
  errors = JoinErrors(found.Take(), "c.yaml");
  return target;
}

std::string Error(const std::string& text) {
  std::string errors;
  EXPECT_EQ(Read(text, errors), kDefault);
  return errors;
}

TEST(MetricsAddressTest, ReadsWhatItWrites) {
  for (const char* text : {"127.0.0.1:7402", "0.0.0.0:1", "[::1]:65535", "[fd20::1]:7402"}) {
    const auto address = MetricsAddress::Parse(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), text);
  }
  EXPECT_EQ(kDefault.ToString(), "127.0.0.1:7402");
}

TEST(MetricsAddressTest, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+1", ":7402",
                           "localhost:7402", "::1:7402", "[::1]", "[127.0.0.1]:7402", "[::1:7402", "127.0.0.1:7402 "}) {
    EXPECT_FALSE(MetricsAddress::Parse(text).ok()) << text;
  }
}

TEST(MetricsAddressTest, KnowsLoopback) {
  for (const char* text : {"127.0.0.1:1", "127.200.3.4:1", "[::1]:1"}) {
    EXPECT_TRUE(MetricsAddress::Parse(text)->IsLoopback()) << text;
  }
  for (const char* text : {"0.0.0.0:1", "126.0.0.1:1", "128.0.0.1:1", "[::]:1", "[::2]:1", "[fd20::1]:1"}) {
    EXPECT_FALSE(MetricsAddress::Parse(text)->IsLoopback()) << text;
  }
}

TEST(ReadMetricsTest, TakesWhatIsSaid) {
  std::string errors;
  EXPECT_EQ(Read("listen: '127.0.0.2:9'", errors), *MetricsAddress::Parse("127.0.0.2:9"));
  EXPECT_THAT(errors, IsEmpty());
  EXPECT_EQ(Read("listen: ''", errors), std::nullopt);
  EXPECT_THAT(errors, IsEmpty());
  EXPECT_EQ(Read("allow_network: true", errors), kDefault);
  EXPECT_THAT(errors, IsEmpty());
}

TEST(ReadMetricsTest, TheNetworkMustBeAllowed) {
  std::string errors;
  EXPECT_THAT(Error("listen: 0.0.0.0:7402"), HasSubstr("c.yaml:1:9: 'listen' is 0.0.0.0:7402, where others than this "
                                                       "host may read the metrics; if they shall, add allow_network"));
  EXPECT_THAT(Error("{listen: 0.0.0.0:7402, allow_network: false}"), HasSubstr("'listen' is 0.0.0.0:7402"));
  EXPECT_EQ(Read("{listen: 0.0.0.0:7402, allow_network: true}", errors), *MetricsAddress::Parse("0.0.0.0:7402"));
  EXPECT_THAT(errors, IsEmpty());
}

TEST(ReadMetricsTest, ErrorsHaveTheirPlace) {
  EXPECT_THAT(Error("lisen: x"), HasSubstr("c.yaml:1:1: unknown key 'lisen'"));
  EXPECT_THAT(Error("listen: localhost:7402"), HasSubstr("c.yaml:1:9: 'listen': 'localhost:7402' is no address"));
  EXPECT_THAT(Error("allow_network: maybe"), HasSubstr("c.yaml:1:16: 'allow_network' must be false or true"));
}

}  // namespace
}  // namespace faultline
