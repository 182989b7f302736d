//! What a host may use: the sizes and limits that its owner chooses.

use std::{path::PathBuf, time::Duration};

/// How a [`Host`](crate::Host) is set up.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// The folder that keeps compiled components between starts; without one each start compiles again. Its files are
    /// machine code that the host trusts, so nobody but the server may write there.
    pub cache_dir: Option<PathBuf>,
    /// What one run of a workflow may use.
    pub workflow: WorkflowLimits,
    /// What one attempt of an activity may use.
    pub activity: ActivityLimits,
    /// Workflow instances that can exist at the same time. Each keeps [`MAPPINGS_PER_INSTANCE`] mappings of the kernel,
    /// so Linux allows `vm.max_map_count / MAPPINGS_PER_INSTANCE` of them.
    pub instances: u32,
    /// Activity attempts that can run at the same time; more of them wait for a place.
    pub activities: u32,
    /// The process may not have any address space it likes. Then activities get no more than their limit of memory says,
    /// and are a little slower: each access to memory is checked in code.
    pub address_space_is_limited: bool,
}

/// Memory mappings that a parked workflow instance holds: those of its linear memory (zeroes, image, heap, reserve).
pub const MAPPINGS_PER_INSTANCE: u32 = 4;

/// The limits of a run. What exceeds one fails the workflow task, with the limit's name in the message.
#[derive(Clone, Debug)]
pub struct WorkflowLimits {
    /// Bytes of linear memory, over all memories of the component.
    pub memory_bytes: usize,
    /// The longest that the guest itself may compute in one activation or query. Waiting for a free processor does not
    /// count.
    pub activation_time: Duration,
    /// Bytes of the guest's stack, outside of its linear memory.
    pub stack_bytes: usize,
    /// Bytes that the commands of one activation may take together, payloads included.
    pub command_bytes: usize,
}

/// The limits of one attempt of an activity. Its time is limited by the activity's own timeouts.
#[derive(Clone, Debug)]
pub struct ActivityLimits {
    /// Bytes of linear memory, over all memories of the component.
    pub memory_bytes: usize,
    /// Bytes of the guest's stack, outside of its linear memory.
    pub stack_bytes: usize,
}

impl Default for HostOptions {
    fn default() -> Self {
        HostOptions {
            cache_dir: None,
            workflow: WorkflowLimits::default(),
            activity: ActivityLimits::default(),
            instances: feasible_instances(max_map_count()),
            activities: 1_000,
            address_space_is_limited: false,
        }
    }
}

impl Default for WorkflowLimits {
    fn default() -> Self {
        WorkflowLimits {
            memory_bytes: 128 << 20,
            activation_time: Duration::from_secs(5),
            stack_bytes: 512 << 10,
            command_bytes: 64 << 20,
        }
    }
}

impl Default for ActivityLimits {
    fn default() -> Self {
        ActivityLimits {
            memory_bytes: 512 << 20,
            stack_bytes: 1 << 20,
        }
    }
}

/// The kernel's limit of mappings per process, or Linux's default where it cannot be read.
fn max_map_count() -> u32 {
    const LINUX_DEFAULT: u32 = 65_530;
    std::fs::read_to_string("/proc/sys/vm/max_map_count")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(LINUX_DEFAULT)
}

/// As many instances as the mappings allow, up to 20,000, while a few thousand mappings stay free for everything else.
fn feasible_instances(max_map_count: u32) -> u32 {
    const FOR_THE_REST: u32 = 5_000;
    (max_map_count.saturating_sub(FOR_THE_REST) / MAPPINGS_PER_INSTANCE).clamp(100, 20_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_fit_the_mappings_of_the_kernel() {
        for (max_map_count, instances) in [(0, 100), (65_530, 15_132), (262_144, 20_000), (u32::MAX, 20_000)] {
            assert_eq!(feasible_instances(max_map_count), instances);
        }
    }
}
