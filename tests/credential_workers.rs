//! Workers of one gateway, played on a clock of their own: they share a record as `host/keeper.rs` does, step by step, with
//! ticks at odd times, slow calls, sources that fail for a while, and workers that die in the midst of a fetch.
// Clippy takes the helpers of an integration test for production code.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use bedrock_messages::aws::credentials::record::LEASE;
use bedrock_messages::aws::credentials::{Credentials, FetchError, Fetched, Held, Record, Secret};
use proptest::prelude::*;

/// 2026-11-22T12:00:00Z, milliseconds.
const NOON: u64 = 1_795_348_800_000;
const SECOND: u64 = 1_000;
/// As in `host/keeper.rs`.
const PATIENCE: u64 = 10 * SECOND;
const WRITES: usize = 4;
/// The longest pause between two tries.
const LONGEST_PAUSE: u64 = 4 * SECOND;

/// What a run is like.
#[derive(Clone, Debug)]
struct Setting {
    seed: u64,
    workers: usize,
    /// Of the credentials, milliseconds.
    life: u64,
    /// Between two ticks of a worker, at most.
    tick: u64,
    /// Of a call, at most.
    call: u64,
    /// Calls of a fetch.
    calls: u32,
    /// One fetch of so many is its worker's last; 0 for none.
    deaths: u64,
    /// One step of so many is overtaken by another worker's, between its look at the record and its write; 0 for none.
    overtaken: u64,
    /// When the source fails, from the beginning of the run on.
    failing: Vec<(u64, u64)>,
}

struct Worker {
    holder: u64,
    next_tick: u64,
    held: Option<Held>,
    running: Option<Running>,
}

struct Running {
    /// When the call's answer comes.
    until: u64,
    since: u64,
    calls_left: u32,
    /// The worker dies before that.
    doomed: bool,
}

struct World {
    setting: Setting,
    random: u64,
    now: u64,
    bytes: Vec<u8>,
    number: u32,
    workers: Vec<Worker>,
    fetches: u64,
    deaths: u64,
    successes: u64,
    /// A write of another's came in between: it is not to be overtaken again.
    nested: bool,
}

impl World {
    fn new(setting: &Setting) -> Self {
        let mut world = Self {
            random: setting.seed,
            setting: setting.clone(),
            now: NOON,
            bytes: Record::default().encoded().to_vec(),
            number: 1,
            workers: Vec::new(),
            fetches: 0,
            deaths: 0,
            successes: 0,
            nested: false,
        };
        for _ in 0..setting.workers {
            let worker = world.worker();
            world.workers.push(worker);
        }
        world
    }

    fn worker(&mut self) -> Worker {
        let next_tick = self.now + self.up_to(self.setting.tick);
        Worker { holder: self.draw(), next_tick, held: self.record().held, running: None }
    }

    /// SplitMix64.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn up_to(&mut self, most: u64) -> u64 {
        1 + self.draw() % most.max(1)
    }

    fn one_of(&mut self, many: u64) -> bool {
        many > 0 && self.draw().is_multiple_of(many)
    }

    fn record(&self) -> Record {
        Record::decode(&self.bytes).expect("nobody writes anything else")
    }

    fn fails_at(&self, at: u64) -> bool {
        self.setting.failing.iter().any(|(from, to)| (NOON + from..NOON + to).contains(&at))
    }

    /// `Keeper::change`.
    fn change(&mut self, worker: usize, tries: usize, change: impl Fn(Record) -> Option<Record>) -> bool {
        for _ in 0..tries {
            let (record, number) = (self.record(), self.number);
            self.workers[worker].held.clone_from(&record.held);
            if !self.nested && self.one_of(self.setting.overtaken) {
                let other = usize::try_from(self.draw()).unwrap() % self.workers.len();
                if other != worker {
                    self.nested = true;
                    self.step(other);
                    self.nested = false;
                }
            }
            let Some(changed) = change(record) else { return false };
            if self.number == number {
                self.bytes = changed.encoded().to_vec();
                self.number += 1;
                self.workers[worker].held = changed.held;
                return true;
            }
        }
        false
    }

    /// A worker's answer, if it is there, else its tick.
    fn step(&mut self, worker: usize) {
        if self.workers[worker].running.as_ref().is_some_and(|running| running.until <= self.now) {
            self.answered(worker);
        } else {
            self.tick(worker);
        }
    }

    /// `Keeper::tick`.
    fn tick(&mut self, worker: usize) {
        let now = self.now;
        if self.workers[worker].running.as_ref().is_some_and(|running| now < running.since + PATIENCE) {
            return;
        }
        self.workers[worker].running = None;
        let holder = self.workers[worker].holder;
        if self.change(worker, 1, |record| if record.is_due(now) { record.leased(holder, now) } else { None }) {
            self.fetches += 1;
            let others = self.workers.iter().enumerate().filter(|(other, _)| *other != worker);
            for running in others.filter_map(|(_, other)| other.running.as_ref()) {
                assert!(running.since + LEASE <= now, "two fetch at once: {:?}", self.setting);
            }
            self.send(worker, self.setting.calls);
        }
    }

    /// `Keeper::go_on` with a call.
    fn send(&mut self, worker: usize, calls_left: u32) {
        let (now, holder) = (self.now, self.workers[worker].holder);
        if !self.change(worker, WRITES, |record| record.leased(holder, now)) {
            return;
        }
        let until = now + self.up_to(self.setting.call);
        let doomed = self.one_of(self.setting.deaths);
        self.workers[worker].running = Some(Running { until, since: now, calls_left: calls_left - 1, doomed });
    }

    /// `Keeper::answered`, and its `done`.
    fn answered(&mut self, worker: usize) {
        let Some(running) = self.workers[worker].running.take() else { return };
        if running.doomed {
            self.deaths += 1;
            self.workers[worker] = self.worker();
            return;
        }
        if running.calls_left > 0 {
            return self.send(worker, running.calls_left);
        }
        let (now, holder, random) = (self.now, self.workers[worker].holder, self.draw());
        let fails = self.fails_at(now);
        let name = self.fetches.to_string();
        let credentials = Credentials::ApiKey(Secret::new(name));
        let fetched =
            Fetched { credentials, expires: Some((now + self.setting.life) / 1_000), source: String::new(), member: 0 };
        let written = self.change(worker, WRITES, |record| {
            record.is_leased_to(holder).then(|| match fails {
                true => record.failed(&FetchError::new("no"), now, random),
                false => record.fetched(&fetched, now, random),
            })
        });
        self.successes += u64::from(written && !fails);
    }

    /// `Keeper::usable`.
    fn usable(&self, worker: usize) -> Option<Held> {
        let held = self.workers[worker].held.clone().filter(|held| held.is_usable(self.now));
        held.or_else(|| self.record().held.filter(|held| held.is_usable(self.now)))
    }

    /// Goes on to what comes next, and plays it.
    fn go_on(&mut self) {
        let next = |worker: &Worker| match &worker.running {
            Some(running) => running.until.min(worker.next_tick),
            None => worker.next_tick,
        };
        let worker = (0..self.workers.len()).min_by_key(|worker| next(&self.workers[*worker])).unwrap();
        self.now = self.now.max(next(&self.workers[worker]));
        if self.workers[worker].next_tick <= self.now {
            // While what is held is fresh nothing happens: the clock may leap.
            let fresh = self.record().usable(self.now).map_or(0, |held| held.refresh_at.saturating_sub(2 * SECOND));
            self.workers[worker].next_tick = self.now.max(fresh) + self.up_to(self.setting.tick);
        }
        self.step(worker);
        for worker in 0..self.workers.len() {
            if let Some(held) = self.usable(worker) {
                assert!(held.expires.unwrap() > self.now + SECOND, "an expired one: {:?}", self.setting);
            }
        }
    }
}

fn setting() -> impl Strategy<Value = Setting> {
    let life = prop_oneof![20_u64..90, 90_u64..900, 900_u64..=3_600];
    let failing = prop::collection::vec((0_u64..600, 1_u64..120), 0..3);
    (any::<u64>(), 1_usize..=8, life, 10_u64..=1_000, 1_u32..=4, failing, 0_u64..4).prop_map(
        |(seed, workers, life, tick, calls, failing, overtaken)| Setting {
            seed,
            workers,
            life: life * SECOND,
            tick,
            call: 4_900,
            calls,
            deaths: 0,
            overtaken,
            failing: failing.into_iter().map(|(from, long)| (from * SECOND, (from + long) * SECOND)).collect(),
        },
    )
}

/// Events of a run.
const EVENTS: usize = 1_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever happens: `World` looks at every step that no expired one is usable, and that a second fetch begins only when
    /// the first one's lease has run out.
    #[test]
    fn no_two_fetch_and_nothing_expired_is_used(setting in setting(), call in 1_u64..30_000, deaths in 0_u64..6) {
        let mut world = World::new(&Setting { call, deaths, ..setting });
        for _ in 0..EVENTS {
            world.go_on();
        }
        // It goes on for ever: what is due is fetched some time, if calls are answered and not every worker dies of them.
        while call < 5_000 && deaths != 1 && world.fetches < 2 {
            world.go_on();
            prop_assert!(world.now < NOON + 3_600 * SECOND, "{:?}", world.setting);
        }
    }

    /// A source that answers: something usable at all times from the first fetch on, and no fetch too many.
    #[test]
    fn a_healthy_source(setting in setting(), deaths in prop_oneof![Just(0_u64), 2_u64..6]) {
        // What has to fit between the refresh and the expiry, less the last second: a tick, the calls, and what a death costs.
        let mut setting = Setting { failing: Vec::new(), ..setting };
        let margin = (15 * 60 * SECOND).min(setting.life / 4) * 4 / 5 - SECOND;
        setting.call = ((margin - setting.tick - 2 * SECOND) / u64::from(setting.calls)).clamp(1, 4_900);
        setting.deaths = if margin > 300 * SECOND { deaths } else { 0 };
        let mut world = World::new(&setting);
        while world.successes == 0 {
            world.go_on();
        }
        let (begin, before) = (world.now, world.fetches);
        for _ in 0..EVENTS {
            world.go_on();
            for worker in 0..setting.workers {
                prop_assert!(world.usable(worker).is_some(), "nothing at {}: {:?}", world.now - NOON, setting);
            }
            prop_assert_eq!(world.record().error, "");
        }
        // The earliest refresh is so long after a fetch.
        let least = setting.life - (15 * 60 * SECOND).min(setting.life / 4) - SECOND;
        let lives = (world.now - begin).div_ceil(least);
        let fetches = world.fetches - before;
        prop_assert!(fetches <= lives + world.deaths, "{fetches} in {lives} lives, {} deaths: {setting:?}", world.deaths);
    }

    /// When a source gives again, that is found out within the longest pause, a tick, and the calls.
    #[test]
    fn a_source_that_fails_for_a_while(setting in setting(), from in 0_u64..40, long in 1_u64..300) {
        let call = 1_000 / u64::from(setting.calls);
        let (from, to) = (from * SECOND, (from + long) * SECOND);
        let setting = Setting { call, failing: vec![(from, to)], life: 20 * SECOND, ..setting };
        let mut world = World::new(&setting);
        while world.now < NOON + to {
            world.go_on();
        }
        if world.record().error.is_empty() {
            return Ok(());
        }
        // A tick that is overtaken is made up for by the next.
        let bound = LONGEST_PAUSE + 2 * setting.tick + 1_000;
        while !world.record().error.is_empty() {
            prop_assert!(world.now <= NOON + to + bound, "{} later: {setting:?}", world.now - NOON - to);
            world.go_on();
        }
        prop_assert!(world.record().usable(world.now).is_some());
        // No more tries than the pauses allow.
        let tries = 8 + (to + bound) / 3_200 + (to + bound) / (14 * SECOND);
        prop_assert!(world.fetches <= tries, "{} fetches: {setting:?}", world.fetches);
    }
}
