#include <sqlite3.h>

#include "controller/store/database.h"

namespace faultline {

// A statement that does not compile gives SQLITE_MISUSE when it is stepped.
Statement::Statement(Database& database, const char* sql) : database_(database) {
  sqlite3_prepare_v2(database.handle(), sql, -1, &statement_, nullptr);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::Bind(int index, absl::string_view text) {
  sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

void Statement::Bind(int index, std::int64_t number) { sqlite3_bind_int64(statement_, index, number); }

void Statement::BindBytes(int index, const std::string& bytes) {
  sqlite3_bind_blob64(statement_, index, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

void Statement::BindNull(int index) { sqlite3_bind_null(statement_, index); }

bool Statement::Step() {
  code_ = sqlite3_step(statement_);
  return code_ == SQLITE_ROW;
}

absl::Status Statement::Done() const { return code_ == SQLITE_DONE ? absl::OkStatus() : database_.LastError(); }

absl::Status Statement::Run() {
  Step();
  return Done();
}

void Statement::Reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

std::int64_t Statement::Int(int column) { return sqlite3_column_int64(statement_, column); }

std::string Statement::Bytes(int column) {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return data == nullptr ? "" : std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

}  // namespace faultline
