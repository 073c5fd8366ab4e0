#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "common/identity/certificate_request.h"
#include "controller/access/enrolment.h"
#include "tests/fakes/fake_clock.h"

namespace faultline {

// A store in a folder of its own with what works on it, and a certificate authority.
class IdentityBook : public ::testing::Test {
 protected:
  static constexpr Duration kValidity = std::chrono::hours(24 * 90);

  IdentityBook() { Open(); }
  ~IdentityBook() override {
    Close();
    std::filesystem::remove_all(folder_);
  }

  // As a controller that is started again.
  void Reopen() {
    Close();
    Open();
  }

  static std::string Request(const PrivateKey& key) { return CertificateRequest::Make(key).value(); }
  static std::string Request() { return Request(PrivateKey::Generate().value()); }
  // A certificate that Enroll gave.
  static Certificate Own(const Admitted& admitted) { return Certificate::Parse(admitted.certificates).value(); }

  const std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  FakeClock clock_;
  const CertificateAuthority authority_ = CertificateAuthority::Create(clock_.WallNow()).value();
  std::unique_ptr<Database> database_;
  std::unique_ptr<IdentityStore> store_;
  std::unique_ptr<Identities> identities_;
  std::unique_ptr<Enrolment> enrolment_;

 private:
  void Open() {
    database_ = Database::Open(folder_ + "/runs.sqlite").value();
    store_ = std::make_unique<IdentityStore>(*database_);
    identities_ = Identities::Load(clock_, *store_).value();
    enrolment_ = std::make_unique<Enrolment>(clock_, *identities_, authority_, kValidity);
  }
  void Close() {
    enrolment_.reset();
    identities_.reset();
    store_.reset();
    database_.reset();
  }
};

}  // namespace faultline
