#include "controller/store/identity_store.h"

#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "common/name.h"
#include "common/status.h"

namespace faultline {
namespace {

// Stored in the file.
constexpr absl::string_view kNode = "node";
constexpr absl::string_view kUser = "user";

absl::string_view KindText(IdentityKind kind) { return kind == IdentityKind::kUser ? kUser : kNode; }

std::optional<IdentityKind> KindOf(absl::string_view text) {
  if (text == kNode) return IdentityKind::kNode;
  if (text == kUser) return IdentityKind::kUser;
  return std::nullopt;
}

std::optional<Identity> IdentityOf(absl::string_view kind_text, std::string name) {
  const std::optional<IdentityKind> kind = KindOf(kind_text);
  if (!kind || !CheckName(name, "name").ok()) return std::nullopt;
  return Identity{.kind = *kind, .name = std::move(name)};
}

WallTime FromColumn(std::int64_t column) { return WallTime(Duration(column)); }

}  // namespace

absl::Status IdentityStore::Damaged(absl::string_view what) const {
  return absl::DataLossError(absl::StrCat(database_.path(), ": a ", what, " is damaged"));
}

absl::StatusOr<std::vector<IssuedCertificate>> IdentityStore::Issued() {
  const std::lock_guard lock(database_.mutex());
  Statement read(database_, "SELECT fingerprint, serial, kind, name, ends, revoked FROM issued ORDER BY ends");
  std::vector<IssuedCertificate> issued;
  while (read.Step()) {
    const std::optional<Identity> identity = IdentityOf(read.Bytes(2), read.Bytes(3));
    if (!identity) return Damaged("certificate's record");
    issued.push_back({.fingerprint = read.Bytes(0),
                      .serial = read.Bytes(1),
                      .identity = *identity,
                      .ends = FromColumn(read.Int(4)),
                      .revoked = read.Int(5) != 0});
  }
  FAULTLINE_RETURN_IF_ERROR(read.Done());
  return issued;
}

absl::StatusOr<std::vector<Revocation>> IdentityStore::Revocations() {
  const std::lock_guard lock(database_.mutex());
  Statement read(database_, "SELECT kind, name, moment FROM revocations ORDER BY kind, name");
  std::vector<Revocation> revocations;
  while (read.Step()) {
    const std::optional<Identity> identity = IdentityOf(read.Bytes(0), read.Bytes(1));
    if (!identity) return Damaged("revocation");
    revocations.push_back({.identity = *identity, .moment = FromColumn(read.Int(2))});
  }
  FAULTLINE_RETURN_IF_ERROR(read.Done());
  return revocations;
}

absl::StatusOr<std::vector<TokenRecord>> IdentityStore::Tokens() {
  const std::lock_guard lock(database_.mutex());
  Statement read(
      database_,
      "SELECT id, digest, kind, names, role, uses, replaces, made, ends, made_by FROM tokens ORDER BY ends, id");
  std::vector<TokenRecord> tokens;
  while (read.Step()) {
    const std::optional<IdentityKind> kind = KindOf(read.Bytes(2));
    const std::optional<Role> role = RoleNamed(read.Bytes(4));
    if (!kind || !role) return Damaged("token's record");
    tokens.push_back({.id = read.Bytes(0),
                      .digest = read.Bytes(1),
                      .kind = *kind,
                      .names = read.Bytes(3),
                      .role = *role,
                      .uses = static_cast<int>(read.Int(5)),
                      .replaces = read.Int(6) != 0,
                      .made = FromColumn(read.Int(7)),
                      .ends = FromColumn(read.Int(8)),
                      .made_by = read.Bytes(9)});
  }
  FAULTLINE_RETURN_IF_ERROR(read.Done());
  return tokens;
}

absl::StatusOr<std::vector<UserRecord>> IdentityStore::Users() {
  const std::lock_guard lock(database_.mutex());
  Statement read(database_, "SELECT name, role FROM users ORDER BY name");
  std::vector<UserRecord> users;
  while (read.Step()) {
    const std::optional<Role> role = RoleNamed(read.Bytes(1));
    if (!role) return Damaged("user's record");
    users.push_back({.name = read.Bytes(0), .role = *role});
  }
  FAULTLINE_RETURN_IF_ERROR(read.Done());
  return users;
}

absl::Status IdentityStore::Admit(const IssuedCertificate& certificate, const std::optional<TokenRecord>& token,
                                  const std::optional<UserRecord>& user, const std::optional<Revocation>& revocation,
                                  std::size_t most) {
  return InOne([&]() -> absl::Status {
    if (revocation) FAULTLINE_RETURN_IF_ERROR(WriteRevocation(*revocation));
    if (token) FAULTLINE_RETURN_IF_ERROR(WriteToken(*token));
    if (user) FAULTLINE_RETURN_IF_ERROR(WriteUser(*user));
    return WriteIssued(certificate, most);
  });
}

absl::Status IdentityStore::Revoke(const Revocation& revocation) {
  return InOne([&]() -> absl::Status {
    FAULTLINE_RETURN_IF_ERROR(WriteRevocation(revocation));
    if (revocation.identity.kind != IdentityKind::kUser) return absl::OkStatus();
    Statement forget(database_, "DELETE FROM users WHERE name = ?1");
    forget.Bind(1, revocation.identity.name);
    FAULTLINE_RETURN_IF_ERROR(forget.Run());
    Statement remove(database_, "DELETE FROM tokens WHERE kind = ?1 AND names = ?2");
    remove.Bind(1, kUser);
    remove.Bind(2, revocation.identity.name);
    return remove.Run();
  });
}

absl::Status IdentityStore::Put(const TokenRecord& token) {
  return InOne([&] { return WriteToken(token); });
}

absl::Status IdentityStore::Put(const UserRecord& user) {
  return InOne([&] { return WriteUser(user); });
}

absl::Status IdentityStore::RemoveToken(absl::string_view id) {
  const std::lock_guard lock(database_.mutex());
  Statement remove(database_, "DELETE FROM tokens WHERE id = ?1");
  remove.Bind(1, id);
  FAULTLINE_RETURN_IF_ERROR(remove.Run());
  if (sqlite3_changes(database_.handle()) > 0) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no token '", id, "'"));
}

absl::Status IdentityStore::Forget(WallTime before) {
  return InOne([&]() -> absl::Status {
    for (const char* const sql : {"DELETE FROM issued WHERE ends < ?1", "DELETE FROM tokens WHERE ends < ?1"}) {
      Statement forget(database_, sql);
      forget.Bind(1, ToColumn(before));
      FAULTLINE_RETURN_IF_ERROR(forget.Run());
    }
    return absl::OkStatus();
  });
}

absl::Status IdentityStore::InOne(absl::FunctionRef<absl::Status()> write) {
  return database_.Write(Survives::kMachine, [&] {
    FAULTLINE_RETURN_IF_ERROR(Statement(database_, "BEGIN").Run());
    absl::Status status = write();
    if (status.ok()) status = Statement(database_, "COMMIT").Run();
    if (!status.ok()) Statement(database_, "ROLLBACK").Run().IgnoreError();
    return status;
  });
}

absl::Status IdentityStore::WriteIssued(const IssuedCertificate& certificate, std::size_t most) {
  Statement write(database_, "INSERT INTO issued VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  write.Bind(1, certificate.fingerprint);
  write.Bind(2, certificate.serial);
  write.Bind(3, KindText(certificate.identity.kind));
  write.Bind(4, certificate.identity.name);
  write.Bind(5, ToColumn(certificate.ends));
  write.Bind(6, std::int64_t{certificate.revoked});
  FAULTLINE_RETURN_IF_ERROR(write.Run());
  Statement forget(database_,
                   "DELETE FROM issued WHERE kind = ?1 AND name = ?2 AND fingerprint NOT IN (SELECT fingerprint FROM "
                   "issued WHERE kind = ?1 AND name = ?2 ORDER BY ends DESC, fingerprint DESC LIMIT ?3)");
  forget.Bind(1, KindText(certificate.identity.kind));
  forget.Bind(2, certificate.identity.name);
  forget.Bind(3, static_cast<std::int64_t>(most));
  return forget.Run();
}

absl::Status IdentityStore::WriteRevocation(const Revocation& revocation) {
  Statement mark(database_, "UPDATE issued SET revoked = 1 WHERE kind = ?1 AND name = ?2");
  mark.Bind(1, KindText(revocation.identity.kind));
  mark.Bind(2, revocation.identity.name);
  FAULTLINE_RETURN_IF_ERROR(mark.Run());
  Statement write(database_, "INSERT OR REPLACE INTO revocations VALUES (?1, ?2, ?3)");
  write.Bind(1, KindText(revocation.identity.kind));
  write.Bind(2, revocation.identity.name);
  write.Bind(3, ToColumn(revocation.moment));
  return write.Run();
}

absl::Status IdentityStore::WriteToken(const TokenRecord& token) {
  Statement write(database_, "INSERT OR REPLACE INTO tokens VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
  write.Bind(1, token.id);
  write.Bind(2, token.digest);
  write.Bind(3, KindText(token.kind));
  write.Bind(4, token.names);
  write.Bind(5, NameOf(token.role));
  write.Bind(6, std::int64_t{token.uses});
  write.Bind(7, std::int64_t{token.replaces});
  write.Bind(8, ToColumn(token.made));
  write.Bind(9, ToColumn(token.ends));
  write.Bind(10, token.made_by);
  return write.Run();
}

absl::Status IdentityStore::WriteUser(const UserRecord& user) {
  Statement write(database_, "INSERT OR REPLACE INTO users VALUES (?1, ?2)");
  write.Bind(1, user.name);
  write.Bind(2, NameOf(user.role));
  return write.Run();
}

}  // namespace faultline
