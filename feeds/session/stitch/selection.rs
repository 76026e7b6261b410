//! Which instruments are followed: names, patterns over names, kinds.

use crate::model::{InstrumentKind, Symbol};

/// A pattern over names: `*` stands for any characters, also none, `?` for one, everything else for itself.
///
/// It is held against the venue's symbol and against the normalised name. At most [`Symbol::BYTES_MAX`] bytes, as names have,
/// so that a comparison has a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern(Symbol);

impl Pattern {
    /// The pattern of everything.
    pub fn any() -> Pattern {
        Pattern(Symbol::from("*"))
    }

    /// A pattern; `None` when it is empty, too long, or has blanks or other characters that no name has.
    pub fn new(text: &str) -> Option<Pattern> {
        let can_be = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'!');
        let fits = !text.is_empty() && text.len() <= Symbol::BYTES_MAX;
        (fits && text.bytes().all(can_be)).then(|| Pattern(Symbol::from(text)))
    }

    /// Whether a text is meant as a pattern.
    pub fn is_meant(text: &str) -> bool {
        text.bytes().any(|byte| matches!(byte, b'*' | b'?'))
    }

    /// As written.
    pub fn text(&self) -> Symbol {
        self.0
    }

    /// Whether it stands for `name`.
    pub fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (self.0.as_str().as_bytes(), name.as_bytes());
        let (mut p, mut n) = (0, 0);
        // Where to go on when what follows the last `*` does not fit: behind it, one character later than before.
        let mut again: Option<(usize, usize)> = None;
        while n < name.len() {
            match pattern.get(p) {
                Some(b'*') => {
                    p += 1;
                    again = Some((p, n));
                }
                Some(&byte) if byte == b'?' || byte == name[n] => {
                    p += 1;
                    n += 1;
                }
                _ => {
                    let Some((star, from)) = again else {
                        return false;
                    };
                    again = Some((star, from + 1));
                    (p, n) = (star, from + 1);
                }
            }
        }
        pattern[p..].iter().all(|&byte| byte == b'*')
    }
}

/// Kinds of instruments; none named means all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Kinds(u8);

impl Kinds {
    /// Names of the kinds, as configured.
    pub const NAMES: [&'static str; 4] = ["spot", "perpetual", "future", "option"];

    /// One more kind, by its name; whether there is such a one.
    pub fn insert(&mut self, name: &str) -> bool {
        let place = Kinds::NAMES.iter().position(|known| *known == name);
        self.0 |= place.map_or(0, |place| 1 << place);
        place.is_some()
    }

    /// Whether all are meant.
    pub const fn is_all(self) -> bool {
        self.0 == 0
    }

    /// Whether instruments called `name` in the configuration are meant.
    pub fn names(self, name: &str) -> bool {
        let mut only = Kinds::default();
        self.is_all() || (only.insert(name) && self.0 & only.0 != 0)
    }

    /// Whether instruments of this kind are meant.
    pub fn has(self, kind: InstrumentKind) -> bool {
        let name = match kind {
            InstrumentKind::Spot => "spot",
            InstrumentKind::Perpetual => "perpetual",
            InstrumentKind::Future => "future",
            InstrumentKind::Call | InstrumentKind::Put => "option",
            InstrumentKind::Other | InstrumentKind::Spread => return self.is_all(),
        };
        self.names(name)
    }
}

/// What is chosen from the venue's lists, beside the names that are followed whatever the lists say.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Selection {
    /// Instruments have to match one of these; none of them means that nothing is chosen from lists.
    pub patterns: Vec<Pattern>,
    /// And none of these.
    pub exclusions: Vec<Pattern>,
    /// And be of one of these kinds.
    pub kinds: Kinds,
}

impl Selection {
    /// Everything there is.
    pub fn all() -> Selection {
        Selection {
            patterns: vec![Pattern::any()],
            ..Selection::default()
        }
    }

    /// Whether everything is chosen.
    pub fn is_all(&self) -> bool {
        let is_any = |pattern: &Pattern| *pattern == Pattern::any();
        self.patterns.iter().any(is_any) && self.exclusions.is_empty() && self.kinds.is_all()
    }

    /// Whether an instrument is chosen. `name`: the normalised one, empty where it is not known.
    pub fn has(&self, symbol: &str, name: &str, kind: InstrumentKind) -> bool {
        let matches = |pattern: &Pattern| {
            pattern.matches(symbol) || !name.is_empty() && pattern.matches(name)
        };
        self.kinds.has(kind)
            && self.patterns.iter().any(matches)
            && !self.exclusions.iter().any(matches)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let pattern = Pattern::new(pattern).unwrap();
        for name in yes {
            assert!(pattern.matches(name), "{pattern:?} is to match {name}");
        }
        for name in no {
            assert!(!pattern.matches(name), "{pattern:?} is not to match {name}");
        }
    }

    #[test]
    fn patterns_match_whole_names() {
        check(
            "*-USDT",
            &["BTC-USDT", "-USDT"],
            &["BTC-USDT-SWAP", "BTC-USD"],
        );
        check("BTC*", &["BTC", "BTCUSDT"], &["WBTC", "btcusdt"]);
        check("*", &["", "anything"], &[]);
        check("B?C", &["BTC"], &["BC", "BTTC"]);
        check("*A*B*", &["AB", "xAyyBz", "AAB"], &["BA", "A"]);
        check("BTC/USDT", &["BTC/USDT"], &["BTC/USDT:USDT"]);
        check("**A", &["A", "BA"], &["AB"]);
    }

    #[test]
    fn the_worst_pattern_ends_soon() {
        let pattern = Pattern::new(&"*a".repeat(23)).unwrap();
        assert!(!pattern.matches(&"a".repeat(22)));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(46))));
    }

    #[test]
    fn what_no_name_has_is_no_pattern() {
        let long = "*".repeat(48);
        for text in ["", "A B*", "a\"*", "!*", "\u{e9}*", &long] {
            assert_eq!(Pattern::new(text), None, "{text}");
        }
    }

    #[test]
    fn an_instrument_is_chosen_by_either_name_and_by_kind() {
        let mut selection = Selection::all();
        assert!(selection.is_all() && selection.has("X", "", InstrumentKind::Other));
        selection.patterns = vec![Pattern::new("*/USDT").unwrap()];
        selection.exclusions = vec![Pattern::new("*UP/*").unwrap()];
        assert!(selection.has("BTCUSDT", "BTC/USDT", InstrumentKind::Spot));
        assert!(!selection.has("BTCUSDT", "", InstrumentKind::Spot));
        assert!(!selection.has("BTCUPUSDT", "BTCUP/USDT", InstrumentKind::Spot));
        assert!(selection.kinds.insert("option") && !selection.kinds.insert("swap"));
        assert!(!selection.has("BTCUSDT", "BTC/USDT", InstrumentKind::Spot));
        assert!(selection.has("B", "B/USDT", InstrumentKind::Put));
        assert!(!selection.has("B", "B/USDT", InstrumentKind::Other));
    }
}
