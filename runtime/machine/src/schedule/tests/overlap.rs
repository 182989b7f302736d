//! Each overlap policy, alone and among others.

use wrt_model::{proto::enums::ScheduleOverlapPolicy as Policy, schedule::ScheduledStart};

use crate::schedule::overlap::{End, plan};

/// One letter for each start: Skip, buffer One, buffer All, Cancel, Terminate, allow (P)arallel. The answer names the
/// starts by their places.
#[track_caller]
fn check(buffered: &str, is_running: bool, expected: &str) {
    let starts = buffered.chars().zip(1..).map(|(letter, number)| ScheduledStart {
        number,
        overlap_policy: match letter {
            'S' => Policy::Skip,
            'O' => Policy::BufferOne,
            'A' => Policy::BufferAll,
            'C' => Policy::CancelOther,
            'T' => Policy::TerminateOther,
            'P' => Policy::AllowAll,
            other => panic!("{other}"),
        } as i32,
        ..Default::default()
    });
    let plan = plan(starts.collect(), is_running, ScheduledStart::overlap_policy);
    let numbers = |starts: &[ScheduledStart]| starts.iter().map(|start| start.number.to_string()).collect::<String>();
    let mut said = Vec::new();
    for (word, starts) in [
        ("beside", plan.beside),
        ("alone", Vec::from_iter(plan.alone)),
        ("waiting", plan.waiting),
    ] {
        if !starts.is_empty() {
            said.push(format!("{word} {}", numbers(&starts)));
        }
    }
    if plan.skipped > 0 {
        said.push(format!("skipped {}", plan.skipped));
    }
    said.extend(plan.end.map(|end| match end {
        End::Cancel => "cancel".to_owned(),
        End::Terminate => "terminate".to_owned(),
    }));
    assert_eq!(said.join(", "), expected, "{buffered}, running: {is_running}");
}

#[test]
fn when_nothing_runs() {
    check("", false, "");
    for one in ["S", "O", "A", "C", "T"] {
        check(one, false, "alone 1");
    }
    check("P", false, "beside 1");
    check("SSS", false, "alone 1, skipped 2");
    check("OOO", false, "alone 1, waiting 2, skipped 1");
    check("AAA", false, "alone 1, waiting 23");
    check("CCC", false, "alone 3");
    check("TTT", false, "alone 3");
    check("PPP", false, "beside 123");
    check("SPA", false, "beside 2, alone 1, waiting 3");
    check("AAC", false, "alone 3, waiting 2");
}

#[test]
fn when_something_runs() {
    check("S", true, "skipped 1");
    check("O", true, "waiting 1");
    check("OO", true, "waiting 1, skipped 1");
    check("AOA", true, "waiting 13, skipped 1");
    check("C", true, "waiting 1, cancel");
    check("T", true, "waiting 1, terminate");
    check("CT", true, "waiting 12, terminate");
    check("TC", true, "waiting 12, terminate");
    check("PSP", true, "beside 13, skipped 1");
}
