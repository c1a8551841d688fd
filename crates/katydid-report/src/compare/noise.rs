//! Is a difference more than noise? Means over batches, with the variation between them.
//!
//! A run is cut into batches of equal length. Of each the logarithm of a percentile is taken; neighbours may resemble
//! each other, so the variance of their mean is widened by their correlation ([`super::resemblance`]). Two means are compared
//! as Welch did.

use super::resemblance::Effect;

/// Batches that a side must have.
pub const FEWEST_BATCHES: usize = 4;

/// Independent batches that those of a side must be worth.
const LEAST_WORTH: f64 = 1.5;

/// The least standard deviation of a logarithm: cells are a thousandth wide, so equal values prove no more than that.
const LEAST_DEVIATION: f64 = 0.002;

/// The same as a variance.
pub const LEAST_VARIANCE: f64 = LEAST_DEVIATION * LEAST_DEVIATION;

/// A mean and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    mean: f64,
    /// The square of the mean's standard error.
    variance: f64,
    freedom: f64,
}

impl Estimate {
    /// The mean of one logarithm for each batch, of which neighbours are correlated; `None` for too few.
    pub fn of_logarithms(values: &[f64], correlation: f64) -> Option<Self> {
        Self::of(values, correlation, LEAST_VARIANCE)
    }

    /// The share of failures, of failures and requests of each batch. Its variance is never taken to be less than that of
    /// independent requests, of which one more had failed and one more had not.
    pub fn of_shares(batches: &[(u64, u64)], correlation: f64) -> Option<Self> {
        let shares = shares(batches);
        let (failures, requests) =
            batches.iter().fold((0, 0), |sum, batch| (sum.0 + batch.0, sum.1 + batch.1));
        let likely = (failures as f64 + 1.0) / (requests as f64 + 2.0);
        let independent = likely * (1.0 - likely) / (requests.max(1)) as f64;
        let mut estimate = Self::of(&shares, correlation, 0.0)?;
        estimate.mean = failures as f64 / requests.max(1) as f64;
        if estimate.variance < independent {
            estimate.variance = independent;
            estimate.freedom = estimate.freedom.max(30.0);
        }
        Some(estimate)
    }

    fn of(values: &[f64], correlation: f64, least_variance: f64) -> Option<Self> {
        if values.len() < FEWEST_BATCHES {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let squares = squares.max((count - 1.0) * least_variance);
        let effect = Effect::of(correlation, values.len());
        (effect.of_mean * LEAST_WORTH <= 1.0).then(|| Self {
            mean,
            variance: squares * effect.of_mean / effect.of_squares,
            freedom: effect.freedom,
        })
    }

    /// How `later` differs.
    pub fn to(&self, later: &Self) -> Option<Difference> {
        let variance = self.variance + later.variance;
        let parts = self.variance.powi(2) / self.freedom + later.variance.powi(2) / later.freedom;
        (variance > 0.0 && parts > 0.0).then(|| Difference {
            mean: later.mean - self.mean,
            error: variance.sqrt(),
            freedom: variance.powi(2) / parts,
        })
    }
}

/// A difference of two means and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    mean: f64,
    error: f64,
    freedom: f64,
}

impl Difference {
    /// The interval that does not hold with the probability `risk`, half of it on either side.
    pub fn interval(&self, risk: f64) -> (f64, f64) {
        let reach = student_quantile(risk / 2.0, self.freedom) * self.error;
        (self.mean - reach, self.mean + reach)
    }

    /// The probability that equal means differ by as much, in either direction.
    pub fn chance(&self) -> f64 {
        2.0 * student_tail(self.mean.abs() / self.error, self.freedom)
    }
}

/// Failures per request of each batch.
pub fn shares(batches: &[(u64, u64)]) -> Vec<f64> {
    batches.iter().map(|(failures, requests)| *failures as f64 / (*requests).max(1) as f64).collect()
}

/// The value that Student's t exceeds with probability `tail`, which is below one half. Newton's method: from zero it
/// comes ever closer and never passes it, since the tail is convex.
fn student_quantile(tail: f64, freedom: f64) -> f64 {
    let density = (log_gamma(0.5 * (freedom + 1.0)) - log_gamma(0.5 * freedom)).exp()
        / (freedom * std::f64::consts::PI).sqrt();
    let mut value = 0.0_f64;
    for _ in 0..100 {
        let slope = density * (1.0 + value * value / freedom).powf(-0.5 * (freedom + 1.0));
        let step = (student_tail(value, freedom) - tail) / slope;
        value += step;
        if step.abs() < 1e-9 * value {
            break;
        }
    }
    value
}

/// The probability that Student's t exceeds a positive value.
fn student_tail(value: f64, freedom: f64) -> f64 {
    0.5 * incomplete_beta(freedom / (freedom + value * value), 0.5 * freedom, 0.5)
}

/// The regularised incomplete beta function, by its continued fraction (Abramowitz and Stegun 26.5.8).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = (log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    // The fraction converges quickly on one side of the mean; the other is its complement.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(x, a, b) / a
    } else {
        1.0 - front * beta_fraction(1.0 - x, b, a) / b
    }
}

/// By Lentz's method.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..500 {
        let m = f64::from(step);
        for term in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / away_from_zero(1.0 + term * d);
            c = away_from_zero(1.0 + term / c);
            fraction *= d * c;
        }
        if (d * c - 1.0).abs() < 1e-14 {
            break;
        }
    }
    fraction
}

/// Stirling's series, after the argument is brought above ten.
fn log_gamma(value: f64) -> f64 {
    let (mut x, mut shift) = (value, 0.0);
    while x < 10.0 {
        shift += x.ln();
        x += 1.0;
    }
    let half_log_tau = 0.5 * std::f64::consts::TAU.ln();
    (x - 0.5) * x.ln() - x + half_log_tau + 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3))
        + 1.0 / (1260.0 * x.powi(5))
        - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn student_s_quantiles_are_those_of_the_tables() {
        // Upper quantiles from printed tables.
        let table = [
            (0.025, 5.0, 2.571),
            (0.005, 10.0, 3.169),
            (0.05, 1.0, 6.314),
            (0.025, 30.0, 2.042),
            (0.0005, 20.0, 3.850),
        ];
        for (tail, freedom, expected) in table {
            let quantile = student_quantile(tail, freedom);
            assert!((quantile - expected).abs() < 0.001, "{tail} {freedom}: {quantile}");
        }
        assert!((student_quantile(0.025, 1e6) - 1.960).abs() < 0.001, "the normal one in the end");
    }

    #[test]
    fn few_batches_are_no_evidence() {
        assert_eq!(Estimate::of_logarithms(&[1.0, 1.0, 1.0], 0.0), None);
        assert_eq!(Estimate::of_shares(&[(0, 5); 3], 0.0), None);
    }

    #[test]
    fn equal_values_prove_no_more_than_the_cells_are_wide() {
        let same = Estimate::of_logarithms(&[3.0; 8], 0.0).expect("enough");
        let (low, high) = same.to(&same).expect("variances").interval(0.01);
        assert!(low < 0.0 && high > 0.0 && high - low < 0.01, "{low} {high}");
    }

    #[test]
    fn neighbours_that_resemble_each_other_count_less() {
        let values: Vec<f64> = (0..20).map(|at| f64::from(at % 2)).collect();
        let [alone, alike] = [0.0, 0.7].map(|r| Estimate::of_logarithms(&values, r).expect("enough"));
        assert!(alike.variance > 5.0 * alone.variance && alike.freedom < alone.freedom);
        assert_eq!(alone.freedom, 19.0);
        assert_eq!(Estimate::of_logarithms(&values, 0.97), None, "twenty that are worth less than two");
    }

    #[test]
    fn one_failure_more_in_few_requests_is_noise() {
        let none = Estimate::of_shares(&[(0, 25); 8], 0.0).expect("enough");
        let one = Estimate::of_shares(
            &[(0, 25), (1, 25), (0, 25), (0, 25), (0, 25), (0, 25), (0, 25), (0, 25)],
            0.0,
        )
        .expect("enough");
        let many = Estimate::of_shares(&[(5, 25); 8], 0.0).expect("enough");
        assert!(none.to(&one).expect("variances").interval(0.01).0 < 0.0);
        assert!(none.to(&many).expect("variances").interval(0.01).0 > 0.05);
    }
}
