#include "common/identity/certificate_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "absl/strings/str_cat.h"
#include "common/identity/openssl.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::StatusIs;
using ::testing::HasSubstr;

// A request for `key` that is signed with `signer`.
std::string RequestSignedBy(EVP_PKEY* key, EVP_PKEY* signer) {
  const X509ReqPtr request(X509_REQ_new());
  X509_REQ_set_pubkey(request.get(), key);
  EXPECT_GT(X509_REQ_sign(request.get(), signer, EVP_sha256()), 0);
  const BioPtr target(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_REQ(target.get(), request.get());
  return TextOf(target.get());
}

TEST(CertificateRequestTest, HasItsMakersPublicKey) {
  const PrivateKey key = PrivateKey::Generate().value();
  const CertificateRequest request = CertificateRequest::Parse(CertificateRequest::Make(key).value()).value();
  EXPECT_EQ(EVP_PKEY_eq(request.public_key(), key.get()), 1);
}

TEST(CertificateRequestTest, WhoDoesNotHaveTheKeyIsRefused) {
  const PrivateKey key = PrivateKey::Generate().value();
  const PrivateKey other = PrivateKey::Generate().value();
  EXPECT_TRUE(CertificateRequest::Parse(RequestSignedBy(key.get(), key.get())).ok());
  EXPECT_THAT(CertificateRequest::Parse(RequestSignedBy(key.get(), other.get())),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not signed with its own key")));
}

TEST(CertificateRequestTest, OtherKeysThanP256AreRefused) {
  const KeyPtr other(EVP_EC_gen("P-384"));
  EXPECT_THAT(CertificateRequest::Parse(RequestSignedBy(other.get(), other.get())),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not ECDSA P-256")));
}

TEST(CertificateRequestTest, HostileTextIsRefused) {
  const std::string good = CertificateRequest::Make(PrivateKey::Generate().value()).value();
  EXPECT_FALSE(CertificateRequest::Parse("").ok());
  EXPECT_FALSE(CertificateRequest::Parse(good.substr(0, good.size() / 2)).ok());
  EXPECT_FALSE(
      CertificateRequest::Parse("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n").ok());
  EXPECT_THAT(CertificateRequest::Parse(absl::StrCat(std::string(20'000, '\n'), good)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("too long")));
}

}  // namespace
}  // namespace faultline
