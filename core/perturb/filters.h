// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "perturb/methods.h"

/// The methods that change values: those of the paper's comparison, and blur. Entries of the table
/// of methods.
namespace faceperturb {

void occlude(const FaceCells&, const ParameterValues&, RandomStream&, Workspace&);
void noise(const FaceCells&, const ParameterValues&, RandomStream&, Workspace&);
void superpixel(const FaceCells&, const ParameterValues&, RandomStream&, Workspace&);
void blur(const FaceCells&, const ParameterValues&, RandomStream&, Workspace&);

}  // namespace faceperturb
