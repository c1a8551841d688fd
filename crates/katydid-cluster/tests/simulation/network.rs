//! The network and the dice.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use katydid_cluster::message::{decode_to_master, decode_to_worker, encode_to_master, encode_to_worker};
use katydid_cluster::{ToMaster, ToWorker};

/// A seeded sequence (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What is on its way.
#[derive(Clone)]
pub(crate) enum Packet {
    Up(String, ToMaster),
    Down(String, ToWorker),
}

impl Packet {
    fn worker(&self) -> &str {
        match self {
            Self::Up(worker, _) | Self::Down(worker, _) => worker,
        }
    }

    /// The same after it was bytes.
    fn over_the_wire(self) -> Self {
        match self {
            Self::Up(id, message) => {
                let read = decode_to_master(&encode_to_master(&message, &id)).expect("we wrote it");
                Self::Up(id, read.message)
            }
            Self::Down(id, message) => {
                let read = decode_to_worker(&encode_to_worker(&message, &id)).expect("we wrote it");
                Self::Down(id, read.message)
            }
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) loss_percent: u64,
    pub(crate) repeat_percent: u64,
    pub(crate) longest_delay_ms: u64,
}

pub(crate) struct Network {
    pub(crate) faults: Faults,
    /// Workers that cannot be reached.
    pub(crate) parted: HashSet<String>,
    is_wired: bool,
    under_way: BinaryHeap<Reverse<(u64, u64)>>,
    packets: std::collections::HashMap<u64, Packet>,
    sent: u64,
}

impl Network {
    pub(crate) fn new(faults: Faults, is_wired: bool) -> Self {
        let (parted, under_way) = (HashSet::new(), BinaryHeap::new());
        Self { faults, parted, is_wired, under_way, packets: Default::default(), sent: 0 }
    }

    pub(crate) fn send(&mut self, now_ms: u64, packet: Packet, chance: &mut Chance) {
        if self.parted.contains(packet.worker()) || chance.percent(self.faults.loss_percent) {
            return;
        }
        let copies = 1 + u64::from(chance.percent(self.faults.repeat_percent));
        let packet = if self.is_wired { packet.over_the_wire() } else { packet };
        for _ in 0..copies {
            let delay = 1 + chance.below(self.faults.longest_delay_ms);
            self.under_way.push(Reverse((now_ms + delay, self.sent)));
            self.packets.insert(self.sent, packet.clone());
            self.sent += 1;
        }
    }

    pub(crate) fn arrived(&mut self, now_ms: u64) -> Vec<Packet> {
        let mut arrived = Vec::new();
        while let Some(Reverse((_, number))) =
            self.under_way.peek().filter(|next| next.0.0 <= now_ms).copied()
        {
            self.under_way.pop();
            let packet = self.packets.remove(&number).expect("it is under way");
            if !self.parted.contains(packet.worker()) {
                arrived.push(packet);
            }
        }
        arrived
    }

    /// Packets sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }
}
