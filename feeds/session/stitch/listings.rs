//! The venue's lists of instruments: asked for, asked for again, and what follows from them.
//!
//! An instrument that a list names and that is chosen is wanted from then on. One that its list does not name any more is not:
//! its book is given up and closed. What the connections have to be told of it stands in two queues,
//! `State::newly_wanted` and `State::newly_unwanted`, until [`follow_changes`](super::StitchedFeed) tells them.

use super::Selection;
use super::connections::{after, earliest};
use super::feed::State;
use super::instruments::INSTRUMENTS_MAX;
use super::product::Listing;
use crate::contract::{Action as FeedAction, Batch, Notice};
use crate::model::{RecvTime, TradingState};
use std::collections::VecDeque;

/// A list that does not come is asked for again after so long, and after twice that, up to the most, ns.
const WAIT_NS: u64 = 10_000_000_000;
const WAIT_MAX_NS: u64 = 300_000_000_000;
/// Of no list.
pub(super) const NO_LIST: u8 = u8::MAX;
/// Lists of a venue; further ones are not asked for.
const LISTS_MAX: usize = 16;
/// Further pages of a list; one that has more counts as a part.
const PAGES_MAX: usize = 64;

/// One list.
struct List {
    /// Where it is asked for; none for what is told in band.
    url: Option<String>,
    ask_at: Option<RecvTime>,
    /// The further page that is asked for, and those that are still to be.
    page: Option<String>,
    pages: VecDeque<String>,
    /// Pages that were found in the present pass.
    pages_found: usize,
    /// How long its answer may take.
    wait_ns: u64,
    /// Counts how often it came.
    pass: u32,
    has_come: bool,
    /// Instruments told of in the present pass.
    told: usize,
    is_part: bool,
    is_missing: bool,
}

/// What is known of the lists.
pub(super) struct Listings {
    selection: Selection,
    refresh_ns: Option<u64>,
    /// Those that are asked for, and behind them what is told in band.
    lists: Vec<List>,
    /// Which one is being told.
    current: usize,
    /// By pattern: whether it stood for an instrument, or it was said that it does not.
    is_settled: Vec<bool>,
    is_full_told: bool,
}

impl Listings {
    pub(super) fn new(
        selection: Selection,
        refresh_ns: Option<u64>,
        urls: Vec<String>,
    ) -> Listings {
        let urls = urls.into_iter().take(LISTS_MAX).map(Some);
        let list = |url| List {
            url,
            ask_at: None,
            page: None,
            pages: VecDeque::new(),
            pages_found: 0,
            wait_ns: WAIT_NS,
            pass: 1,
            has_come: false,
            told: 0,
            is_part: false,
            is_missing: false,
        };
        let lists: Vec<List> = urls.chain([None]).map(list).collect();
        Listings {
            is_settled: vec![false; selection.patterns.len()],
            current: lists.len() - 1,
            lists,
            selection,
            refresh_ns,
            is_full_told: false,
        }
    }

    pub(super) fn selection(&self) -> &Selection {
        &self.selection
    }

    /// When a list is asked for next.
    pub(super) fn deadline(&self) -> Option<RecvTime> {
        self.lists
            .iter()
            .fold(None, |next, list| earliest(next, list.ask_at))
    }

    /// A connection is up: lists that never came are wanted now.
    pub(super) fn begin(&mut self, now: RecvTime) {
        for list in &mut self.lists {
            if list.url.is_some() && !list.has_come && list.ask_at.is_none() {
                list.ask_at = Some(now);
            }
        }
    }

    /// What is told from here on is of the list at this address, if it is one of a list.
    pub(super) fn open(&mut self, url: &str) {
        let of_page = |list: &List| list.page.as_deref() == Some(url);
        if let Some(place) = self.lists.iter().position(of_page) {
            self.current = place;
            self.lists[place].page = None;
            return;
        }
        let of_url = |list: &List| list.url.as_deref() == Some(url);
        let Some(place) = self.lists.iter().position(of_url) else {
            return;
        };
        self.current = place;
        let list = &mut self.lists[place];
        list.pass += 1;
        list.told = 0;
        list.is_part = false;
        list.page = None;
        list.pages.clear();
        list.pages_found = 0;
    }

    /// More of the list is at this address.
    pub(super) fn continues_at(&mut self, url: String) {
        let list = &mut self.lists[self.current];
        if list.url.is_none() || list.pages_found >= PAGES_MAX {
            list.is_part = true;
            return;
        }
        list.pages_found += 1;
        list.pages.push_back(url);
    }

    /// More of the list is elsewhere.
    pub(super) fn is_part(&mut self) {
        self.lists[self.current].is_part = true;
    }

    fn all_have_come(&self) -> bool {
        let (in_band, asked) = match self.lists.split_last() {
            Some(split) => split,
            None => return false,
        };
        if asked.is_empty() {
            in_band.has_come
        } else {
            asked.iter().all(|list| list.has_come)
        }
    }
}

impl State {
    /// Asks for the lists that are due.
    pub(super) fn ask_lists(&mut self, now: RecvTime) {
        let up = self.connections.iter().find(|one| one.is_up);
        let Some(line) = up.map(|one| one.line) else {
            return;
        };
        for place in 0..self.listings.lists.len() {
            let list = &mut self.listings.lists[place];
            let Some(url) = list.url.clone() else {
                continue;
            };
            if list.ask_at.is_none_or(|at| at > now) {
                continue;
            }
            let is_late = list.wait_ns > WAIT_NS && !list.is_missing;
            list.is_missing |= is_late;
            list.ask_at = Some(after(now, list.wait_ns));
            list.page = None;
            list.pages.clear();
            list.wait_ns = (list.wait_ns * 2).min(WAIT_MAX_NS);
            if is_late {
                self.note(Notice::ListMissing);
            }
            self.act(FeedAction::Fetch { line, url });
        }
    }

    /// The answer that was opened is told whole, or could not be read.
    pub(super) fn close_list(&mut self, is_read: bool, at: RecvTime, out: &mut Batch) {
        let in_band = self.listings.lists.len() - 1;
        let place = std::mem::replace(&mut self.listings.current, in_band);
        if place == in_band {
            return;
        }
        let list = &mut self.listings.lists[place];
        if is_read && let Some(url) = list.pages.pop_front() {
            list.page = Some(url.clone());
            // If it does not come, the list is asked for from its beginning.
            list.ask_at = Some(after(at, WAIT_NS));
            let up = self.connections.iter().find(|one| one.is_up);
            if let Some(line) = up.map(|one| one.line) {
                self.act(FeedAction::Fetch { line, url });
            }
            return;
        }
        if !is_read || list.told == 0 {
            // Nobody lists nothing: it would close every book. It is asked for again when its wait is over.
            list.ask_at = Some(list.ask_at.unwrap_or_else(|| after(at, list.wait_ns)));
            if !std::mem::replace(&mut list.is_missing, true) {
                self.note(Notice::ListMissing);
            }
            return;
        }
        list.wait_ns = WAIT_NS;
        list.is_missing = false;
        list.ask_at = self.listings.refresh_ns.map(|refresh| after(at, refresh));
        self.on_whole_list(place, at, out);
    }

    /// What was told in band since the last time is all there is.
    pub(super) fn close_list_in_band(&mut self, at: RecvTime, out: &mut Batch) {
        let in_band = self.listings.lists.len() - 1;
        if self.listings.current == in_band && self.listings.lists[in_band].told > 0 {
            self.on_whole_list(in_band, at, out);
            let list = &mut self.listings.lists[in_band];
            list.pass += 1;
            list.told = 0;
        }
    }

    fn on_whole_list(&mut self, place: usize, at: RecvTime, out: &mut Batch) {
        let list = &mut self.listings.lists[place];
        let (pass, is_part) = (list.pass, list.is_part);
        let is_first = !std::mem::replace(&mut list.has_come, true);
        if !is_first && !is_part {
            for index in 0..self.instruments.len() {
                let one = &self.instruments[index];
                if usize::from(one.list) == place && one.pass != pass && !one.is_delisted {
                    self.delist(index, at, out);
                }
            }
        }
        if !self.listings.all_have_come() {
            return;
        }
        for place in 0..self.listings.is_settled.len() {
            if !std::mem::replace(&mut self.listings.is_settled[place], true) {
                let pattern = self.listings.selection.patterns[place].text();
                self.note(Notice::NothingMatches(pattern));
            }
        }
    }

    /// An instrument that a list names.
    pub(super) fn on_listing(&mut self, listing: &Listing, at: RecvTime, out: &mut Batch) {
        let product = &listing.product;
        let (symbol, name, kind) = (product.symbol, listing.name(), listing.terms.kind);
        let listings = &mut self.listings;
        let place = listings.current;
        let list = &mut listings.lists[place];
        list.told += 1;
        let (pass, has_come) = (list.pass, list.has_come);
        let is_chosen = listings.selection.has(symbol.as_str(), name.as_str(), kind);
        if is_chosen && listings.is_settled.contains(&false) {
            let patterns = listings.selection.patterns.iter();
            for (pattern, is_settled) in patterns.zip(&mut listings.is_settled) {
                *is_settled |= pattern.matches(symbol.as_str()) || pattern.matches(name.as_str());
            }
        }
        // Venues list what is long gone, and what waits for its first day.
        let is_open = matches!(
            product.trading,
            TradingState::Trading | TradingState::PreOpen | TradingState::Auction
        );
        let known = self.index.get(symbol.as_str().as_bytes()).copied();
        let known = known.map(|index| index as usize);
        let is_wanted = known.is_some_and(|index| self.instruments[index].is_wanted);
        let is_new = !is_wanted && is_chosen && is_open;
        if is_new && self.shards.iter().sum::<usize>() >= self.places() {
            self.leave_out(self.places());
            return;
        }
        let index = match known {
            Some(index) => Some(index),
            None if self.follows_all || is_new => self.insert(symbol),
            None => return,
        };
        let Some(index) = index else {
            self.leave_out(INSTRUMENTS_MAX);
            return;
        };
        let instrument = &mut self.instruments[index];
        instrument.list = u8::try_from(place).unwrap_or(NO_LIST);
        instrument.pass = pass;
        if !instrument.is_wanted && is_open && (is_chosen || instrument.is_named) {
            self.want(index);
            if has_come {
                self.counters.instruments_listed += 1;
                self.note(Notice::Listed(symbol));
            }
        }
        self.on_product(index, listing, at, out);
    }

    /// An instrument is chosen for which there is no place.
    #[cold]
    fn leave_out(&mut self, most: usize) {
        self.counters.instruments_left_out += 1;
        if !std::mem::replace(&mut self.listings.is_full_told, true) {
            // Bounds are a few thousands.
            let most = u32::try_from(most).unwrap_or(u32::MAX);
            self.note(Notice::TooManyInstruments { most });
        }
    }

    /// The venue has the instrument no more: its book is closed, and nothing of it is told until it is listed again.
    pub(super) fn delist(&mut self, index: usize, at: RecvTime, out: &mut Batch) {
        if self.instruments[index].is_delisted {
            return;
        }
        self.lose_book(index, at, out);
        let instrument = &mut self.instruments[index];
        instrument.book.ask_at = None;
        instrument.is_delisted = true;
        instrument.trading = TradingState::Close;
        let (symbol, was_wanted) = (instrument.symbol, instrument.is_wanted);
        self.tell_trading(index, at, out);
        if was_wanted {
            self.unwant(index);
            self.counters.instruments_delisted += 1;
            self.note(Notice::Delisted(symbol));
        }
    }
}
