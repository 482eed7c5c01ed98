//! An id and its secret: one finding, and what is old stays old.

use crate::support::secret::password;
use crate::support::{Repo, blocks, matrix, passes};

/// The lines of a pair. The id is in base 32, as all of them are.
fn pair() -> [String; 2] {
    let id = ["AKIA", "Q3EGZ7XW", "K2NDLTVB"].concat();
    let secret = [password(5), password(6)].concat();
    [format!("aws_access_key_id = {id}\n"), format!("aws_secret_access_key = {secret}\n")]
}

matrix! {
    a_pair: |repo| { repo.stage("a", pair().concat()); } => blocks(["a"]);
    an_id_that_stays: |repo| {
        let [id, secret] = pair();
        repo.stage("a", id.clone() + &secret).commit();
        repo.stage("a", id);
    } => passes();
    a_secret_that_comes_to_its_id: |repo| {
        let [id, secret] = pair();
        repo.stage("a", &id).commit();
        repo.stage("a", id + &secret);
    } => blocks(["a"]);
    an_id_that_comes_to_its_secret: |repo| {
        let [id, secret] = pair();
        repo.stage("a", &secret).commit();
        repo.stage("a", id + &secret);
    } => blocks(["a"]);
}

#[test]
fn a_pair_is_one_finding_that_names_the_id() {
    let repo = Repo::new();
    repo.stage("a", pair().concat());
    let scan = repo.staged();
    let found: Vec<_> = scan.findings().collect();
    let [one] = &found[..] else { panic!("{found:?}") };
    assert_eq!(one["rule"], "aws-secret-access-key");
    assert_eq!(one["confidence"], "high");
    let reasons = one["reasons"].to_string();
    assert!(reasons.contains("AWS access key id") && reasons.contains("line 1"), "{reasons}");
}
