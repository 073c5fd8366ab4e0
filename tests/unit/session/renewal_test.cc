#include "agent/session/renewal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/identity/certificate_authority.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::IsOk;
using ::faultline::testing::StatusIs;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr WallTime kNow{seconds(1'767'225'600)};

TEST(PauseBeforeRenewalTest, WaitsUntilItIsDueButNoLongerThanAnHour) {
  EXPECT_EQ(PauseBeforeRenewal(kNow + minutes(10), kNow + hours(1), kNow), minutes(10));
  EXPECT_EQ(PauseBeforeRenewal(kNow + hours(24 * 60), kNow + hours(24 * 90), kNow), hours(1));
}

TEST(PauseBeforeRenewalTest, TriesOftenEnoughWhenItIsDue) {
  EXPECT_EQ(PauseBeforeRenewal(kNow, kNow + hours(24 * 30), kNow), hours(1));
  EXPECT_EQ(PauseBeforeRenewal(kNow - minutes(1), kNow + minutes(20), kNow), minutes(1));
  EXPECT_EQ(PauseBeforeRenewal(kNow - minutes(1), kNow + seconds(1), kNow), milliseconds(500));
}

TEST(PauseBeforeRenewalTest, DoesNotHurryWhenItIsTooLate) {
  EXPECT_EQ(PauseBeforeRenewal(kNow - hours(2), kNow, kNow), minutes(1));
  EXPECT_EQ(PauseBeforeRenewal(kNow - hours(24 * 3650), kNow - hours(24 * 3600), kNow), minutes(1));
}

class CheckRenewedTest : public ::testing::Test {
 protected:
  static Certificate Made(const CertificateAuthority& authority, const Identity& identity, WallTime from) {
    const CertificateTerms terms{.identity = identity, .hosts = {}, .from = from, .validity = hours(10)};
    return authority.Issue(PrivateKey::Generate()->get(), terms).value();
  }
  absl::Status Check(const Certificate& made, WallTime now = kNow) const {
    return CheckRenewed(made, present_, {other_.certificate(), authority_.certificate()}, now);
  }

  const CertificateAuthority authority_ = CertificateAuthority::Create(kNow - hours(24)).value();
  const CertificateAuthority other_ = CertificateAuthority::Create(kNow - hours(24)).value();
  const CertificateAuthority stranger_ = CertificateAuthority::Create(kNow - hours(24)).value();
  const Identity node_{IdentityKind::kNode, "lon-a"};
  const Certificate present_ = Made(authority_, node_, kNow - hours(7));
};

TEST_F(CheckRenewedTest, OneThatIsGoodHereIsTaken) {
  EXPECT_THAT(Check(Made(authority_, node_, kNow)), IsOk());
  EXPECT_THAT(Check(Made(other_, node_, kNow)), IsOk());
}

TEST_F(CheckRenewedTest, OneThatHasNotBegunOrHasEndedHereIsNot) {
  const Certificate made = Made(authority_, node_, kNow);
  const auto refused = [](const char* why) { return StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(why)); };
  EXPECT_THAT(Check(made, made.NotBefore()), IsOk());
  EXPECT_THAT(Check(made, made.NotBefore() - Duration(1)), refused("has not begun"));
  EXPECT_THAT(Check(made, made.NotAfter() - Duration(1)), IsOk());
  EXPECT_THAT(Check(made, made.NotAfter()), refused("has ended"));
}

TEST_F(CheckRenewedTest, OneOfAnotherOrOfAnotherAuthorityIsNot) {
  const auto stranger = StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("is not this node's"));
  EXPECT_THAT(Check(Made(authority_, {IdentityKind::kNode, "lon-b"}, kNow)), stranger);
  EXPECT_THAT(Check(Made(authority_, {IdentityKind::kUser, "lon-a"}, kNow)), stranger);
  EXPECT_THAT(Check(Made(stranger_, node_, kNow)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("has signed")));
}

}  // namespace
}  // namespace faultline
