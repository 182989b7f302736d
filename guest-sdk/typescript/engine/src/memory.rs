//! The allocator. While a program is loaded, what is freed is wiped: the memory becomes the component, and what nobody uses any
//! more shall not be in it.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, Ordering},
};

struct Wiping;

#[global_allocator]
static ALLOCATOR: Wiping = Wiping;

static WIPES: AtomicBool = AtomicBool::new(true);

/// From now on memory is freed as it is.
pub(crate) fn loaded() {
    WIPES.store(false, Ordering::Relaxed);
}

// SAFETY: the system's allocator does the work; what it is given back is written to while it still belongs to the caller.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if WIPES.load(Ordering::Relaxed) {
            unsafe { block.write_bytes(0, layout.size()) };
            // The compiler would leave out a write that nobody can read.
            std::hint::black_box(block);
        }
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !WIPES.load(Ordering::Relaxed) {
            return unsafe { System.realloc(block, layout, size) };
        }
        let layout_of_new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        let new = unsafe { System.alloc(layout_of_new) };
        if !new.is_null() {
            unsafe { new.copy_from_nonoverlapping(block, layout.size().min(size)) };
            unsafe { self.dealloc(block, layout) };
        }
        new
    }
}
