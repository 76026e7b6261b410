//! Pinning threads to cores.

/// The ids of the cores this process may run on, ascending.
pub fn cores() -> Vec<usize> {
    let mut cores: Vec<usize> = core_affinity::get_core_ids()
        .unwrap_or_default()
        .into_iter()
        .map(|core| core.id)
        .collect();
    cores.sort_unstable();
    cores
}

/// Pins the calling thread to `core`. False when this process may not run there.
pub fn pin(core: usize) -> bool {
    // A core outside the process's own set is refused here: `sched_setaffinity` would accept it in some containers and
    // then leave the thread where the scheduler puts it.
    cores().contains(&core) && core_affinity::set_for_current(core_affinity::CoreId { id: core })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_that_is_not_there_is_refused() {
        assert!(!pin(100_000));
    }

    #[test]
    fn a_thread_can_be_pinned_to_a_core_of_the_process() {
        let Some(core) = cores().first().copied() else {
            return;
        };
        assert!(
            std::thread::spawn(move || pin(core))
                .join()
                .expect("the thread ends")
        );
    }
}
