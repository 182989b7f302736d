//! The calls about schedules.

use super::*;

#[tokio::test]
async fn a_schedule_is_created_once() -> Result<()> {
    with_contract(async |server| {
        let handle = Handle::new(server.client(), "s");
        let request = CreateScheduleRequest {
            request_id: "request".to_owned(),
            initial_patch: Some(trigger(1, Policy::Unspecified)),
            ..handle.creating(schedule("", PATIENT, Policy::BufferAll))
        };
        let created = handle.send(request.clone()).await?;
        assert_eq!(
            handle.send(request.clone()).await?,
            created,
            "the same request finds it"
        );
        let info = handle.wait_until("started", |info| info.action_count == 1).await?;
        assert_eq!(info.buffer_size, 0);

        let other = CreateScheduleRequest {
            request_id: "other".to_owned(),
            ..request
        };
        assert_refused(
            handle.send(other).await,
            Code::AlreadyExists,
            r#"schedule "s" is already registered"#,
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_schedule_is_shown_as_it_was_understood() -> Result<()> {
    with_contract(async |server| {
        let mut noon = schedule(
            "CRON_TZ=Europe/Paris 0 12 * * MON-FRI # lunch",
            PATIENT,
            Policy::Unspecified,
        );
        if let Some(spec) = &mut noon.spec {
            spec.calendar.push(CalendarSpec {
                hour: "18".to_owned(),
                ..Default::default()
            });
        }
        let handle = Handle::create(server.client(), "s", noon.clone()).await?;
        let described = handle.describe().await?;
        let shown = described.schedule.unwrap_or_default();
        let spec = shown.spec.unwrap_or_default();
        assert_eq!((spec.cron_string.len(), spec.calendar.len()), (0, 0));
        let comments: Vec<_> = spec
            .structured_calendar
            .iter()
            .map(|calendar| &calendar.comment)
            .collect();
        assert_eq!(comments, ["", "lunch"]);
        assert_eq!(spec.timezone_name, "Europe/Paris");
        assert_eq!(shown.action, noon.action);
        let policies = shown.policies.unwrap_or_default();
        assert_eq!(policies.overlap_policy(), Policy::Skip);
        assert_eq!(policies.catchup_window.unwrap_or_default().seconds, 365 * 24 * 3600);
        let info = described.info.unwrap_or_default();
        assert_eq!(info.future_action_times.len(), 10);
        assert!(info.create_time.is_some() && info.update_time.is_none());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_schedule_is_paused_and_goes_on() -> Result<()> {
    with_contract(async |server| {
        let handle = Handle::create(server.client(), "s", schedule("@hourly", PATIENT, Policy::Skip)).await?;
        for (paused, pause, unpause) in [(true, "holidays", ""), (false, "", "back")] {
            let patch = SchedulePatch {
                pause: pause.to_owned(),
                unpause: unpause.to_owned(),
                ..Default::default()
            };
            handle.patch(patch).await?;
            let state = handle.state().await?;
            assert_eq!((state.paused, state.notes), (paused, format!("{pause}{unpause}")));
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_update_must_know_what_it_overwrites() -> Result<()> {
    with_contract(async |server| {
        let handle = Handle::create(server.client(), "s", schedule("@hourly", PATIENT, Policy::Skip)).await?;
        let token = handle.describe().await?.conflict_token;
        let daily = || schedule("@daily", PATIENT, Policy::BufferAll);
        handle.update(daily(), token.clone()).await?;
        assert_refused(
            handle.update(daily(), token).await,
            Code::FailedPrecondition,
            "conflict token",
        );
        handle.update(daily(), Vec::new()).await?;
        assert_refused(
            handle.update(daily(), b"x".to_vec()).await,
            Code::InvalidArgument,
            "Invalid ConflictToken",
        );

        let described = handle.describe().await?;
        let schedule = described.schedule.unwrap_or_default();
        assert_eq!(
            schedule.policies.unwrap_or_default().overlap_policy(),
            Policy::BufferAll
        );
        let info = described.info.unwrap_or_default();
        assert!(info.update_time.is_some());
        let times: Vec<_> = info
            .future_action_times
            .iter()
            .map(|time| time.seconds % (24 * 3600))
            .collect();
        assert_eq!(times, [0; 10]);
        let nobody = Handle::new(server.client(), "nobody");
        assert_refused(
            nobody.update(daily(), Vec::new()).await,
            Code::NotFound,
            "workflow not found for ID: temporal-sys-scheduler:nobody",
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn schedules_are_listed_and_counted() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        for (id, paused) in [("a", false), ("b", true), ("c", false)] {
            let handle = Handle::new(client, id);
            let request = handle.creating(Schedule {
                state: Some(ScheduleState {
                    paused,
                    ..Default::default()
                }),
                ..schedule("@daily", PATIENT, Policy::Skip)
            });
            handle.send(request).await?;
        }
        for (query, expected) in [
            ("", vec!["c", "b", "a"]),
            ("TemporalSchedulePaused = true", vec!["b"]),
            ("ScheduleId IN ('a', 'b') AND TemporalSchedulePaused = false", vec!["a"]),
            ("ScheduleId STARTS_WITH 'c'", vec!["c"]),
        ] {
            let mut found = Vec::new();
            let mut request = ListSchedulesRequest {
                namespace: client.namespace(),
                query: query.to_owned(),
                maximum_page_size: 2,
                ..Default::default()
            };
            loop {
                let page = client.temporal().list_schedules(request.clone()).await?.into_inner();
                for entry in page.schedules {
                    let info = entry.info.unwrap_or_default();
                    assert_eq!(info.paused, entry.schedule_id == "b");
                    assert_eq!(info.workflow_type.unwrap_or_default().name, "Scripted");
                    assert_eq!(info.future_action_times.len(), 5);
                    found.push(entry.schedule_id);
                }
                if page.next_page_token.is_empty() {
                    break;
                }
                request.next_page_token = page.next_page_token;
            }
            assert_eq!(found, expected, "{query}");
            let counting = CountSchedulesRequest {
                namespace: client.namespace(),
                query: query.to_owned(),
            };
            let counted = client.temporal().count_schedules(counting).await?.into_inner();
            assert_eq!(usize::try_from(counted.count)?, expected.len(), "{query}");
        }
        let nonsense = ListSchedulesRequest {
            namespace: client.namespace(),
            query: "ScheduleId =".to_owned(),
            ..Default::default()
        };
        assert_refused(
            client.temporal().list_schedules(nonsense).await,
            Code::InvalidArgument,
            "invalid query",
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn times_are_matched() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        Handle::create(client, "s", schedule("0 */6 * * *", PATIENT, Policy::Skip)).await?;
        let asking = |start_time, end_time| ListScheduleMatchingTimesRequest {
            namespace: client.namespace(),
            schedule_id: "s".to_owned(),
            start_time,
            end_time,
        };
        let mut temporal = client.temporal();
        let matching = temporal
            .list_schedule_matching_times(asking(Some(at(YEAR_2020)), Some(at(YEAR_2020 + 18 * 3600))))
            .await?
            .into_inner();
        assert_eq!(matching.start_time, [6, 12, 18].map(|hour| at(YEAR_2020 + hour * 3600)));
        let unbounded = temporal
            .list_schedule_matching_times(asking(Some(at(YEAR_2020)), None))
            .await;
        assert_refused(unbounded, Code::InvalidArgument, "EndTime");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn schedules_that_make_no_sense_are_refused() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let cases = [
            (
                schedule("61 * * * *", PATIENT, Policy::Skip),
                "Invalid schedule spec: Minute cannot be \"61\"",
            ),
            (
                schedule("TZ=Moon/Sea @daily", PATIENT, Policy::Skip),
                "unknown time zone Moon/Sea",
            ),
            (
                of_workflow(schedule("@daily", PATIENT, Policy::Skip), ""),
                "WorkflowId is not set",
            ),
        ];
        for (schedule, words) in cases {
            assert_refused(
                Handle::create(client, "s", schedule).await.map(drop),
                Code::InvalidArgument,
                words,
            );
        }
        let unnamed = Handle::create(client, "", schedule("@daily", PATIENT, Policy::Skip)).await;
        assert_refused(unnamed.map(drop), Code::InvalidArgument, "ScheduleId is not set");
        let elsewhere = client.of_namespace("elsewhere");
        let homeless = Handle::create(&elsewhere, "s", schedule("@daily", PATIENT, Policy::Skip)).await;
        assert_refused(homeless.map(drop), Code::NotFound, "Namespace elsewhere is not found.");
        let nobody = Handle::new(client, "nobody");
        assert_refused(nobody.patch(trigger(1, Policy::Skip)).await, Code::NotFound, "nobody");
        Ok(())
    })
    .await
}
