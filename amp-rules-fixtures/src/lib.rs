//! amp-rules-fixtures
