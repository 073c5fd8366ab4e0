#include "common/identity/private_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "common/identity/certificate_authority.h"
#include "common/identity/openssl.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::StatusIs;
using ::testing::HasSubstr;

TEST(PrivateKeyTest, IsP256AndReadsBackFromItsText) {
  const PrivateKey key = PrivateKey::Generate().value();
  EXPECT_TRUE(IsP256(key.get()));
  const PrivateKey again = PrivateKey::Parse(key.ToPem()).value();
  EXPECT_EQ(EVP_PKEY_eq(key.get(), again.get()), 1);
  EXPECT_NE(key.ToPem(), PrivateKey::Generate()->ToPem());
}

TEST(PrivateKeyTest, OtherKindsOfKeysAreNotP256) {
  const KeyPtr rsa(EVP_RSA_gen(2048));
  const KeyPtr other_curve(EVP_EC_gen("P-384"));
  EXPECT_FALSE(IsP256(rsa.get()));
  EXPECT_FALSE(IsP256(other_curve.get()));
  EXPECT_FALSE(IsP256(nullptr));
}

TEST(PrivateKeyTest, FitsItsCertificateOnly) {
  const CertificateAuthority first =
      CertificateAuthority::Create(WallTime(std::chrono::seconds(1'700'000'000))).value();
  const CertificateAuthority other =
      CertificateAuthority::Create(WallTime(std::chrono::seconds(1'700'000'000))).value();
  EXPECT_TRUE(first.key().Fits(first.certificate()));
  EXPECT_FALSE(first.key().Fits(other.certificate()));
}

TEST(PrivateKeyTest, WhatIsNoKeyIsRefused) {
  EXPECT_THAT(PrivateKey::Parse(""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no private key")));
  EXPECT_FALSE(PrivateKey::Parse("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").ok());
}

// A key with a password: that nobody is asked for it shows in that this ends.
TEST(PrivateKeyTest, NoPasswordIsAskedFor) {
  const PrivateKey key = PrivateKey::Generate().value();
  const BioPtr target(BIO_new(BIO_s_mem()));
  ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(target.get(), key.get(), EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr),
            1);
  EXPECT_THAT(PrivateKey::Parse(TextOf(target.get())),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("without a password")));
}

}  // namespace
}  // namespace faultline
