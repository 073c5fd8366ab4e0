#include "common/identity/secret.h"

#include <gtest/gtest.h>

#include "common/digest.h"

namespace faultline {
namespace {

TEST(SecretTest, RandomHasTheLengthAndDiffers) {
  const std::string a = RandomHex(16).value();
  EXPECT_EQ(a.size(), 32u);
  EXPECT_EQ(a.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(a, RandomHex(16).value());
}

// The first example of FIPS 180-2, appendix B.
TEST(SecretTest, Sha256IsThat) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(SecretTest, OnlyTheSameIsTheSame) {
  EXPECT_TRUE(SameSecret("abc", "abc"));
  EXPECT_FALSE(SameSecret("abc", "abd"));
  EXPECT_FALSE(SameSecret("abc", "abcd"));
  EXPECT_FALSE(SameSecret("", "a"));
}

}  // namespace
}  // namespace faultline
