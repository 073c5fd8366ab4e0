#include "controller/access/enrolment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/identity/token.h"
#include "tests/support/matchers.h"
#include "tests/unit/enrolment/identity_book.h"

namespace faultline {
namespace {

using ::faultline::testing::IsOk;
using ::faultline::testing::StatusIs;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

const Identity kNode{IdentityKind::kNode, "lon-a"};

class EnrolmentTest : public IdentityBook {
 protected:
  std::string Token(const TokenTerms& terms = {}) { return enrolment_->CreateToken(terms, "root").value(); }
  absl::StatusOr<Admitted> Enroll(const std::string& token, const std::string& name,
                                  const std::string& from = "ipv4:1.2.3.4") {
    return enrolment_->Enroll(token, name, Request(), from);
  }
  Admitted EnrollWithKey(const std::string& name) {
    return enrolment_->Enroll(Token(), name, Request(key_), "ipv4:1.2.3.4").value();
  }

  const PrivateKey key_ = PrivateKey::Generate().value();
};

TEST_F(EnrolmentTest, ATokenIsTradedForACertificateOfOnesOwnKey) {
  const PrivateKey key = PrivateKey::Generate().value();
  const Admitted admitted = enrolment_->Enroll(Token(), "lon-a", Request(key), "ipv4:1.2.3.4").value();
  const std::vector<Certificate> chain = Certificate::ParseChain(admitted.certificates).value();
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_TRUE(key.Fits(chain[0]));
  EXPECT_EQ(chain[0].SubjectIdentity().value(), kNode);
  EXPECT_EQ(chain[0].NotAfter(), clock_.WallNow() + kValidity);
  EXPECT_EQ(chain[1].Fingerprint(), authority_.certificate().Fingerprint());
  EXPECT_TRUE(identities_->IsEnrolled(kNode));
}

TEST_F(EnrolmentTest, TheTokenHasTheAuthoritysFingerprintAndTheStoreNotTheSecret) {
  const EnrolmentToken token = EnrolmentToken::Parse(Token()).value();
  EXPECT_EQ(token.authority, authority_.certificate().Fingerprint());
  const TokenRecord record = store_->Tokens().value().at(0);
  EXPECT_EQ(record.id, token.id);
  EXPECT_EQ(record.digest, token.Digest());
  EXPECT_NE(record.digest, token.secret);
  EXPECT_EQ(record.made_by, "root");
}

TEST_F(EnrolmentTest, ATokenWorksAsOftenAsItSays) {
  const std::string token = Token({.uses = 2});
  EXPECT_THAT(Enroll(token, "a"), IsOk());
  EXPECT_THAT(Enroll(token, "b"), IsOk());
  EXPECT_THAT(Enroll(token, "c"), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("used up")));
  Reopen();
  EXPECT_THAT(Enroll(token, "c"), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("used up")));
}

TEST_F(EnrolmentTest, ATokenEnds) {
  const std::string token = Token({.lifetime = minutes(10)});
  clock_.Advance(minutes(10));
  EXPECT_THAT(Enroll(token, "a"), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("has ended")));
}

TEST_F(EnrolmentTest, AnInventedTokenIsUnknown) {
  EnrolmentToken token = EnrolmentToken::Parse(Token()).value();
  token.secret = std::string(32, '0');
  EXPECT_THAT(Enroll(token.ToText(), "a"), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("not one of this")));
  EXPECT_THAT(Enroll(EnrolmentToken::Make(token.authority)->ToText(), "a", "other"),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("not one of this")));
  EXPECT_THAT(Enroll("", "a", "third"), StatusIs(absl::StatusCode::kUnauthenticated, ::testing::_));
}

TEST_F(EnrolmentTest, ARemovedTokenIsUnknown) {
  const std::string token = Token();
  ASSERT_THAT(identities_->RemoveToken(EnrolmentToken::Parse(token)->id), IsOk());
  EXPECT_THAT(Enroll(token, "a"), StatusIs(absl::StatusCode::kUnauthenticated, ::testing::_));
}

TEST_F(EnrolmentTest, GuessingIsLimitedAndAGoodTokenIsNeverRefusedForIt) {
  const std::string good = Token({.uses = 2});
  EnrolmentToken wrong = EnrolmentToken::Parse(good).value();
  wrong.secret = std::string(32, '0');
  const std::string host = "ipv6:%5B2001:db8::1%5D";
  for (std::size_t i = 0; i < AttemptLimit::kMostOfOne; ++i) {
    EXPECT_THAT(Enroll(i % 2 == 0 ? "guess" : wrong.ToText(), "a", host),
                StatusIs(absl::StatusCode::kUnauthenticated, ::testing::_));
  }
  const auto limited = StatusIs(absl::StatusCode::kResourceExhausted, ::testing::_);
  EXPECT_THAT(Enroll(wrong.ToText(), "a", host), limited);
  EXPECT_THAT(Enroll("guess", "a", "ipv6:%5B2001:db8::2%5D"), limited);
  EXPECT_THAT(Enroll(good, "a", host), IsOk());
  for (std::size_t i = 0; i < AttemptLimit::kMostOfAll; ++i) EXPECT_FALSE(Enroll("guess", "a", absl::StrCat(i)).ok());
  EXPECT_THAT(Enroll("guess", "a", "new"), limited);
  EXPECT_THAT(Enroll(good, "b", host), IsOk());
}

TEST_F(EnrolmentTest, AnUnusableTokenDoesNotCountAsAGuess) {
  const std::string used = Token();
  ASSERT_THAT(Enroll(used, "a"), IsOk());
  for (std::size_t i = 0; i <= AttemptLimit::kMostOfOne; ++i) {
    EXPECT_THAT(Enroll(used, "b"), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("used up")));
  }
}

TEST_F(EnrolmentTest, WhoWasSentAwayIsNotAdmittedByATokenOfBefore) {
  const std::string old = Token({.names = "lon-*", .uses = 5});
  const std::string replacing = Token({.uses = 5, .replaces = true});
  ASSERT_THAT(Enroll(old, "lon-a"), IsOk());
  ASSERT_THAT(identities_->Revoke(kNode), IsOk());
  const auto refused = StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("make a new token"));
  for (int life = 0; life < 2; ++life, Reopen()) {
    EXPECT_THAT(Enroll(old, "lon-a"), refused);
    EXPECT_THAT(Enroll(replacing, "lon-a"), refused);
  }
  EXPECT_THAT(Enroll(old, "lon-b"), IsOk());
  // However the calendar is set.
  clock_.Advance(-hours(24));
  const std::string later = Token({.uses = 2, .lifetime = hours(48)});
  EXPECT_THAT(Enroll(later, "lon-a"), IsOk());
  ASSERT_THAT(identities_->Revoke(kNode), IsOk());
  EXPECT_THAT(Enroll(later, "lon-a"), refused);
}

TEST_F(EnrolmentTest, WhoWasReplacedIsNotAdmittedByATokenOfBefore) {
  const std::string first = Token({.uses = 2, .replaces = true, .lifetime = hours(48)});
  clock_.Advance(-hours(1));
  ASSERT_THAT(Enroll(Token({.replaces = true}), "lon-a"), IsOk());
  EXPECT_THAT(Enroll(first, "lon-a"), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("make a new token")));
  EXPECT_THAT(Enroll(Token({.replaces = true}), "lon-a"), IsOk());
}

TEST_F(EnrolmentTest, ARemovedUsersTokensAreRemoved) {
  const TokenTerms alice{.kind = IdentityKind::kUser, .names = "alice", .role = Role::kAdmin, .uses = 3};
  const std::string token = Token(alice);
  Token({.kind = IdentityKind::kUser, .names = "bob"});
  Token({.names = "alice"});
  ASSERT_THAT(Enroll(token, ""), IsOk());
  ASSERT_THAT(identities_->Revoke({IdentityKind::kUser, "alice"}), IsOk());
  for (int life = 0; life < 2; ++life, Reopen()) {
    EXPECT_EQ(identities_->Tokens().size(), 2u);
    EXPECT_THAT(Enroll(token, ""), StatusIs(absl::StatusCode::kUnauthenticated, ::testing::_));
  }
  EXPECT_EQ(identities_->RoleOf("alice"), Role::kViewer);
  EXPECT_THAT(Enroll(Token(alice), ""), IsOk());
}

TEST_F(EnrolmentTest, WhatIsNotRecordedChangesNothing) {
  const Admitted former = Enroll(Token(), "lon-a").value();
  const std::string token = Token({.replaces = true});
  std::vector<std::string> seen;
  const auto record = [&](const Identity& identity, const TokenRecord& used) -> absl::Status {
    seen.push_back(absl::StrCat(identity.name, " ", used.uses, " ", identities_->IsRevoked(kNode, Own(former))));
    return seen.size() == 1 ? absl::FailedPreconditionError("disk full") : absl::OkStatus();
  };
  EXPECT_THAT(enrolment_->Enroll(token, "lon-a", Request(), "x", record),
              StatusIs(absl::StatusCode::kFailedPrecondition, "disk full"));
  EXPECT_FALSE(identities_->IsRevoked(kNode, Own(former)));
  EXPECT_EQ(identities_->Tokens().size(), 1u);
  EXPECT_THAT(store_->Issued().value(), ::testing::SizeIs(1));
  EXPECT_THAT(enrolment_->Enroll(token, "lon-a", Request(), "x", record), IsOk());
  EXPECT_THAT(enrolment_->Enroll(token, "lon-a", Request(), "x", record), ::testing::Not(IsOk()));
  EXPECT_THAT(seen, ::testing::ElementsAre("lon-a 1 0", "lon-a 1 0"));
}

TEST_F(EnrolmentTest, ATokenIsForTheNamesItSays) {
  const std::string token = Token({.names = "lon-*", .uses = 2});
  EXPECT_THAT(Enroll(token, "par-a"), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("lon-*")));
  EXPECT_THAT(Enroll(token, "lon-a"), IsOk());
  EXPECT_THAT(Enroll(token, "lon b"), StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_));
  EXPECT_THAT(Enroll(token, ""), StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_));
}

TEST_F(EnrolmentTest, AnEnrolledNameIsTaken) {
  const std::string token = Token({.uses = 3});
  ASSERT_THAT(Enroll(token, "lon-a"), IsOk());
  EXPECT_THAT(Enroll(token, "lon-a"), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("--replace")));
  EXPECT_EQ(identities_->Tokens().at(0).uses, 2) << "what fails uses nothing up";
  ASSERT_THAT(identities_->Revoke(kNode), IsOk());
  EXPECT_THAT(Enroll(Token(), "lon-a"), IsOk());
}

TEST_F(EnrolmentTest, AnEndedCertificateLeavesTheNameFree) {
  ASSERT_THAT(Enroll(Token(), "lon-a"), IsOk());
  clock_.Advance(kValidity);
  EXPECT_THAT(Enroll(Token(), "lon-a"), IsOk());
}

TEST_F(EnrolmentTest, AReplacingTokenSendsTheFormerAway) {
  const Admitted former = Enroll(Token(), "lon-a").value();
  EXPECT_FALSE(former.replaced);
  const Admitted latter = Enroll(Token({.replaces = true}), "lon-a").value();
  EXPECT_TRUE(latter.replaced);
  EXPECT_TRUE(identities_->IsRevoked(kNode, Own(former)));
  EXPECT_FALSE(identities_->IsRevoked(kNode, Own(latter)));
  Reopen();
  EXPECT_TRUE(identities_->IsRevoked(kNode, Own(former)));
  EXPECT_FALSE(identities_->IsRevoked(kNode, Own(latter)));
}

TEST_F(EnrolmentTest, AUsersTokenNamesTheUserAndTheRole) {
  const std::string token = Token({.kind = IdentityKind::kUser, .names = "alice", .role = Role::kOperator});
  EXPECT_THAT(Enroll(token, "bob"), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("'alice'")));
  const Admitted alice = Enroll(token, "").value();
  EXPECT_EQ(alice.identity, (Identity{IdentityKind::kUser, "alice"}));
  EXPECT_EQ(identities_->RoleOf("alice"), Role::kOperator);
  EXPECT_EQ(Own(alice).SubjectIdentity()->kind, IdentityKind::kUser);
}

TEST_F(EnrolmentTest, ABadRequestUsesNothingUp) {
  const std::string token = Token();
  EXPECT_THAT(enrolment_->Enroll(token, "lon-a", "garbage", "x"),
              StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_));
  EXPECT_THAT(Enroll(token, "lon-a"), IsOk());
}

TEST_F(EnrolmentTest, TermsOutOfBoundsAreRefused) {
  for (const TokenTerms& terms :
       {TokenTerms{.uses = 0}, TokenTerms{.uses = Enrolment::kMostUses + 1}, TokenTerms{.lifetime = Duration(0)},
        TokenTerms{.lifetime = hours(24 * 31)}, TokenTerms{.kind = IdentityKind::kUser, .names = ""},
        TokenTerms{.names = std::string(300, 'a')}}) {
    EXPECT_THAT(enrolment_->CreateToken(terms, "root"), StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_));
  }
}

TEST_F(EnrolmentTest, RenewingMakesAnotherOfTheSameAndLeavesThePresentGood) {
  const Admitted first = EnrollWithKey("lon-a");
  clock_.Advance(hours(24 * 60));
  const Admitted second = enrolment_->Renew(kNode, Own(first), Request(key_)).value();
  EXPECT_EQ(Own(second).SubjectIdentity().value(), kNode);
  EXPECT_EQ(Own(second).NotAfter(), clock_.WallNow() + kValidity);
  EXPECT_TRUE(key_.Fits(Own(second)));
  EXPECT_FALSE(identities_->IsRevoked(kNode, Own(first)));
  EXPECT_EQ(identities_->Revoke(kNode).value(), 2);
  EXPECT_TRUE(identities_->IsRevoked(kNode, Own(second)));
  clock_.Advance(hours(24 * 20));
  EXPECT_THAT(enrolment_->Renew(kNode, Own(first), Request(key_)),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("sent away")));
}

TEST_F(EnrolmentTest, ARenewalIsForTheSameKeyAndNotTooEarly) {
  const Admitted first = EnrollWithKey("lon-a");
  clock_.Advance(kValidity / 2 - minutes(10));
  EXPECT_THAT(enrolment_->Renew(kNode, Own(first), Request(key_)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("half of its time")));
  clock_.Advance(minutes(11));
  EXPECT_THAT(enrolment_->Renew(kNode, Own(first), Request()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("the key that it is of")));
  EXPECT_THAT(store_->Issued().value(), ::testing::SizeIs(1));
  EXPECT_THAT(enrolment_->Renew(kNode, Own(first), Request(key_)), IsOk());
}

TEST_F(EnrolmentTest, ARenewalIsToldOfFirst) {
  const Admitted first = EnrollWithKey("lon-a");
  clock_.Advance(hours(24 * 60));
  WallTime told;
  const auto record = [&told](WallTime until) {
    told = until;
    return absl::ResourceExhaustedError("no room");
  };
  EXPECT_THAT(enrolment_->Renew(kNode, Own(first), Request(key_), record),
              StatusIs(absl::StatusCode::kResourceExhausted, "no room"));
  EXPECT_EQ(told, clock_.WallNow() + kValidity);
  EXPECT_THAT(store_->Issued().value(), ::testing::SizeIs(1));
}

TEST_F(EnrolmentTest, WhoRenewsAgainAndAgainWaitsAMinute) {
  const Admitted first = EnrollWithKey("lon-a");
  clock_.Advance(hours(24 * 60));
  ASSERT_THAT(enrolment_->Renew(kNode, Own(first), Request(key_)), IsOk());
  clock_.Advance(seconds(59));
  EXPECT_THAT(enrolment_->Renew(kNode, Own(first), Request(key_)),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("try again in a minute")));
  clock_.Advance(seconds(1));
  EXPECT_THAT(enrolment_->Renew(kNode, Own(first), Request(key_)), IsOk());
}

TEST_F(EnrolmentTest, AUserLogsInAgain) {
  const std::string token = Token({.kind = IdentityKind::kUser, .names = "alice"});
  const Admitted first = enrolment_->Enroll(token, "", Request(key_), "x").value();
  clock_.Advance(hours(24 * 60));
  EXPECT_THAT(enrolment_->Renew(first.identity, Own(first), Request(key_)),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("logs in again")));
}

TEST_F(EnrolmentTest, WhatHasEndedIsNotRenewed) {
  const Admitted first = EnrollWithKey("lon-a");
  clock_.Advance(kValidity);
  EXPECT_THAT(enrolment_->Renew(kNode, Own(first), Request(key_)),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("has ended")));
}

}  // namespace
}  // namespace faultline
