//! The tables of the guide: every test they name exists, every name of the peer is answered.

use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Names of all functions marked as tests, below a folder.
fn tests_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the tree") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a file of text");
            let mut is_marked = false;
            for line in text.lines().map(str::trim) {
                is_marked |= line.starts_with("#[test]");
                let Some(rest) = line.strip_prefix("fn ") else {
                    continue;
                };
                // Tests by a macro of `proptest` or of the model checker carry the mark too.
                if std::mem::take(&mut is_marked) {
                    let end = rest.find(['(', '<']).unwrap_or(rest.len());
                    found.insert(rest[..end].into());
                }
            }
        }
    }
}

fn all_tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    tests_below(&root.join("src"), &mut found);
    tests_below(&root.join("tests"), &mut found);
    found
}

#[test]
fn each_row_names_a_test_that_exists() {
    let tests = all_tests();
    let table = read("src/runtime/guide/rows.md");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| #"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 62);
    for (place, row) in rows.iter().enumerate() {
        assert_eq!(row[0], (place + 1).to_string());
        assert!(["yes", "part", "no"].contains(&row[2]), "{row:?}");
        let name = row[4].trim_matches('`');
        assert!(
            row[2] == "no" || tests.contains(name),
            "no such test: {row:?}"
        );
    }
}

#[test]
fn each_known_defect_has_a_test_by_its_number() {
    let tests = all_tests();
    for number in 1..=14 {
        let begin = format!("defect_{number:02}_");
        assert!(tests.iter().any(|test| test.starts_with(&begin)), "{begin}");
    }
}

/// The public names of wavelet 0.6.1.
const WAVELET: &str = "Relationship Trigger Observe Control Broadcast Unchanged Terminate Sweep \
    NodeIndex prelude ExecutionMode Spin Park Runtime executor RealtimeRuntime with_config \
    enable_graceful_shutdown run_forever HistoricalRuntime run_until_completion TestRuntime \
    run_one_cycle advance_clock Clock cycle_time CycleTime unix_timestamp unix_timestamp_nanos \
    PrecisionClock resync is_accurate measurement_threshold HistoricalClock with_time_step \
    is_exhausted time_step Interval TestClock starting_at advance set_elapsed current_times \
    EventDriver EventDriverConfig notification_capacity io_capacity poll_limit IoDriver \
    register_source deregister_source reregister_source IoSource source source_mut Interest Source \
    TimerDriver register_timer deregister_timer TimerSource has_expired YieldDriver yield_now \
    Notifier notify register_notifier Executor has_mutated cycle ExecutorState Running Terminated \
    SpawnFn ExecutionContext register_io deregister_io reregister_io current schedule_node epoch \
    spawn_subgraph SchedulerError GarbageCollector mark_for_sweep NodeHandle index depth mut_epoch \
    RawHandle Node raw_handle name downgrade upgrade borrow get get_mut ExclusiveNode borrow_mut \
    WeakNode NodeBuilder new named add_relationship add_many_relationships triggered_by \
    triggered_by_many observer_of observer_of_many on_init on_drop allow_panic build \
    build_with_notifier build_with_channel spawn Sender try_send blocking_send force_send Receiver \
    try_receive TrySendError ChannelClosed ChannelFull TryReceiveError Empty SimpleFactory default \
    attach KeyedFactory Push push push_with_cycle push_with_cycle_advance PushInner push_node \
    MockContextGenerator context set_current set_cycle_time advance_epoch";

#[test]
fn each_name_of_wavelet_is_answered() {
    let table = read("src/runtime/guide/names.md");
    let there: BTreeSet<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter_map(|line| line.split('|').next())
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    let missing: Vec<_> = WAVELET
        .split_whitespace()
        .filter(|name| !there.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
