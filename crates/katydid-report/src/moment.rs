//! How is a time written? As ISO 8601 in UTC, whole seconds.

/// Unix seconds as `YYYY-MM-DDTHH:MM:SSZ`, rounded down.
///
/// # Examples
/// ```
/// assert_eq!(katydid_report::moment::utc(1_700_000_000.9), "2023-11-14T22:13:20Z");
/// ```
pub fn utc(unix_seconds: f64) -> String {
    let seconds = unix_seconds.floor() as i64;
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Years are made to begin in March, so that the leap day is the last day of a year and the month lengths that are left
/// follow one straight line.
fn civil(days: i64) -> (i64, i64, i64) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let since_march_of_year_zero = days + 719_468;
    let era = since_march_of_year_zero.div_euclid(DAYS_OF_400_YEARS);
    let day_of_era = since_march_of_year_zero.rem_euclid(DAYS_OF_400_YEARS);
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / (DAYS_OF_400_YEARS - 1);
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = (months_since_march + 2) % 12 + 1;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_calendar() {
        let table = [
            (0.0, "1970-01-01T00:00:00Z"),
            (951_782_399.0, "2000-02-28T23:59:59Z"),
            (951_868_799.0, "2000-02-29T23:59:59Z"),
            (951_868_800.0, "2000-03-01T00:00:00Z"),
            (1_735_689_599.999, "2024-12-31T23:59:59Z"),
            (4_107_542_400.0, "2100-03-01T00:00:00Z"),
            (-1.0, "1969-12-31T23:59:59Z"),
        ];
        for (seconds, text) in table {
            assert_eq!(utc(seconds), text);
        }
    }
}
