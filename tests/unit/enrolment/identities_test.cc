#include "controller/access/identities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/matchers.h"
#include "tests/unit/enrolment/identity_book.h"

namespace faultline {
namespace {

using ::faultline::testing::IsOk;
using ::faultline::testing::StatusIs;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Identity kKnownNode{IdentityKind::kNode, "lon-a"};
const Identity kAlice{IdentityKind::kUser, "alice"};

class IdentitiesTest : public IdentityBook {
 protected:
  // Made and recorded, as by an enrolment; `recorded` false: made by an authority of the owner's own.
  Certificate Made(const Identity& identity, bool recorded = true, Duration validity = kValidity) {
    const PrivateKey key = PrivateKey::Generate().value();
    const CertificateTerms terms{.identity = identity, .hosts = {}, .from = clock_.WallNow(), .validity = validity};
    Certificate certificate = authority_.Issue(key.get(), terms).value();
    if (recorded)
      EXPECT_THAT(store_->Admit(RecordOf(identity, certificate), {}, {}, {}, Identities::kMostOfOne), IsOk());
    return certificate;
  }
  static IssuedCertificate RecordOf(const Identity& identity, const Certificate& certificate) {
    return {.fingerprint = certificate.Fingerprint(),
            .serial = certificate.Serial(),
            .identity = identity,
            .ends = certificate.NotAfter()};
  }
  TokenRecord Token(const std::string& id) const {
    return {
        .id = id, .digest = "d", .names = "lon-*", .uses = 1, .ends = clock_.WallNow() + hours(1), .made_by = "root"};
  }
};

TEST_F(IdentitiesTest, AUserIsAViewerUntilSaidOtherwise) {
  EXPECT_EQ(identities_->RoleOf("alice"), Role::kViewer);
  ASSERT_THAT(identities_->SetRole({.name = "alice", .role = Role::kAdmin}), IsOk());
  EXPECT_EQ(identities_->RoleOf("alice"), Role::kAdmin);
  Reopen();
  EXPECT_EQ(identities_->RoleOf("alice"), Role::kAdmin);
}

TEST_F(IdentitiesTest, RevokingRefusesWhatWasMadeSoFarAndNothingElse) {
  const Certificate old = Made(kKnownNode);
  const Certificate other = Made({IdentityKind::kNode, "lon-b"});
  const Certificate same_name = Made({IdentityKind::kUser, "lon-a"});
  Reopen();
  EXPECT_FALSE(identities_->IsRevoked(kKnownNode, old));
  EXPECT_EQ(identities_->Revoke(kKnownNode).value(), 1);
  const Certificate anew = Made(kKnownNode);
  for (int life = 0; life < 2; ++life, Reopen()) {
    EXPECT_TRUE(identities_->IsRevoked(kKnownNode, old));
    EXPECT_FALSE(identities_->IsRevoked({IdentityKind::kNode, "lon-b"}, other));
    EXPECT_FALSE(identities_->IsRevoked({IdentityKind::kUser, "lon-a"}, same_name));
  }
  // It counts from before the revocation, as clocks differ, and is known to have been made after it.
  EXPECT_LT(anew.NotBefore(), clock_.WallNow());
  EXPECT_FALSE(identities_->IsRevoked(kKnownNode, anew));
  EXPECT_EQ(identities_->Revoke(kKnownNode).value(), 1);
}

TEST_F(IdentitiesTest, WhoIsSentAwayIsRefusedBeforeItIsStoredAndThoughItIsNot) {
  const Certificate old = Made(kKnownNode);
  Reopen();
  {
    const std::lock_guard lock(database_->mutex());
    ASSERT_THAT(Statement(*database_, "ALTER TABLE revocations RENAME TO away").Run(), IsOk());
  }
  bool refused = false;
  EXPECT_THAT(
      identities_->Revoke(kKnownNode, [&] { refused = identities_->IsRevoked(kKnownNode, old); }),
      StatusIs(absl::StatusCode::kInternal, ::testing::AllOf(::testing::HasSubstr("until the controller restarts"),
                                                             ::testing::HasSubstr("try again"))));
  EXPECT_TRUE(refused);
  EXPECT_TRUE(identities_->IsRevoked(kKnownNode, old));
  {
    const std::lock_guard lock(database_->mutex());
    ASSERT_THAT(Statement(*database_, "ALTER TABLE away RENAME TO revocations").Run(), IsOk());
  }
  EXPECT_THAT(store_->Revocations().value(), IsEmpty());
  EXPECT_THAT(identities_->Revoke(kKnownNode), IsOk());
  Reopen();
  EXPECT_TRUE(identities_->IsRevoked(kKnownNode, old));
}

TEST_F(IdentitiesTest, AForeignAuthoritysCertificatesAreRevokedByWhenTheyBegin) {
  const Certificate old = Made(kKnownNode, /*recorded=*/false);
  EXPECT_FALSE(identities_->IsRevoked(kKnownNode, old));
  ASSERT_THAT(identities_->Revoke(kKnownNode), IsOk());
  EXPECT_TRUE(identities_->IsRevoked(kKnownNode, old));
  clock_.Advance(minutes(6));
  EXPECT_FALSE(identities_->IsRevoked(kKnownNode, Made(kKnownNode, /*recorded=*/false)));
}

TEST_F(IdentitiesTest, ARevokedUserHasItsRoleNoMore) {
  ASSERT_THAT(identities_->SetRole({.name = "alice", .role = Role::kAdmin}), IsOk());
  ASSERT_THAT(identities_->Revoke(kAlice), IsOk());
  EXPECT_EQ(identities_->RoleOf("alice"), Role::kViewer);
  Reopen();
  EXPECT_EQ(identities_->RoleOf("alice"), Role::kViewer);
}

TEST_F(IdentitiesTest, ListsEverybodyWithWhatIsGood) {
  Made(kKnownNode);
  const Certificate later = [&] {
    clock_.Advance(hours(1));
    return Made(kKnownNode);
  }();
  Made({IdentityKind::kNode, "gone"}, /*recorded=*/true, seconds(10));
  Reopen();
  ASSERT_THAT(identities_->SetRole({.name = "alice", .role = Role::kOperator}), IsOk());
  ASSERT_THAT(identities_->Revoke({IdentityKind::kNode, "bad"}), IsOk());
  clock_.Advance(seconds(11));
  const std::vector<KnownIdentity> list = identities_->List();
  ASSERT_THAT(list, SizeIs(4));
  EXPECT_EQ(list[0].identity.name, "bad");
  EXPECT_TRUE(list[0].revoked.has_value());
  EXPECT_EQ(list[1].identity.name, "gone");
  EXPECT_EQ(list[1].certificates, 0);
  EXPECT_FALSE(list[1].ends.has_value());
  EXPECT_EQ(list[2].identity, kKnownNode);
  EXPECT_EQ(list[2].certificates, 2);
  EXPECT_EQ(list[2].ends, later.NotAfter());
  EXPECT_EQ(list[3].identity, kAlice);
  EXPECT_EQ(list[3].role, Role::kOperator);
  EXPECT_TRUE(identities_->IsEnrolled(kKnownNode));
  EXPECT_FALSE(identities_->IsEnrolled({IdentityKind::kNode, "gone"}));
}

TEST_F(IdentitiesTest, ATokenIsUsedUpOnceForAll) {
  ASSERT_THAT(identities_->AddToken(Token("t1")), IsOk());
  const Certificate first =
      authority_
          .Issue(PrivateKey::Generate()->get(),
                 {.identity = kKnownNode, .hosts = {}, .from = clock_.WallNow(), .validity = kValidity})
          .value();
  EXPECT_THAT(identities_->Enrolled(RecordOf(kKnownNode, first), "t1"), IsOk());
  EXPECT_TRUE(identities_->IsEnrolled(kKnownNode));
  EXPECT_THAT(identities_->Tokens(), IsEmpty());
  Reopen();
  EXPECT_TRUE(identities_->IsEnrolled(kKnownNode));
  EXPECT_EQ(identities_->FindToken("t1").value().uses, 0);
  EXPECT_THAT(identities_->Enrolled(RecordOf(kKnownNode, first), "t1"),
              StatusIs(absl::StatusCode::kFailedPrecondition, ::testing::_));
}

TEST_F(IdentitiesTest, WhatIsRevokedIsNotRenewed) {
  const Certificate present = Made(kKnownNode);
  const Certificate next = Made(kKnownNode, /*recorded=*/false);
  Reopen();
  ASSERT_THAT(identities_->Revoke(kKnownNode), IsOk());
  EXPECT_THAT(identities_->Renewed(RecordOf(kKnownNode, next), present),
              StatusIs(absl::StatusCode::kPermissionDenied, ::testing::HasSubstr("sent away")));
  EXPECT_FALSE(identities_->IsEnrolled(kKnownNode));
}

TEST_F(IdentitiesTest, OfOneNameTheNewestAreRememberedAndTheRestIsStillRevocable) {
  const Certificate first = Made(kKnownNode);
  const Certificate other = Made({IdentityKind::kNode, "lon-b"});
  Reopen();
  for (std::size_t i = 0; i < Identities::kMostOfOne; ++i) {
    clock_.Advance(hours(1));
    const Certificate next = Made(kKnownNode, /*recorded=*/false);
    ASSERT_THAT(identities_->Renewed(RecordOf(kKnownNode, next), first), IsOk());
  }
  for (int life = 0; life < 2; ++life, Reopen()) {
    const std::vector<KnownIdentity> list = identities_->List();
    ASSERT_THAT(list, SizeIs(2));
    EXPECT_EQ(list[0].certificates, static_cast<int>(Identities::kMostOfOne));
    EXPECT_EQ(list[1].certificates, 1);
    EXPECT_THAT(store_->Issued().value(), SizeIs(Identities::kMostOfOne + 1));
    EXPECT_FALSE(identities_->IsRevoked(kKnownNode, first));
  }
  ASSERT_THAT(identities_->Revoke(kKnownNode), IsOk());
  EXPECT_TRUE(identities_->IsRevoked(kKnownNode, first));
  EXPECT_FALSE(identities_->IsRevoked({IdentityKind::kNode, "lon-b"}, other));
}

TEST_F(IdentitiesTest, WhatEndedADayAgoIsForgotten) {
  Made(kKnownNode, /*recorded=*/true, hours(1));
  Reopen();
  ASSERT_THAT(identities_->AddToken(Token("t1")), IsOk());
  clock_.Advance(hours(2));
  ASSERT_THAT(identities_->ForgetOld(), IsOk());
  EXPECT_TRUE(identities_->FindToken("t1").has_value());
  EXPECT_THAT(identities_->Tokens(), IsEmpty());
  clock_.Advance(hours(24));
  ASSERT_THAT(identities_->ForgetOld(), IsOk());
  EXPECT_FALSE(identities_->FindToken("t1").has_value());
  EXPECT_THAT(identities_->List(), IsEmpty());
  EXPECT_THAT(store_->Issued().value(), IsEmpty());
}

TEST_F(IdentitiesTest, ADamagedRowIsDataLoss) {
  ASSERT_THAT(identities_->AddToken(Token("t1")), IsOk());
  {
    const std::lock_guard lock(database_->mutex());
    ASSERT_THAT(Statement(*database_, "UPDATE tokens SET role = 'king'").Run(), IsOk());
  }
  EXPECT_THAT(Identities::Load(clock_, *store_), StatusIs(absl::StatusCode::kDataLoss, ::testing::HasSubstr("token")));
}

TEST_F(IdentitiesTest, TokensComeByTheirEnd) {
  TokenRecord late = Token("a");
  late.ends += hours(1);
  ASSERT_THAT(identities_->AddToken(late), IsOk());
  ASSERT_THAT(identities_->AddToken(Token("b")), IsOk());
  EXPECT_THAT(identities_->Tokens(), ElementsAre(Field(&TokenRecord::id, "b"), Field(&TokenRecord::id, "a")));
  Reopen();
  EXPECT_EQ(identities_->FindToken("a").value(), late);
  ASSERT_THAT(identities_->RemoveToken("a"), IsOk());
  EXPECT_THAT(identities_->RemoveToken("a"), StatusIs(absl::StatusCode::kNotFound, ::testing::_));
}

}  // namespace
}  // namespace faultline
