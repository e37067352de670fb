//! Options by their names: what is written is read again, and by serde too; what is no name is refused.

use coresift::{
    Delta, Lp, Named, Objective, OnExhaustion, Refine, Similarity, Storage, UnknownName,
};
use std::fmt::{Debug, Display};
use std::str::FromStr;

fn check<T>(names: &[&str])
where
    T: Named + Debug + Default + PartialEq + Display + FromStr<Err = UnknownName>,
{
    let all: Vec<String> = T::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(all, names);
    for value in T::ALL {
        assert_eq!(value.name().parse().as_ref(), Ok(value));
        assert!(!value.meaning().is_empty(), "{value}");
    }
    assert!(T::ALL.contains(&T::default()));
    for text in ["", "L2", "cut ", "none-such"] {
        let error = text.parse::<T>().unwrap_err();
        assert_eq!(error.found, text);
        assert!(names.iter().all(|name| error.expected.contains(name)));
    }
}

#[test]
fn names_of_options() {
    check::<Lp>(&["l1", "l2", "linf"]);
    check::<OnExhaustion>(&["restart", "stop", "norm"]);
    check::<Similarity>(&["cosine", "dot"]);
    check::<Objective>(&["cut", "row-sum"]);
    check::<Refine>(&["top-up", "none", "double-greedy", "random-double-greedy"]);
    check::<Storage>(&["auto", "dense", "on-the-fly"]);
    let error = "l3".parse::<Lp>().unwrap_err();
    assert_eq!(error.to_string(), "\"l3\" found, l1, l2 or linf expected");
}

#[test]
fn distances() {
    let auto = |clusters| Delta::Auto { clusters };
    assert_eq!("auto".parse(), Ok(auto(None)));
    assert_eq!("0.25".parse(), Ok(Delta::Fixed(0.25)));
    assert_eq!(auto(Some(3)).to_string(), "auto");
    assert_eq!(Delta::Fixed(0.25).to_string(), "0.25");
    let error = "near".parse::<Delta>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"near\" found, a number or auto expected"
    );
}

/// The command has the feature, and so have tests of all packages at once; a test of the library by itself has it
/// where it is asked for.
#[cfg(feature = "serde")]
#[test]
fn in_records() {
    for refine in Refine::ALL {
        let text = serde_json::to_string(refine).unwrap();
        assert_eq!(text, format!("\"{refine}\""));
        assert_eq!(serde_json::from_str::<Refine>(&text).unwrap(), *refine);
    }
    let error = serde_json::from_str::<Storage>("\"stored\"").unwrap_err();
    let said = "\"stored\" found, auto, dense or on-the-fly expected";
    assert!(error.to_string().starts_with(said), "{error}");
    let clusters = |clusters| Delta::Auto { clusters };
    for (delta, want) in [
        (Delta::Fixed(0.25), "0.25"),
        (clusters(None), "\"auto\""),
        (clusters(Some(10)), "{\"clusters\":10}"),
    ] {
        let text = serde_json::to_string(&delta).unwrap();
        assert_eq!(text, want);
        assert_eq!(serde_json::from_str::<Delta>(&text).unwrap(), delta);
    }
}
