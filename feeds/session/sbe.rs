//! Simple Binary Encoding: what the views that a schema generates are made of.
//!
//! ```text
//!  header │ block ............... │ group: dimensions │ entry │ entry │ ... │ next group │ text behind its length
//!         └ as long as the header └ each as long as the dimensions say
//!           says
//! ```
//!
//! A view borrows the message. Its constructor walks the header's and the dimensions' lengths once and refuses what leaves
//! the message; from there on nothing is checked again and nothing is copied. Lengths on the wire decide how far is
//! skipped, lengths of the schema decide what is read, so that a newer version may append to a block, and an older one
//! lacks what came after it: such fields are absent.
//!
//! The views themselves come from `examples/sbe_views.rs`, which turns a `schema.xml` into one line a field for the macros
//! here. What a schema calls optional is an `Option`; constants are constants of the view; sets are flags with names;
//! enumerations are integers beside a module of known values, because a newer version may send others.

use super::layout::{BigEndian, FieldType, LittleEndian};
use crate::contract::{DecodeError, FieldSink};
use std::marker::PhantomData;

/// What stands before every message, whatever shape a schema gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Bytes of the block that follows.
    pub block_length: u16,
    /// Which message.
    pub template: u16,
    /// Which schema.
    pub schema: u16,
    /// The schema's version the sender wrote by.
    pub version: u16,
}

/// A schema's message header.
pub trait HeaderShape {
    /// Bytes on the wire.
    const LEN: usize;
    /// Reads it, and what follows it; `None` when there are fewer bytes.
    fn read(bytes: &[u8]) -> Option<(Header, &[u8])>;
    /// Appends it.
    fn write(header: Header, out: &mut Vec<u8>);
}

/// A schema's head of a repeating group.
pub trait Dimensions {
    /// Bytes on the wire.
    const LEN: usize;
    /// Most entries it can count.
    const COUNT_MAX: usize;
    /// Length of one entry and how many there are. `bytes` are `LEN`.
    fn read(bytes: &[u8]) -> (usize, usize);
    /// Appends it; a count beyond `COUNT_MAX` is cut.
    fn write(block_length: usize, count: usize, out: &mut Vec<u8>);
}

/// A count as it stands on the wire; one beyond all memory leaves the message anyway.
#[inline(always)]
pub fn count_of(count: impl Into<u64>) -> usize {
    usize::try_from(count.into()).unwrap_or(usize::MAX)
}

/// A length before bytes that vary.
pub trait LengthPrefix {
    /// Bytes on the wire.
    const LEN: usize;
    /// How many bytes follow. `bytes` are `LEN`.
    fn read(bytes: &[u8]) -> usize;
    /// Appends the length, cut to what it can say, and that many bytes.
    fn write(value: &[u8], out: &mut Vec<u8>);
}

/// How a field's bytes are read, written and shown.
pub trait Type {
    /// Bytes on the wire.
    const LEN: usize;
    /// What a getter returns.
    type Value<'a>;
    /// What a getter returns where older senders have no such field.
    type Later<'a>;
    /// Reads exactly `LEN` bytes.
    fn get(bytes: &[u8]) -> Self::Value<'_>;
    /// Reads `LEN` bytes, or nothing.
    fn later(bytes: Option<&[u8]>) -> Self::Later<'_>;
    /// Writes exactly `LEN` bytes.
    fn put(bytes: &mut [u8], value: Self::Value<'_>);
    /// Writes "no value", or zeros where the type has none.
    fn blank(bytes: &mut [u8]) {
        bytes.fill(0);
    }
    /// Shows it, as a sender of schema version `version` meant it.
    fn show(bytes: &[u8], version: u16, name: &'static str, sink: &mut dyn FieldSink);
}

impl<T: FieldType> Type for T {
    const LEN: usize = T::LEN;
    type Value<'a> = T::Value<'a>;
    type Later<'a> = Option<T::Value<'a>>;
    #[inline(always)]
    fn get(bytes: &[u8]) -> T::Value<'_> {
        <T as FieldType>::get(bytes)
    }
    #[inline(always)]
    fn later(bytes: Option<&[u8]>) -> Option<T::Value<'_>> {
        bytes.map(<T as FieldType>::get)
    }
    fn put(bytes: &mut [u8], value: T::Value<'_>) {
        <T as FieldType>::put(bytes, value);
    }
    fn show(bytes: &[u8], _: u16, name: &'static str, sink: &mut dyn FieldSink) {
        <T as FieldType>::show(bytes, name, sink);
    }
}

/// A type one of whose values means that there is none.
pub trait HasNull: Type {
    /// Whether these bytes say "none", where `null` is the schema's spelling of it.
    fn is_null(bytes: &[u8], null: i128) -> bool;
    /// Writes "none".
    fn put_null(bytes: &mut [u8], null: i128);
}

macro_rules! nullable_integers {
    ($order:ident: $($int:ty)*) => { $(
        impl HasNull for $order<$int> {
            #[inline(always)]
            fn is_null(bytes: &[u8], null: i128) -> bool {
                i128::from(<Self as FieldType>::get(bytes)) == null
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            fn put_null(bytes: &mut [u8], null: i128) {
                <Self as FieldType>::put(bytes, null as $int);
            }
        }
    )* };
}
nullable_integers!(LittleEndian: u8 u16 u32 u64 i8 i16 i32 i64);
nullable_integers!(BigEndian: u8 u16 u32 u64 i8 i16 i32 i64);

/// A field that may say "none" by the value `NULL`.
pub struct Nullable<T, const NULL: i128>(PhantomData<T>);

impl<T: HasNull, const NULL: i128> Type for Nullable<T, NULL> {
    const LEN: usize = T::LEN;
    type Value<'a> = Option<T::Value<'a>>;
    type Later<'a> = Option<T::Value<'a>>;
    #[inline(always)]
    fn get(bytes: &[u8]) -> Self::Value<'_> {
        (!T::is_null(bytes, NULL)).then(|| T::get(bytes))
    }
    #[inline(always)]
    fn later(bytes: Option<&[u8]>) -> Self::Later<'_> {
        bytes.and_then(Self::get)
    }
    fn put(bytes: &mut [u8], value: Self::Value<'_>) {
        match value {
            Some(value) => T::put(bytes, value),
            None => T::put_null(bytes, NULL),
        }
    }
    fn blank(bytes: &mut [u8]) {
        T::put_null(bytes, NULL);
    }
    fn show(bytes: &[u8], version: u16, name: &'static str, sink: &mut dyn FieldSink) {
        if T::is_null(bytes, NULL) {
            sink.absent(name);
        } else {
            T::show(bytes, version, name, sink);
        }
    }
}

/// An exact decimal: `mantissa` × 10^`exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// The digits.
    pub mantissa: i64,
    /// The power of ten.
    pub exponent: i8,
}

/// A decimal whose exponent the schema fixes.
pub struct Fixed<T, const EXPONENT: i8>(PhantomData<T>);

impl<T, const EXPONENT: i8> Type for Fixed<T, EXPONENT>
where
    T: Type,
    for<'a> T::Value<'a>: Into<i64> + TryFrom<i64>,
{
    const LEN: usize = T::LEN;
    type Value<'a> = Decimal;
    type Later<'a> = Option<Decimal>;
    #[inline(always)]
    fn get(bytes: &[u8]) -> Decimal {
        Decimal {
            mantissa: T::get(bytes).into(),
            exponent: EXPONENT,
        }
    }
    #[inline(always)]
    fn later(bytes: Option<&[u8]>) -> Option<Decimal> {
        bytes.map(Self::get)
    }
    /// Writes the mantissa alone; the exponent is the schema's. A mantissa that the type cannot hold is written as 0.
    fn put(bytes: &mut [u8], value: Decimal) {
        match T::Value::try_from(value.mantissa) {
            Ok(mantissa) => T::put(bytes, mantissa),
            Err(_) => bytes.fill(0),
        }
    }
    fn show(bytes: &[u8], _: u16, name: &'static str, sink: &mut dyn FieldSink) {
        let value = Self::get(bytes);
        show_decimal(value, name, sink);
    }
}

impl<T: HasNull, const EXPONENT: i8> HasNull for Fixed<T, EXPONENT>
where
    for<'a> T::Value<'a>: Into<i64> + TryFrom<i64>,
{
    #[inline(always)]
    fn is_null(bytes: &[u8], null: i128) -> bool {
        T::is_null(bytes, null)
    }
    fn put_null(bytes: &mut [u8], null: i128) {
        T::put_null(bytes, null);
    }
}

/// A decimal that sends its exponent behind its mantissa.
pub struct Floating<T>(PhantomData<T>);

impl<T> Type for Floating<T>
where
    T: Type,
    for<'a> T::Value<'a>: Into<i64> + TryFrom<i64>,
{
    const LEN: usize = T::LEN + 1;
    type Value<'a> = Decimal;
    type Later<'a> = Option<Decimal>;
    #[inline(always)]
    fn get(bytes: &[u8]) -> Decimal {
        Decimal {
            mantissa: T::get(&bytes[..T::LEN]).into(),
            exponent: i8::from_le_bytes([bytes[T::LEN]]),
        }
    }
    #[inline(always)]
    fn later(bytes: Option<&[u8]>) -> Option<Decimal> {
        bytes.map(Self::get)
    }
    /// A mantissa that the type cannot hold is written as 0.
    fn put(bytes: &mut [u8], value: Decimal) {
        match T::Value::try_from(value.mantissa) {
            Ok(mantissa) => T::put(&mut bytes[..T::LEN], mantissa),
            Err(_) => bytes[..T::LEN].fill(0),
        }
        bytes[T::LEN..].copy_from_slice(&value.exponent.to_le_bytes());
    }
    fn show(bytes: &[u8], _: u16, name: &'static str, sink: &mut dyn FieldSink) {
        let value = Self::get(bytes);
        show_decimal(value, name, sink);
    }
}

impl<T: HasNull> HasNull for Floating<T>
where
    for<'a> T::Value<'a>: Into<i64> + TryFrom<i64>,
{
    #[inline(always)]
    fn is_null(bytes: &[u8], null: i128) -> bool {
        T::is_null(&bytes[..T::LEN], null)
    }
    fn put_null(bytes: &mut [u8], null: i128) {
        T::put_null(&mut bytes[..T::LEN], null);
        bytes[T::LEN] = 0;
    }
}

/// Shows a decimal whatever the sign of its exponent. One that is out of any reason is shown by its parts.
fn show_decimal(value: Decimal, name: &'static str, sink: &mut dyn FieldSink) {
    let mantissa = i128::from(value.mantissa);
    match (value.exponent.unsigned_abs(), value.exponent < 0) {
        (scale @ 0..=18, true) => sink.decimal(name, mantissa, scale),
        (power @ 0..=18, false) => sink.integer(name, mantissa * 10_i128.pow(u32::from(power))),
        _ => {
            sink.begin_object(name);
            sink.integer("mantissa", mantissa);
            sink.integer("exponent", i128::from(value.exponent));
            sink.end_object();
        }
    }
}

/// Text of at most `N` bytes, filled up with zeros or blanks.
pub struct Chars<const N: usize>;

impl<const N: usize> Type for Chars<N> {
    const LEN: usize = N;
    type Value<'a> = &'a [u8];
    type Later<'a> = Option<&'a [u8]>;
    /// Up to the first zero, without blanks at the end.
    #[inline]
    fn get(bytes: &[u8]) -> &[u8] {
        let end = bytes.iter().position(|byte| *byte == 0);
        bytes[..end.unwrap_or(bytes.len())].trim_ascii_end()
    }
    #[inline]
    fn later(bytes: Option<&[u8]>) -> Option<&[u8]> {
        bytes.map(Self::get)
    }
    /// Cut at `N` bytes, filled up with zeros.
    fn put(bytes: &mut [u8], value: &[u8]) {
        let count = value.len().min(N);
        bytes[..count].copy_from_slice(&value[..count]);
        bytes[count..].fill(0);
    }
    fn show(bytes: &[u8], _: u16, name: &'static str, sink: &mut dyn FieldSink) {
        sink.text(name, Self::get(bytes));
    }
}

/// Reads a message front to back and refuses what leaves it.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    header: Header,
    rest: &'a [u8],
    whole: usize,
}

impl<'a> Reader<'a> {
    /// A reader of what follows `header`.
    #[inline]
    pub fn new(header: Header, body: &'a [u8]) -> Reader<'a> {
        Reader {
            header,
            rest: body,
            whole: body.len(),
        }
    }

    /// The next `count` bytes.
    #[inline]
    fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(count) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => {
                let need = (self.whole - self.rest.len()).saturating_add(count);
                Err(DecodeError::Truncated {
                    need_bytes: u32::try_from(need).unwrap_or(u32::MAX),
                    have_bytes: u32::try_from(self.whole).unwrap_or(u32::MAX),
                })
            }
        }
    }

    fn is_absent(&self, since: u16) -> bool {
        self.header.version < since || (since > 0 && self.rest.is_empty())
    }

    fn check_length(&self, need: usize, have: usize) -> Result<(), DecodeError> {
        if have >= need {
            return Ok(());
        }
        Err(DecodeError::BadLength {
            tag: u32::from(self.header.template),
            need_bytes: u32::try_from(need).unwrap_or(u32::MAX),
            have_bytes: u32::try_from(have).unwrap_or(u32::MAX),
        })
    }

    /// The block, as long as the header says.
    ///
    /// # Errors
    /// It leaves the message, or is shorter than the `least` bytes that every version has.
    #[inline]
    pub fn block(&mut self, least: usize) -> Result<&'a [u8], DecodeError> {
        let length = usize::from(self.header.block_length);
        self.check_length(least, length)?;
        self.take(length)
    }

    /// The next group; empty where the sender's version has none. `since` tells which do; it is 0 for a group as old as its
    /// message, and one that came later is also absent where the message ends before it.
    ///
    /// # Errors
    /// It leaves the message, or its entries are shorter than in any version.
    #[inline]
    pub fn group<D: Dimensions, E: Entry<'a>>(
        &mut self,
        since: u16,
    ) -> Result<Group<'a, E>, DecodeError> {
        if self.is_absent(since) {
            return Ok(Group::new(&[], 0, self.header.version));
        }
        let (block_length, count) = D::read(self.take(D::LEN)?);
        if count > 0 {
            self.check_length(E::LEAST.max(1), block_length)?;
        }
        let bytes = self.take(block_length.saturating_mul(count))?;
        Ok(Group::new(bytes, block_length, self.header.version))
    }

    /// The next bytes behind their length; see [`Reader::group`] for `since`.
    ///
    /// # Errors
    /// They leave the message.
    pub fn data<L: LengthPrefix>(&mut self, since: u16) -> Result<&'a [u8], DecodeError> {
        if self.is_absent(since) {
            return Ok(&[]);
        }
        let length = L::read(self.take(L::LEN)?);
        self.take(length)
    }
}

/// One entry of a group.
pub trait Entry<'a>: Copy {
    /// Bytes that every version has.
    const LEAST: usize;
    /// A view of an entry; `None` when `block` is shorter than `LEAST`.
    fn of(block: &'a [u8], version: u16) -> Option<Self>;
    /// Shows every field.
    fn show(&self, sink: &mut dyn FieldSink);
}

/// A repeating group whose length was checked.
#[derive(Debug)]
pub struct Group<'a, E> {
    bytes: &'a [u8],
    block_length: usize,
    version: u16,
    entries: PhantomData<E>,
}

impl<E> Clone for Group<'_, E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Group<'_, E> {}

impl<'a, E: Entry<'a>> Group<'a, E> {
    fn new(bytes: &'a [u8], block_length: usize, version: u16) -> Group<'a, E> {
        Group {
            bytes,
            // Never 0, so that it divides; a group without entries has no bytes.
            block_length: block_length.max(1),
            version,
            entries: PhantomData,
        }
    }

    /// How many entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len() / self.block_length
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Every entry, in wire order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = E> + use<'a, E> {
        let version = self.version;
        self.bytes
            .chunks_exact(self.block_length)
            .filter_map(move |block| E::of(block, version))
    }

    /// Entry number `index`, from 0.
    #[inline]
    pub fn get(&self, index: usize) -> Option<E> {
        let start = index.checked_mul(self.block_length)?;
        let end = start.checked_add(self.block_length)?;
        E::of(self.bytes.get(start..end)?, self.version)
    }

    /// Shows it as a list.
    pub fn show(&self, name: &'static str, sink: &mut dyn FieldSink) {
        sink.begin_list(name);
        for entry in self.iter() {
            sink.begin_object("");
            entry.show(sink);
            sink.end_object();
        }
        sink.end_list();
    }
}

/// Appends a group: its head and every entry. Entries beyond what the head can count are left out.
pub fn write_group<D: Dimensions, const N: usize>(entries: &[[u8; N]], out: &mut Vec<u8>) {
    let entries = &entries[..entries.len().min(D::COUNT_MAX)];
    D::write(N, entries.len(), out);
    out.extend(entries.iter().flatten());
}

/// A schema's message header as a table: `offset name: type,`.
#[macro_export]
macro_rules! sbe_header {
    ($(#[$doc:meta])* pub struct $name:ident($len:literal) {
        $block:literal block_length: $block_type:ty,
        $template:literal template: $template_type:ty,
        $schema:literal schema: $schema_type:ty,
        $version:literal version: $version_type:ty,
    }) => {
        $(#[$doc])*
        pub struct $name;

        impl $crate::session::sbe::HeaderShape for $name {
            const LEN: usize = $len;
            #[inline(always)]
            fn read(bytes: &[u8]) -> Option<($crate::session::sbe::Header, &[u8])> {
                let (head, rest) = bytes.split_first_chunk::<$len>()?;
                let header = $crate::session::sbe::Header {
                    block_length: u16::from($crate::sbe_get!(head, $block, $block_type)),
                    template: u16::from($crate::sbe_get!(head, $template, $template_type)),
                    schema: u16::from($crate::sbe_get!(head, $schema, $schema_type)),
                    version: u16::from($crate::sbe_get!(head, $version, $version_type)),
                };
                Some((header, rest))
            }
            fn write(header: $crate::session::sbe::Header, out: &mut Vec<u8>) {
                let mut head = [0; $len];
                $crate::sbe_put_cut!(head, $block, $block_type, header.block_length);
                $crate::sbe_put_cut!(head, $template, $template_type, header.template);
                $crate::sbe_put_cut!(head, $schema, $schema_type, header.schema);
                $crate::sbe_put_cut!(head, $version, $version_type, header.version);
                out.extend(head);
            }
        }
    };
}

/// Heads of repeating groups as a table.
#[macro_export]
macro_rules! sbe_dimensions {
    ($(#[$doc:meta])* pub struct $name:ident($len:literal) {
        $block:literal block_length: $block_type:ty,
        $count:literal count: $count_type:ty,
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $crate::session::sbe::Dimensions for $name {
            const LEN: usize = $len;
            const COUNT_MAX: usize =
                (1 << (8 * <$count_type as $crate::session::sbe::Type>::LEN)) - 1;
            #[inline(always)]
            fn read(bytes: &[u8]) -> (usize, usize) {
                (
                    usize::from($crate::sbe_get!(bytes, $block, $block_type)),
                    $crate::session::sbe::count_of($crate::sbe_get!(bytes, $count, $count_type)),
                )
            }
            fn write(block_length: usize, count: usize, out: &mut Vec<u8>) {
                let mut head = [0; $len];
                $crate::sbe_put_cut!(head, $block, $block_type, block_length);
                $crate::sbe_put_cut!(head, $count, $count_type, count.min(Self::COUNT_MAX));
                out.extend(head);
            }
        }
    };
}

/// Lengths before bytes that vary, as a table.
#[macro_export]
macro_rules! sbe_length {
    ($(#[$doc:meta])* pub struct $name:ident: $type:ty;) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $crate::session::sbe::LengthPrefix for $name {
            const LEN: usize = <$type as $crate::session::sbe::Type>::LEN;
            fn read(bytes: &[u8]) -> usize {
                usize::from($crate::sbe_get!(bytes, 0, $type))
            }
            fn write(value: &[u8], out: &mut Vec<u8>) {
                const LEN: usize = <$type as $crate::session::sbe::Type>::LEN;
                let value = &value[..value.len().min((1 << (8 * LEN)) - 1)];
                let mut head = [0; LEN];
                $crate::sbe_put_cut!(head, 0, $type, value.len());
                out.extend(head);
                out.extend(value);
            }
        }
    };
}

/// Reads a field of a table.
#[doc(hidden)]
#[macro_export]
macro_rules! sbe_get {
    ($bytes:expr, $offset:literal, $type:ty) => {
        <$type as $crate::session::sbe::Type>::get(
            &$bytes[$offset..$offset + <$type as $crate::session::sbe::Type>::LEN],
        )
    };
}

/// Writes a number into a field of a table; one that does not fit is written as 0.
#[doc(hidden)]
#[macro_export]
macro_rules! sbe_put_cut {
    ($bytes:expr, $offset:literal, $type:ty, $value:expr) => {
        <$type as $crate::session::sbe::Type>::put(
            &mut $bytes[$offset..$offset + <$type as $crate::session::sbe::Type>::LEN],
            $value.try_into().unwrap_or_default(),
        )
    };
}

/// Known values of an enumeration.
#[macro_export]
macro_rules! sbe_enum {
    ($(#[$doc:meta])* pub mod $name:ident: $type:ty { $( $value:ident = $number:literal, )* }) => {
        $(#[$doc])*
        pub mod $name {
            $(
                #[doc = concat!("`", stringify!($value), "`.")]
                pub const $value: $type = $number;
            )*
        }
    };
}

/// A set of flags as a table: `bit name,`, and `since version` for those that came later.
#[macro_export]
macro_rules! sbe_set {
    ($(#[$doc:meta])* pub struct $name:ident($int:ty: $type:ty) {
        $( $bit:literal $flag:ident $(since $since:literal)?, )*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name(pub $int);

        impl $name {
            $(
                #[doc = concat!("The bit `", stringify!($flag), "`.")]
                #[inline(always)]
                pub fn $flag(self) -> bool {
                    self.0 >> $bit & 1 != 0
                }
            )*
        }

        impl $crate::session::sbe::Type for $name {
            const LEN: usize = <$type as $crate::session::sbe::Type>::LEN;
            type Value<'a> = $name;
            type Later<'a> = Option<$name>;
            #[inline(always)]
            fn get(bytes: &[u8]) -> $name {
                $name(<$type as $crate::session::sbe::Type>::get(bytes))
            }
            #[inline(always)]
            fn later(bytes: Option<&[u8]>) -> Option<$name> {
                bytes.map(Self::get)
            }
            fn put(bytes: &mut [u8], value: $name) {
                <$type as $crate::session::sbe::Type>::put(bytes, value.0);
            }
            fn show(
                bytes: &[u8],
                version: u16,
                name: &'static str,
                sink: &mut dyn $crate::contract::FieldSink,
            ) {
                let _ = version;
                let value = Self::get(bytes);
                sink.begin_object(name);
                $(
                    if true $(&& version >= $since)? {
                        sink.flag(stringify!($flag), value.$flag());
                    }
                )*
                sink.end_object();
            }
        }
    };
}

/// Several fields under one name, as a table.
#[macro_export]
macro_rules! sbe_composite {
    ($(#[$doc:meta])* pub struct $name:ident($len:literal) {
        $( $offset:literal $field:ident: $type:ty, )*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<'a>(&'a [u8; $len]);

        impl<'a> $name<'a> {
            $(
                #[doc = concat!("The field `", stringify!($field), "`.")]
                #[inline(always)]
                pub fn $field(&self) -> <$type as $crate::session::sbe::Type>::Value<'a> {
                    $crate::sbe_get!(self.0, $offset, $type)
                }
            )*
            /// Bytes for it: every field at "no value", or zero where it has none.
            pub fn blank() -> [u8; $len] {
                let mut bytes = [0; $len];
                $( $crate::sbe_blank!(bytes, $offset, $type); )*
                bytes
            }
            /// A view of bytes that were made for it.
            pub fn of(bytes: &'a [u8; $len]) -> Self {
                $name(bytes)
            }
        }
        $crate::sbe_writers! { ['a] $name $len $( $offset $field: $type, )* }

        impl $crate::session::sbe::Type for $name<'_> {
            const LEN: usize = $len;
            type Value<'a> = $name<'a>;
            type Later<'a> = Option<$name<'a>>;
            #[inline(always)]
            fn get(bytes: &[u8]) -> $name<'_> {
                const NOTHING: &[u8; $len] = &[0; $len];
                $name(bytes.first_chunk().unwrap_or(NOTHING))
            }
            #[inline(always)]
            fn later(bytes: Option<&[u8]>) -> Option<$name<'_>> {
                bytes.map(Self::get)
            }
            fn put(bytes: &mut [u8], value: $name<'_>) {
                bytes.copy_from_slice(value.0);
            }
            fn blank(bytes: &mut [u8]) {
                bytes.copy_from_slice(&$name::blank());
            }
            fn show(
                bytes: &[u8],
                version: u16,
                name: &'static str,
                sink: &mut dyn $crate::contract::FieldSink,
            ) {
                sink.begin_object(name);
                $( $crate::sbe_show!(bytes, $offset, $field, $type, version, sink); )*
                sink.end_object();
            }
        }
    };
}

/// Shows a field of a table.
#[doc(hidden)]
#[macro_export]
macro_rules! sbe_show {
    ($bytes:expr, $offset:literal, $field:ident, $type:ty, $version:expr, $sink:expr) => {
        <$type as $crate::session::sbe::Type>::show(
            &$bytes[$offset..$offset + <$type as $crate::session::sbe::Type>::LEN],
            $version,
            stringify!($field),
            $sink,
        )
    };
}

/// Writes "no value" into a field of a table.
#[doc(hidden)]
#[macro_export]
macro_rules! sbe_blank {
    ($bytes:expr, $offset:literal, $type:ty) => {
        <$type as $crate::session::sbe::Type>::blank(
            &mut $bytes[$offset..$offset + <$type as $crate::session::sbe::Type>::LEN],
        )
    };
}

/// The `put_*` functions of a table.
#[doc(hidden)]
#[macro_export]
macro_rules! sbe_writers {
    ([$life:lifetime] $name:ident $len:literal $( $offset:literal $field:ident: $type:ty, )*) => {
        $crate::session::layout::paste! {
            impl $name<'_> {
                $(
                    #[doc = concat!("Writes the field `", stringify!($field), "`.")]
                    #[inline]
                    pub fn [<put_ $field>](
                        block: &mut [u8; $len],
                        value: <$type as $crate::session::sbe::Type>::Value<'_>,
                    ) {
                        <$type as $crate::session::sbe::Type>::put(
                            &mut block[$offset..$offset + <$type as $crate::session::sbe::Type>::LEN],
                            value);
                    }
                )*
            }
        }
    };
}

/// A block as a table. `least` bytes are in every version, `$len` in the schema's; fields that came later say since when.
#[macro_export]
macro_rules! sbe_entry {
    ($(#[$doc:meta])* pub struct $name:ident($len:literal, least $least:literal) {
        $( $offset:literal $field:ident: $type:ty, )*
    } later {
        $( $late_offset:literal $late_field:ident: $late_type:ty, since $since:literal; )*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        #[allow(dead_code)]
        pub struct $name<'a> {
            least: &'a [u8; $least],
            block: &'a [u8],
            version: u16,
        }

        #[allow(unused_mut)]
        const _: () = {
            let mut end = 0;
            $(
                assert!($offset >= end, concat!(stringify!($name), ": overlap before ", stringify!($field)));
                end = $offset + <$type as $crate::session::sbe::Type>::LEN;
            )*
            assert!(end <= $least, concat!(stringify!($name), ": fields leave the block"));
            $(
                assert!($late_offset >= end, concat!(stringify!($name), ": overlap before ", stringify!($late_field)));
                end = $late_offset + <$late_type as $crate::session::sbe::Type>::LEN;
            )*
            assert!(end <= $len, concat!(stringify!($name), ": fields leave the block"));
        };

        impl<'a> $name<'a> {
            /// Bytes of the block in the schema's own version.
            pub const BLOCK_LENGTH: usize = $len;

            $(
                #[doc = concat!("The field `", stringify!($field), "`.")]
                #[inline(always)]
                pub fn $field(&self) -> <$type as $crate::session::sbe::Type>::Value<'a> {
                    $crate::sbe_get!(self.least, $offset, $type)
                }
            )*
            $(
                #[doc = concat!("The field `", stringify!($late_field), "`, since version ", stringify!($since), " of the schema.")]
                #[inline(always)]
                pub fn $late_field(&self) -> <$late_type as $crate::session::sbe::Type>::Later<'a> {
                    <$late_type as $crate::session::sbe::Type>::later(
                        $crate::sbe_later!(self, $late_offset, $late_type, $since))
                }
            )*

            /// A block of the schema's own version: every field at "no value", or zero where it has none.
            #[allow(unused_mut)]
            pub fn blank() -> [u8; $len] {
                let mut bytes = [0; $len];
                $( $crate::sbe_blank!(bytes, $offset, $type); )*
                $( $crate::sbe_blank!(bytes, $late_offset, $late_type); )*
                bytes
            }
        }
        $crate::sbe_writers! { ['a] $name $len
            $( $offset $field: $type, )* $( $late_offset $late_field: $late_type, )* }

        impl<'a> $crate::session::sbe::Entry<'a> for $name<'a> {
            const LEAST: usize = $least;
            #[inline(always)]
            fn of(block: &'a [u8], version: u16) -> Option<Self> {
                let least = block.first_chunk()?;
                Some($name { least, block, version })
            }
            fn show(&self, sink: &mut dyn $crate::contract::FieldSink) {
                let _ = &sink;
                $( $crate::sbe_show!(self.least, $offset, $field, $type, self.version, sink); )*
                $(
                    if let Some(bytes) = $crate::sbe_later!(self, $late_offset, $late_type, $since) {
                        <$late_type as $crate::session::sbe::Type>::show(
                            bytes, self.version, stringify!($late_field), sink);
                    }
                )*
            }
        }
    };
}

/// Bytes of a field that came later.
#[doc(hidden)]
#[macro_export]
macro_rules! sbe_later {
    ($view:expr, $offset:literal, $type:ty, $since:literal) => {
        if $view.version >= $since {
            $view
                .block
                .get($offset..$offset + <$type as $crate::session::sbe::Type>::LEN)
        } else {
            None
        }
    };
}

/// A message: its block is an entry of the same shape, its groups and texts follow.
#[macro_export]
macro_rules! sbe_message {
    ($(#[$doc:meta])* pub struct $name:ident = $template:literal $text:literal, block $block:ident,
        groups { $( $group:ident: $dimensions:ident $entry:ident since $group_since:literal, )* }
        data { $( $data:ident: $length:ident since $data_since:literal, )* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a> {
            /// The fields before the groups.
            pub block: $block<'a>,
            $(
                #[doc = concat!("The group `", stringify!($group), "`.")]
                pub $group: $crate::session::sbe::Group<'a, $entry<'a>>,
            )*
            $(
                #[doc = concat!("The bytes of `", stringify!($data), "`.")]
                pub $data: &'a [u8],
            )*
        }

        impl<'a> $name<'a> {
            /// The template's number.
            pub const TEMPLATE: u16 = $template;
            /// The specification's name, snake case.
            pub const NAME: &'static str = $text;

            /// A view of what follows `header`.
            ///
            /// # Errors
            /// A length in it leaves the message, or is shorter than in any version.
            #[inline]
            pub fn read(
                header: $crate::session::sbe::Header,
                body: &'a [u8],
            ) -> Result<Self, $crate::contract::DecodeError> {
                let mut reader = $crate::session::sbe::Reader::new(header, body);
                let least = <$block<'a> as $crate::session::sbe::Entry>::LEAST;
                let bytes = reader.block(least)?;
                let Some(block) =
                    <$block<'a> as $crate::session::sbe::Entry>::of(bytes, header.version)
                else {
                    return Err($crate::contract::DecodeError::NotThisProtocol);
                };
                $( let $group = reader.group::<$dimensions, $entry<'a>>($group_since)?; )*
                $( let $data = reader.data::<$length>($data_since)?; )*
                Ok($name { block, $( $group, )* $( $data, )* })
            }
        }

        impl $crate::contract::InspectedMessage for $name<'_> {
            fn name(&self) -> &str {
                Self::NAME
            }
            fn fields(&self, sink: &mut dyn $crate::contract::FieldSink) {
                $crate::session::sbe::Entry::show(&self.block, sink);
                $( self.$group.show(stringify!($group), sink); )*
                $( sink.text(stringify!($data), self.$data); )*
            }
        }
    };
}

/// Every message of a schema.
#[macro_export]
macro_rules! sbe_messages {
    ($( $name:ident, )*) => {
        /// A message of this schema.
        #[derive(Clone, Copy, Debug)]
        #[allow(clippy::large_enum_variant)]
        pub enum Message<'a> {
            $(
                #[doc = concat!("See [`", stringify!($name), "`].")]
                $name($name<'a>),
            )*
        }

        /// Number and name of every message, by number.
        pub const TEMPLATES: &[(u16, &str)] = &[$( ($name::TEMPLATE, $name::NAME), )*];

        impl<'a> Message<'a> {
            /// A view of what follows `header`; `None` for a template that this schema does not have.
            ///
            /// # Errors
            /// A length in it leaves the message, or is shorter than in any version.
            pub fn read(
                header: $crate::session::sbe::Header,
                body: &'a [u8],
            ) -> Result<Option<Self>, $crate::contract::DecodeError> {
                Ok(Some(match header.template {
                    $( $name::TEMPLATE => Message::$name($name::read(header, body)?), )*
                    _ => return Ok(None),
                }))
            }
        }

        impl $crate::contract::InspectedMessage for Message<'_> {
            fn name(&self) -> &str {
                match self {
                    $( Message::$name(_) => $name::NAME, )*
                }
            }
            fn fields(&self, sink: &mut dyn $crate::contract::FieldSink) {
                match self {
                    $( Message::$name(message) => message.fields(sink), )*
                }
            }
        }
    };
}
