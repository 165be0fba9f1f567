//! Decompression of text. Compression is not offered: its bytes depend on the version of the service's library.

use std::io::Read;

use flate2::read::{GzDecoder, ZlibDecoder};

use super::encoding::decode;
use super::scalar;
use crate::registry::arguments::{returns, text_at};
use crate::registry::{EvalContext, MADE_AT_MOST, Scalar};
use crate::value::Value;

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "gzip_decompress_from_base64_string",
        1..=1,
        returns!(String; text),
        |context, _, row| {
            let bytes = decode(&text_at(row, 0)).unwrap_or_default();
            decompressed(context, "gzip_decompress_from_base64_string", &mut GzDecoder::new(bytes.as_slice()))
        },
        "The string decompressed from gzip in base64; empty if the input is invalid.",
    ),
    scalar(
        "zlib_decompress_from_base64_string",
        1..=1,
        returns!(String; text),
        |context, _, row| {
            let bytes = decode(&text_at(row, 0)).unwrap_or_default();
            decompressed(context, "zlib_decompress_from_base64_string", &mut ZlibDecoder::new(bytes.as_slice()))
        },
        "The string decompressed from zlib in base64; empty if the input is invalid.",
    ),
];

fn decompressed(context: &EvalContext, function: &str, input: &mut dyn Read) -> Value {
    let mut bytes = Vec::new();
    let read = input.take(MADE_AT_MOST as u64 + 1).read_to_end(&mut bytes);
    if bytes.len() > MADE_AT_MOST {
        return context.limit(function, "16,777,216 bytes");
    }
    Value::text(read.ok().and_then(|_| String::from_utf8(bytes).ok()).unwrap_or_default())
}
