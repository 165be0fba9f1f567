//! amp-rules-kql
