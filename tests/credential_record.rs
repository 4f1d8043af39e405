//! What the workers of a gateway share of a source, and when new credentials are fetched. How workers use it is in
//! `credential_workers.rs`.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use bedrock_messages::aws::credentials::record::{LEASE, key};
use bedrock_messages::aws::credentials::schedule::{LEAST_PAUSE, pause, refresh_at};
use bedrock_messages::aws::credentials::{AccessKey, Credentials, FetchError, Fetched, Held, Record, Secret};
use proptest::prelude::*;

/// 2026-11-22T12:00:00Z, milliseconds.
const NOON: u64 = 1_795_348_800_000;
const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;

fn fetched(expires: Option<u64>) -> Fetched {
    Fetched { credentials: Credentials::ApiKey(Secret::new("key")), expires, source: "static".to_owned(), member: 0 }
}

fn credentials() -> impl Strategy<Value = Credentials> {
    let access_key = ("[!-~]{0,40}", ".{0,60}", prop::option::of(".{0,200}")).prop_map(|(id, secret, token)| {
        Credentials::AccessKey(AccessKey {
            access_key_id: id,
            secret_access_key: Secret::new(secret),
            session_token: token.map(Secret::new),
        })
    });
    prop_oneof![".{0,60}".prop_map(|key| Credentials::ApiKey(Secret::new(key))), access_key]
}

/// Any record that can come about: of what is held, after failures, with a lease or without, after a refusal by AWS.
fn record() -> impl Strategy<Value = Record> {
    let held = prop::option::of((credentials(), prop::option::of(1_u64..u64::MAX), any::<u64>(), any::<u64>()));
    let failure = (".{0,80}", any::<u64>(), any::<u64>());
    let lease = prop::option::of((any::<u64>(), 0_u64..u64::MAX));
    let refused = prop::option::of(0_u64..u64::MAX);
    (held, prop::collection::vec(failure, 0..4), lease, refused).prop_map(|(held, failures, lease, refused)| {
        let held =
            held.map(|(credentials, expires, refresh_at, member)| Held { credentials, expires, refresh_at, member });
        let mut record = Record::default();
        record.held = held;
        for (error, now, random) in failures {
            record = record.failed(&FetchError::new(error), now, random);
        }
        if let Some(refused) = refused.and_then(|now| record.clone().refused(now)) {
            record = refused;
        }
        match lease.and_then(|(holder, now)| record.clone().leased(holder, now)) {
            Some(leased) => leased,
            None => record,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn bytes_give_the_record_back(record in record()) {
        prop_assert_eq!(Record::decode(&record.encoded()), Some(record));
    }

    /// Whatever bytes there are: nothing, or a record that has a form in bytes of its own.
    #[test]
    fn damaged_bytes_are_nothing_or_a_record(
        record in record(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
        more in prop::collection::vec(any::<u8>(), 0..9),
    ) {
        let mut bytes = record.encoded().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes.extend(more);
        if let Some(read) = Record::decode(&bytes) {
            prop_assert_eq!(Record::decode(&read.encoded()), Some(read));
        }
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(prop_oneof![Just(0_u8), Just(1_u8), any::<u8>()], 0..120)) {
        if let Some(read) = Record::decode(&bytes) {
            prop_assert_eq!(Record::decode(&read.encoded()), Some(read));
        }
    }

    #[test]
    fn an_expired_one_is_never_usable(record in record(), now in any::<u64>()) {
        if let Some(held) = record.usable(now) {
            prop_assert!(held.expires.is_none_or(|expires| expires > now.saturating_add(SECOND)));
        }
    }

    #[test]
    fn new_ones_are_due_in_time(life in 1_u64..2 * 24 * 3_600 * SECOND, now in 0..NOON, random in any::<u64>()) {
        let (expires, lead) = (now + life, (15 * MINUTE).min(life / 4));
        let at = refresh_at(Some(expires), now, random);
        prop_assert!(at >= expires - lead && at <= expires - lead + lead / 5, "{at} of {expires}");
        prop_assert!(at > now && at <= expires);
    }

    #[test]
    fn pauses_are_short(failures in any::<u32>(), random in any::<u64>()) {
        let longest = [1, 1, 2].get(failures as usize).copied().unwrap_or(4) * SECOND;
        let pause = pause(failures, random);
        prop_assert!(pause <= longest && pause >= SECOND.max(longest - longest / 5), "{pause}");
    }
}

#[test]
fn other_versions_are_nothing() {
    let bytes = Record::default().encoded();
    assert_eq!(Record::decode(&bytes), Some(Record::default()));
    for version in 0..=u8::MAX {
        let mut other = bytes.to_vec();
        other[0] = version;
        assert_eq!(Record::decode(&other).is_some(), version == bytes[0], "{version}");
    }
    assert_eq!(Record::decode(&[]), None);
    assert_eq!(key("x"), format!("bedrock_messages.credentials.v{}.x", bytes[0]));
}

/// Cut anywhere it is nothing, or says less than the whole: it ends where a text could.
#[test]
fn what_is_cut_is_nothing() {
    let key = AccessKey {
        access_key_id: "ASIA".to_owned(),
        secret_access_key: Secret::new("secret"),
        session_token: Some(Secret::new("token")),
    };
    let fetched =
        Fetched { credentials: Credentials::AccessKey(key), expires: Some(NOON), source: String::new(), member: 3 };
    let bytes = Record::default().fetched(&fetched, NOON, 0).encoded();
    let read: Vec<_> = (0..bytes.len()).filter(|end| Record::decode(&bytes[..*end]).is_some()).collect();
    assert!(read.len() <= 3, "{read:?}");
}

#[test]
fn when_new_ones_are_due() {
    for (life, random, due) in [
        // Fifteen minutes before the end, up to a fifth of that later …
        (3_600 * SECOND, 0, 2_700 * SECOND),
        (3_600 * SECOND, 180_000, 2_880 * SECOND),
        (3_600 * SECOND, 180_001, 2_700 * SECOND),
        (3_600 * SECOND, u64::MAX, 2_700 * SECOND + u64::MAX % 180_001),
        (12 * 3_600 * SECOND, 0, 42_300 * SECOND),
        // … or in the last quarter.
        (900 * SECOND, 0, 675 * SECOND),
        (900 * SECOND, 45_000, 720 * SECOND),
        (20 * SECOND, 0, 15 * SECOND),
        (20 * SECOND, 1_000, 16 * SECOND),
        (4, 0, 3),
        (1, 7, 1),
        (0, 7, 0),
    ] {
        assert_eq!(refresh_at(Some(NOON + life), NOON, random), NOON + due, "{life} {random}");
    }
    // A mounted file every minute, up to a fifth earlier.
    assert_eq!(refresh_at(None, NOON, 0), NOON + MINUTE);
    assert_eq!(refresh_at(None, NOON, 12_000), NOON + 48 * SECOND);
    // Expired already.
    assert_eq!(refresh_at(Some(NOON), NOON + 1, 3), NOON);
    for (expires, now, random) in [(Some(u64::MAX), u64::MAX, u64::MAX), (Some(0), u64::MAX, 1), (None, u64::MAX, 1)] {
        assert!(refresh_at(expires, now, random) <= expires.unwrap_or(u64::MAX));
    }
}

#[test]
fn pauses_between_tries() {
    for (failures, random, longest) in [
        (0, 0, 1_000),
        (1, 0, 1_000),
        // The least, whatever the jitter.
        (1, 200, 1_000),
        (2, 0, 2_000),
        (2, 400, 1_600),
        (3, 0, 4_000),
        (3, 800, 3_200),
        (4, 0, 4_000),
        (40, 0, 4_000),
        (u32::MAX, 801, 4_000),
    ] {
        assert_eq!(pause(failures, random), longest, "{failures} {random}");
    }
    assert_eq!(LEAST_PAUSE, 1_000);
}

#[test]
fn leases() {
    let record = Record::default();
    assert!(record.is_due(NOON) && record.is_due(0) && !record.is_leased_to(1));
    let leased = record.leased(1, NOON).unwrap();
    let end = NOON + LEASE;
    const { assert!(LEASE > 5_000, "it outlasts a call") };
    for (now, due) in [(NOON, false), (NOON + 1, false), (end - 1, false), (end, true), (end + MINUTE, true)] {
        assert_eq!(leased.is_due(now), due, "{now}");
        // Another one may take it when it ran out; its holder may renew it at any time.
        assert_eq!(leased.clone().leased(2, now).is_some(), due, "{now}");
        assert!(leased.clone().leased(1, now).unwrap().is_leased_to(1));
    }
    assert!(leased.is_leased_to(1) && !leased.is_leased_to(2));
    let renewed = leased.clone().leased(1, NOON + 5_000).unwrap();
    assert!(renewed.clone().leased(2, end).is_none() && renewed.leased(2, end + 5_000).is_some());
    let taken = leased.leased(2, end).unwrap();
    assert!(!taken.is_leased_to(1) && taken.is_leased_to(2));
    assert!(taken.clone().leased(1, end).is_none());

    // The end of a try gives it back.
    for ended in [taken.fetched(&fetched(None), end, 0), taken.failed(&FetchError::new("x"), end, 0)] {
        assert!(!ended.is_leased_to(2) && !ended.is_due(end) && ended.leased(1, end).is_some());
    }
}

#[test]
fn a_success_and_failures() {
    let hour = NOON / 1_000 + 3_600;
    let record =
        Record::default().failed(&FetchError::new("first"), NOON, 0).failed(&FetchError::new("second"), NOON, 0);
    assert_eq!((record.error.as_str(), record.held.is_none()), ("second", true));
    assert!(!record.is_due(NOON + 1_999) && record.is_due(NOON + 2_000));

    let good = record.fetched(&fetched(Some(hour)), NOON, 0);
    assert!(good.error.is_empty());
    let held = good.usable(NOON).unwrap();
    assert_eq!((held.expires, held.refresh_at), (Some(NOON + 60 * MINUTE), NOON + 45 * MINUTE));
    for (now, usable, due) in [
        (NOON + 45 * MINUTE - 1, true, false),
        (NOON + 45 * MINUTE, true, true),
        (NOON + 60 * MINUTE - SECOND - 1, true, true),
        (NOON + 60 * MINUTE - SECOND, false, true),
        (NOON + 60 * MINUTE, false, true),
        (u64::MAX, false, true),
    ] {
        assert_eq!((good.usable(now).is_some(), good.is_due(now)), (usable, due), "{now}");
    }

    // What is held serves on, and the pauses begin anew.
    let later = NOON + 50 * MINUTE;
    let failed = good.failed(&FetchError::new("third"), later, 0);
    assert_eq!((failed.error.as_str(), failed.held.as_ref()), ("third", good.held.as_ref()));
    assert!(failed.usable(later).is_some() && !failed.is_due(later + 999) && failed.is_due(later + 1_000));

    // Only the words for clients are shared.
    let error = FetchError { text: "words".to_owned(), detail: Some("details".to_owned()) };
    assert_eq!(good.failed(&error, later, 0).error, "words");

    // What lives for a second is not asked for without end.
    let brief = Record::default().fetched(&fetched(Some(NOON / 1_000 + 1)), NOON, 0);
    assert!(brief.usable(NOON).is_none() && !brief.is_due(NOON + 999) && brief.is_due(NOON + 1_000));
    // An expiration that no clock reaches.
    let endless = Record::default().fetched(&fetched(Some(u64::MAX)), NOON, 0);
    assert!(endless.usable(NOON).is_some() && !endless.is_due(NOON + MINUTE));
}

#[test]
fn what_aws_refuses_is_replaced() {
    assert_eq!(Record::default().refused(NOON), None);
    let good = Record::default().fetched(&fetched(None), NOON, 0);
    let refused = good.clone().refused(NOON + 30_000).unwrap();
    assert!(!good.is_due(NOON + 30_000) && refused.is_due(NOON + 30_000));
    assert!(refused.usable(NOON + 30_000).is_some(), "the cause may be another");
    assert_eq!(refused.clone().refused(NOON + 30_001), None, "they are due already");
    // Once a minute: new ones may not help.
    let again = refused.fetched(&fetched(None), NOON + 31_000, 0);
    assert_eq!(again.clone().refused(NOON + 89_999), None);
    assert!(again.refused(NOON + 90_000).is_some());
}

/// A chain does not leave credentials that are good for those of a member behind theirs: that may be kept for hours.
#[test]
fn a_member_that_fails_for_a_moment() {
    let of = |member, end| Fetched { member, ..fetched(end) };
    let hour = Some(NOON / 1_000 + 3_600);
    let errors = || {
        vec![
            FetchError::new("webIdentity: x"),
            FetchError { detail: Some("y".to_owned()), ..FetchError::new("container: z") },
        ]
    };
    let failed = || FetchError {
        text: "chain: webIdentity: x; container: z".to_owned(),
        detail: Some("container: y".to_owned()),
    };
    let good = Record::default().fetched(&of(1, hour), NOON, 0);
    assert_eq!(good.held.as_ref().unwrap().member, 1);
    let end = NOON + 60 * MINUTE - SECOND;
    for (member, now, taken) in [
        (2, NOON + 45 * MINUTE, false),
        (7, end - 1, false),
        (2, end, true),
        (1, NOON + 45 * MINUTE, true),
        (0, NOON + 45 * MINUTE, true),
    ] {
        let mut passed = errors();
        let outcome = good.held.as_ref().unwrap().weighed(Ok(of(member, hour)), &mut passed, now);
        let (expected, left) = if taken { (Ok(of(member, hour)), errors()) } else { (Err(failed()), vec![]) };
        assert_eq!((outcome, passed), (expected, left), "{member} {now}");
    }
    // A failure is one.
    let outcome = good.held.as_ref().unwrap().weighed(Err(FetchError::new("x")), &mut errors(), NOON);
    assert_eq!(outcome, Err(FetchError::new("x")));

    // What AWS has refused is left for any other, also where new ones are due already.
    for now in [NOON + MINUTE, NOON + 50 * MINUTE] {
        let refused = good.clone().refused(now).unwrap();
        assert!(refused.is_due(now) && refused.held.as_ref().unwrap().refresh_at <= now);
        let outcome = refused.held.as_ref().unwrap().weighed(Ok(of(2, hour)), &mut errors(), now);
        assert_eq!(outcome, Ok(of(2, hour)));
        assert_eq!(refused.clone().refused(now + 2 * MINUTE), None);
        // Only what made them due counts for the pause.
        let again = refused.fetched(&of(1, hour), now + SECOND, 0).refused(now + 2 * SECOND);
        assert_eq!(again.is_some(), now > NOON + MINUTE);
    }
}

/// A clock that was ahead leaves times behind that are hours away: it must not take that long to go on.
#[test]
fn a_clock_that_is_set_back() {
    let ahead = NOON + 2 * 60 * MINUTE;
    let failed = Record::default().failed(&FetchError::new("the clock"), ahead, 0);
    assert!(!failed.is_due(ahead) && failed.is_due(NOON), "no pause is so long");
    let leased = Record::default().leased(1, ahead).unwrap();
    assert!(leased.is_due(NOON) && leased.leased(2, NOON).is_some(), "no lease is so long");
}
