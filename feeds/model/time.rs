//! Clocks as types: whose clock a timestamp comes from is part of its type.

macro_rules! clock {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[repr(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// No timestamp was given (all bits set, as in DBN).
            pub const UNDEFINED: Self = Self(u64::MAX);

            /// The value, or `None` when it is undefined.
            pub const fn get(self) -> Option<u64> {
                if self.0 == u64::MAX { None } else { Some(self.0) }
            }
        }
    };
}

clock! {
    /// When the venue's matching engine made the event. Nanoseconds since the Unix epoch, UTC, venue's clock.
    EventTime
}
clock! {
    /// When the venue's gateway sent the packet. Nanoseconds since the Unix epoch, UTC, venue's clock.
    SendTime
}
clock! {
    /// When our NIC, kernel or the capture saw the packet. Nanoseconds since the Unix epoch, UTC, our clock.
    RecvTime
}

impl RecvTime {
    /// Nanoseconds from `sent` to this moment as the tick carries it: saturated to 32 bits, 0 when either is undefined.
    ///
    /// Negative when the two clocks disagree on the order; never clamped to zero, since that is a fact about clocks.
    pub fn delta_from(self, sent: SendTime) -> i32 {
        match (self.get(), sent.get()) {
            (Some(recv), Some(sent)) => {
                let delta = i128::from(recv) - i128::from(sent);
                delta.clamp(i128::from(i32::MIN), i128::from(i32::MAX)) as i32
            }
            _ => 0,
        }
    }
}

/// Nanoseconds in a day of 86,400 seconds.
pub const DAY_NS: u64 = 86_400_000_000_000;
const HOUR_NS: u64 = 3_600_000_000_000;

/// Midnight in New York of the day that holds `at`, in nanoseconds since the Unix epoch UTC.
///
/// US equity venues count their day from local midnight. The daylight-saving rule is the one in force since 2007:
/// from 02:00 on the second Sunday of March to 02:00 on the first Sunday of November. Neither change falls in a
/// trading session, and midnight is before both, so the offset is that of the session's own midnight.
pub fn new_york_midnight(at: RecvTime) -> u64 {
    let standard = at.0.saturating_sub(5 * HOUR_NS);
    let day = standard / DAY_NS;
    let summer_day = at.0.saturating_sub(4 * HOUR_NS) / DAY_NS;
    // In summer time the local day starts an hour earlier; try that reading first.
    if is_new_york_summer(summer_day) {
        return summer_day * DAY_NS + 4 * HOUR_NS;
    }
    day * DAY_NS + 5 * HOUR_NS
}

/// Midnight in New York of the day of a stream, looked up once a day.
#[derive(Clone, Copy, Debug)]
pub struct NewYorkDay {
    midnight_ns: u64,
}

impl Default for NewYorkDay {
    fn default() -> NewYorkDay {
        NewYorkDay {
            midnight_ns: u64::MAX,
        }
    }
}

impl NewYorkDay {
    /// The shortest day less an hour: within it the known midnight needs no calendar.
    const VALID_NS: u64 = 22 * 3_600_000_000_000;

    /// Midnight of the day of `at`, in ns since the Unix epoch.
    #[inline(always)]
    pub fn midnight_ns(&mut self, at: RecvTime) -> u64 {
        if at.0.wrapping_sub(self.midnight_ns) >= NewYorkDay::VALID_NS {
            self.midnight_ns = new_york_midnight(at);
        }
        self.midnight_ns
    }
}

/// Whether midnight of this civil day (days since 1970-01-01) has daylight-saving time in New York.
fn is_new_york_summer(day: u64) -> bool {
    let (year, _, _) = civil(day);
    let second_sunday_of_march = nth_sunday(year, 3, 2);
    let first_sunday_of_november = nth_sunday(year, 11, 1);
    // The change is at 02:00, so the Sunday's own midnight still has the old offset.
    day > second_sunday_of_march && day <= first_sunday_of_november
}

fn nth_sunday(year: i64, month: u64, nth: u64) -> u64 {
    let first = days_from_civil(year, month, 1);
    let weekday = (first + 4) % 7; // 1970-01-01 was a Thursday; 0 is Sunday
    let first_sunday = first + (7 - weekday) % 7;
    first_sunday + 7 * (nth - 1)
}

/// Year, month and day of a count of days since 1970-01-01 (proleptic Gregorian).
pub fn civil(day: u64) -> (i64, u64, u64) {
    let z = day as i64 + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097) as u64;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era as i64 + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

/// Days since 1970-01-01 of a civil date (proleptic Gregorian, years from 1970).
pub fn days_from_civil(year: i64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400) as u64;
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era as i64 - 719_468).max(0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn winter_and_summer_midnights_differ_by_an_hour() {
        // 2020-01-30 12:00 UTC and 2023-08-22 13:30 UTC.
        assert_eq!(
            new_york_midnight(RecvTime(1_580_385_600_000_000_000)),
            1_580_360_400_000_000_000
        );
        assert_eq!(
            new_york_midnight(RecvTime(1_692_711_000_000_000_000)),
            1_692_676_800_000_000_000
        );
    }

    #[test]
    fn the_sunday_of_the_change_still_begins_in_standard_time() {
        // 2023-03-12 12:00 UTC: that day's midnight was at 05:00 UTC; the next day's at 04:00 UTC.
        assert_eq!(
            new_york_midnight(RecvTime(1_678_622_400_000_000_000)),
            1_678_597_200_000_000_000
        );
        assert_eq!(
            new_york_midnight(RecvTime(1_678_708_800_000_000_000)),
            1_678_680_000_000_000_000
        );
    }

    #[test]
    fn civil_dates_round_trip() {
        for day in (0..40_000).step_by(13) {
            let (year, month, day_of_month) = civil(day);
            assert_eq!(days_from_civil(year, month, day_of_month), day);
        }
        assert_eq!(civil(18_291), (2020, 1, 30));
    }

    #[test]
    fn a_delta_across_disagreeing_clocks_is_negative_not_zero() {
        assert_eq!(RecvTime(100).delta_from(SendTime(350)), -250);
        assert_eq!(RecvTime(u64::MAX - 1).delta_from(SendTime(0)), i32::MAX);
        assert_eq!(RecvTime(5).delta_from(SendTime::UNDEFINED), 0);
    }
}
