// Nothing: the program it is of exists for the header that all tests share (cmake/AddTargets.cmake).
