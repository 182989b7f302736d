#![allow(warnings, unsafe_code)]
use std::time::Instant;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
struct Counting;
static ON: AtomicBool = AtomicBool::new(false);
static NET: AtomicUsize = AtomicUsize::new(0);
static SIZES: std::sync::Mutex<Vec<(usize, usize, bool)>> = std::sync::Mutex::new(Vec::new());
thread_local! { static IN: std::cell::Cell<bool> = const { std::cell::Cell::new(false) }; }
fn note(ptr: usize, size: usize, alloc: bool) {
    if ON.load(Relaxed) && !IN.get() { IN.set(true);
        let bt = if alloc && size >= 700 { let b = std::backtrace::Backtrace::force_capture().to_string(); Some(b) } else { None };
        if let Some(b) = bt { eprintln!("ALLOC {size} {}", b.lines().filter(|l| !l.trim().starts_with("at ") ).skip(4).take(14).map(|l| l.trim().to_string()).collect::<Vec<_>>().join(" < ")); }
        SIZES.lock().unwrap().push((ptr, size, alloc)); IN.set(false); }
}
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, l: Layout) -> *mut u8 { let p = unsafe { System.alloc(l) }; note(p as usize, l.size(), true); p }
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) { note(p as usize, l.size(), false); unsafe { System.dealloc(p, l) } }
}
#[global_allocator]
static A: Counting = Counting;
fn summary(name: &str) {
    let v = std::mem::take(&mut *SIZES.lock().unwrap());
    let mut live = std::collections::HashMap::new();
    for (p, s, a) in v { if a { live.insert(p, s); } else { live.remove(&p); } }
    let mut sizes: Vec<usize> = live.values().copied().collect(); sizes.sort(); sizes.reverse();
    println!("{name}: live {} bytes in {} blocks: {:?}", sizes.iter().sum::<usize>(), sizes.len(), &sizes[..sizes.len().min(30)]);
}
use wrt_host::{Host, HostOptions};
use crate::{story::{Story, identity}, support::{self, guest, text}};

fn rss() -> (usize, usize, usize) {
    let s = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let get = |k: &str| s.lines().find(|l| l.starts_with(k)).unwrap().split_whitespace().nth(1).unwrap().parse::<usize>().unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    (get("Rss:"), get("Private_Dirty:"), maps)
}

#[tokio::test]
async fn measure() {
    let n: usize = std::env::var("N").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    if n == 0 { return; }
    let t = Instant::now();
    let host = Host::new(HostOptions::default()).unwrap();
    println!("host new {:?} {:?}", t.elapsed(), rss());
    let t = Instant::now();
    let module = support::workflow(&host, &guest("contract-guest")).await;
    println!("prepare {:?}", t.elapsed());
    if let Ok(g) = std::env::var("GUEST") {
        let wtype = std::env::var("WTYPE").unwrap_or_default();
        let module = support::workflow(&host, &guest(&g)).await;
        let mut story = Story::on(&host, &std::env::var("INPUT").unwrap_or_default()).await;
        if let Some(wrt_model::proto::EventAttributes::WorkflowExecutionStartedEventAttributes(a)) = &mut story.events[0].attributes { a.workflow_type.as_mut().unwrap().name = wtype; }
        story.start_task();
        let one = module.instantiate(identity()).await.unwrap();
        let mut warm = one; println!("{:?}", warm.activate(&story.events).await.map(|c| crate::story::show(&c)));
        let before = rss();
        let mut parked = Vec::new();
        let t = Instant::now();
        for _ in 0..n { parked.push(module.instantiate(identity()).await.unwrap()); }
        println!("instantiate {:?}", t.elapsed() / n as u32);
        let after = rss();
        println!("instantiated: rss {} KiB, dirty {}", (after.0-before.0) as f64 / n as f64, (after.1-before.1) as f64 / n as f64);
        let t = Instant::now();
        for i in &mut parked { let _ = i.activate(&story.events).await; }
        println!("activate {:?}", t.elapsed() / n as u32);
        let after = rss();
        println!("parked: rss {} KiB, dirty {} KiB, maps {:.2} each; estimate {}", (after.0-before.0) as f64 / n as f64, (after.1-before.1) as f64 / n as f64, (after.2-before.2) as f64 / n as f64, parked[0].memory_bytes());
        return;
    }
    let mut story = Story::on(&host, "start => timer 1\nsignal x => timer 1").await;
    story.start_task();
    if std::env::var("ALLOCS").is_ok() {
        ON.store(true, SeqCst);
        let mut i = module.instantiate(identity()).await.unwrap();
        ON.store(false, SeqCst);
        summary("instantiate");
        ON.store(true, SeqCst);
        i.activate(&story.events).await.unwrap();
        ON.store(false, SeqCst);
        summary("activate");
    }
    let before = rss();
    let t = Instant::now();
    let mut parked = Vec::new();
    for _ in 0..n { parked.push(module.instantiate(identity()).await.unwrap()); }
    if std::env::var("SMAPS").is_ok() { std::fs::copy("/proc/self/smaps", "/tmp/smaps1").unwrap(); }
    println!("instantiate {:?} each {:?}", t.elapsed() / n as u32, rss());
    let t = Instant::now();
    for i in &mut parked { i.activate(&story.events).await.unwrap(); }
    println!("first activate {:?} each", t.elapsed() / n as u32);
    let after = rss();
    if std::env::var("SMAPS").is_ok() { std::fs::copy("/proc/self/smaps", "/tmp/smaps2").unwrap(); }
    println!("parked: rss {} KiB, dirty {} KiB, maps {:.2} each; estimate {}", (after.0-before.0) as f64 / n as f64, (after.1-before.1) as f64 / n as f64, (after.2-before.2) as f64 / n as f64, parked[0].memory_bytes());
    let commands = story.instance.activate(&story.events).await.unwrap();
    story.complete_task(3, &commands);
    for _ in 0..20 {
        let from = story.events.len();
        story.signal("x", "");
        let s = story.start_task();
        let t = Instant::now();
        let mut last = Vec::new();
        if story.events.len() < 12 { from_start(&mut story, &mut parked, from).await; } 
        let _ = (t, s);
        let unseen = story.instance.last_event_id() as usize;
        last = story.instance.activate(&story.events[unseen..]).await.unwrap();
        story.complete_task(s, &last);
    }
    let t = Instant::now();
    drop(parked);
    println!("drop {:?} each {:?}", t.elapsed() / n as u32, rss());
    // one step = schedule + complete
    let mut script = String::from("start => schedule A input\n");
    for i in 1..2000 { script.push_str(&format!("resolved {i} => schedule A input\n")); }
    let _ = script;
    let mut story = Story::on(&host, "start => schedule A input\nsignal x => schedule A input").await;
    let t = Instant::now();
    story.go().await;
    for i in 1..2000 {
        story.complete(&i.to_string(), text("\"some result of the activity\""));
        story.signal("x", "");
        story.go().await;
    }
    println!("2000 steps lived {:?} each", t.elapsed() / 2000);
    for _ in 0..3 {
        let t = Instant::now();
        let i = story.replayed().await.unwrap();
        let e = t.elapsed();
        println!("replay {} events in {:?}: {:.0} events/s, estimate {}", story.events.len(), e, story.events.len() as f64 / e.as_secs_f64(), i.memory_bytes());
    }
}
async fn from_start(story: &mut Story, parked: &mut [wrt_host::WorkflowInstance], _from: usize) {
    let t = Instant::now();
    for i in parked.iter_mut() { i.activate(&story.events[3..]).await.unwrap(); }
    println!("second activate {:?} each {:?}", t.elapsed() / parked.len() as u32, rss());
}
