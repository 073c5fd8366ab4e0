#include "common/identity/certificate_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <set>

#include "common/identity/openssl.h"
#include "tests/support/matchers.h"

namespace faultline {
namespace {

using ::faultline::testing::StatusIs;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr WallTime kNow{seconds(1'767'225'600)};

class CertificateAuthorityTest : public ::testing::Test {
 protected:
  Certificate Issue(const Identity& identity, std::vector<std::string> hosts = {},
                    Duration validity = hours(24 * 90)) const {
    return authority_
        .Issue(key_.get(), {.identity = identity, .hosts = std::move(hosts), .from = kNow, .validity = validity})
        .value();
  }
  // As OpenSSL judges it at `time`, in a client's or a server's hands.
  static bool Holds(const Certificate& certificate, const Certificate& authority, WallTime time, int purpose) {
    const std::unique_ptr<X509_STORE, OpenSslFree<&X509_STORE_free>> store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), authority.get());
    const std::unique_ptr<X509_STORE_CTX, OpenSslFree<&X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr);
    X509_STORE_CTX_set_time(context.get(), 0, std::chrono::duration_cast<seconds>(time.time_since_epoch()).count());
    X509_STORE_CTX_set_purpose(context.get(), purpose);
    return X509_verify_cert(context.get()) == 1;
  }

  const CertificateAuthority authority_ = CertificateAuthority::Create(kNow).value();
  const PrivateKey key_ = PrivateKey::Generate().value();
};

TEST_F(CertificateAuthorityTest, ANodesCertificateSpeaksForItAsAClient) {
  const Certificate node = Issue({IdentityKind::kNode, "lon-a"});
  EXPECT_EQ(node.SubjectIdentity().value(), (Identity{IdentityKind::kNode, "lon-a"}));
  EXPECT_EQ(node.CommonName(), "lon-a");
  EXPECT_TRUE(key_.Fits(node));
  EXPECT_TRUE(Holds(node, authority_.certificate(), kNow, X509_PURPOSE_SSL_CLIENT));
  EXPECT_FALSE(Holds(node, authority_.certificate(), kNow, X509_PURPOSE_SSL_SERVER));
  EXPECT_EQ(X509_check_ca(node.get()), 0);
}

TEST_F(CertificateAuthorityTest, AControllersCertificateIsAServersWithItsHosts) {
  const Certificate controller = Issue({IdentityKind::kController, ""}, {"c.example", "198.18.0.10", "fd2f::10"});
  EXPECT_EQ(controller.SubjectIdentity().value().kind, IdentityKind::kController);
  EXPECT_THAT(controller.Hosts(), ElementsAre("c.example", "198.18.0.10", "fd2f::10"));
  EXPECT_TRUE(Holds(controller, authority_.certificate(), kNow, X509_PURPOSE_SSL_SERVER));
  EXPECT_FALSE(Holds(controller, authority_.certificate(), kNow, X509_PURPOSE_SSL_CLIENT));
  EXPECT_EQ(X509_check_host(controller.get(), "c.example", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(controller.get(), "fd2f::10", 0), 1);
}

TEST_F(CertificateAuthorityTest, CountsFiveMinutesEarlierAndEndsWhenItsTermIsOver) {
  const Certificate node = Issue({IdentityKind::kNode, "lon-a"});
  EXPECT_EQ(node.NotBefore(), kNow - minutes(5));
  EXPECT_EQ(node.NotAfter(), kNow + hours(24 * 90));
  EXPECT_TRUE(Holds(node, authority_.certificate(), kNow - minutes(4), X509_PURPOSE_SSL_CLIENT));
  EXPECT_FALSE(Holds(node, authority_.certificate(), kNow + hours(24 * 91), X509_PURPOSE_SSL_CLIENT));
}

TEST_F(CertificateAuthorityTest, AShortTermBeginsATenthOfItEarlier) {
  const Certificate node = Issue({IdentityKind::kNode, "lon-a"}, {}, seconds(20));
  EXPECT_EQ(node.NotBefore(), kNow - seconds(2));
}

TEST_F(CertificateAuthorityTest, NoCertificateOutlivesItsAuthority) {
  const WallTime late = kNow + CertificateAuthority::kOwnValidity - hours(1);
  const auto node = authority_.Issue(
      key_.get(), {.identity = {IdentityKind::kNode, "a"}, .hosts = {}, .from = late, .validity = hours(24)});
  EXPECT_EQ(node.value().NotAfter(), authority_.certificate().NotAfter());
  EXPECT_THAT(
      authority_.Issue(
          key_.get(),
          {.identity = {IdentityKind::kNode, "a"}, .hosts = {}, .from = late + hours(2), .validity = hours(24)}),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("has ended")));
}

TEST_F(CertificateAuthorityTest, SerialNumbersAreLongAndDiffer) {
  std::set<std::string> serials;
  std::size_t longest = 0;
  for (int i = 0; i < 50; ++i) {
    const std::string serial = Issue({IdentityKind::kNode, "lon-a"}).Serial();
    longest = std::max(longest, serial.size());
    serials.insert(serial);
  }
  EXPECT_EQ(serials.size(), 50u);
  EXPECT_EQ(longest, 32u);
}

TEST_F(CertificateAuthorityTest, AnothersCertificateDoesNotHold) {
  const CertificateAuthority other = CertificateAuthority::Create(kNow).value();
  EXPECT_FALSE(Holds(Issue({IdentityKind::kNode, "lon-a"}), other.certificate(), kNow, X509_PURPOSE_SSL_CLIENT));
}

TEST_F(CertificateAuthorityTest, HostsThatAreNoneAreRefused) {
  for (const char* host : {"", "a b", "a,DNS:b", "..", "-a", "DNS:x"}) {
    EXPECT_THAT(authority_.Issue(
                    key_.get(),
                    {.identity = {IdentityKind::kController, ""}, .hosts = {host}, .from = kNow, .validity = hours(1)}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("neither a host name nor an address")))
        << host;
  }
}

TEST_F(CertificateAuthorityTest, OpensWhatItWrote) {
  const auto again = CertificateAuthority::Open(authority_.certificate().ToPem(), authority_.key().ToPem());
  EXPECT_EQ(again.value().certificate().Fingerprint(), authority_.certificate().Fingerprint());
}

TEST_F(CertificateAuthorityTest, OpensNothingThatDoesNotFit) {
  const CertificateAuthority other = CertificateAuthority::Create(kNow).value();
  EXPECT_THAT(CertificateAuthority::Open(authority_.certificate().ToPem(), other.key().ToPem()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("key is not the certificate authority's")));
  EXPECT_THAT(CertificateAuthority::Open(Issue({IdentityKind::kNode, "a"}).ToPem(), key_.ToPem()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not one of a certificate authority")));
}

}  // namespace
}  // namespace faultline
