#include "controller/access/pass_book.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <numeric>

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

TEST(PassBookTest, ProcessesOfOneUserInDifferentRolesHavePassesOfTheirOwn) {
  const FakeClock clock;
  PassBook book(clock);
  LocalUser confined = kAlice;
  confined.role = Role::kViewer;
  const std::string first = book.Issue(kAlice);
  const std::string second = book.Issue(confined);
  EXPECT_NE(first, second);
  EXPECT_EQ(book.HolderOf(first), kAlice);
  EXPECT_EQ(book.HolderOf(second), confined);
  EXPECT_EQ(book.Issue(kAlice), first);
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

TEST(LocalUserTest, RoleIsByTheGroupsOfTheProcessAndNamesByTheHostsFiles) {
  constexpr uid_t kOwn = 990;
  const Accounts accounts("root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n",
                          "alice:x:1000:\nfaultline-operator:x:991:bob\n");
  EXPECT_EQ(UserOf({.uid = 0, .groups = {0}}, accounts, kOwn), (LocalUser{0, "root", Role::kAdmin}));
  EXPECT_EQ(UserOf({.uid = 1000, .groups = {1000}}, accounts, kOwn), (LocalUser{1000, "alice", Role::kViewer}));
  EXPECT_EQ(UserOf({.uid = 1000, .groups = {1000, 5, 991}}, accounts, kOwn),
            (LocalUser{1000, "alice", Role::kOperator}));
  EXPECT_EQ(UserOf({.uid = 70000, .groups = {991}}, accounts, kOwn), (LocalUser{70000, "uid 70000", Role::kOperator}));
}

TEST(SocketPeerTest, KernelSaysWhoHasConnected) {
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const UniqueFd one(ends[0]);
  const UniqueFd other(ends[1]);
  const absl::StatusOr<SocketPeer> peer = PeerOf(one);
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ(peer->uid, geteuid());
  std::vector<gid_t> expected(static_cast<std::size_t>(getgroups(0, nullptr)));
  ASSERT_EQ(getgroups(static_cast<int>(expected.size()), expected.data()), static_cast<int>(expected.size()));
  expected.insert(expected.begin(), getegid());
  EXPECT_EQ(peer->groups, expected);
}

TEST(SocketPeerTest, ProcessOfManyGroupsHasThemAll) {
  if (geteuid() != 0) return;
  std::vector<gid_t> before(static_cast<std::size_t>(getgroups(0, nullptr)));
  ASSERT_GE(getgroups(static_cast<int>(before.size()), before.data()), 0);
  std::vector<gid_t> many(1000);
  std::iota(many.begin(), many.end(), 5000U);
  ASSERT_EQ(setgroups(many.size(), many.data()), 0);
  std::array<int, 2> ends{};
  const int made = socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data());
  ASSERT_EQ(setgroups(before.size(), before.data()), 0);
  ASSERT_EQ(made, 0);
  const UniqueFd one(ends[0]);
  const UniqueFd other(ends[1]);
  const absl::StatusOr<SocketPeer> peer = PeerOf(one);
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ(std::vector<gid_t>(peer->groups.begin() + 1, peer->groups.end()), many);
}

TEST(SocketPeerTest, WhatIsNoSocketHasNoPeer) {
  const UniqueFd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(PeerOf(file).ok());
}

}  // namespace
}  // namespace faultline
