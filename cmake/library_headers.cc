// So that what all libraries include has a target to be read by: see AddTargets.cmake.
