// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "pipeline.h"
#include "work.h"

namespace protect {

/// Runs the pipeline to its end. A signal ends the recording of a live source, which is kept, and
/// the work on a file, which fails. Throws a Failure; then the file is of no use.
Summary record(Pipeline& pipeline, Listener& listener);

}  // namespace protect
