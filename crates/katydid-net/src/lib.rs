//! The data plane: one single-threaded reactor, and HTTP/1.1 over it.
