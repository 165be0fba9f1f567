//! Rule files as data: each file or folder of `testdata/diagnostics` with what is said of it.
