//! How is a number written? As Python writes it, because that is what readers of the files are used to.

/// A floating-point number as Python's `repr` shows it: the shortest form that reads back as the same number.
pub fn float(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && magnitude.is_finite() && !(1e-4..1e16).contains(&magnitude) {
        return scientific(value);
    }
    match value {
        value if value.is_nan() => "nan".into(),
        value if value.is_infinite() => if value > 0.0 { "inf" } else { "-inf" }.into(),
        _ => format!("{value:?}"),
    }
}

/// The exponent with a sign and at least two digits.
fn scientific(value: f64) -> String {
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
        None => text,
    }
}

/// A whole number without a point, any other as [`float`].
pub fn plain(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{}", value as i64) } else { float(value) }
}

/// To the nearest whole number, halves away from zero.
pub fn nearest(value: f64) -> i64 {
    value.round() as i64
}

/// A quantile between 0 and 1 as a percentage with as many digits as it needs, at most six after the point.
///
/// # Examples
/// ```
/// use katydid_report::number::percent;
///
/// assert_eq!([percent(0.5), percent(0.999), percent(1.0)], ["50%", "99.9%", "100%"]);
/// ```
pub fn percent(quantile: f64) -> String {
    let hundredfold = (quantile * 100.0 * 1e6).round() / 1e6;
    format!("{}%", plain(hundredfold))
}

/// Milliseconds for a reader: two digits after the point below ten, one below a thousand.
pub fn milliseconds(value: f64) -> String {
    match value.abs() {
        small if small < 9.995 => format!("{value:.2}"),
        medium if medium < 999.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_floats_like_python() {
        // The right side was printed by Python 3.11.
        let table = [
            (0.0, "0.0"),
            (50.0, "50.0"),
            (-5.5, "-5.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1234.5, "1234.5"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.25e120, "1.25e+120"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in table {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn writes_whole_numbers_without_a_point() {
        for (value, text) in [(10.0, "10"), (10.5, "10.5"), (0.0, "0"), (-3.0, "-3")] {
            assert_eq!(plain(value), text);
        }
    }

    #[test]
    fn writes_percentages_with_the_digits_they_need() {
        let table = [
            (0.66, "66%"),
            (0.9999, "99.99%"),
            (0.99999, "99.999%"),
            (0.123_456_789, "12.345679%"),
            (0.285, "28.5%"),
        ];
        for (quantile, text) in table {
            assert_eq!(percent(quantile), text);
        }
    }

    #[test]
    fn writes_milliseconds_with_three_digits() {
        for (value, text) in
            [(0.02, "0.02"), (9.996, "10.0"), (50.12, "50.1"), (999.96, "1000"), (1234.5, "1234")]
        {
            assert_eq!(milliseconds(value), text);
        }
    }
}
