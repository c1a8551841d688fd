//! How much does a batch resemble the one before, and what does that do to a mean? Of the few batches of one name nobody
//! can tell; the names of a level have the same seconds behind them, so they are asked together.
//!
//! What a maintainer must not break: values that vary about their own mean look less alike than they are, and the fewer
//! there are the more so. Both directions, from what is seen to the correlation ([`Resemblance`]) and from there to the
//! variance of the mean ([`Effect`]), count with it, for a process in which each value remembers the one before.

use std::collections::BTreeMap;

/// The correlation of neighbours is believed up to here.
const MOST: f64 = 0.99;

/// What correlated neighbours do to the sum of squares about the mean and to the mean, in units of the variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// The variance of the mean.
    pub of_mean: f64,
    /// The expected sum of squares about the mean.
    pub of_squares: f64,
    /// The expected sum of products of neighbours about the mean.
    of_products: f64,
    /// Independent values, less one, whose squares would vary as much (Satterthwaite).
    pub freedom: f64,
}

impl Effect {
    /// For `count` values of which neighbours have a correlation, and those further apart its powers.
    pub fn of(correlation: f64, count: usize) -> Self {
        let n = count as f64;
        let powers: Vec<f64> =
            std::iter::successors(Some(1.0), |power| Some(power * correlation)).take(count).collect();
        // For each value the sum of its correlations with all, itself included.
        let mut reached = 0.0;
        let partial: Vec<f64> = powers
            .iter()
            .map(|power| {
                reached += power;
                reached
            })
            .collect();
        let sums = || partial.iter().zip(partial.iter().rev()).map(|(before, after)| before + after - 1.0);
        let of_mean = sums().sum::<f64>() / (n * n);
        let of_squares = n - n * of_mean;
        let of_products = (n - 1.0) * (correlation + of_mean) - 2.0 * (n * of_mean - reached / n);
        let all: f64 =
            powers.iter().enumerate().map(|(apart, power)| (n - apart as f64) * power * power).sum();
        let spread =
            (2.0 * all - n) - 2.0 / n * sums().map(|sum| sum * sum).sum::<f64>() + (n * of_mean).powi(2);
        Self { of_mean, of_squares, of_products, freedom: of_squares.powi(2) / spread }
    }
}

/// A row of values, summed up.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    count: usize,
    squares: f64,
    products: f64,
}

impl Row {
    /// `None` if it varies by no more than `least_variance`: then it says nothing.
    fn of(values: &[f64], least_variance: f64) -> Option<Self> {
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let products = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
        (count > 2 && squares > count as f64 * least_variance).then_some(Self { count, squares, products })
    }

    fn variance(&self) -> f64 {
        self.squares / (self.count as f64 - 1.0)
    }
}

/// How alike the neighbours in rows of values are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resemblance {
    /// The correlation that the rows have in common.
    pub common: f64,
    least_variance: f64,
}

impl Resemblance {
    /// Of rows together, those left out that vary by no more than `least_variance`. No row counts for more than ten times
    /// the one in the middle.
    pub fn of(rows: &[Vec<f64>], least_variance: f64) -> Self {
        let mut rows: Vec<Row> = rows.iter().filter_map(|row| Row::of(row, least_variance)).collect();
        rows.sort_by(|one, other| one.variance().total_cmp(&other.variance()));
        let most = rows.get(rows.len() / 2).map_or(0.0, |row| 10.0 * row.variance());
        let (mut squares, mut products, mut counts) = (0.0, 0.0, BTreeMap::<usize, f64>::new());
        for row in &rows {
            let weight = (most / row.variance()).min(1.0);
            squares += weight * row.squares;
            products += weight * row.products;
            *counts.entry(row.count).or_default() += weight * row.variance();
        }
        let common = if rows.is_empty() { 0.0 } else { solve(products / squares, &counts) };
        Self { common, least_variance }
    }

    /// The correlation to be counted with for one of the rows: the common one, or half-way to its own where that is
    /// higher. Alone it would be too uncertain.
    pub fn in_row(&self, values: &[f64]) -> f64 {
        let Some(row) = Row::of(values, self.least_variance) else { return self.common };
        let (seen, counts) = (row.products / row.squares, BTreeMap::from([(row.count, 1.0)]));
        if expected(self.common, &counts) >= seen {
            return self.common;
        }
        0.5 * (self.common + solve(seen, &counts))
    }
}

/// What products over squares would be, for rows of so many values each with a weight.
fn expected(correlation: f64, counts: &BTreeMap<usize, f64>) -> f64 {
    let sums = counts.iter().fold((0.0, 0.0), |sums, (count, weight)| {
        let effect = Effect::of(correlation, *count);
        (sums.0 + weight * effect.of_products, sums.1 + weight * effect.of_squares)
    });
    sums.0 / sums.1
}

/// The correlation for which that is what was seen.
fn solve(seen: f64, counts: &BTreeMap<usize, f64>) -> f64 {
    let (mut low, mut high) = (0.0, MOST);
    if expected(low, counts) >= seen {
        return low;
    }
    for _ in 0..10 {
        let middle = 0.5 * (low + high);
        if expected(middle, counts) < seen {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn independent_values_have_the_effect_of_the_textbook() {
        let effect = Effect::of(0.0, 12);
        let near = |one: f64, other: f64| (one - other).abs() < 1e-12;
        assert!(
            near(effect.of_mean, 1.0 / 12.0) && near(effect.of_squares, 11.0) && near(effect.freedom, 11.0)
        );
        assert!(near(effect.of_products, -11.0 / 12.0), "values about their own mean look a little opposed");
    }

    #[test]
    fn correlated_values_are_worth_fewer() {
        // The sum over all pairs of three values: 3 + 4 r + 2 r^2.
        assert!((Effect::of(0.5, 3).of_mean - 5.5 / 9.0).abs() < 1e-12);
        assert!(Effect::of(0.8, 30).freedom < 10.0);
    }

    #[test]
    fn a_row_that_remembers_counts_as_such_among_others_that_do_not() {
        let alternating: Vec<f64> = (0..20).map(|at| f64::from(at % 2)).collect();
        let drifting: Vec<f64> = (0..20).map(|at| f64::from(at / 10)).collect();
        let all = Resemblance::of(&[vec![alternating.clone(); 20], vec![drifting.clone()]].concat(), 0.0);
        assert_eq!((all.common, all.in_row(&alternating)), (0.0, 0.0));
        assert!((0.4..0.5).contains(&all.in_row(&drifting)), "{}", all.in_row(&drifting));
        let alike = Resemblance::of(&[drifting.clone(), drifting], 0.0);
        assert!(alike.common > 0.8 && Resemblance::of(&[vec![1.0; 9]], 0.0).common == 0.0);
    }
}
