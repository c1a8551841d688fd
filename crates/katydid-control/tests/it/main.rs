//! The server over real sockets: what it answers, what it refuses, and that nobody waits for a busy users' thread.

mod archive;
mod attacks;
mod busy;
mod client;
mod limits;
mod locustfile;
mod routes;
mod stream;
mod users;
