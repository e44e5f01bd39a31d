use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use zenoh::shm::{
    ChunkAllocResult, ChunkDescriptor, MemoryLayout, PosixShmProviderBackend, ProtocolID, ShmProviderBackend,
    WithProtocolID, ZLayoutError,
};

/// Zenoh's default backend, with a count of the chunks that are out: it cannot tell itself (its `available` is 0).
pub struct CountingBackend {
    inner: PosixShmProviderBackend,
    out: Arc<AtomicUsize>,
}

impl CountingBackend {
    pub fn new(inner: PosixShmProviderBackend) -> Self {
        CountingBackend { inner, out: Arc::new(AtomicUsize::new(0)) }
    }

    pub fn chunks_out(&self) -> Arc<AtomicUsize> {
        self.out.clone()
    }
}

impl WithProtocolID for CountingBackend {
    fn id(&self) -> ProtocolID {
        self.inner.id()
    }
}

impl ShmProviderBackend for CountingBackend {
    fn alloc(&self, layout: &MemoryLayout) -> ChunkAllocResult {
        let chunk = self.inner.alloc(layout)?;
        self.out.fetch_add(1, Ordering::AcqRel);
        Ok(chunk)
    }

    fn free(&self, chunk: &ChunkDescriptor) {
        self.inner.free(chunk);
        self.out.fetch_sub(1, Ordering::AcqRel);
    }

    fn defragment(&self) -> usize {
        self.inner.defragment()
    }

    fn available(&self) -> usize {
        self.inner.available()
    }

    fn layout_for(&self, layout: MemoryLayout) -> Result<MemoryLayout, ZLayoutError> {
        self.inner.layout_for(layout)
    }
}
