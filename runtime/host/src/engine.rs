//! The two engines: one for workflows, which must compute the same on every machine and replay, one for activities.

use std::{num::NonZeroUsize, sync::Arc, thread, time::Duration};

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use wrt_model::ComponentKind;

use crate::{
    activity::warm::warm_instances,
    cache::Functions,
    error::{HostError, message},
    options::{ActivityLimits, HostOptions, WorkflowLimits},
};

/// How often a guest that computes is asked to make room for others.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Stack that host functions may use on top of an activity's own.
const HOST_STACK_BYTES: usize = 512 << 10;

/// Frames of a guest's backtrace, the innermost ones.
pub(crate) const BACKTRACE_FRAMES: usize = 20;

/// Elements of one table. Large interpreters need some ten thousand.
pub(crate) const TABLE_ELEMENTS: usize = 64 << 10;

/// Core modules of one component, an upper bound: Python with its shared libraries has some thirty.
const CORE_INSTANCES_PER_COMPONENT: u32 = 100;

/// Bytes that wasmtime itself keeps for one instance, beside memory and tables. An upper bound: nothing is reserved.
const INSTANCE_BYTES: usize = 16 << 20;

/// What wasmtime reserves for a memory so that the processor itself checks every access: all that 32 bits can name.
const RESERVED_BYTES: u64 = 4 << 30;

/// Bytes of a memory, and of a table, that stay mapped for the next instance in its place, on kernels that can tell which
/// pages were written (Linux 6.7): only those are reset. To give pages back and fault them in again takes longer than a
/// short activity does.
const KEEP_MEMORY_BYTES: usize = 1 << 20;
const KEEP_TABLE_BYTES: usize = 64 << 10;

/// The engine of workflows. They run on the stack of whoever calls them.
pub(crate) fn workflow_engine(options: &HostOptions, functions: Arc<Functions>) -> Result<Engine, HostError> {
    let WorkflowLimits {
        memory_bytes,
        stack_bytes,
        ..
    } = options.workflow;
    let mut config = config(stack_bytes, functions)?;
    reserve_exactly(&mut config, memory_bytes);
    config.cranelift_nan_canonicalization(true);
    config.relaxed_simd_deterministic(true);
    let place = Place {
        kind: ComponentKind::Workflow,
        instances: options.instances,
        bytes: round_up(memory_bytes) as u64,
    };
    start(config, pool(options.instances, memory_bytes), place)
}

/// The engine of activities.
pub(crate) fn activity_engine(options: &HostOptions, functions: Arc<Functions>) -> Result<Engine, HostError> {
    let ActivityLimits {
        memory_bytes,
        stack_bytes,
    } = options.activity;
    let instances = options.activities.saturating_add(warm_instances(options.activities));
    let mut config = config(stack_bytes, functions)?;
    config.async_stack_size(stack_bytes + HOST_STACK_BYTES);
    let bytes = match options.address_space_is_limited {
        true => {
            reserve_exactly(&mut config, memory_bytes);
            round_up(memory_bytes) as u64
        }
        false => RESERVED_BYTES,
    };
    let mut pool = pool(instances, memory_bytes);
    pool.total_stacks(instances);
    let place = Place {
        kind: ComponentKind::Activity,
        instances,
        bytes,
    };
    start(config, pool, place)
}

/// What an engine reserves address space for.
struct Place {
    kind: ComponentKind,
    instances: u32,
    /// Of each instance, at least.
    bytes: u64,
}

/// Bounds are checked in code, so that an instance needs no 4 GiB of address space.
fn reserve_exactly(config: &mut Config, memory_bytes: usize) {
    config.memory_reservation(round_up(memory_bytes) as u64);
    config.memory_guard_size(64 << 10);
}

fn config(stack_bytes: usize, functions: Arc<Functions>) -> Result<Config, HostError> {
    let mut config = Config::new();
    config
        .enable_incremental_compilation(functions)
        .map_err(|error| HostError::Engine(message(&error)))?;
    config.wasm_backtrace_max_frames(NonZeroUsize::new(BACKTRACE_FRAMES));
    config.max_wasm_stack(stack_bytes);
    config.epoch_interruption(true);
    config.concurrency_support(false);
    Ok(config)
}

/// One linear memory per instance and no stack. Further tables and core instances cost nothing until they are used.
fn pool(instances: u32, memory_bytes: usize) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES_PER_COMPONENT))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(3))
        .total_stacks(0)
        .max_memory_size(round_up(memory_bytes))
        .max_memories_per_module(1)
        .max_tables_per_module(8)
        .table_elements(TABLE_ELEMENTS)
        .max_component_instance_size(INSTANCE_BYTES)
        .max_core_instance_size(INSTANCE_BYTES);
    pool
}

/// Memories grow by pages of 64 KiB.
fn round_up(bytes: usize) -> usize {
    bytes.next_multiple_of(64 << 10)
}

fn start(mut config: Config, pool: PoolingAllocationConfig, place: Place) -> Result<Engine, HostError> {
    let mut keeping = pool.clone();
    keeping
        .pagemap_scan(Enabled::Yes)
        .linear_memory_keep_resident(KEEP_MEMORY_BYTES)
        .table_keep_resident(KEEP_TABLE_BYTES);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(keeping));
    let Place { kind, instances, bytes } = place;
    let engine = Engine::new(&config)
        .or_else(|_| Engine::new(config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool))))
        .map_err(|error| HostError::AddressSpace {
            kind,
            instances,
            bytes: bytes.saturating_mul(instances.into()),
            cause: message(&error),
        })?;
    tick(&engine)?;
    Ok(engine)
}

/// Advances the engine's epoch for as long as the engine is in use.
fn tick(engine: &Engine) -> Result<(), HostError> {
    let engine = engine.weak();
    thread::Builder::new()
        .name("wrt-epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::park_timeout(TICK);
            }
        })
        .map(drop)
        .map_err(|error| HostError::Engine(format!("start the epoch's thread: {error}")))
}
