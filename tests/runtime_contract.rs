//! The contract of the runtime as a user of the library sees it, where no other test does.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use waveletd::runtime::{
    Control, Executor, KeyedFactory, Nanos, Node, NodeBuilder, TestRuntime, push_node,
};

/// A node that counts its runs, on top of the count it starts from.
fn counter(executor: &mut Executor, from: u32) -> Node<u32> {
    NodeBuilder::new(from).build(executor, |runs, _| {
        *runs += 1;
        Control::Broadcast
    })
}

/// A node that panics the first time it runs.
fn failing(executor: &mut Executor, name: &str) -> Node<()> {
    NodeBuilder::new(())
        .named(name)
        .build(executor, |(), _| panic!("on purpose"))
}

/// Hears of failures by name and message.
fn hear(executor: &mut Executor) -> Rc<RefCell<Vec<(String, String)>>> {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let hears = Rc::clone(&heard);
    executor.set_failure_policy(waveletd::runtime::FailurePolicy::Report);
    executor.on_failure(move |failure| {
        hears
            .borrow_mut()
            .push((failure.name.clone(), failure.message.clone()));
    });
    heard
}

#[test]
fn a_panic_stays_where_it_is_and_is_told() {
    let mut rt = TestRuntime::new();
    let heard = hear(rt.executor());
    let bad = failing(rt.executor(), "bad");
    let good = counter(rt.executor(), 0);
    rt.executor().schedule(&bad);
    rt.executor().schedule(&good);
    let _ = rt.run_one_cycle();
    rt.executor().schedule(&good);
    let _ = rt.run_one_cycle();
    assert_eq!(good.get(), 2);
    assert_eq!(heard.borrow().len(), 1);
}

#[test]
fn defect_07_a_panic_is_told_with_its_node() {
    let mut rt = TestRuntime::new();
    let heard = hear(rt.executor());
    let bad = failing(rt.executor(), "bad");
    rt.executor().schedule(&bad);
    let _ = rt.run_one_cycle();
    assert_eq!(
        *heard.borrow(),
        [("bad".to_owned(), "on purpose".to_owned())]
    );
}

#[test]
fn a_failed_node_is_built_anew_by_its_factory() {
    let mut rt = TestRuntime::new();
    let _heard = hear(rt.executor());
    let mut tries = 0;
    let mut factory = KeyedFactory::attach(move |executor: &mut Executor, _: &u8| {
        tries += 1;
        if tries == 1 {
            failing(executor, "first")
        } else {
            NodeBuilder::new(()).build(executor, |(), _| Control::Broadcast)
        }
    });
    let first = factory.get(rt.executor(), 7);
    let id = first.id();
    rt.executor().schedule(&first);
    let _ = rt.run_one_cycle();
    drop(first);
    rt.executor().collect();
    let second = factory.get(rt.executor(), 7);
    assert_ne!(second.id(), id);
    rt.executor().schedule(&second);
    let _ = rt.run_one_cycle();
    assert!(rt.executor().has_mutated(&second));
}

#[test]
fn a_node_is_told_its_start_and_its_end() {
    let mut rt = TestRuntime::new();
    let told = Rc::new(RefCell::new(Vec::new()));
    let (start, end) = (Rc::clone(&told), Rc::clone(&told));
    let node = NodeBuilder::new(5)
        .on_init(move |executor, state, id| {
            executor.schedule(id);
            start.borrow_mut().push(("start", *state));
        })
        .on_drop(move |state| end.borrow_mut().push(("end", *state)))
        .build(rt.executor(), |state, _| {
            *state += 1;
            Control::Unchanged
        });
    let _ = rt.run_one_cycle();
    drop(node);
    rt.executor().collect();
    assert_eq!(*told.borrow(), [("start", 5), ("end", 6)]);
}

#[test]
fn a_pushed_value_is_seen_at_the_time_of_the_test() {
    let mut rt = TestRuntime::new();
    let mut source = push_node(rt.executor(), 0_u32);
    let input = source.node().clone();
    let seen = NodeBuilder::new(Vec::new()).triggered_by(&source).build(
        rt.executor(),
        move |seen: &mut Vec<(Nanos, u32)>, ctx| {
            seen.push((ctx.now(), *input.borrow()));
            Control::Broadcast
        },
    );
    let start = rt.now();
    source.push(rt.executor(), 1);
    let _ = rt.run_one_cycle();
    source.push(rt.executor(), 2);
    let _ = rt.advance_and_run(Duration::from_nanos(3));
    let later = start.after(Duration::from_nanos(3));
    assert_eq!(*seen.borrow(), [(start, 1), (later, 2)]);
}

#[test]
fn a_graph_goes_on_from_states_that_were_read() {
    let run = |from: u32, cycles: u32| {
        let mut rt = TestRuntime::new();
        let node = counter(rt.executor(), from);
        for _ in 0..cycles {
            rt.executor().schedule(&node);
            let _ = rt.run_one_cycle();
        }
        node.get()
    };
    assert_eq!(run(run(0, 3), 4), run(0, 7));
}

#[test]
fn defect_12_a_factory_frees_what_nobody_holds() {
    let mut rt = TestRuntime::new();
    let mut factory = KeyedFactory::attach(|executor: &mut Executor, _: &u32| counter(executor, 0));
    for key in 0..10_000 {
        let node = factory.get(rt.executor(), key);
        assert_eq!(factory.get(rt.executor(), key).id(), node.id());
        drop(node);
        rt.executor().collect();
        assert_eq!(rt.executor().node_count(), 0);
        assert!(factory.key_count() <= 16);
    }
    assert!(rt.executor().slot_count() <= 16);
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn defect_13_the_examples_of_the_readme_and_of_the_docs_are_compiled() {
    assert!(read("src/runtime/guide/mod.rs").contains("include_str!(\"../../../README.md\")"));
    let readme = read("README.md");
    assert!(readme.contains("```rust\nuse") && !readme.contains("with_name"));
    for line in read("Cargo.toml")
        .lines()
        .filter(|line| line.starts_with("version = "))
    {
        let version = line.trim_start_matches("version = ").trim_matches('"');
        let (short, _) = version.rsplit_once('.').unwrap();
        assert!(
            readme.contains(&format!("version = \"{short}\"")),
            "{version}"
        );
    }
    let table = readme.split("| Example |").nth(1).unwrap();
    let names = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let names: Vec<_> = names.take(4).collect();
    assert_eq!(names.len(), 4);
    for name in names {
        assert!(!read(&format!("examples/{name}.rs")).is_empty());
    }
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/runtime")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let ignored = text
                .lines()
                .any(|line| line.trim_end().ends_with("```ignore"));
            assert!(
                !ignored,
                "{}: an example that is never compiled",
                path.display()
            );
        }
    }
}

#[test]
fn defect_14_models_fuzzers_and_benches_are_in_the_tree() {
    assert!(read("src/runtime/channel/loom_tests.rs").contains("loom::model"));
    assert!(read("src/runtime/tests/oracle.rs").contains("#[test]"));
    assert!(read("feeds/fuzz/Cargo.toml").contains("libfuzzer-sys"));
    for bench in ["graph", "channel", "timers"] {
        assert!(!read(&format!("benches/{bench}.rs")).is_empty());
    }
}
