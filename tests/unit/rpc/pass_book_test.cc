#include "controller/access/pass_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/fake_clock.h"

namespace faultline {
namespace {

const LocalUser kAlice = {.uid = 1000, .name = "alice", .role = Role::kOperator};
const LocalUser kBob = {.uid = 1001, .name = "bob", .role = Role::kViewer};

TEST(PassBookTest, PassIsItsHoldersAlone) {
  const FakeClock clock;
  PassBook book(clock);
  const std::string alice = book.Issue(kAlice);
  const std::string bob = book.Issue(kBob);
  EXPECT_EQ(book.HolderOf(alice), kAlice);
  EXPECT_EQ(book.HolderOf(bob), kBob);
  EXPECT_EQ(alice.size(), std::string("1000.").size() + 32);
  // Bob's secret under Alice's name.
  EXPECT_EQ(book.HolderOf(absl::StrCat("1000", bob.substr(4))), std::nullopt);
}

TEST(PassBookTest, NothingElseIsAPass) {
  const FakeClock clock;
  PassBook book(clock);
  const std::string pass = book.Issue(kAlice);
  for (const std::string& wrong : {std::string(), std::string("1000"), std::string("1000."), std::string("."),
                                   pass.substr(0, pass.size() - 1), pass + "0", " " + pass.substr(1),
                                   std::string("4294967296.") + pass.substr(5), std::string("1002") + pass.substr(4)}) {
    EXPECT_EQ(book.HolderOf(wrong), std::nullopt) << wrong;
  }
  for (std::size_t i = 5; i < pass.size(); ++i) {
    std::string wrong = pass;
    wrong[i] = wrong[i] == 'a' ? 'b' : 'a';
    EXPECT_EQ(book.HolderOf(wrong), std::nullopt) << wrong;
  }
}

TEST(PassBookTest, PassIsRenewedAndTheFormerEndsAnHourLater) {
  FakeClock clock;
  PassBook book(clock);
  const std::string first = book.Issue(kAlice);
  clock.Advance(PassBook::kRenewAfter - Duration(1));
  EXPECT_EQ(book.Issue(kAlice), first);
  clock.Advance(Duration(1));
  const std::string second = book.Issue(kAlice);
  EXPECT_NE(second, first);
  EXPECT_EQ(book.HolderOf(first), kAlice);
  clock.Advance(PassBook::kRenewAfter - Duration(1));
  EXPECT_EQ(book.HolderOf(first), kAlice);
  clock.Advance(Duration(1));
  EXPECT_EQ(book.HolderOf(first), std::nullopt);
  EXPECT_EQ(book.HolderOf(second), kAlice);
  clock.Advance(PassBook::kRenewAfter);
  EXPECT_EQ(book.HolderOf(second), std::nullopt);
}

TEST(PassBookTest, RoleIsAsOfTheLastTimeThatTheUserAsked) {
  const FakeClock clock;
  PassBook book(clock);
  const std::string pass = book.Issue(kAlice);
  LocalUser demoted = kAlice;
  demoted.role = Role::kViewer;
  book.Issue(demoted);
  EXPECT_EQ(book.HolderOf(pass)->role, Role::kViewer);
}

TEST(PassBookTest, UsersBeyondTheMostAreForgottenLongestSilentFirst) {
  FakeClock clock;
  PassBook book(clock);
  const std::string first = book.Issue({.uid = 0, .name = "0"});
  const std::string second = book.Issue({.uid = 1, .name = "1"});
  clock.Advance(Duration(1));
  book.Issue({.uid = 0, .name = "0"});
  for (uid_t uid = 2; uid <= PassBook::kMostUsers; ++uid) book.Issue({.uid = uid, .name = "another"});
  EXPECT_TRUE(book.HolderOf(first).has_value());
  EXPECT_FALSE(book.HolderOf(second).has_value());
}

TEST(LocalUserTest, RoleIsByUserAndGroup) {
  constexpr uid_t kOwn = 990;
  EXPECT_EQ(LocalRole(0, kOwn, {}), Role::kAdmin);
  EXPECT_EQ(LocalRole(kOwn, kOwn, {}), Role::kAdmin);
  EXPECT_EQ(LocalRole(1000, kOwn, {"users", "faultline-admin"}), Role::kAdmin);
  EXPECT_EQ(LocalRole(1000, kOwn, {"faultline-admin", "faultline-operator"}), Role::kAdmin);
  EXPECT_EQ(LocalRole(1000, kOwn, {"users", "faultline-operator"}), Role::kOperator);
  EXPECT_EQ(LocalRole(1000, kOwn, {"users", "faultline", "faultline-operators"}), Role::kViewer);
  EXPECT_EQ(LocalRole(1000, kOwn, {}), Role::kViewer);
}

TEST(LocalUserTest, AccountsOfTheHostAreLookedUp) {
  EXPECT_EQ(LookUpUser(0), (LocalUser{.uid = 0, .name = "root", .role = Role::kAdmin}));
  EXPECT_EQ(LookUpUser(3'999'999'999), (LocalUser{.uid = 3'999'999'999, .name = "uid 3999999999"}));
  // Of Debian's own accounts.
  EXPECT_EQ(LookUpUser(1).name, "daemon");
}

}  // namespace
}  // namespace faultline
