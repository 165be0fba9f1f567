//! amp-rules-core
