//! Tests of the live source with local servers: requests, valid responses, faulty responses.

mod conformance;
mod faults;
mod wire;
