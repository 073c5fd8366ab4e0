#include "common/log/log.h"

#include <signal.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log/journal_socket.h"

namespace faultline {
namespace {

constexpr std::size_t kMostWaiting = 512;
constexpr char kPattern[] = "%Y-%m-%dT%H:%M:%S.%e %l %v";

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// With no signal for it to take: daemons wait for theirs on a thread of their choice.
std::shared_ptr<spdlog::details::thread_pool> StartThread() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  auto thread = std::make_shared<spdlog::details::thread_pool>(kMostWaiting, 1);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

// Writes what the queue's thread hands it: to a journal datagrams, or lines on standard error. There is nowhere to say
// that the log itself cannot be written.
class Sink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  // `thread` hands it its records, and outlives it.
  Sink(LogOrigin origin, std::optional<JournalSocket> journal, spdlog::details::thread_pool& thread)
      : origin_(std::move(origin)), journal_(std::move(journal)), thread_(thread) {}

  // Any thread.
  std::string Encode(const LogRecord& record) const {
    if (!journal_) return LogText(record);
    const std::lock_guard lock(origin_mutex_);
    return JournalDatagram(record, origin_);
  }

  void SetNode(std::string node) {
    const std::lock_guard lock(origin_mutex_);
    origin_.node = std::move(node);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::size_t lost = thread_.overrun_counter();
    if (lost != told_) {
      const std::string text = absl::StrCat(lost - std::exchange(told_, lost), " records are missing here: they came ",
                                            "faster than the log is taken");
      const std::string told = Encode({.level = LogLevel::kWarning, .message = text, .subject = {}});
      Write({message.logger_name, spdlog::level::warn, told});
    }
    Write(message);
  }
  void flush_() override {}

 private:
  void Write(const spdlog::details::log_msg& message) {
    if (journal_) {
      journal_->Send({message.payload.data(), message.payload.size()}).IgnoreError();
      return;
    }
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::fwrite(line.data(), 1, line.size(), stderr);
  }

  mutable std::mutex origin_mutex_;
  LogOrigin origin_;
  const std::optional<JournalSocket> journal_;
  spdlog::details::thread_pool& thread_;
  // Of the records that were lost.
  std::size_t told_ = 0;
};

std::mutex current_mutex;
// Of the LogWriter that there is.
std::shared_ptr<LogQueue> current;

}  // namespace

class LogQueue {
 public:
  explicit LogQueue(const LogOptions& options) : thread_(StartThread()) {
    absl::Status unusable;
    std::optional<JournalSocket> journal;
    if (!options.journal.empty()) {
      absl::StatusOr<JournalSocket> opened = JournalSocket::Open(options.journal);
      unusable = opened.status();
      if (opened.ok()) journal = *std::move(opened);
    }
    sink_ = std::make_shared<Sink>(options.origin, std::move(journal), *thread_);
    logger_ = std::make_shared<spdlog::async_logger>(options.origin.identifier, sink_, thread_,
                                                     spdlog::async_overflow_policy::overrun_oldest);
    logger_->set_pattern(kPattern);
    logger_->set_level(ToSpdlog(options.level));
    if (!unusable.ok()) Write({.level = LogLevel::kWarning, .message = unusable.message(), .subject = {}});
  }

  void Write(const LogRecord& record) {
    const auto level = ToSpdlog(record.level);
    if (logger_->should_log(level)) logger_->log(level, sink_->Encode(record));
  }

  void SetNode(std::string node) { sink_->SetNode(std::move(node)); }

  void SetLevel(LogLevel level) {
    logger_->set_level(std::min(logger_->level(), spdlog::level::info));
    Write({.message = absl::StrCat("the log's level is ", NameOf(level), " now"), .subject = {}});
    logger_->set_level(ToSpdlog(level));
  }
  LogLevel level() const {
    switch (logger_->level()) {
      case spdlog::level::debug:
        return LogLevel::kDebug;
      case spdlog::level::info:
        return LogLevel::kInfo;
      case spdlog::level::warn:
        return LogLevel::kWarning;
      default:
        return LogLevel::kError;
    }
  }

 private:
  std::shared_ptr<Sink> sink_;
  std::shared_ptr<spdlog::async_logger> logger_;
  // Last, so that it goes first: it writes what waits.
  std::shared_ptr<spdlog::details::thread_pool> thread_;
};

namespace {

void Write(const LogRecord& record) {
  std::shared_ptr<LogQueue> queue;
  {
    const std::lock_guard lock(current_mutex);
    queue = current;
  }
  if (queue != nullptr) queue->Write(record);
}

}  // namespace

void LogDebug(absl::string_view message, const LogSubject& subject) { Write({LogLevel::kDebug, message, subject}); }
void LogInfo(absl::string_view message, const LogSubject& subject) { Write({LogLevel::kInfo, message, subject}); }
void LogWarning(absl::string_view message, const LogSubject& subject) { Write({LogLevel::kWarning, message, subject}); }
void LogError(absl::string_view message, const LogSubject& subject) { Write({LogLevel::kError, message, subject}); }

LogWriter::LogWriter(const LogOptions& options) : queue_(std::make_shared<LogQueue>(options)) {
  const std::lock_guard lock(current_mutex);
  current = queue_;
}

LogWriter::~LogWriter() {
  const std::lock_guard lock(current_mutex);
  current = nullptr;
}

void LogWriter::SetNode(std::string node) { queue_->SetNode(std::move(node)); }

void LogWriter::SetLevel(LogLevel level) { queue_->SetLevel(level); }

LogLevel LogWriter::level() const { return queue_->level(); }

}  // namespace faultline
