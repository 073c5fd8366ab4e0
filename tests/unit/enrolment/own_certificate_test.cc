#include "controller/access/own_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/file.h"
#include "common/identity/private_file.h"
#include "tests/support/matchers.h"
#include "tests/unit/enrolment/identity_book.h"

namespace faultline {
namespace {

using ::faultline::testing::IsOk;
using ::faultline::testing::StatusIs;
using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OwnCertificateTest : public IdentityBook {
 protected:
  OwnCertificateTest() {
    EXPECT_THAT(WritePrivateFile(key_file_, key_.ToPem()), IsOk());
    Write(authority_);
  }
  void Write(const CertificateAuthority& authority) {
    const CertificateTerms terms{.identity = {IdentityKind::kController, ""},
                                 .hosts = {"c.example", "198.18.0.10"},
                                 .from = clock_.WallNow(),
                                 .validity = hours(30)};
    EXPECT_THAT(WritePrivateFile(file_, authority.Issue(key_.get(), terms)->ToPem()), IsOk());
  }
  std::vector<Certificate> Read() const { return Certificate::ParseChain(ReadFile(file_).value()).value(); }

  const std::string file_ = folder_ + "/controller.crt";
  const std::string key_file_ = folder_ + "/controller.key";
  const PrivateKey key_ = PrivateKey::Generate().value();
  OwnCertificate own_{clock_, authority_, file_, key_file_, hours(90)};
};

TEST_F(OwnCertificateTest, IsRenewedWhenTwoThirdsAreOver) {
  const std::string before = ReadFile(file_).value();
  clock_.Advance(hours(19));
  ASSERT_THAT(own_.RenewIfDue(), IsOk());
  EXPECT_EQ(ReadFile(file_).value(), before);
  clock_.Advance(hours(2));
  ASSERT_THAT(own_.RenewIfDue(), IsOk());
  const std::vector<Certificate> chain = Read();
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(chain[0].NotAfter(), clock_.WallNow() + hours(90));
  EXPECT_THAT(chain[0].Hosts(), ElementsAre("c.example", "198.18.0.10"));
  EXPECT_EQ(chain[0].SubjectIdentity()->kind, IdentityKind::kController);
  EXPECT_TRUE(key_.Fits(chain[0]));
  EXPECT_EQ(chain[1].Fingerprint(), authority_.certificate().Fingerprint());
}

TEST_F(OwnCertificateTest, IsRenewedWhenItHasNotBegun) {
  clock_.Advance(hours(24));
  Write(authority_);
  clock_.Advance(-hours(24));
  ASSERT_LT(clock_.WallNow(), Read()[0].NotBefore());
  ASSERT_THAT(own_.RenewIfDue(), IsOk());
  EXPECT_LE(Read()[0].NotBefore(), clock_.WallNow());
  EXPECT_EQ(Read()[0].NotAfter(), clock_.WallNow() + hours(90));
}

TEST_F(OwnCertificateTest, AnotherAuthoritysIsLeftAlone) {
  Write(CertificateAuthority::Create(clock_.WallNow()).value());
  const std::string before = ReadFile(file_).value();
  clock_.Advance(hours(29));
  EXPECT_THAT(own_.RenewIfDue(), IsOk());
  EXPECT_EQ(ReadFile(file_).value(), before);
}

TEST_F(OwnCertificateTest, WhatCannotBeReadIsNamed) {
  OwnCertificate none(clock_, authority_, folder_ + "/none", key_file_, hours(90));
  EXPECT_THAT(none.RenewIfDue(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("/none")));
}

}  // namespace
}  // namespace faultline
