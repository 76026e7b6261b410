//! The views of every SBE room are what the generator makes of its schema.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::path::Path;

#[path = "../examples/sbe_views/generator.rs"]
mod generator;
#[path = "../examples/sbe_views/schemas.rs"]
mod schemas;

#[test]
fn the_views_that_are_checked_in_are_those_of_the_schemas() {
    let schemas = schemas::schemas(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(schemas.len() > 1);
    for schema in schemas {
        let made = generator::generate(&std::fs::read_to_string(&schema).unwrap()).unwrap();
        let found = std::fs::read_to_string(schema.with_file_name("generated.rs")).unwrap();
        assert!(
            made == found,
            "{}: run cargo run -p waveletd-feeds --example sbe_views",
            schema.display()
        );
    }
}

const HEAD: &str = r#"<messageSchema package="p" id="1" version="0"><types>
    <composite name="messageHeader"><type name="blockLength" primitiveType="uint16"/>
    <type name="templateId" primitiveType="uint16"/><type name="schemaId" primitiveType="uint16"/>
    <type name="version" primitiveType="uint16"/></composite></types>"#;

#[track_caller]
fn check_refused(message: &str, why: &str) {
    let schema = format!("{HEAD}<message name=\"m\" id=\"1\">{message}</message></messageSchema>");
    let refused = generator::generate(&schema).unwrap_err();
    assert!(refused.contains(why), "{refused}");
}

#[test]
fn what_the_generator_does_not_understand_it_refuses_by_name() {
    check_refused(
        r#"<field name="f" type="float"/>"#,
        "\"float\" is not known",
    );
    check_refused(
        r#"<group name="g" dimensionType="d"/>"#,
        "\"d\" is not known",
    );
    check_refused(
        r#"<group name="g"><group name="h"/></group>"#,
        "a group within a group",
    );
    check_refused(
        r#"<field name="f" type="uint8" sinceVersion="2"/><field name="g" type="uint8"/>"#,
        "after one of a later version",
    );
    assert!(generator::generate("<x/>").is_err());
    assert!(generator::generate("<").is_err());
}
