#include "controller/cli/pki.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/accounts.h"
#include "common/file.h"
#include "common/identity/certificate_authority.h"
#include "common/identity/private_file.h"
#include "common/name.h"
#include "common/prefix.h"
#include "common/status.h"

namespace faultline {
namespace {

// As the units and systemd/faultline.sysusers have it.
constexpr char kControllerAccount[] = "faultline";

using Files = std::vector<std::pair<std::string, std::string>>;

absl::Status WriteAllNew(const std::string& folder, const Files& files) {
  for (const auto& [name, text] : files) {
    const std::string path = absl::StrCat(folder, "/", name);
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(path, error))) {
      return absl::AlreadyExistsError(
          absl::StrCat(path, " exists, and nothing was changed; remove it first if it is ", "of no use any more"));
    }
  }
  FAULTLINE_RETURN_IF_ERROR(MakePrivateFolder(folder));
  for (const auto& [name, text] : files) {
    FAULTLINE_RETURN_IF_ERROR(WritePrivateFile(absl::StrCat(folder, "/", name), text));
  }
  return absl::OkStatus();
}

absl::Status Give(const std::string& folder, const Files& files, const Account& owner) {
  std::vector<std::string> paths = {folder};
  for (const auto& [name, text] : files) paths.push_back(absl::StrCat(folder, "/", name));
  for (const std::string& path : paths) {
    if (lchown(path.c_str(), owner.user, owner.group) != 0) {
      return ErrnoError(errno, absl::StrCat("giving ", path, " to ", kControllerAccount));
    }
  }
  return absl::OkStatus();
}

// A file of the authority, and the mend when there is none.
absl::StatusOr<std::string> ReadOfAuthority(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!absl::IsNotFound(text.status())) return text;
  return absl::NotFoundError(
      absl::StrCat(text.status().message(), "; `faultline pki init` makes an authority, --dir says where it is"));
}

absl::StatusOr<CertificateAuthority> OpenAuthority(const std::string& folder) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string certificate, ReadOfAuthority(folder + "/ca.crt"));
  FAULTLINE_ASSIGN_OR_RETURN(const std::string key, ReadOfAuthority(folder + "/ca.key"));
  return CertificateAuthority::Open(certificate, key);
}

absl::StatusOr<PrivateKey> ReadOrMakeKey(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) return PrivateKey::Generate();
  if (!text.ok()) return text.status();
  absl::StatusOr<PrivateKey> key = PrivateKey::Parse(*text);
  if (!key.ok()) return WithContext(key.status(), path);
  return key;
}

}  // namespace

std::optional<Account> ControllerAccount() {
  if (geteuid() != 0) return std::nullopt;
  const std::optional<Accounts::User> account = Accounts::OfThisHost().FindUser(kControllerAccount);
  if (!account) return std::nullopt;
  return Account{.user = account->uid, .group = account->gid};
}

absl::StatusOr<Certificate> InitPki(const std::string& folder, const std::vector<std::string>& hosts, WallTime now,
                                    const std::optional<Account>& owner) {
  FAULTLINE_ASSIGN_OR_RETURN(const CertificateAuthority authority, CertificateAuthority::Create(now));
  FAULTLINE_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::Generate());
  FAULTLINE_ASSIGN_OR_RETURN(
      const Certificate controller,
      authority.Issue(
          key.get(),
          {.identity = {IdentityKind::kController, ""}, .hosts = hosts, .from = now, .validity = kControllerValidity}));
  const std::string ca = authority.certificate().ToPem();
  // Who enrols finds the authority among what the controller shows.
  const Files files = {{"ca.key", authority.key().ToPem()},
                       {"ca.crt", ca},
                       {"controller.key", key.ToPem()},
                       {"controller.crt", absl::StrCat(controller.ToPem(), ca)}};
  FAULTLINE_RETURN_IF_ERROR(WriteAllNew(folder, files));
  if (owner) FAULTLINE_RETURN_IF_ERROR(Give(folder, files, *owner));
  return authority.certificate();
}

absl::StatusOr<Certificate> IssueController(const std::string& folder, const std::vector<std::string>& hosts,
                                            WallTime now) {
  FAULTLINE_ASSIGN_OR_RETURN(const CertificateAuthority authority, OpenAuthority(folder));
  FAULTLINE_ASSIGN_OR_RETURN(const PrivateKey key, ReadOrMakeKey(folder + "/controller.key"));
  FAULTLINE_ASSIGN_OR_RETURN(
      const Certificate controller,
      authority.Issue(
          key.get(),
          {.identity = {IdentityKind::kController, ""}, .hosts = hosts, .from = now, .validity = kControllerValidity}));
  FAULTLINE_RETURN_IF_ERROR(WritePrivateFiles(
      {{folder + "/controller.key", key.ToPem()},
       {folder + "/controller.crt", absl::StrCat(controller.ToPem(), authority.certificate().ToPem())}}));
  return controller;
}

absl::StatusOr<Certificate> AddControllerHosts(const std::string& folder, const std::vector<std::string>& hosts,
                                               WallTime now) {
  const std::string path = folder + "/controller.crt";
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  const absl::StatusOr<Certificate> certificate = Certificate::Parse(text);
  if (!certificate.ok()) return WithContext(certificate.status(), path);
  const std::vector<std::string> before = certificate->Hosts();
  std::vector<std::string> all = before;
  for (const std::string& host : hosts) {
    const absl::StatusOr<IpAddress> address = IpAddress::Parse(host);
    const std::string plain = address.ok() ? address->ToString() : host;
    if (std::ranges::find(all, plain) == all.end()) all.push_back(plain);
  }
  if (all == before) return certificate;
  return IssueController(folder, all, now);
}

absl::Status IssueOffline(const std::string& folder, const Identity& identity, const std::string& out, WallTime now) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(identity.name, identity.kind == IdentityKind::kUser ? "user name" : "node name"));
  FAULTLINE_ASSIGN_OR_RETURN(const std::string ca, ReadOfAuthority(folder + "/ca.crt"));
  FAULTLINE_ASSIGN_OR_RETURN(const CertificateAuthority authority, OpenAuthority(folder));
  FAULTLINE_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::Generate());
  FAULTLINE_ASSIGN_OR_RETURN(
      const Certificate certificate,
      authority.Issue(key.get(), {.identity = identity, .hosts = {}, .from = now, .validity = kOfflineValidity}));
  FAULTLINE_RETURN_IF_ERROR(
      WriteAllNew(out, {{identity.name + ".key", key.ToPem()},
                        {identity.name + ".crt", absl::StrCat(certificate.ToPem(), authority.certificate().ToPem())}}));
  return WritePrivateFile(out + "/ca.crt", ca);
}

}  // namespace faultline
