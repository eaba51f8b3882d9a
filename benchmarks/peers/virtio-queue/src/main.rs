// SPDX-License-Identifier: Apache-2.0
//
// The device's side of a split ring with rust-vmm's virtio-queue: what PopPushBenchmark measures of virtio4j.
// BURST chains are made available at once; the device takes each, visits the host address of every
// descriptor, returns all device-writable bytes as written, and decides about one notification a burst.
//
// Each burst is timed by itself. Prints, for each shape, the time that a tenth of them stay below:
// virtio-queue SHAPE tenth N ns/chain

use std::hint::black_box;
use std::sync::atomic::Ordering;
use std::time::Instant;
use virtio_queue::{Queue, QueueOwnedT, QueueT};
use vm_memory::{Bytes, GuestAddress, GuestMemoryBackend, GuestMemoryMmap};

const BURST: u16 = 256;
const BURSTS: usize = 100_000;
const WARM_UP: usize = 2_000;

const RING: u64 = 0x1000;
const DRIVER_AREA: u64 = 0x10000;
const DEVICE_AREA: u64 = 0x20000;
const TABLES: u64 = 0x80000;
const BUFFERS: u64 = 0x100000;
const TABLE_STRIDE: u64 = 256;
const BUFFER_STRIDE: u64 = 2048;
const MEMORY_SIZE: usize = 1 << 30;

const NEXT: u16 = 1;
const WRITE: u16 = 2;
const INDIRECT: u16 = 4;

struct Shape {
    name: &'static str,
    indirect: bool,
    /// Length, and whether the device may write.
    descriptors: &'static [(u32, bool)],
}

const SHAPES: [Shape; 4] = [
    Shape { name: "1desc", indirect: false, descriptors: &[(1500, false)] },
    Shape { name: "2desc", indirect: false, descriptors: &[(1500, false), (1500, true)] },
    Shape { name: "3desc", indirect: false, descriptors: &[(16, false), (1500, true), (1, true)] },
    Shape { name: "3ind", indirect: true, descriptors: &[(16, false), (1500, true), (1, true)] },
];

type Memory = GuestMemoryMmap<()>;

impl Shape {
    /// How many entries of the descriptor table a chain takes.
    fn slots(&self) -> u16 {
        if self.indirect { 1 } else { self.descriptors.len() as u16 }
    }
}

fn write_descriptor(memory: &Memory, at: u64, address: u64, length: u32, flags: u16, next: u16) {
    memory.write_obj(address, GuestAddress(at)).unwrap();
    memory.write_obj(length, GuestAddress(at + 8)).unwrap();
    memory.write_obj(flags, GuestAddress(at + 12)).unwrap();
    memory.write_obj(next, GuestAddress(at + 14)).unwrap();
}

fn prepare_chain(memory: &Memory, shape: &Shape, chain: u16) {
    let count = shape.descriptors.len() as u16;
    let table = TABLES + u64::from(chain) * TABLE_STRIDE;
    for (d, &(length, writable)) in (0u16..).zip(shape.descriptors) {
        let index = chain * count + d;
        let (at, next) = if shape.indirect {
            (table + u64::from(d) * 16, d + 1)
        } else {
            (RING + u64::from(index) * 16, index + 1)
        };
        let last = d + 1 == count;
        let flags = if last { 0 } else { NEXT } | if writable { WRITE } else { 0 };
        write_descriptor(memory, at, BUFFERS + u64::from(index) * BUFFER_STRIDE, length, flags, next);
    }
    if shape.indirect {
        let at = RING + u64::from(chain) * 16;
        write_descriptor(memory, at, table, u32::from(count) * 16, INDIRECT, 0);
    }
}

fn start_queue(memory: &Memory, shape: &Shape) -> Queue {
    for chain in 0..BURST {
        prepare_chain(memory, shape, chain);
    }
    let size = (BURST * shape.slots()).next_power_of_two();
    for i in 0..size {
        let at = DRIVER_AREA + 4 + u64::from(i) * 2;
        memory.write_obj(i % BURST * shape.slots(), GuestAddress(at)).unwrap();
    }
    memory.write_obj(0u16, GuestAddress(DRIVER_AREA + 2)).unwrap();
    let mut queue = Queue::new(1024).unwrap();
    queue.set_size(size);
    queue.set_desc_table_address(Some(RING as u32), None);
    queue.set_avail_ring_address(Some(DRIVER_AREA as u32), None);
    queue.set_used_ring_address(Some(DEVICE_AREA as u32), None);
    queue.set_event_idx(true);
    queue.set_ready(true);
    assert!(queue.is_valid(memory), "the queue could not be started");
    queue
}

fn serve_burst(memory: &Memory, queue: &mut Queue) -> u16 {
    let mut chains = 0;
    while let Some(chain) = queue.pop_descriptor_chain(memory) {
        let head = chain.head_index();
        let mut written = 0;
        for descriptor in chain {
            let buffer = memory.get_slice(descriptor.addr(), descriptor.len() as usize).unwrap();
            black_box(buffer.ptr_guard().as_ptr());
            if descriptor.is_write_only() {
                written += descriptor.len();
            }
        }
        queue.add_used(memory, head, written).unwrap();
        chains += 1;
    }
    black_box(queue.needs_notification(memory).unwrap());
    chains
}

fn burst_nanoseconds(memory: &Memory, queue: &mut Queue, index: &mut u16) -> u128 {
    let begin = Instant::now();
    *index = index.wrapping_add(BURST);
    memory.store(*index, GuestAddress(DRIVER_AREA + 2), Ordering::Release).unwrap();
    assert_eq!(serve_burst(memory, queue), BURST, "a burst was not used");
    begin.elapsed().as_nanos()
}

fn main() {
    let memory = Memory::from_ranges(&[(GuestAddress(0), MEMORY_SIZE)]).unwrap();
    for shape in &SHAPES {
        let mut queue = start_queue(&memory, shape);
        let mut index = 0;
        let mut times: Vec<u128> = (0..WARM_UP + BURSTS)
            .map(|_| burst_nanoseconds(&memory, &mut queue, &mut index))
            .skip(WARM_UP)
            .collect();
        times.sort_unstable();
        let tenth = times[BURSTS / 10] as f64 / f64::from(BURST);
        println!("virtio-queue {} tenth {tenth:.1} ns/chain", shape.name);
    }
}
