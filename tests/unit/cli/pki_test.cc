#include "controller/cli/pki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "common/file.h"
#include "common/identity/certificate_authority.h"
#include "common/identity/private_file.h"
#include "common/identity/tls_files.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::IsOk;
using ::faultline::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr WallTime kPkiNow{std::chrono::seconds(1'767'225'600)};

class PkiTest : public ::testing::Test {
 protected:
  ~PkiTest() override { std::filesystem::remove_all(root_); }
  static mode_t ModeOf(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
    return found.st_mode & 07777;
  }
  TlsFiles Files(const std::string& folder, const std::string& name) const {
    return {.ca = folder + "/ca.crt", .certificate = folder + "/" + name + ".crt", .key = folder + "/" + name + ".key"};
  }
  // By name, the texts of the folder's files.
  std::map<std::string, std::string> Texts() const {
    std::map<std::string, std::string> texts;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      texts[entry.path().filename()] = ReadFile(entry.path()).value();
    }
    return texts;
  }

  const std::string root_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  const std::string folder_ = root_ + "/etc/pki";
};

TEST_F(PkiTest, MakesAnAuthorityAndItsControllersCertificate) {
  const Certificate authority = InitPki(folder_, {"c.example", "198.18.0.10"}, kPkiNow).value();
  EXPECT_THAT(ReadTlsFiles(Files(folder_, "controller"), kPkiNow), IsOk());
  const auto chain = Certificate::ParseChain(ReadFile(folder_ + "/controller.crt").value()).value();
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(chain[0].SubjectIdentity()->kind, IdentityKind::kController);
  EXPECT_THAT(chain[0].Hosts(), ElementsAre("c.example", "198.18.0.10"));
  EXPECT_EQ(chain[0].NotAfter(), kPkiNow + kControllerValidity);
  EXPECT_EQ(chain[1].Fingerprint(), authority.Fingerprint());
  EXPECT_THAT(CertificateAuthority::Open(ReadFile(folder_ + "/ca.crt").value(), ReadFile(folder_ + "/ca.key").value()),
              IsOk());
}

TEST_F(PkiTest, NobodyElseReadsIt) {
  ASSERT_THAT(InitPki(folder_, {"c.example"}, kPkiNow), IsOk());
  EXPECT_EQ(ModeOf(folder_), 0700u);
  const auto texts = Texts();
  EXPECT_EQ(texts.size(), 4u);
  for (const auto& [name, text] : texts) EXPECT_EQ(ModeOf(folder_ + "/" + name), 0600u) << name;
}

TEST_F(PkiTest, AllOfItIsTheControllersAccounts) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  constexpr Account kFaultline = {.user = 4711, .group = 4712};
  ASSERT_THAT(InitPki(folder_, {"c.example"}, kPkiNow, kFaultline), IsOk());
  std::vector<std::string> paths = {folder_};
  for (const auto& [name, text] : Texts()) paths.push_back(folder_ + "/" + name);
  EXPECT_EQ(paths.size(), 5u);
  for (const std::string& path : paths) {
    struct stat found {};
    ASSERT_EQ(stat(path.c_str(), &found), 0) << path;
    EXPECT_EQ(found.st_uid, kFaultline.user) << path;
    EXPECT_EQ(found.st_gid, kFaultline.group) << path;
  }
  // What it renews there is its own again.
  ASSERT_THAT(WritePrivateFile(folder_ + "/controller.crt", "renewed"), IsOk());
  struct stat found {};
  ASSERT_EQ(stat((folder_ + "/controller.crt").c_str(), &found), 0);
  EXPECT_EQ(found.st_uid, kFaultline.user);
}

TEST_F(PkiTest, OverwritesNothing) {
  ASSERT_THAT(InitPki(folder_, {"c.example"}, kPkiNow), IsOk());
  const auto before = Texts();
  EXPECT_THAT(InitPki(folder_, {"c.example"}, kPkiNow),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("/ca.key")));
  std::filesystem::remove(folder_ + "/ca.key");
  std::filesystem::remove(folder_ + "/ca.crt");
  std::filesystem::remove(folder_ + "/controller.key");
  EXPECT_THAT(InitPki(folder_, {"c.example"}, kPkiNow),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("/controller.crt")));
  EXPECT_EQ(Texts().size(), 1u);
  EXPECT_EQ(Texts().at("controller.crt"), before.at("controller.crt"));
}

TEST_F(PkiTest, HostsThatAreNoneMakeNothing) {
  EXPECT_THAT(InitPki(folder_, {"a b"}, kPkiNow), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'a b'")));
  EXPECT_FALSE(std::filesystem::exists(folder_));
}

TEST_F(PkiTest, IssuesForTheControllerUnderOtherNames) {
  ASSERT_THAT(InitPki(folder_, {"c.example"}, kPkiNow), IsOk());
  const auto before = Texts();
  const WallTime later = kPkiNow + kControllerValidity + std::chrono::hours(1);
  EXPECT_THAT(IssueController(folder_, {"d.example", "198.18.0.11"}, later), IsOk());
  const auto after = Texts();
  EXPECT_THAT(ReadTlsFiles(Files(folder_, "controller"), later), IsOk());
  const auto chain = Certificate::ParseChain(after.at("controller.crt")).value();
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_THAT(chain[0].Hosts(), ElementsAre("d.example", "198.18.0.11"));
  EXPECT_EQ(chain[0].SubjectIdentity()->kind, IdentityKind::kController);
  EXPECT_EQ(ModeOf(folder_ + "/controller.crt"), 0600u);
  for (const char* same : {"ca.key", "ca.crt", "controller.key"}) EXPECT_EQ(after.at(same), before.at(same)) << same;
}

TEST_F(PkiTest, AddsToTheControllersNamesWhatIsMissing) {
  ASSERT_THAT(InitPki(folder_, {"c.example", "2001:db8::1"}, kPkiNow), IsOk());
  const auto before = Texts();
  std::filesystem::remove(folder_ + "/ca.key");
  EXPECT_THAT(AddControllerHosts(folder_, {"2001:db8:0::1", "c.example"}, kPkiNow), IsOk())
      << "nothing is to be signed";
  EXPECT_EQ(Texts().at("controller.crt"), before.at("controller.crt"));
  EXPECT_THAT(AddControllerHosts(folder_, {"d.example"}, kPkiNow),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("ca.key")));
  ASSERT_THAT(WritePrivateFile(folder_ + "/ca.key", before.at("ca.key")), IsOk());
  EXPECT_THAT(AddControllerHosts(folder_, {"d.example", "c.example", "198.18.0.11", "d.example"}, kPkiNow), IsOk());
  EXPECT_THAT(Certificate::Parse(Texts().at("controller.crt"))->Hosts(),
              ElementsAre("c.example", "2001:db8::1", "d.example", "198.18.0.11"));
  EXPECT_THAT(ReadTlsFiles(Files(folder_, "controller"), kPkiNow), IsOk());
  std::filesystem::remove(folder_ + "/controller.crt");
  EXPECT_THAT(AddControllerHosts(folder_, {"d.example"}, kPkiNow),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/controller.crt")));
}

TEST_F(PkiTest, IssuesForAControllerWithoutAKey) {
  ASSERT_THAT(InitPki(folder_, {"c.example"}, kPkiNow), IsOk());
  std::filesystem::remove(folder_ + "/controller.key");
  EXPECT_THAT(IssueController(folder_, {"c.example"}, kPkiNow), IsOk());
  EXPECT_THAT(ReadTlsFiles(Files(folder_, "controller"), kPkiNow), IsOk());
}

TEST_F(PkiTest, IssuesNothingForTheControllerOutOfNothing) {
  ASSERT_THAT(InitPki(folder_, {"c.example"}, kPkiNow), IsOk());
  const auto before = Texts();
  EXPECT_THAT(IssueController(folder_, {"a b"}, kPkiNow),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("'a b'")));
  EXPECT_THAT(IssueController(root_, {"c.example"}, kPkiNow),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("/ca.crt"), HasSubstr("`faultline pki init`"))));
  EXPECT_EQ(Texts(), before);
}

TEST_F(PkiTest, IssuesForNodesAndUsersWithoutAController) {
  ASSERT_THAT(InitPki(folder_, {"c.example"}, kPkiNow), IsOk());
  const std::string out = root_ + "/out";
  ASSERT_THAT(IssueOffline(folder_, {IdentityKind::kNode, "lon-1"}, out, kPkiNow), IsOk());
  ASSERT_THAT(IssueOffline(folder_, {IdentityKind::kUser, "alice"}, out, kPkiNow), IsOk());
  EXPECT_THAT(ReadTlsFiles(Files(out, "lon-1"), kPkiNow), IsOk());
  EXPECT_EQ(Certificate::Parse(ReadFile(out + "/alice.crt").value())->SubjectIdentity().value(),
            (Identity{IdentityKind::kUser, "alice"}));
  EXPECT_THAT(IssueOffline(folder_, {IdentityKind::kNode, "lon-1"}, out, kPkiNow),
              StatusIs(absl::StatusCode::kAlreadyExists, ::testing::_));
  EXPECT_THAT(IssueOffline(folder_, {IdentityKind::kNode, "../x"}, out, kPkiNow),
              StatusIs(absl::StatusCode::kInvalidArgument, ::testing::_));
  EXPECT_THAT(IssueOffline(root_, {IdentityKind::kNode, "lon-2"}, out, kPkiNow),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("/ca.crt"), HasSubstr("`faultline pki init`"))));
  // Its key may be elsewhere, and better is.
  std::filesystem::remove(folder_ + "/ca.key");
  EXPECT_THAT(IssueOffline(folder_, {IdentityKind::kNode, "lon-2"}, root_ + "/more", kPkiNow),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("/ca.key"), HasSubstr("`faultline pki init`"))));
}

}  // namespace
}  // namespace faultline
