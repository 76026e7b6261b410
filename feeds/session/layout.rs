//! Binary layouts as tables.
//!
//! [`layout!`](crate::layout!) turns a table of offsets into a view that cannot be short: a reference to an array of exactly the
//! message's length, with one getter a field, a `put_*` writer a field, a compile-time check that the fields neither overlap nor leave holes, and
//! the walk that `inspect` prints.
//!
//! ```
//! use feeds::session::layout::{BigEndian, Code, Decimal, Text};
//! feeds::layout! {
//!     /// A quote nobody sends.
//!     pub struct Quote(15) "quote" {
//!         0 side: Code,
//!         1 symbol: Text<6>,
//!         7 size: BigEndian<u32>,
//!         11 price: Decimal<BigEndian<u32>, 4>,
//!     }
//! }
//! let mut bytes = [b' '; Quote::LEN];
//! Quote::put_price(&mut bytes, 1_872_500);
//! Quote::put_symbol(&mut bytes, b"ACME");
//! let quote = Quote::of(&bytes).unwrap();
//! assert_eq!((quote.price(), quote.symbol()), (1_872_500, &b"ACME  "[..]));
//! assert!(Quote::of(&bytes[..14]).is_none());
//! ```

use crate::contract::FieldSink;
use std::marker::PhantomData;

/// How a field's bytes are read, written and shown.
pub trait FieldType {
    /// Bytes on the wire.
    const LEN: usize;
    /// What a getter returns.
    type Value<'a>;
    /// Reads exactly `LEN` bytes.
    fn get(bytes: &[u8]) -> Self::Value<'_>;
    /// Writes exactly `LEN` bytes.
    fn put(bytes: &mut [u8], value: Self::Value<'_>);
    /// Shows it.
    fn show(bytes: &[u8], name: &'static str, sink: &mut dyn FieldSink);
}

/// A big-endian integer.
pub struct BigEndian<T>(PhantomData<T>);
/// A little-endian integer.
pub struct LittleEndian<T>(PhantomData<T>);
/// A one-character code.
pub struct Code;
/// Text of `N` bytes, blank padded.
pub struct Text<const N: usize>;
/// Bytes without meaning; not shown.
pub struct Reserved<const N: usize>;
/// An integer with `SCALE` implied decimals, shown as an exact decimal.
pub struct Decimal<T, const SCALE: u8>(PhantomData<T>);
/// A big-endian unsigned integer of six bytes.
pub struct BigEndianU48;

macro_rules! integers {
    ($($int:ty)*) => { $(
        impl FieldType for BigEndian<$int> {
            const LEN: usize = size_of::<$int>();
            type Value<'a> = $int;
            #[inline(always)]
            fn get(bytes: &[u8]) -> $int {
                let mut array = [0; size_of::<$int>()];
                array.copy_from_slice(bytes);
                <$int>::from_be_bytes(array)
            }
            fn put(bytes: &mut [u8], value: $int) {
                bytes.copy_from_slice(&value.to_be_bytes());
            }
            fn show(bytes: &[u8], name: &'static str, sink: &mut dyn FieldSink) {
                sink.integer(name, i128::from(Self::get(bytes)));
            }
        }
        impl FieldType for LittleEndian<$int> {
            const LEN: usize = size_of::<$int>();
            type Value<'a> = $int;
            #[inline(always)]
            fn get(bytes: &[u8]) -> $int {
                let mut array = [0; size_of::<$int>()];
                array.copy_from_slice(bytes);
                <$int>::from_le_bytes(array)
            }
            fn put(bytes: &mut [u8], value: $int) {
                bytes.copy_from_slice(&value.to_le_bytes());
            }
            fn show(bytes: &[u8], name: &'static str, sink: &mut dyn FieldSink) {
                sink.integer(name, i128::from(Self::get(bytes)));
            }
        }
    )* };
}
integers!(u8 u16 u32 u64 i8 i16 i32 i64);

impl FieldType for BigEndianU48 {
    const LEN: usize = 6;
    type Value<'a> = u64;
    #[inline(always)]
    fn get(bytes: &[u8]) -> u64 {
        let mut array = [0; 8];
        array[2..].copy_from_slice(bytes);
        u64::from_be_bytes(array)
    }
    fn put(bytes: &mut [u8], value: u64) {
        bytes.copy_from_slice(&value.to_be_bytes()[2..]);
    }
    fn show(bytes: &[u8], name: &'static str, sink: &mut dyn FieldSink) {
        sink.integer(name, i128::from(Self::get(bytes)));
    }
}

impl FieldType for Code {
    const LEN: usize = 1;
    type Value<'a> = u8;
    #[inline(always)]
    fn get(bytes: &[u8]) -> u8 {
        bytes[0]
    }
    fn put(bytes: &mut [u8], value: u8) {
        bytes[0] = value;
    }
    fn show(bytes: &[u8], name: &'static str, sink: &mut dyn FieldSink) {
        sink.code(name, bytes[0]);
    }
}

impl<const N: usize> FieldType for Text<N> {
    const LEN: usize = N;
    type Value<'a> = &'a [u8];
    #[inline(always)]
    fn get(bytes: &[u8]) -> &[u8] {
        bytes
    }
    /// Cut at `N` bytes, padded with blanks.
    fn put(bytes: &mut [u8], value: &[u8]) {
        let count = value.len().min(N);
        bytes[..count].copy_from_slice(&value[..count]);
        bytes[count..].fill(b' ');
    }
    fn show(bytes: &[u8], name: &'static str, sink: &mut dyn FieldSink) {
        sink.text(name, bytes);
    }
}

impl<const N: usize> FieldType for Reserved<N> {
    const LEN: usize = N;
    type Value<'a> = &'a [u8];
    #[inline(always)]
    fn get(bytes: &[u8]) -> &[u8] {
        bytes
    }
    fn put(bytes: &mut [u8], value: &[u8]) {
        bytes.copy_from_slice(value);
    }
    fn show(_: &[u8], _: &'static str, _: &mut dyn FieldSink) {}
}

impl<T, const SCALE: u8> FieldType for Decimal<T, SCALE>
where
    T: FieldType,
    for<'a> T::Value<'a>: Into<i128>,
{
    const LEN: usize = T::LEN;
    type Value<'a> = T::Value<'a>;
    #[inline(always)]
    fn get(bytes: &[u8]) -> T::Value<'_> {
        T::get(bytes)
    }
    fn put(bytes: &mut [u8], value: T::Value<'_>) {
        T::put(bytes, value);
    }
    fn show(bytes: &[u8], name: &'static str, sink: &mut dyn FieldSink) {
        sink.decimal(name, T::get(bytes).into(), SCALE);
    }
}

/// A message layout as a table: `offset name: type,` lines, checked for holes and overlaps when compiled.
#[macro_export]
macro_rules! layout {
    ($(
        $(#[$doc:meta])*
        pub struct $name:ident($len:literal) $text:literal {
            $( $(#[$field_doc:meta])* $offset:literal $field:ident: $type:ty, )*
        }
    )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<'a>(&'a [u8; $len]);

        const _: () = {
            let mut end = 0;
            $(
                assert!($offset == end, concat!(stringify!($name), ": hole or overlap before ", stringify!($field)));
                end += <$type as $crate::session::layout::FieldType>::LEN;
            )*
            assert!(end == $len, concat!(stringify!($name), ": fields do not add up to its length"));
        };

        impl<'a> $name<'a> {
            /// Bytes on the wire.
            pub const LEN: usize = $len;
            /// The specification's name, snake case.
            pub const NAME: &'static str = $text;

            /// A view of the first `LEN` bytes; `None` when there are fewer.
            #[inline(always)]
            pub fn of(bytes: &'a [u8]) -> Option<Self> {
                bytes.first_chunk().map(Self)
            }

            $(
                $(#[$field_doc])*
                #[doc = concat!("The field `", stringify!($field), "`.")]
                #[inline(always)]
                #[allow(clippy::missing_panics_doc)]
                pub fn $field(&self) -> <$type as $crate::session::layout::FieldType>::Value<'a> {
                    <$type as $crate::session::layout::FieldType>::get(
                        &self.0[$offset..$offset + <$type as $crate::session::layout::FieldType>::LEN])
                }
            )*
        }

        $crate::layout_writers! { $name $len $( $offset $field: $type, )* }

        impl $crate::contract::InspectedMessage for $name<'_> {
            fn name(&self) -> &str {
                Self::NAME
            }
            fn fields(&self, sink: &mut dyn $crate::contract::FieldSink) {
                let _ = &sink;
                $(
                    <$type as $crate::session::layout::FieldType>::show(
                        &self.0[$offset..$offset + <$type as $crate::session::layout::FieldType>::LEN],
                        stringify!($field), sink);
                )*
            }
        }
    )* };
}

/// The `put_*` functions of [`layout!`](crate::layout!).
#[doc(hidden)]
#[macro_export]
macro_rules! layout_writers {
    ($name:ident $len:literal $( $offset:literal $field:ident: $type:ty, )*) => {
        $crate::session::layout::paste! {
            impl $name<'_> {
                $(
                    #[doc = concat!("Writes the field `", stringify!($field), "`.")]
                    #[inline]
                    pub fn [<put_ $field>](
                        bytes: &mut [u8; $len],
                        value: <$type as $crate::session::layout::FieldType>::Value<'_>,
                    ) {
                        <$type as $crate::session::layout::FieldType>::put(
                            &mut bytes[$offset..$offset + <$type as $crate::session::layout::FieldType>::LEN],
                            value);
                    }
                )*
            }
        }
    };
}

#[doc(hidden)]
pub use pastey::paste;
