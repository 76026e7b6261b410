//! Instruments of a unit: dense ids by the symbol on the wire, and who is followed.

use crate::model::{Definition, InstrumentId, Symbol};
use hashbrown::HashMap;

/// Instruments a unit may name; messages for further ones are counted as for unknown instruments.
pub const INSTRUMENTS_MAX: usize = 1 << 18;

/// What stands for an instrument nobody follows.
pub const NOT_FOLLOWED: u32 = u32::MAX;
/// What stands for an instrument of which it is not known yet whether it is followed.
const UNNAMED: u32 = u32::MAX - 1;

/// A hash table with a seed that never changes.
pub type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// An empty table.
pub fn map<K, V>() -> Map<K, V> {
    HashMap::with_hasher(foldhash::fast::FixedState::with_seed(0))
}

/// A symbol as it is looked up: eight bytes, blanks behind it. What is longer is cut, which no
/// symbol on the wire is.
#[inline(always)]
pub fn padded(symbol: &[u8]) -> [u8; 8] {
    let mut bytes = [b' '; 8];
    let count = symbol.len().min(8);
    bytes[..count].copy_from_slice(&symbol[..count]);
    bytes
}

/// What is known of a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is followed, and this is its id.
    Id(u32),
    /// Nobody follows it.
    NotFollowed,
    /// Its name has not come yet, or there is no room for more.
    Unknown,
    /// It is seen for the first time, followed, and has this definition from now on.
    New(Box<Definition>),
}

/// The instruments of one unit.
#[derive(Debug)]
pub struct Instruments {
    ids: Map<[u8; 8], u32>,
    definitions: Vec<Definition>,
    /// Names to follow, sorted; empty means all.
    followed: Vec<Symbol>,
    /// Whether the names are told apart from the symbols.
    is_mapped: bool,
}

impl Instruments {
    /// None known yet. Empty `followed` follows all.
    pub fn new(followed: &[String], is_mapped: bool) -> Instruments {
        let mut followed: Vec<_> = followed
            .iter()
            .map(|name| Symbol::new(name.as_bytes()))
            .collect();
        followed.sort_unstable();
        Instruments {
            ids: map(),
            definitions: Vec::new(),
            followed,
            is_mapped,
        }
    }

    fn follows(&self, name: &Symbol) -> bool {
        self.followed.is_empty() || self.followed.binary_search(name).is_ok()
    }

    /// What is known of a symbol of a message.
    #[inline(always)]
    pub fn find(&mut self, symbol: &[u8]) -> Found {
        let symbol = padded(symbol);
        match self.ids.get(&symbol) {
            Some(&NOT_FOLLOWED) => Found::NotFollowed,
            Some(&UNNAMED) => Found::Unknown,
            Some(&id) => Found::Id(id),
            None => self.appear(symbol),
        }
    }

    /// A symbol that was not seen before. Where names are told apart it waits for its own: what an
    /// instrument is called never changes.
    #[cold]
    fn appear(&mut self, symbol: [u8; 8]) -> Found {
        if self.ids.len() >= INSTRUMENTS_MAX {
            return Found::Unknown;
        }
        let name = Symbol::new(&symbol);
        let is_named = !self.is_mapped || !self.followed.is_empty();
        if !is_named || !self.follows(&name) {
            let (stand_in, found) = if self.is_mapped {
                (UNNAMED, Found::Unknown)
            } else {
                (NOT_FOLLOWED, Found::NotFollowed)
            };
            self.ids.insert(symbol, stand_in);
            return found;
        }
        let definition = Definition::named(self.next_id(), name);
        self.ids.insert(symbol, definition.instrument.0);
        self.definitions.push(definition);
        Found::New(Box::new(definition))
    }

    fn next_id(&self) -> InstrumentId {
        InstrumentId(self.definitions.len() as u32)
    }

    /// Whether a symbol was used before it had a name: what was said of it then is lost.
    pub fn is_unnamed(&self, symbol: &[u8]) -> bool {
        self.ids.get(&padded(symbol)) == Some(&UNNAMED)
    }

    /// Takes what the venue says of a symbol: `New` when it is followed and anything of it is news,
    /// `Id` when nothing is. The id in `definition` is replaced by its own.
    pub fn define(&mut self, symbol: &[u8], definition: Definition) -> Found {
        let symbol = padded(symbol);
        let known = self.ids.get(&symbol).copied();
        if known.is_none() && self.ids.len() >= INSTRUMENTS_MAX {
            return Found::Unknown;
        }
        if !self.follows(&definition.symbol) && !self.follows(&Symbol::new(&symbol)) {
            self.ids.insert(symbol, NOT_FOLLOWED);
            return Found::NotFollowed;
        }
        // Another name is another instrument.
        let is_it = |&id: &u32| {
            let before = self.definitions.get(id as usize);
            before.is_some_and(|before| before.symbol == definition.symbol)
        };
        let instrument = known
            .filter(is_it)
            .map_or_else(|| self.next_id(), InstrumentId);
        let definition = Definition {
            instrument,
            ..definition
        };
        match self.definitions.get_mut(instrument.index()) {
            Some(before) if *before == definition => return Found::Id(instrument.0),
            Some(before) => *before = definition,
            None if instrument.index() >= INSTRUMENTS_MAX => return Found::Unknown,
            None => {
                self.ids.insert(symbol, instrument.0);
                self.definitions.push(definition);
            }
        }
        Found::New(Box::new(definition))
    }
}
