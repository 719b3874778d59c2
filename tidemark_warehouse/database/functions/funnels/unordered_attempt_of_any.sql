-- Steps and events are matched: an attempt is a set of events that can each do another step. Where an exclusion lies, an
-- attempt that goes past must do a step in that instant. How deep an attempt can come is then the size of a matching; how
-- early it can do its steps, a greedy choice, for such sets of events form a matroid. docs/funnels.md says what counts.
create or replace function ops.unordered_attempt_of_any(
    step_count integer, step_window interval, times timestamptz[], masks bigint[]
) returns ops.funnel_attempt
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    steps constant bigint := (1::bigint << step_count) - 1;
    size constant integer := cardinality(times);
    nobody constant integer[] := array_fill(0, array[step_count]);
    attempt ops.funnel_attempt;
    -- Instants: of each event the number, of each number the first and the last event.
    instant_of integer[] := '{}';
    first_of integer[] := '{}';
    last_of integer[] := '{}';
    instant integer := 0;
    -- Instants with an exclusion, and the steps that can be done in each; the last is the first here, for
    -- ops.latest_events to keep the earliest ones.
    barriers integer[] := '{}';
    barrier_masks bigint[] := '{}';
    barrier_of integer[] := nobody;
    barrier integer;
    -- The last event within the window, and before the first barrier that cannot be passed.
    within integer := 0;
    reach integer;
    read_to integer := 0;
    latest integer[] := nobody;
    event_of integer[];
    grown integer[];
    counts integer[];
    most integer;
    deepest integer := 0;
    depth integer;
begin
    for i in 1 .. size loop
        if i = 1 or times[i] > times[i - 1] then
            instant := instant + 1;
            first_of := first_of || i;
            last_of := last_of || i;
        end if;
        instant_of := instant_of || instant;
        last_of[instant] := i;
    end loop;
    select
        coalesce(array_agg(b.instant order by b.instant desc) filter (where b.is_barrier), '{}'),
        coalesce(array_agg(b.mask order by b.instant desc) filter (where b.is_barrier), '{}'),
        bit_count(bit_or(b.mask)::bit(64))
    into barriers, barrier_masks, most
    from (
        select e.instant, bit_or(e.mask & steps) as mask, bool_or(e.mask >= exclusion) as is_barrier
        from unnest(instant_of, masks) as e (instant, mask)
        group by e.instant
    ) as b;
    barrier := cardinality(barriers);

    for i in 1 .. size loop
        continue when masks[i] & steps = 0;
        while within < size and (step_window is null or times[within + 1] <= ops.later(times[i], step_window)) loop
            within := within + 1;
        end loop;
        reach := within;
        -- Barriers behind the entry are of no account; one ahead is passed with a step of its own.
        for step in 1 .. step_count loop
            if barriers[barrier_of[step]] <= instant_of[i] then
                barrier_of[step] := 0;
            end if;
        end loop;
        while barrier > 0 and barriers[barrier] <= instant_of[within] loop
            if barriers[barrier] > instant_of[i] then
                grown := ops.one_step_more(barrier_of, barrier_masks, array[barrier]);
                if grown is null then
                    reach := first_of[barriers[barrier]] - 1;
                    exit;
                end if;
                barrier_of := grown;
            end if;
            barrier := barrier - 1;
        end loop;
        if barrier_of <> nobody then
            -- The entry does a step itself: the barrier that gives way to it cannot be passed.
            barrier_masks[cardinality(barriers) + 1] := masks[i] & steps;
            grown := ops.latest_events(barrier_of, barrier_masks, cardinality(barriers) + 1);
            select least(reach, first_of[barriers[b.barrier]] - 1) into reach
            from (select max(f.b) filter (where f.b <> all(grown)) from unnest(barrier_of) as f (b)) as b (barrier);
        end if;
        -- What does not reach further than an earlier entry comes no deeper.
        continue when reach <= read_to;
        for e in read_to + 1 .. reach loop
            if masks[e] & steps <> 0 then
                latest := ops.latest_events(latest, masks, e);
            end if;
        end loop;
        read_to := reach;
        depth := (select count(*) from unnest(latest) as e where e >= first_of[instant_of[i]]);
        if depth > deepest then
            deepest := depth;
            attempt.entry := i;
            exit when deepest = most;
        end if;
    end loop;
    if deepest = 0 then
        return null;
    end if;

    -- The entry counts as an instant of its own. How far it has to go: the events up to there can do as many steps.
    event_of := ops.one_step_more(nobody, masks, array[attempt.entry]);
    reach := attempt.entry;
    depth := 1;
    for e in first_of[instant_of[attempt.entry]] .. size loop
        exit when depth = deepest;
        continue when e = attempt.entry;
        grown := ops.one_step_more(event_of, masks, array[e]);
        if grown is not null then
            event_of := grown;
            depth := depth + 1;
            reach := greatest(reach, e);
        end if;
    end loop;

    -- The entry does one, each instant with an exclusion one, and then as many as each can, the earliest first.
    instant := instant + 1;
    instant_of[attempt.entry] := instant;
    first_of[instant] := attempt.entry;
    last_of[instant] := attempt.entry;
    counts := array_fill(0, array[instant]);
    event_of := ops.one_step_more(nobody, masks, array[attempt.entry]);
    depth := 1;
    for pass in 1 .. 2 loop
        for g in 1 .. instant - 1 loop
            continue when first_of[g] > reach or times[first_of[g]] < times[attempt.entry];
            continue when pass = 1 and (g <> all(barriers) or times[first_of[g]] = times[attempt.entry]);
            loop
                exit when depth = deepest;
                grown := ops.one_step_more(
                    event_of, masks,
                    array(
                        select e from generate_series(first_of[g], last_of[g]) as e
                        where instant_of[e] = g and e <> all(event_of)
                    ),
                    instant_of, first_of, last_of
                );
                exit when grown is null;
                event_of := grown;
                counts[g] := counts[g] + 1;
                depth := depth + 1;
                exit when pass = 1;
            end loop;
        end loop;
    end loop;
    attempt.step_at := array[times[attempt.entry]];
    for g in 1 .. instant - 1 loop
        if counts[g] > 0 then
            attempt.step_at := attempt.step_at || array_fill(times[first_of[g]], array[counts[g]]);
        end if;
    end loop;
    return attempt;
end
$$;

comment on function ops.unordered_attempt_of_any(integer, interval, timestamptz[], bigint[]) is
'An unordered funnel of one user, whatever steps an event can do and whatever happens in one instant; in time that grows '
'with events times steps, and with exclusions that can be passed.';
