//! Options that are one of a few names: the methods, and those that the library names.

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use coresift::{Named, Refine, Refinement, UnknownName};
use std::str::FromStr;

/// The methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// Every subset is equally likely: the baseline, at no cost
    Random,
    /// Rows drawn by their length: where length tells what matters, at one pass
    Norm,
    /// The longest rows: for comparison, at one pass
    MaxNorm,
    /// Rows drawn by the length of what earlier picks leave of them: picks of all directions, at a few
    /// passes
    GramSchmidt,
    /// In every latent class, the rows most similar to the rest of it: the many to keep, at a product
    /// of all pairs of a class
    Sas,
    /// In every cluster the most typical rows: a first few labels, at the cost of a k-means
    #[value(name = "typiclust")]
    TypiClust,
    /// Rows with most rows near them that no pick has yet: the few to label, at a product of all
    /// pairs of rows
    #[value(name = "probcover")]
    ProbCover,
    /// Rows to which all are similar, as far as a pick's share of them reaches, moved to the middle of
    /// what they stand for: the few to label, at a product of all pairs of rows
    Coverage,
    /// Rows to which all are similar: each adds most to that, at a product of all pairs of rows
    FacilityLocation,
    /// Rows whose mean is that of all, by a kernel: a summary, at a product of all pairs of rows
    Herding,
    /// The row farthest from all picks, again and again: no row stays far from them, and outliers come
    /// first, at a pass over the features for some picks
    KCenter,
    /// The row that adds most to the log-determinant of the picks with a ridge: picks of all directions,
    /// past the rank too, at a pass over the features for some picks
    LogDet,
}

impl Method {
    /// The name that the command line has for it.
    pub(crate) fn name(self) -> String {
        self.value().get_name().to_owned()
    }

    fn value(self) -> PossibleValue {
        self.to_possible_value().expect("no method is hidden")
    }
}

/// The methods that can follow another, and what they then do.
const FOLLOWERS: [(Method, &str); 9] = [
    (
        Method::Random,
        "Every subset of the chosen rows is equally likely",
    ),
    (Method::Norm, "Drawn by their length"),
    (Method::MaxNorm, "The longest"),
    (
        Method::GramSchmidt,
        "Drawn by the length of what earlier picks leave of them",
    ),
    (
        Method::LogDet,
        "Each adds most to the log-determinant of the picks with a ridge",
    ),
    (
        Method::Coverage,
        "All chosen rows are similar to one, as far as a pick's share of them reaches",
    ),
    (
        Method::FacilityLocation,
        "Each adds most to how similar the chosen rows are to the picks",
    ),
    (
        Method::Herding,
        "Their mean is that of all chosen rows, by a kernel",
    ),
    (
        Method::KCenter,
        "The farthest from all picks, again and again",
    ),
];

/// The method of a name, among those that can follow another or among all.
pub(super) fn method(name: &str, follows: bool) -> Result<Method, String> {
    let followers = FOLLOWERS.map(|(method, _)| method);
    let able = if follows {
        &followers[..]
    } else {
        Method::value_variants()
    };
    let found = able.iter().find(|method| method.name() == name);
    found.copied().ok_or_else(|| {
        let names: Vec<String> = able.iter().map(|method| method.name()).collect();
        format!("{name:?} found, one of {} expected", names.join(", "))
    })
}

/// Understands the name of a method that can follow another.
pub(super) fn follower() -> impl TypedValueParser<Value = Method> {
    let value = |(method, does): (Method, &'static str)| method.value().help(does);
    let values = PossibleValuesParser::new(FOLLOWERS.map(value));
    values.try_map(|name| Method::from_str(&name, false))
}

/// Understands the names that the library has for the values of an option.
pub(super) fn name<T>() -> impl TypedValueParser<Value = T>
where
    T: Named + FromStr<Err = UnknownName> + Send + Sync,
{
    let value = |value: &T| PossibleValue::new(value.name()).help(value.meaning());
    let values = PossibleValuesParser::new(T::ALL.iter().map(value));
    values.try_map(|name| name.parse())
}

/// Understands the names of all refinements there are: which of them a method has, is told once that is known.
pub(super) fn refinement() -> impl TypedValueParser<Value = String> {
    fn values<T: Named>() -> impl Iterator<Item = PossibleValue> {
        let value = |value: &T| PossibleValue::new(value.name()).help(value.meaning());
        T::ALL.iter().map(value)
    }
    let of_coverage = values::<Refinement>().filter(|value| value.get_name() != "none");
    PossibleValuesParser::new(values::<Refine>().chain(of_coverage).collect::<Vec<_>>())
}
