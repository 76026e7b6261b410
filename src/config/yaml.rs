//! YAML as a tree in which every key and value knows its line and column.

use super::Position;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::collections::HashMap;

/// Longest file, in bytes.
pub(super) const BYTES_MAX: usize = 1 << 20;
/// Deepest nesting.
const DEPTH_MAX: usize = 32;
/// Most values, those repeated by aliases included: a few lines of aliases of aliases can stand for billions.
const NODES_MAX: usize = 100_000;

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) value: Value,
}

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Scalar { text: String, quoted: bool },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key and its place.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) at: Position,
    pub(super) text: String,
}

/// Text that is no YAML, or more of it than a configuration needs.
#[derive(Debug)]
pub(super) struct SyntaxFault {
    pub(super) at: Position,
    pub(super) why: String,
    pub(super) remedy: &'static str,
}

impl Node {
    /// What the value is, for people.
    pub(super) fn kind(&self) -> String {
        match &self.value {
            Value::Scalar { .. } if self.is_null() => "nothing".to_owned(),
            Value::Scalar { text, .. } => format!("`{}`", shorten(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }

    /// Whether the value was left out.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, quoted: false }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// A value of the file, short enough for a message.
pub(super) fn shorten(text: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    let mut short: String = text
        .chars()
        .take(CHARACTERS_MAX)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        short.push('…');
    }
    short
}

/// Reads one document. An empty one is an empty mapping.
pub(super) fn parse(text: &str) -> Result<Node, SyntaxFault> {
    let start = Position { line: 1, column: 1 };
    if text.len() > BYTES_MAX {
        return Err(SyntaxFault {
            at: start,
            why: format!(
                "the file has {} bytes, at most {BYTES_MAX} are read",
                text.len()
            ),
            remedy: "split the feeds over several processes",
        });
    }
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        nodes: 0,
    };
    let mut root = None;
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            event if root.is_none() => root = Some(reader.node(event, span, 0)?.0),
            _ => {
                return Err(SyntaxFault {
                    at: position(span),
                    why: "a second document begins".to_owned(),
                    remedy: "keep one document a file",
                });
            }
        }
    }
    Ok(match root {
        Some(root) if !root.is_null() => root,
        _ => Node {
            at: start,
            value: Value::Map(Vec::new()),
        },
    })
}

fn position(span: Span) -> Position {
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position {
        line: small(span.start.line()),
        column: small(span.start.col() + 1),
    }
}

/// What an anchor stands for, with what repeating it costs.
struct Anchor {
    node: Node,
    nodes: usize,
    height: usize,
}

struct Reader<'input> {
    parser: Parser<'input, saphyr_parser::StrInput<'input>>,
    anchors: HashMap<usize, Anchor>,
    nodes: usize,
}

impl<'input> Reader<'input> {
    fn next(&mut self) -> Result<(Event<'input>, Span), SyntaxFault> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(SyntaxFault {
                at: position(Span::empty(*error.marker())),
                why: error.info().to_owned(),
                remedy: "check indentation, quotes and brackets",
            }),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// Reads the value that `event` begins; returns it with its height.
    fn node(
        &mut self,
        event: Event<'input>,
        span: Span,
        depth: usize,
    ) -> Result<(Node, usize), SyntaxFault> {
        let at = position(span);
        if depth >= DEPTH_MAX {
            return Err(too_deep(at));
        }
        let nodes_before = self.nodes;
        self.count(1, at)?;
        let (value, anchor, height) = match event {
            Event::Alias(id) => return self.alias(id, at, depth),
            Event::Scalar(text, style, anchor, _) => {
                let quoted = !matches!(style, ScalarStyle::Plain);
                (
                    Value::Scalar {
                        text: text.into_owned(),
                        quoted,
                    },
                    anchor,
                    1,
                )
            }
            Event::SequenceStart(anchor, _) => {
                let (list, height) = self.list(depth)?;
                (Value::List(list), anchor, height)
            }
            Event::MappingStart(anchor, _) => {
                let (map, height) = self.map(depth)?;
                (Value::Map(map), anchor, height)
            }
            _ => {
                return Err(SyntaxFault {
                    at,
                    why: "a value is missing here".to_owned(),
                    remedy: "check indentation, quotes and brackets",
                });
            }
        };
        let node = Node { at, value };
        if anchor != 0 {
            let nodes = self.nodes - nodes_before;
            // The copy kept for its aliases is memory too.
            self.count(nodes, at)?;
            self.anchors.insert(
                anchor,
                Anchor {
                    node: node.clone(),
                    nodes,
                    height,
                },
            );
        }
        Ok((node, height))
    }

    fn alias(
        &mut self,
        id: usize,
        at: Position,
        depth: usize,
    ) -> Result<(Node, usize), SyntaxFault> {
        let Some(anchor) = self.anchors.get(&id) else {
            return Err(SyntaxFault {
                at,
                why: "the alias stands inside what it refers to".to_owned(),
                remedy: "write the value out",
            });
        };
        let (nodes, height) = (anchor.nodes, anchor.height);
        if depth + height > DEPTH_MAX {
            return Err(too_deep(at));
        }
        let node = anchor.node.clone();
        self.count(nodes, at)?;
        Ok((node, height))
    }

    fn list(&mut self, depth: usize) -> Result<(Vec<Node>, usize), SyntaxFault> {
        let (mut list, mut height) = (Vec::new(), 0);
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok((list, height + 1)),
                (event, span) => {
                    let (node, below) = self.node(event, span, depth + 1)?;
                    height = height.max(below);
                    list.push(node);
                }
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<(Vec<(Key, Node)>, usize), SyntaxFault> {
        let (mut map, mut height) = (Vec::new(), 0);
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok((map, height + 1));
            }
            let (key, _) = self.node(event, span, depth + 1)?;
            let Value::Scalar { text, .. } = key.value else {
                return Err(SyntaxFault {
                    at: key.at,
                    why: format!("{} cannot be a key", key.kind()),
                    remedy: "keys are plain words",
                });
            };
            let key = Key { at: key.at, text };
            let (event, span) = self.next()?;
            let (value, below) = self.node(event, span, depth + 1)?;
            height = height.max(below);
            map.push((key, value));
        }
    }

    fn count(&mut self, nodes: usize, at: Position) -> Result<(), SyntaxFault> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= NODES_MAX {
            return Ok(());
        }
        Err(SyntaxFault {
            at,
            why: format!("more than {NODES_MAX} values, those behind aliases included"),
            remedy: "split the feeds over several processes",
        })
    }
}

fn too_deep(at: Position) -> SyntaxFault {
    SyntaxFault {
        at,
        why: format!("nested deeper than {DEPTH_MAX} levels"),
        remedy: "no key of this file needs that",
    }
}
