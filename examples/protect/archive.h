// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command_line.h"
#include "file_state.h"
#include "journal.h"
#include "judge.h"
#include "plan.h"

namespace protect {

/// What came of all files of a plan, by whatever process.
struct Outcome {
  std::size_t files = 0;
  std::size_t done = 0, failed = 0, open = 0;  ///< these three are all
  std::size_t faceless = 0;                    ///< of the done
  std::uint64_t frames = 0, faces = 0, checked = 0, held = 0, covered = 0, dropped = 0;
  std::optional<Judgement> judgement{};  ///< of all files, where there is a judge
  double seconds = 0;                    ///< of work on the done
  std::vector<std::string> failures;     ///< names of files, and why
};

/// The account of the work on many files, which processes on one or many machines share, and which
/// outlives them: a folder with a journal. A file is done if the journal says so of the source, the
/// output and the options that there are now. For one thread at a time; throws Failures.
class Archive {
 public:
  /// Opens the account in a folder, which it makes where there is none.
  Archive(const std::filesystem::path& folder, const Settings& settings);

  /// One of `count` parts of about equal work. Every process that sees the same files gets the same
  /// parts. `arguments` start a process that estimates what was not yet.
  std::vector<Job> part(const std::vector<Job>& jobs, std::size_t index, std::size_t count,
                        const std::vector<std::string>& arguments);
  /// Takes out what is done, and puts last what was begun and never ended: it may be what ended a
  /// process. Returns how many are done.
  std::size_t take_out_done(std::vector<Job>& jobs);

  enum class Turn { mine, done, elsewhere };
  /// Claims a file that is to be worked on. `mine`: nobody else will, until release().
  Turn claim(const Job& job);
  /// The work begins, into a file of that temporary name; those of earlier tries are removed.
  void begin(const Job& job, const std::filesystem::path& temporary);
  /// The output is whole and will have its name next. `facts` as in the manifest.
  void whole(const Job& job, const nlohmann::json& facts);
  void failed(const Job& job, const std::string& why);
  void release(const Job& job);
  /// Of the journal, for processes that do the work: while they live the claims do.
  int descriptor() const { return journal_.descriptor(); }

  /// Writes manifest.jsonl, a line for every file, SHA256SUMS and summary.json into the folder.
  Outcome summarize(const std::vector<Job>& jobs);

 private:
  struct Done {
    std::int64_t place;  // in the journal
    std::size_t options;
    FileState source, output;
  };
  struct Entry {
    std::optional<Done> done;
    std::optional<std::int64_t> failed;  // place of the last failure since
    int failures = 0;                    // in all since
    std::vector<std::string> begun;      // temporary files of tries that have no end
    std::optional<std::pair<FileState, double>> cost;
  };

  void refresh();
  void note(const nlohmann::json& line, std::int64_t place);
  bool is_done(const Job& job);
  bool is_as_it_was(const std::filesystem::path& file, const FileState& state, const Done& done,
                    const char* sum) const;
  void estimate_missing(const std::vector<Job>& jobs, const std::vector<std::string>& arguments);
  nlohmann::json line(const Job& job, const char* outcome) const;

  const std::filesystem::path folder_;
  const std::string options_;  // JSON
  const std::size_t options_hash_;
  Journal journal_;
  std::map<std::string, Entry> entries_;  // by the names of jobs
};

}  // namespace protect
