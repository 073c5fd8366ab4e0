#include "controller/access/identity_office.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/file.h"
#include "common/identity/private_file.h"
#include "common/identity/token.h"
#include "tests/support/matchers.h"
#include "tests/unit/enrolment/identity_book.h"

namespace faultline {
namespace {

using ::faultline::testing::IsOk;
using ::faultline::testing::StatusIs;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::HasSubstr;

class IdentityOfficeTest : public IdentityBook {
 protected:
  IdentityOfficeTest() { Write("ca.crt", authority_.certificate().ToPem()); }
  void Write(const std::string& name, const std::string& text) const {
    EXPECT_THAT(WritePrivateFile(folder_ + "/" + name, text), IsOk());
  }
  OfficeOptions Options() const {
    return {.tls = {.ca = folder_ + "/ca.crt",
                    .certificate = folder_ + "/controller.crt",
                    .key = folder_ + "/controller.key"},
            .authority_key = "",
            .validity = hours(90)};
  }
  absl::StatusOr<std::unique_ptr<IdentityOffice>> Open(const OfficeOptions& options) {
    return IdentityOffice::Open(clock_, *database_, options);
  }
};

TEST_F(IdentityOfficeTest, EnrolsWithTheKeyBesideTheAuthority) {
  Write("ca.key", authority_.key().ToPem());
  const auto office = Open(Options()).value();
  ASSERT_NE(office->enrolment(), nullptr);
  const std::string token = office->enrolment()->CreateToken({}, "root").value();
  EXPECT_EQ(EnrolmentToken::Parse(token)->authority, authority_.certificate().Fingerprint());
  EXPECT_EQ(office->identities().Tokens().size(), 1u);
}

TEST_F(IdentityOfficeTest, WithoutTheKeyItOnlySendsAway) {
  const auto office = Open(Options()).value();
  EXPECT_EQ(office->enrolment(), nullptr);
  EXPECT_THAT(office->identities().Revoke({IdentityKind::kNode, "lon-a"}), IsOk());
  EXPECT_EQ(office->next(), MonotonicTime::max());
  EXPECT_THAT(office->Advance(), IsOk());
}

TEST_F(IdentityOfficeTest, ACertificateThatEndedWhileItWasOffIsRenewedBeforeTheStart) {
  const PrivateKey key = PrivateKey::Generate().value();
  const CertificateTerms terms{.identity = {IdentityKind::kController, ""},
                               .hosts = {"c.example"},
                               .from = clock_.WallNow(),
                               .validity = hours(30)};
  Write("controller.key", key.ToPem());
  Write("controller.crt", authority_.Issue(key.get(), terms)->ToPem());
  clock_.Advance(hours(31));
  EXPECT_THAT(RenewOwnCertificate(clock_, Options()), IsOk());
  EXPECT_THAT(ReadTlsFiles(Options().tls, clock_.WallNow()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("has ended")));
  Write("ca.key", authority_.key().ToPem());
  EXPECT_THAT(RenewOwnCertificate(clock_, Options()), IsOk());
  EXPECT_THAT(ReadTlsFiles(Options().tls, clock_.WallNow()), IsOk());
}

TEST_F(IdentityOfficeTest, WhatCannotBeRenewedIsNamed) {
  Write("ca.key", authority_.key().ToPem());
  EXPECT_THAT(RenewOwnCertificate(clock_, Options()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("controller.crt")));
}

TEST_F(IdentityOfficeTest, WithoutTlsNobodyIsEnrolled) {
  Write("ca.key", authority_.key().ToPem());
  OfficeOptions options = Options();
  options.insecure = true;
  EXPECT_EQ(Open(options).value()->enrolment(), nullptr);
}

TEST_F(IdentityOfficeTest, AKeyThatWasAskedForMustBeThereAndFit) {
  OfficeOptions options = Options();
  options.authority_key = folder_ + "/other.key";
  EXPECT_THAT(Open(options), StatusIs(absl::StatusCode::kNotFound, HasSubstr("/other.key")));
  Write("other.key", PrivateKey::Generate()->ToPem());
  EXPECT_THAT(Open(options), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/other.key: the key is not")));
}

TEST_F(IdentityOfficeTest, KeepsTheControllersOwnCertificate) {
  Write("ca.key", authority_.key().ToPem());
  const auto office = Open(Options()).value();
  // None is there yet.
  EXPECT_THAT(office->Advance(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("controller.crt")));
  const PrivateKey key = PrivateKey::Generate().value();
  const CertificateTerms terms{
      .identity = {IdentityKind::kController, ""}, .hosts = {"c"}, .from = clock_.WallNow(), .validity = minutes(15)};
  Write("controller.crt", authority_.Issue(key.get(), terms)->ToPem());
  Write("controller.key", key.ToPem());
  const std::string before = ReadFile(folder_ + "/controller.crt").value();
  EXPECT_EQ(office->next(), clock_.Now() + OwnCertificate::kInterval);
  EXPECT_THAT(office->Advance(), IsOk()) << "it is not time yet";
  EXPECT_EQ(ReadFile(folder_ + "/controller.crt").value(), before);
  clock_.Advance(OwnCertificate::kInterval);
  ASSERT_THAT(office->Advance(), IsOk());
  EXPECT_NE(ReadFile(folder_ + "/controller.crt").value(), before);
}

}  // namespace
}  // namespace faultline
