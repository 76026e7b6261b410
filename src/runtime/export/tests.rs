#![allow(clippy::unwrap_used)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::super::{Control, Executor, Nanos, NodeBuilder, Profile};
use super::*;

const ODD: &str = "a \"b\"\\\n<c> #1 `d` \u{1}\u{3b1}\u{2192}";

fn report() -> Report {
    let mut ex = Executor::new();
    let odd = NodeBuilder::new(())
        .named(ODD)
        .build(&mut ex, |(), _| Control::Broadcast);
    let limits = NodeBuilder::new(())
        .named("limits")
        .build(&mut ex, |(), _| Control::Unchanged);
    let child = NodeBuilder::new(())
        .triggered_by(&odd)
        .observer_of(&limits)
        .build(&mut ex, |(), _| Control::Unchanged);
    ex.profile(Profile::Counts);
    ex.schedule(&odd);
    let _ = ex.cycle(Nanos(7));
    ex.schedule(&limits);
    let mut report = ex.report();
    let times = Times {
        samples: 2,
        p50_ns: 999,
        p99_ns: 1_250,
        max_ns: 2_000_000_000,
    };
    report
        .nodes
        .iter_mut()
        .find(|node| node.node == child.id())
        .unwrap()
        .times = Some(times);
    report.cycle_times = Some(times);
    report
}

#[test]
fn dot_is_as_it_should_be() {
    let expected = "\
digraph wavelet {
  rankdir=LR;
  node [shape=box];
  label=\"cycle: p50 999 ns, p99 1.2 us, max 2.0 s\";
  n0_0 [label=\"a \\\"b\\\"\\\\\\n<c> #1 `d` \u{fffd}\u{3b1}\u{2192}\\n0.0 h0\\n1 runs, 1 broadcasts\"];
  n1_0 [label=\"limits\\n1.0 h0\\n0 runs, 0 broadcasts\"];
  n2_0 [label=\"(no name)\\n2.0 h1\\n1 runs, 0 broadcasts\\np50 999 ns, p99 1.2 us, max 2.0 s\"];
  n0_0 -> n2_0;
  n1_0 -> n2_0 [style=dashed];
}
";
    assert_eq!(report().to_dot(), expected);
}

#[test]
fn mermaid_is_as_it_should_be() {
    let expected = "\
flowchart LR
  n0_0[\"a #quot;b#quot;\\<br/>#lt;c#gt; #35;1 #96;d#96; \u{fffd}\u{3b1}\u{2192}<br/>0.0 h0<br/>1 runs, 1 broadcasts\"]
  n1_0[\"limits<br/>1.0 h0<br/>0 runs, 0 broadcasts\"]
  n2_0[\"(no name)<br/>2.0 h1<br/>1 runs, 0 broadcasts<br/>p50 999 ns, p99 1.2 us, max 2.0 s\"]
  n0_0 --> n2_0
  n1_0 -.-> n2_0
";
    assert_eq!(report().to_mermaid(), expected);
}

#[test]
fn json_is_as_it_should_be() {
    let expected = concat!(
        r#"{"at_ns":7,"epoch":2,"profile":"counts","cycles":1,"#,
        r#""cycle_times":{"samples":2,"p50_ns":999,"p99_ns":1250,"max_ns":2000000000},"nodes":["#,
        r#"{"id":"0.0","name":"a \"b\"\\\n<c> #1 `d` \u0001α→","height":0,"parents":[],"#,
        r#""visits":1,"broadcasts":1,"times":null,"#,
        r#""lazy":false,"asleep":false,"spawned":false,"has_channel":false,"pending":false,"health":"healthy"},"#,
        r#"{"id":"1.0","name":"limits","height":0,"parents":[],"#,
        r#""visits":0,"broadcasts":0,"times":null,"#,
        r#""lazy":false,"asleep":false,"spawned":false,"has_channel":false,"pending":true,"health":"healthy"},"#,
        r#"{"id":"2.0","name":"","height":1,"#,
        r#""parents":[{"id":"0.0","active":true},{"id":"1.0","active":false}],"#,
        r#""visits":1,"broadcasts":0,"#,
        r#""times":{"samples":2,"p50_ns":999,"p99_ns":1250,"max_ns":2000000000},"#,
        r#""lazy":false,"asleep":false,"spawned":false,"has_channel":false,"pending":false,"health":"healthy"}]}"#,
    );
    assert_eq!(report().to_json(), expected);
}

#[cfg(feature = "service")]
#[test]
fn json_is_read_back_with_every_name() {
    let value: serde_json::Value = serde_json::from_str(&report().to_json()).unwrap();
    assert_eq!(value["nodes"][0]["name"], ODD);
}

#[test]
fn an_empty_graph_can_be_drawn() {
    let report = Executor::new().report();
    assert!(report.to_dot().ends_with("}\n"));
    assert_eq!(report.to_mermaid(), "flowchart LR\n");
    assert!(report.to_json().ends_with("\"nodes\":[]}"));
}

/// Where Graphviz is not there, there is nothing to ask.
#[test]
fn graphviz_takes_the_drawing() {
    let Ok(mut dot) = Command::new("dot")
        .arg("-Tsvg")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
    else {
        return;
    };
    let text = report().to_dot();
    dot.stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    assert!(dot.wait().unwrap().success());
}
