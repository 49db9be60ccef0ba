//! Takes apart what the process that runs cells writes: text, and between it the frames described in the toolkit's
//! `show::frame`.

use std::fmt::Display;

use serde_json::Value;

use super::Output;

/// A piece of a stream, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// What was printed.
    Text(String),
    /// A frame's content.
    Frame(Value),
}

/// Takes one stream apart, chunk by chunk.
#[derive(Debug)]
pub struct Frames {
    marker: Vec<u8>,
    buffer: Vec<u8>,
    /// The pieces of a frame of which more follows.
    begun: Vec<u8>,
    /// Up to here the buffer holds no line break of the frame it begins with.
    searched: usize,
}

impl Frames {
    /// For streams marked with this token.
    pub fn new(token: &str) -> Self {
        Self {
            marker: format!("\u{1e}{token}").into_bytes(),
            buffer: Vec::new(),
            begun: Vec::new(),
            searched: 0,
        }
    }

    /// Adds a chunk and returns what is complete. Text is passed on at once, except for bytes that may be the beginning
    /// of a marker or of a character.
    pub fn feed(&mut self, chunk: &[u8]) -> Vec<Piece> {
        self.buffer.extend_from_slice(chunk);
        let mut pieces = Vec::new();
        loop {
            if self.buffer.starts_with(&self.marker) {
                let Some(end) = self.buffer[self.searched..]
                    .iter()
                    .position(|byte| *byte == b'\n')
                else {
                    self.searched = self.buffer.len();
                    return pieces;
                };
                let end = self.searched + end;
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                let line = &line[self.marker.len()..end];
                let (follows, piece) = line.split_first().unwrap_or((&b' ', &[]));
                self.begun.extend_from_slice(piece);
                if *follows != b'+' {
                    let whole = std::mem::take(&mut self.begun);
                    // What cannot be read as a frame is dropped: it is no text of the user's.
                    let frame = serde_json::from_slice(&whole).ok();
                    pieces.extend(frame.map(Piece::Frame));
                }
                self.searched = 0;
                continue;
            }
            let marker = find(&self.buffer, &self.marker);
            let end = marker.unwrap_or(self.buffer.len() - self.held_back());
            if end > 0 {
                let text = self.buffer.drain(..end).collect::<Vec<u8>>();
                pieces.push(Piece::Text(String::from_utf8_lossy(&text).into_owned()));
            }
            if marker.is_none() {
                return pieces;
            }
        }
    }

    /// What is left when the stream has ended.
    pub fn finish(&mut self) -> Option<Piece> {
        let rest = std::mem::take(&mut self.buffer);
        (!rest.is_empty()).then(|| Piece::Text(String::from_utf8_lossy(&rest).into_owned()))
    }

    /// How many bytes at the end may continue as a marker or as a character.
    fn held_back(&self) -> usize {
        let longest = self.marker.len().min(self.buffer.len());
        let marker = (1..=longest).rev().find(|&n| {
            self.marker
                .starts_with(&self.buffer[self.buffer.len() - n..])
        });
        marker.unwrap_or_else(|| match std::str::from_utf8(&self.buffer) {
            Err(error) if error.error_len().is_none() => self.buffer.len() - error.valid_up_to(),
            _ => self.incomplete_tail(),
        })
    }

    /// As above, for text that holds bad bytes before: only the last three can begin a character.
    fn incomplete_tail(&self) -> usize {
        let is_continuation = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
        let Some(back) = self
            .buffer
            .iter()
            .rev()
            .take(4)
            .position(|byte| !is_continuation(byte))
        else {
            return 0;
        };
        let first = self.buffer[self.buffer.len() - 1 - back];
        let length = match first {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => 0,
        };
        if back + 1 < length { back + 1 } else { 0 }
    }
}

/// A frame of one line, as the toolkit writes them; an empty content ends a frame of which more was to follow.
pub fn line(token: &str, content: impl Display) -> String {
    format!("\u{1e}{token} {content}\n")
}

/// What a frame shows; none when it is of another kind.
pub fn shown(frame: &mut Value) -> Option<Output> {
    let kind = frame["kind"].as_str()?.to_owned();
    let data = frame["data"]
        .as_object_mut()
        .map(std::mem::take)
        .unwrap_or_default();
    let id = frame["id"].as_str().map(str::to_owned);
    match (kind.as_str(), id) {
        ("display", id) => Some(Output::Display { data, id }),
        ("update", Some(id)) => Some(Output::Update { data, id }),
        ("clear", _) => Some(Output::Clear {
            wait: frame["wait"].as_bool().unwrap_or(false),
        }),
        ("result", _) => Some(Output::Result(data)),
        _ => None,
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = haystack[from..].iter().position(|byte| *byte == first) {
        if haystack[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn frames_are_found_within_a_line_and_order_is_kept() {
        let mut frames = Frames::new("T");
        let pieces = frames.feed("abc\u{1e}T {\"kind\":1}\ndef\u{1e}T {\"kind\":2}\n".as_bytes());
        let expected = [
            text("abc"),
            Piece::Frame(json!({"kind": 1})),
            text("def"),
            Piece::Frame(json!({"kind": 2})),
        ];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn a_frame_in_pieces_is_whole_whatever_comes_between_them() {
        let mut frames = Frames::new("T");
        let stream = "\u{1e}T+{\"a\":\n from a program\n\u{1e}T+\"é\n\u{1e}T \"}\nrest";
        let expected = [
            text(" from a program\n"),
            Piece::Frame(json!({"a": "é"})),
            text("rest"),
        ];
        assert_eq!(frames.feed(stream.as_bytes()), expected);
        // One that was never ended is none, and the next one is not part of it.
        let stream = "\u{1e}T+{\"a\n\u{1e}T \n\u{1e}T {\"b\":1}\n";
        assert_eq!(
            frames.feed(stream.as_bytes()),
            [Piece::Frame(json!({"b": 1}))]
        );
    }

    #[test]
    fn any_cut_of_the_stream_gives_the_same() {
        let stream =
            "日本\u{1e}T {\"a\":\"é\"}\nü\u{1e}X no frame\n\u{1e}T {\"b\":1}\nend".as_bytes();
        for size in 1..stream.len() {
            let mut frames = Frames::new("T");
            let mut pieces: Vec<Piece> = stream
                .chunks(size)
                .flat_map(|chunk| frames.feed(chunk))
                .collect();
            pieces.extend(frames.finish());
            let mut joined: Vec<Piece> = Vec::new();
            for piece in pieces {
                match (joined.last_mut(), piece) {
                    (Some(Piece::Text(before)), Piece::Text(more)) => before.push_str(&more),
                    (_, piece) => joined.push(piece),
                }
            }
            let expected = [
                text("日本"),
                Piece::Frame(json!({"a": "é"})),
                text("ü\u{1e}X no frame\n"),
                Piece::Frame(json!({"b": 1})),
                text("end"),
            ];
            assert_eq!(joined, expected, "cut into {size}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_do_not_stop_the_stream() {
        let mut frames = Frames::new("T");
        assert_eq!(frames.feed(b"a\xffb"), [text("a\u{fffd}b")]);
        assert_eq!(frames.feed(b"a\xffb\xc3"), [text("a\u{fffd}b")]);
        assert_eq!(frames.feed(b"\xbc"), [text("ü")]);
    }
}
