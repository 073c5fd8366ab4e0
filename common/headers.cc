// What all libraries include is read with this file (faultline_headers_once); it has nothing of its own.
