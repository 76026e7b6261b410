//! The table of peers names every operator of theirs.

#[track_caller]
fn check(section: &str, names: &str) {
    let docs = include_str!("../mod.rs");
    let table = docs
        .split("\n//! ## ")
        .find(|part| part.starts_with(section))
        .expect("the section is there");
    let named: String = table
        .lines()
        .filter_map(|line| line.strip_prefix("//! | ")?.split(" | ").next())
        .collect::<Vec<_>>()
        .join(",");
    let missing: Vec<&str> = names
        .split_whitespace()
        .filter(|name| !named.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "{section}: {missing:?}");
}

#[test]
fn the_table_names_all_of_wsnl() {
    check(
        "wsnl",
        "\
         Router route route_stream_node take_route_stream_node channel_route_stream_node \
         switch_stream_node take_switch_stream_node switch_node take_switch_node and_node \
         and_node_with_init and_node_with_bootstrap or_node or_node_with_init \
         or_node_with_bootstrap xor_node xor_node_with_init xor_node_with_bootstrap \
         periodic_trigger_node accumulate_stream_node accumulate_stream_with_reset_node \
         deduplicate_stream_node filter_stream_node constant_node sweep_node \
        ",
    );
}

#[test]
fn the_table_names_all_of_wingfoil() {
    check(
        "wingfoil",
        "\
         ticker constant never external channel channel_bounded pooled_channel \
         pooled_channel_with poll source_at_start feedback spawn spawn_bounded source combine \
         custom_node replay_results produce_async consume_async map try_map map_filter \
         try_map_filter with_time ticked_at ticked_at_elapsed count fold scan accumulate join \
         join_passive join3 try_join try_join_passive try_join3 filter filter_value sample \
         merge merge_all merge_n map_n fan limit skip take_while throttle window buffer \
         inspect logged distinct drop_small_change difference pairwise not print timed delay \
         delay_with_reset collapse collapse_accumulate for_each for_each_mut finally \
         spawn_map spawn_map_bounded split filter_none demux demux_map demux_it dynamic_group \
         Extension add_upstream remove run_dynamic \
        ",
    );
}

#[test]
fn the_table_names_all_of_csp() {
    check(
        "csp",
        "\
         print log sample firstN count delay diff merge split filter drop_dups unroll collect \
         flatten default gate apply null_ts stop_engine multiplex demultiplex \
         dynamic_demultiplex dynamic_collect drop_nans times times_ns accum exprtk timer \
         const curve feedback sync_list sync_dict sample_list sample_dict \
        ",
    );
}

#[test]
fn the_table_names_all_of_incremental() {
    check(
        "incremental",
        "\
         const map map2 map15 bind bind2 bind4 join if_ freeze depend_on necessary_if_alive \
         for_all exists all both array_fold reduce_balanced unordered_array_fold \
         opt_unordered_array_fold sum opt_sum Var Observer on_update Cutoff set_cutoff \
         memoize_fun weak_memoize_fun Expert save_dot at after at_intervals step_function \
         snapshot \
        ",
    );
}
