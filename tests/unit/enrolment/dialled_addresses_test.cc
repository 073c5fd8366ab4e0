#include "controller/access/dialled_addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<std::string> kCertified = {"c.example", "localhost", "127.0.0.1", "198.18.0.10", "::1", "fd00::10"};

IpAddress At(const char* text) { return *IpAddress::Parse(text); }

TEST(DialledAddressesTest, TheOneThatIsListenedAt) {
  EXPECT_THAT(DialledAddresses("198.18.0.7:7400", kCertified), ElementsAre(At("198.18.0.7")));
  EXPECT_THAT(DialledAddresses("[fd00::7]:7400", kCertified), ElementsAre(At("fd00::7")));
}

TEST(DialledAddressesTest, OtherwiseThoseThatAreCertified) {
  for (const char* listen : {"0.0.0.0:7400", "[::]:7400", "c.example:7400"}) {
    EXPECT_THAT(DialledAddresses(listen, kCertified), ElementsAre(At("198.18.0.10"), At("fd00::10"))) << listen;
  }
}

TEST(DialledAddressesTest, NoneWhenNothingSays) { EXPECT_THAT(DialledAddresses("0.0.0.0:7400", {}), IsEmpty()); }

}  // namespace
}  // namespace faultline
