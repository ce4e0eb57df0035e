//! What a message costs the shard's state machine, from its request to everybody's copy, without disk and sockets. Run
//! with `cargo bench -p moim-engine --bench shard`.

mod node;

use divan::Bencher;
use divan::counter::ItemsCount;
use moim_engine::router::ShardId;
use node::{Layout, Node};

/// A conversation, a group, a crowd.
const MEMBERS: [u32; 3] = [2, 50, 2_000];

fn main() {
    divan::main();
}

fn everybody_in(layout: Layout) -> Node {
    let mut node = Node::new(ShardId(0), 1, layout);
    (0..layout.sessions()).for_each(|session| node.come(session));
    assert_eq!(node.opened, layout.sessions());
    node
}

fn commit(node: &mut Node) {
    if let Some(batch) = node.shard.seal() {
        node.committed(batch.last);
    }
}

/// A batch of its own for each message: what a quiet evening costs.
#[divan::bench(args = MEMBERS)]
fn a_message(bencher: Bencher<'_, '_>, members: u32) {
    let mut node = everybody_in(Layout { rooms: 1, members });
    let (mut sequence, text) = (0, "x".repeat(100));
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        sequence += 1;
        node.say(0, sequence, &text);
        commit(&mut node);
        node.answered.clear();
    });
    assert_eq!(node.acknowledged, u64::from(sequence));
}

/// One of each of a thousand in one batch: what a busy one costs.
#[divan::bench(args = [2, 50])]
fn a_batch_of_a_thousand_senders(bencher: Bencher<'_, '_>, members: u32) {
    let layout = Layout { rooms: 1_000 / members, members };
    let mut node = everybody_in(layout);
    let (mut sequence, text) = (0, "x".repeat(100));
    bencher.counter(ItemsCount::new(layout.sessions())).bench_local(|| {
        sequence += 1;
        (0..layout.sessions()).for_each(|session| node.say(session, sequence, &text));
        commit(&mut node);
        node.answered.clear();
    });
}
