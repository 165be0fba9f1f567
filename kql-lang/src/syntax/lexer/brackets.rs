//! Matches brackets, so that the parser can resume after an error inside a pair.
//!
//! An unmatched `{` can only be skipped by a `}`. Unmatched brackets do not count as nesting.

use super::{Kind, Token};

/// Sets the partner and the nesting depth of every token.
pub(super) fn pair(text: &str, tokens: &mut [Token]) {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut pairs: Vec<Option<usize>> = vec![None; tokens.len()];
    // Open brackets per kind: detects a closing bracket without an opening one in constant time.
    let mut counts = [0_usize; 3];
    for (number, token) in tokens.iter().enumerate() {
        if token.kind != Kind::Mark {
            continue;
        }
        let Some(mark) = text.get(token.span.start..token.span.end).and_then(|mark| mark.chars().next()) else {
            continue;
        };
        match mark {
            '(' | '[' | '{' => {
                open.push((number, mark));
                count(&mut counts, mark, true);
            }
            ')' | ']' | '}' => {
                let wanted = opening(mark);
                if kind(wanted).and_then(|kind| counts.get(kind)).copied().unwrap_or_default() == 0 {
                    continue;
                }
                // Brackets in between stay unmatched, except that only a `}` can skip a `{`.
                while let Some((candidate, other)) = open.pop() {
                    if other == '{' && wanted != '{' {
                        open.push((candidate, other));
                        break;
                    }
                    count(&mut counts, other, false);
                    if other == wanted {
                        if let Some(slot) = pairs.get_mut(candidate) {
                            *slot = Some(number);
                        }
                        if let Some(slot) = pairs.get_mut(number) {
                            *slot = Some(candidate);
                        }
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    nest(tokens, &pairs);
}

fn nest(tokens: &mut [Token], pairs: &[Option<usize>]) {
    let mut nesting = 0_usize;
    for (number, (token, partner)) in tokens.iter_mut().zip(pairs).enumerate() {
        token.partner = *partner;
        match partner {
            Some(partner) if *partner < number => {
                nesting = nesting.saturating_sub(1);
                token.nesting = nesting;
            }
            Some(_) => {
                token.nesting = nesting;
                nesting += 1;
            }
            None => token.nesting = nesting,
        }
    }
}

const fn opening(closing: char) -> char {
    match closing {
        ')' => '(',
        ']' => '[',
        _ => '{',
    }
}

const fn kind(opening: char) -> Option<usize> {
    match opening {
        '(' => Some(0),
        '[' => Some(1),
        '{' => Some(2),
        _ => None,
    }
}

fn count(counts: &mut [usize; 3], opening: char, more: bool) {
    if let Some(count) = kind(opening).and_then(|kind| counts.get_mut(kind)) {
        *count = if more { *count + 1 } else { count.saturating_sub(1) };
    }
}
