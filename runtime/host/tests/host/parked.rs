//! Many instances at once.

use wrt_host::{Host, HostOptions};

use crate::{
    story::{Story, identity, show},
    support::{self, guest},
};

/// Parked instances do not know of each other, and each goes on where it was.
#[tokio::test]
async fn instances_are_apart() {
    let host = Host::new(HostOptions {
        instances: 300,
        activities: 1,
        ..support::options()
    })
    .unwrap();
    let module = support::workflow(&host, &guest("contract-guest")).await;
    let mut story = Story::on(&host, "start => timer 1\nsignal x => complete").await;
    story.start_task();
    let mut parked = Vec::new();
    for _ in 0..200 {
        let mut instance = module.instantiate(identity()).unwrap();
        let commands = instance.activate(&story.events, Vec::new()).unwrap().commands;
        assert_eq!(show(&commands), ["timer 1 1s"]);
        assert!((32 << 10..200 << 10).contains(&instance.memory_bytes()));
        parked.push(instance);
    }
    let first = story.events.len();
    let commands = parked[0].activate(&[], Vec::new());
    assert!(commands.is_err(), "nothing happened, so there is no task");
    let commands = story.instance.activate(&story.events, Vec::new()).unwrap().commands;
    story.complete_task(3, &commands);
    story.signal("x", "");
    story.start_task();
    for instance in &mut parked[1..] {
        let commands = instance.activate(&story.events[first..], Vec::new()).unwrap().commands;
        assert!(show(&commands)[0].starts_with("complete "));
    }
}
