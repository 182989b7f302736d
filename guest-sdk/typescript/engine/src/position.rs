//! From a place in what is run to the place in what was written.

use std::{cell::RefCell, collections::BTreeMap};

thread_local! {
    /// The mappings of source maps, by the name of their source.
    static MAPPINGS: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
}

/// Remembers the `mappings` of a source.
pub(crate) fn remember(name: String, mappings: String) {
    if !mappings.is_empty() {
        MAPPINGS.with_borrow_mut(|all| all.insert(name, mappings));
    }
}

/// The line and the column, from 1, that were written for these. They are read from the text of the map each time: stacks are
/// rare, and runs are many.
pub(crate) fn original(file: String, line: u32, column: u32) -> Vec<u32> {
    let found = MAPPINGS.with_borrow(|all| find(all.get(&file)?, line, column));
    let (line, column) = found.unwrap_or((line, column));
    vec![line, column]
}

fn find(mappings: &str, line: u32, column: u32) -> Option<(u32, u32)> {
    // The original line and column go on from one segment to the next, over all lines.
    let (mut original_line, mut original_column) = (0_i64, 0_i64);
    let mut found = None;
    for (index, segments) in mappings.split(';').enumerate() {
        let mut generated_column = 0;
        for segment in segments.split(',').filter(|segment| !segment.is_empty()) {
            let fields = numbers(segment);
            generated_column += fields.first()?;
            if let [_, _, lines, columns, ..] = fields.as_slice() {
                original_line += lines;
                original_column += columns;
            }
            if index as u32 + 1 == line && generated_column < i64::from(column.max(1)) {
                found = Some((original_line, original_column));
            }
        }
        if index as u32 + 1 >= line {
            break;
        }
    }
    let (line, column) = found?;
    Some((u32::try_from(line + 1).ok()?, u32::try_from(column + 1).ok()?))
}

/// The numbers of a segment: digits of base 64, five bits each, lowest first, the sign in the lowest bit of the first.
fn numbers(segment: &str) -> Vec<i64> {
    let mut numbers = Vec::with_capacity(5);
    let (mut value, mut shift) = (0_i64, 0);
    for digit in segment.bytes().filter_map(digit) {
        value |= (digit & 31) << shift;
        shift += 5;
        if digit & 32 == 0 {
            let magnitude = value >> 1;
            numbers.push(if value & 1 == 1 { -magnitude } else { magnitude });
            (value, shift) = (0, 0);
        }
    }
    numbers
}

fn digit(byte: u8) -> Option<i64> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}
