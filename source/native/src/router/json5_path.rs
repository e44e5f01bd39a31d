//! Finds the key at a place in a JSON5 text. The deserializer says where a value is wrong, but not which key it has.

/// The path of keys, `connect/endpoints`, that leads to `line` and `column` (both from 1, column in characters), or
/// none where no key precedes it.
pub fn key_at(text: &str, line: usize, column: usize) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let end = offset_of(&chars, line, column);
    // One entry an open brace or bracket: the key inside it that was read last.
    let mut path: Vec<Option<String>> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if at > end {
            break;
        }
        match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => at = skip_line(&chars, at),
            '/' if chars.get(at + 1) == Some(&'*') => at = skip_comment(&chars, at),
            '{' | '[' => {
                path.push(None);
                at += 1;
            }
            '}' | ']' => {
                path.pop();
                at += 1;
            }
            ',' => {
                if let Some(last) = path.last_mut() {
                    *last = None;
                }
                at += 1;
            }
            quote @ ('"' | '\'') => {
                let (word, next) = read_quoted(&chars, at + 1, quote);
                at = note_key(&chars, word, next, &mut path);
            }
            c if is_word(c) => {
                let next = (at..chars.len()).find(|&i| !is_word(chars[i])).unwrap_or(chars.len());
                let word = chars[at..next].iter().collect();
                at = note_key(&chars, word, next, &mut path);
            }
            _ => at += 1,
        }
    }
    let keys: Vec<String> = path.into_iter().flatten().collect();
    (!keys.is_empty()).then(|| keys.join("/"))
}

fn offset_of(chars: &[char], line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match chars[start..].iter().position(|&c| c == '\n') {
            Some(newline) => start += newline + 1,
            None => break,
        }
    }
    start + column.saturating_sub(1)
}

fn note_key(chars: &[char], word: String, next: usize, path: &mut [Option<String>]) -> usize {
    let colon = (next..chars.len()).find(|&i| !chars[i].is_whitespace());
    if colon.is_some_and(|i| chars[i] == ':') {
        if let Some(last) = path.last_mut() {
            *last = Some(word);
        }
    }
    next
}

fn read_quoted(chars: &[char], start: usize, quote: char) -> (String, usize) {
    let mut word = String::new();
    let mut at = start;
    while at < chars.len() && chars[at] != quote {
        if chars[at] == '\\' {
            at += 1;
        }
        if let Some(&c) = chars.get(at) {
            word.push(c);
        }
        at += 1;
    }
    (word, at + 1)
}

fn skip_line(chars: &[char], start: usize) -> usize {
    (start..chars.len()).find(|&i| chars[i] == '\n').unwrap_or(chars.len())
}

fn skip_comment(chars: &[char], start: usize) -> usize {
    (start + 2..chars.len().saturating_sub(1))
        .find(|&i| chars[i] == '*' && chars[i + 1] == '/')
        .map_or(chars.len(), |i| i + 2)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

#[cfg(test)]
mod tests {
    use super::key_at;

    #[test]
    fn names_the_nested_key() {
        let text = "{\n  // a: {\n  listen: { endpoints: [\"x\"] },\n  'connect': {\n    endpoints: 5,\n  },\n}";
        assert_eq!(key_at(text, 5, 16).as_deref(), Some("connect/endpoints"));
        assert_eq!(key_at(text, 1, 1), None);
    }
}
