-- How one user's events make a funnel, and what a filter says of an event. The marts and
-- api.funnel_adhoc call the same functions, so that both give the same result.
-- docs/funnels.md explains the rules; tests/integration/funnels compares them with plain Python.

-- Filters -------------------------------------------------------------------------------------

create function ops.json_of(content text) returns jsonb
language plpgsql immutable parallel safe
as $$
begin
    return content::jsonb;
exception
    when others then return null;
end
$$;
comment on function ops.json_of(text) is 'The JSON that a text is; null where it is none.';

create function ops.filters_problem(filters jsonb) returns text
language plpgsql immutable parallel safe
as $$
declare
    rule jsonb;
    operator text;
    operand jsonb;
    operand_type text;
begin
    if filters is null or jsonb_typeof(filters) <> 'array' then
        return 'filters is not a JSON array';
    end if;
    for rule in select r.value from jsonb_array_elements(filters) as r loop
        if jsonb_typeof(rule) <> 'object' then
            return format('the filter %s is not a JSON object', rule);
        end if;
        if coalesce(jsonb_typeof(rule -> 'property'), '') <> 'string' then
            return format('the filter %s names no property', rule);
        end if;
        operator := coalesce(rule ->> 'operator', '');
        if operator not in
            ('eq', 'neq', 'contains', 'gt', 'gte', 'lt', 'lte', 'is_set', 'is_not_set')
        then
            return format('unknown operator "%s"', operator);
        end if;
        operand := rule -> 'value';
        operand_type := coalesce(jsonb_typeof(operand), 'none');
        if operator in ('eq', 'neq', 'contains') and operand_type = 'none' then
            return format('operator %s needs a value', operator);
        end if;
        if operator in ('gt', 'gte', 'lt', 'lte') and operand_type <> 'number' then
            return format('operator %s needs a number', operator);
        end if;
        if operator = 'contains' and exists (
            select
            from jsonb_array_elements(
                case operand_type when 'array' then operand else jsonb_build_array(operand) end
            ) as o
            where jsonb_typeof(o.value) not in ('string', 'number')
        ) then
            return 'operator contains needs a text, or a list of texts';
        end if;
    end loop;
    return null;
end
$$;
comment on function ops.filters_problem(jsonb) is
'Which rule a list of filters breaks, in words; null where it breaks none.';

create function ops.prepared_filters(filters jsonb) returns jsonb
language sql immutable parallel safe
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'property', f.rule ->> 'property',
        'operator', f.rule ->> 'operator',
        'operands', case
            when jsonb_typeof(f.rule -> 'value') = 'array' then f.rule -> 'value'
            when f.rule ? 'value' then jsonb_build_array(f.rule -> 'value')
            else '[]'
        end
    ) order by f.number), '[]')
    from jsonb_array_elements(
        case when jsonb_typeof(filters) = 'array' then filters else '[]' end
    ) with ordinality as f (rule, number)
$$;
comment on function ops.prepared_filters(jsonb) is
'Filters, each with its list of operands, as ops.passes reads them.';

create function ops.passes(properties jsonb, filters jsonb) returns boolean
language plpgsql immutable parallel safe
as $$
declare
    rule jsonb;
    found jsonb;
    operands jsonb;
    operator text;
    holds boolean;
begin
    for i in 0 .. jsonb_array_length(filters) - 1 loop
        rule := filters -> i;
        operator := rule ->> 'operator';
        operands := rule -> 'operands';
        found := properties -> (rule ->> 'property');
        if operator in ('eq', 'neq') then
            if found is null then
                holds := false;
            elsif jsonb_typeof(found) in ('array', 'object') then
                holds := found = any(array(select o.value from jsonb_array_elements(operands) as o));
            else
                holds := operands @> found;
            end if;
            if operator = 'neq' then
                holds := not holds;
            end if;
        elsif operator = 'contains' then
            holds := coalesce((
                select bool_or(position(lower(o.value) in lower(found #>> '{}')) > 0)
                from jsonb_array_elements_text(operands) as o
            ), false);
        elsif operator = 'is_set' then
            holds := found is not null and found <> 'null';
        elsif operator = 'is_not_set' then
            holds := found is null or found = 'null';
        elsif found is null or jsonb_typeof(found) <> 'number' then
            holds := false;
        elsif operator = 'gt' then
            holds := found > operands -> 0;
        elsif operator = 'gte' then
            holds := found >= operands -> 0;
        elsif operator = 'lt' then
            holds := found < operands -> 0;
        else
            holds := found <= operands -> 0;
        end if;
        if not holds then
            return false;
        end if;
    end loop;
    return true;
end
$$;
comment on function ops.passes(jsonb, jsonb) is
'Whether properties satisfy every one of the prepared filters. The macro satisfies says the same of '
'one rule of a seed.';

-- Funnels: which events are of which step -----------------------------------------------------

create function ops.funnel_events(steps jsonb, exclusions jsonb, takes_all boolean)
returns table (event_name text, step_mask bigint, filtered jsonb)
language sql immutable parallel safe
as $$
    with rules as (
        select
            s.rule ->> 'event_name' as event_name,
            1::bigint << (s.number - 1)::integer as mask,
            s.rule -> 'filters' as filters
        from jsonb_array_elements(steps) with ordinality as s (rule, number)
        union all
        select
            x.rule ->> 'event_name' as event_name,
            1::bigint << 62 as mask,
            x.rule -> 'filters' as filters
        from jsonb_array_elements(exclusions) as x (rule)
    ),

    names as (
        select rules.event_name from rules
        union
        select '*' where takes_all
    )

    select
        n.event_name,
        coalesce(bit_or(r.mask) filter (where r.filters = '[]'), 0) as step_mask,
        jsonb_agg(jsonb_build_object('mask', r.mask, 'filters', r.filters) order by r.mask)
            filter (where r.filters <> '[]') as filtered
    from names as n
    left join rules as r on r.event_name in (n.event_name, '*')
    group by n.event_name
$$;
comment on function ops.funnel_events(jsonb, jsonb, boolean) is
'What an event of a name means to a funnel: bit k-1 of step_mask for step k, bit 62 for an exclusion; '
'filtered lists the bits that depend on its properties. The name * stands for all names beyond the '
'listed ones; takes_all lists it even where no step asks for it.';

create function ops.filtered_mask(filtered jsonb, properties jsonb) returns bigint
language plpgsql immutable parallel safe
as $$
declare
    mask bigint := 0;
begin
    for i in 0 .. jsonb_array_length(filtered) - 1 loop
        if ops.passes(properties, filtered -> i -> 'filters') then
            mask := mask | (filtered -> i ->> 'mask')::bigint;
        end if;
    end loop;
    return mask;
end
$$;
comment on function ops.filtered_mask(jsonb, jsonb) is
'The bits of ops.funnel_events.filtered whose filters an event''s properties satisfy.';

-- Funnels: how far a user comes ---------------------------------------------------------------

create type ops.funnel_attempt as (entry integer, step_at timestamptz[]);
comment on type ops.funnel_attempt is
'The attempt that counts: the place of its entry event, and when each step that it reached was done.';

create function ops.steps_served(masks bigint[], first_step integer, last_step integer)
returns integer
language plpgsql immutable parallel safe
as $$
declare
    step_of integer[] := array_fill(0, array[cardinality(masks)]);
    asked_by integer[];
    waiting integer[];
    place integer;
    given integer;
    former integer;
begin
    for step in first_step .. last_step loop
        -- Breadth first from the step to an event that is free: events on the way change their step.
        asked_by := array_fill(0, array[cardinality(masks)]);
        waiting := array[step];
        place := 1;
        given := 0;
        while given = 0 and place <= cardinality(waiting) loop
            for e in 1 .. cardinality(masks) loop
                if asked_by[e] = 0 and masks[e] >> (waiting[place] - 1) & 1 = 1 then
                    asked_by[e] := waiting[place];
                    if step_of[e] = 0 then
                        given := e;
                        exit;
                    end if;
                    waiting := waiting || step_of[e];
                end if;
            end loop;
            place := place + 1;
        end loop;
        if given = 0 then
            return step - first_step;
        end if;
        while given <> 0 loop
            former := coalesce(array_position(step_of, asked_by[given]), 0);
            step_of[given] := asked_by[given];
            given := former;
        end loop;
    end loop;
    return greatest(last_step - first_step + 1, 0);
end
$$;
comment on function ops.steps_served(bigint[], integer, integer) is
'How many steps in turn, from first_step on, events of one instant can serve, each event one step.';

create function ops.steps_matched(
    times timestamptz[], masks bigint[], entry integer, until timestamptz, step_count integer
) returns timestamptz[]
language plpgsql immutable parallel safe
as $$
declare
    event_of integer[] := array_fill(0, array[step_count]);
    brought_by integer[];
    waiting integer[];
    place integer;
    taken integer;
    former integer;
    step_at timestamptz[] := '{}';
begin
    for e in entry .. cardinality(times) loop
        exit when times[e] > until or cardinality(step_at) = step_count;
        -- Breadth first from the event to a step that is free: steps on the way change their event.
        brought_by := array_fill(0, array[step_count]);
        waiting := array[e];
        place := 1;
        taken := 0;
        while taken = 0 and place <= cardinality(waiting) loop
            for step in 1 .. step_count loop
                if brought_by[step] = 0 and masks[waiting[place]] >> (step - 1) & 1 = 1 then
                    brought_by[step] := waiting[place];
                    if event_of[step] = 0 then
                        taken := step;
                        exit;
                    end if;
                    waiting := waiting || event_of[step];
                end if;
            end loop;
            place := place + 1;
        end loop;
        if taken <> 0 then
            step_at := step_at || times[e];
        end if;
        while taken <> 0 loop
            former := coalesce(array_position(event_of, brought_by[taken]), 0);
            event_of[taken] := brought_by[taken];
            taken := former;
        end loop;
    end loop;
    return step_at;
end
$$;
comment on function ops.steps_matched(timestamptz[], bigint[], integer, timestamptz, integer) is
'When the events from entry to until did one more different step, each event one step: the most steps '
'that they can do, as early as they can.';

create function ops.instants_tell(times timestamptz[], masks bigint[], overlapping boolean)
returns boolean
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
begin
    for i in 1 .. cardinality(times) loop
        if masks[i] > exclusion then
            return true;
        end if;
        if
            i > 1 and times[i] = times[i - 1]
            and (overlapping or masks[i] >= exclusion or masks[i - 1] >= exclusion)
        then
            return true;
        end if;
    end loop;
    return false;
end
$$;
comment on function ops.instants_tell(timestamptz[], bigint[], boolean) is
'Whether it matters in which order events of one instant are taken, beyond that of their steps.';

create function ops.ordered_attempt(
    step_count integer, step_window interval, times timestamptz[], masks bigint[]
) returns ops.funnel_attempt
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    size constant integer := cardinality(times);
    nothing constant timestamptz[] := array_fill(null::timestamptz, array[step_count]);
    -- Forward: until when an attempt that has done step k may go on, of the latest entry.
    until timestamptz[] := nothing;
    -- Backward: when steps k to the deepest can be done at the earliest.
    done timestamptz[] := nothing;
    attempt ops.funnel_attempt;
    deepest integer := 0;
    deepest_until timestamptz;
    at timestamptz;
    mask bigint;
    bit bigint;
    step integer;
    last integer;
begin
    for i in 1 .. size loop
        mask := masks[i];
        if mask = 1 then
            until[1] := coalesce(times[i] + step_window, 'infinity');
            if deepest = 0 then
                deepest := 1;
                attempt.entry := i;
                deepest_until := until[1];
                exit when step_count = 1;
            end if;
        elsif mask >= exclusion then
            until := nothing;
        else
            at := times[i];
            -- From the deepest step down: an event serves one step.
            for k in reverse least(deepest + 1, step_count) .. 2 loop
                if mask >> (k - 1) & 1 = 1 and until[k - 1] >= at then
                    until[k] := until[k - 1];
                    if k > deepest then
                        deepest := k;
                        deepest_until := until[k];
                    end if;
                end if;
            end loop;
            if mask & 1 = 1 then
                until[1] := coalesce(at + step_window, 'infinity');
                if deepest = 0 then
                    deepest := 1;
                    attempt.entry := i;
                    deepest_until := until[1];
                end if;
            end if;
            exit when deepest = step_count;
        end if;
    end loop;
    if deepest = 0 then
        return null;
    end if;

    -- No earlier entry can end later than the first one that came so deep. One that comes as deep may
    -- be earlier than it.
    if deepest > 1 then
        last := size;
        if deepest_until < times[size] then
            -- The last event within it.
            last := width_bucket(deepest_until, times);
        end if;
        bit := 1::bigint << (deepest - 1);
        for i in reverse last .. 1 loop
            mask := masks[i];
            if mask >= exclusion then
                done := nothing;
            elsif mask = bit then
                done[deepest] := times[i];
            elsif mask <> 0 then
                if
                    mask & 1 = 1 and done[2] is not null
                    and (step_window is null or done[2] <= times[i] + step_window)
                then
                    attempt.entry := i;
                end if;
                for k in 2 .. deepest loop
                    if mask >> (k - 1) & 1 = 1 then
                        done[k] := case when k = deepest then times[i] else done[k + 1] end;
                    end if;
                end loop;
            end if;
        end loop;
    end if;

    attempt.step_at := array[times[attempt.entry]];
    step := 2;
    for i in attempt.entry + 1 .. size loop
        exit when step > deepest;
        if masks[i] >> (step - 1) & 1 = 1 then
            attempt.step_at := attempt.step_at || times[i];
            step := step + 1;
        end if;
    end loop;
    return attempt;
end
$$;
comment on function ops.ordered_attempt(integer, interval, timestamptz[], bigint[]) is
'An ordered funnel of one user, in two passes over the events, whatever the window. For events of which '
'ops.instants_tell says false.';

create function ops.strict_attempt(
    step_count integer, step_window interval, times timestamptz[], masks bigint[]
) returns ops.funnel_attempt
language plpgsql immutable parallel safe
as $$
declare
    size constant integer := cardinality(times);
    attempt ops.funnel_attempt;
    deepest integer := 0;
    step integer;
begin
    for i in 1 .. size loop
        if masks[i] & 1 = 1 then
            step := 1;
            while
                step < step_count and i + step <= size
                and masks[i + step] >> step & 1 = 1
                and (step_window is null or times[i + step] <= times[i] + step_window)
            loop
                step := step + 1;
            end loop;
            if step > deepest then
                deepest := step;
                attempt.entry := i;
                attempt.step_at := times[i : i + step - 1];
                exit when deepest = step_count;
            end if;
        end if;
    end loop;
    return case when deepest > 0 then attempt end;
end
$$;
comment on function ops.strict_attempt(integer, interval, timestamptz[], bigint[]) is
'A strict funnel of one user whose events, all of them, have an instant each.';

create function ops.unordered_attempt(
    step_count integer, step_window interval, times timestamptz[], masks bigint[]
) returns ops.funnel_attempt
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    size constant integer := cardinality(times);
    -- How often each step was done in the window that begins at event i.
    counts integer[] := array_fill(0, array[step_count]);
    attempt ops.funnel_attempt;
    deepest integer := 0;
    different integer := 0;
    last integer := 0;
    step integer;
    seen bigint := 0;
begin
    for i in 1 .. size loop
        if masks[i] >= exclusion then
            last := greatest(last, i);
            continue;
        end if;
        while
            last < size and masks[last + 1] < exclusion
            and (step_window is null or times[last + 1] <= times[i] + step_window)
        loop
            last := last + 1;
            step := round(log(masks[last]::double precision) / log(2::double precision))::integer + 1;
            counts[step] := counts[step] + 1;
            if counts[step] = 1 then
                different := different + 1;
            end if;
        end loop;
        if different > deepest then
            deepest := different;
            attempt.entry := i;
            exit when deepest = step_count;
        end if;
        step := round(log(masks[i]::double precision) / log(2::double precision))::integer + 1;
        counts[step] := counts[step] - 1;
        if counts[step] = 0 then
            different := different - 1;
        end if;
    end loop;
    if deepest = 0 then
        return null;
    end if;
    for i in attempt.entry .. size loop
        if seen & masks[i] = 0 then
            attempt.step_at := attempt.step_at || times[i];
            seen := seen | masks[i];
            exit when cardinality(attempt.step_at) = deepest;
        end if;
    end loop;
    return attempt;
end
$$;
comment on function ops.unordered_attempt(integer, interval, timestamptz[], bigint[]) is
'An unordered funnel of one user each of whose events is of one step. For events of which '
'ops.instants_tell says false.';

create function ops.attempt_in_turn(
    step_count integer, strict boolean, step_window interval,
    times timestamptz[], masks bigint[], entry integer, best integer
) returns timestamptz[]
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    until constant timestamptz := coalesce(times[entry] + step_window, 'infinity');
    -- Of each instant from the entry's on: the first of its events, and after how many steps an attempt
    -- may come to it (bit k: after k steps).
    first_of integer[] := '{}';
    alive bigint[] := '{}';
    reaching bigint[];
    own bigint[];
    now_alive bigint := 1::bigint << 1;
    next_alive bigint;
    deepest integer := 1;
    served integer;
    first integer := entry;
    last integer;
    done integer;
    step_at timestamptz[];
begin
    while first > 1 and times[first - 1] = times[entry] loop
        first := first - 1;
    end loop;
    -- Forward: after how many steps an attempt may leave each instant.
    while first <= cardinality(times) and times[first] <= until and now_alive <> 0 loop
        last := first;
        while last < cardinality(times) and times[last + 1] = times[first] loop
            last := last + 1;
        end loop;
        first_of := first_of || first;
        alive := alive || now_alive;
        own := masks[first:last];
        if cardinality(first_of) = 1 then
            own := own[: entry - first] || own[entry - first + 2 :];
        end if;
        next_alive := 0;
        for k in 1 .. step_count loop
            if now_alive >> k & 1 = 1 then
                served := ops.steps_served(own, k + 1, step_count);
                deepest := greatest(deepest, k + served);
                for r in 0 .. served loop
                    if
                        cardinality(first_of) = 1
                        or (strict and r = cardinality(own))
                        or (not strict and (r > 0 or exclusion > all(own)))
                    then
                        next_alive := next_alive | (1::bigint << (k + r));
                    end if;
                end loop;
            end if;
        end loop;
        now_alive := next_alive;
        first := last + 1;
    end loop;
    if best is null then
        return array_fill(times[entry], array[deepest]);
    end if;

    -- Backward: after how many steps one may come to an instant and still do the best.
    reaching := array_fill(0::bigint, array[cardinality(first_of) + 1]);
    for g in reverse cardinality(first_of) .. 1 loop
        own := masks[first_of[g] : coalesce(first_of[g + 1], last + 1) - 1];
        if g = 1 then
            own := own[: entry - first_of[1]] || own[entry - first_of[1] + 2 :];
        end if;
        for k in 1 .. best loop
            if alive[g] >> k & 1 = 1 then
                served := ops.steps_served(own, k + 1, best);
                for r in 0 .. served loop
                    if
                        k + r = best
                        or (
                            reaching[g + 1] >> (k + r) & 1 = 1
                            and (
                                g = 1
                                or (strict and r = cardinality(own))
                                or (not strict and (r > 0 or exclusion > all(own)))
                            )
                        )
                    then
                        reaching[g] := reaching[g] | (1::bigint << k);
                    end if;
                end loop;
            end if;
        end loop;
    end loop;

    -- Forward once more: each step as early as the best allows.
    step_at := array[times[entry]];
    for g in 1 .. cardinality(first_of) loop
        done := cardinality(step_at);
        exit when done = best;
        own := masks[first_of[g] : coalesce(first_of[g + 1], last + 1) - 1];
        if g = 1 then
            own := own[: entry - first_of[1]] || own[entry - first_of[1] + 2 :];
        end if;
        for r in reverse ops.steps_served(own, done + 1, best) .. 0 loop
            if
                done + r = best
                or (
                    reaching[g + 1] >> (done + r) & 1 = 1
                    and (
                        g = 1
                        or (strict and r = cardinality(own))
                        or (not strict and (r > 0 or exclusion > all(own)))
                    )
                )
            then
                step_at := step_at || array_fill(times[first_of[g]], array[r]);
                exit;
            end if;
        end loop;
    end loop;
    return step_at;
end
$$;
comment on function ops.attempt_in_turn(integer, boolean, interval, timestamptz[], bigint[], integer, integer) is
'The attempt that begins at an entry, ordered or strict, whatever happens in one instant: with best null '
'as many times as it reaches steps; else when each of the best steps was done.';

create function ops.attempt_in_any_order(
    step_count integer, step_window interval, times timestamptz[], masks bigint[], entry integer
) returns timestamptz[]
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    until constant timestamptz := coalesce(times[entry] + step_window, 'infinity');
    -- What attempts have done so far: a set of steps and when, as early as they could, as
    -- {"done": bits, "at": [places]}.
    attempts jsonb[];
    best jsonb;
    first integer := entry;
    last integer;
begin
    attempts := array(
        select jsonb_build_object('done', 1::bigint << b, 'at', jsonb_build_array(entry))
        from generate_series(0, step_count - 1) as b
        where masks[entry] >> b & 1 = 1
    );
    while first > 1 and times[first - 1] = times[entry] loop
        first := first - 1;
    end loop;
    while first <= cardinality(times) and times[first] <= until and attempts <> '{}' loop
        last := first;
        while last < cardinality(times) and times[last + 1] = times[first] loop
            last := last + 1;
        end loop;
        for e in first .. last loop
            continue when e = entry;
            -- Of those that have done the same the earliest is enough, apart from whether they did a
            -- step in this instant: only such ones pass an exclusion.
            attempts := array(
                select distinct on (x.attempt ->> 'done', times[(x.attempt #>> '{at,-1}')::integer] = times[e])
                    x.attempt
                from (
                    select a.attempt
                    from unnest(attempts) as a (attempt)
                    union all
                    select jsonb_build_object(
                        'done', (a.attempt ->> 'done')::bigint | (1::bigint << b),
                        'at', a.attempt -> 'at' || to_jsonb(e)
                    )
                    from unnest(attempts) as a (attempt)
                    cross join generate_series(0, step_count - 1) as b
                    where masks[e] >> b & 1 = 1 and (a.attempt ->> 'done')::bigint >> b & 1 = 0
                ) as x
                order by
                    x.attempt ->> 'done',
                    times[(x.attempt #>> '{at,-1}')::integer] = times[e],
                    array(
                        select times[p.place::integer]
                        from jsonb_array_elements_text(x.attempt -> 'at') with ordinality as p (place, n)
                        order by p.n
                    )
            );
        end loop;
        best := (
            select a.attempt
            from unnest(attempts || best) as a (attempt)
            where a.attempt is not null
            order by jsonb_array_length(a.attempt -> 'at') desc, array(
                select times[p.place::integer]
                from jsonb_array_elements_text(a.attempt -> 'at') with ordinality as p (place, n)
                order by p.n
            )
            limit 1
        );
        if first > entry and exclusion <= any(masks[first:last]) then
            attempts := array(
                select a.attempt
                from unnest(attempts) as a (attempt)
                where times[(a.attempt #>> '{at,-1}')::integer] = times[first]
            );
        end if;
        first := last + 1;
    end loop;
    return array(
        select times[p.place::integer]
        from jsonb_array_elements_text(best -> 'at') with ordinality as p (place, n)
        order by p.n
    );
end
$$;
comment on function ops.attempt_in_any_order(integer, interval, timestamptz[], bigint[], integer) is
'The attempt that begins at an entry of an unordered funnel with exclusions, whatever happens in one '
'instant: when each of the most steps that it can do was done.';

create function ops.funnel_attempt(
    step_count integer, step_order text, window_seconds numeric, overlapping boolean,
    times timestamptz[], masks bigint[]
) returns ops.funnel_attempt
language plpgsql immutable parallel safe
as $$
declare
    exclusion constant bigint := 1::bigint << 62;
    steps constant bigint := (1::bigint << step_count) - 1;
    -- Longer than 300 years is no window.
    step_window constant interval := case
        when window_seconds < 1e10 then make_interval(secs => window_seconds::double precision)
    end;
    excludes constant boolean := exclusion <= any(masks);
    attempt ops.funnel_attempt;
    found timestamptz[];
begin
    if step_order = 'unordered' and overlapping and not excludes then
        for i in 1 .. cardinality(times) loop
            continue when masks[i] = 0;
            found := ops.steps_matched(
                times, masks, i, coalesce(times[i] + step_window, 'infinity'), step_count
            );
            if attempt.entry is null or cardinality(found) > cardinality(attempt.step_at) then
                attempt.entry := i;
                attempt.step_at := found;
            end if;
            exit when cardinality(found) = step_count;
        end loop;
        return attempt;
    end if;

    if
        not (step_order = 'unordered' and overlapping)
        and not (
            (overlapping or excludes or step_order = 'strict')
            and ops.instants_tell(times, masks, overlapping or step_order = 'strict')
        )
    then
        return case step_order
            when 'ordered' then ops.ordered_attempt(step_count, step_window, times, masks)
            when 'strict' then ops.strict_attempt(step_count, step_window, times, masks)
            else ops.unordered_attempt(step_count, step_window, times, masks)
        end;
    end if;

    for i in 1 .. cardinality(times) loop
        continue when masks[i] & case step_order when 'unordered' then steps else 1 end = 0;
        if step_order = 'unordered' then
            found := ops.attempt_in_any_order(step_count, step_window, times, masks, i);
        else
            found := ops.attempt_in_turn(
                step_count, step_order = 'strict', step_window, times, masks, i, null
            );
        end if;
        if attempt.entry is null or cardinality(found) > cardinality(attempt.step_at) then
            attempt.entry := i;
            attempt.step_at := found;
        end if;
        exit when cardinality(found) = step_count;
    end loop;
    if attempt.entry is not null and step_order <> 'unordered' then
        attempt.step_at := ops.attempt_in_turn(
            step_count, step_order = 'strict', step_window, times, masks,
            attempt.entry, cardinality(attempt.step_at)
        );
    end if;
    return attempt;
end
$$;
comment on function ops.funnel_attempt(integer, text, numeric, boolean, timestamptz[], bigint[]) is
'The attempt of one user that counts: the deepest, of these the earliest, its steps as early as they can '
'be. times and masks (ops.funnel_events) are of the user''s events by time; those of one instant in an '
'ordered funnel that is not overlapping by their steps, else in any fixed order: the first in it is the '
'earlier entry. A strict funnel gets every event of the user, the others those with a mask. overlapping: '
'an event may be of two steps.';

-- Definitions that analysts write -------------------------------------------------------------

create function ops.refuse_definitions(problems text[]) returns boolean
language plpgsql volatile
as $$
begin
    if cardinality(problems) > 0 then
        raise exception 'wrong definitions: %', array_to_string(problems, '; ')
            using hint = 'Mend the rows and build again; until then the marts stay as they were.';
    end if;
    return true;
end
$$;
comment on function ops.refuse_definitions(text[]) is
'True without problems; with any it ends the build of what reads the definitions.';


-- A funnel that nobody has defined ------------------------------------------------------------

create function ops.adhoc_events(events jsonb, argument text, fewest integer) returns jsonb
language plpgsql stable
as $$
declare
    event jsonb;
    prepared jsonb := '[]';
    problem text;
begin
    if events is null or jsonb_typeof(events) <> 'array' then
        raise exception '% is not a JSON array', argument using errcode = 'invalid_parameter_value';
    end if;
    if jsonb_array_length(events) not between fewest and 60 then
        raise exception '% has % entries: from % to 60 are possible',
            argument, jsonb_array_length(events), fewest
            using errcode = 'invalid_parameter_value';
    end if;
    for event in select e.value from jsonb_array_elements(events) as e loop
        if jsonb_typeof(event) = 'string' then
            event := jsonb_build_object('event_name', event);
        end if;
        problem := case
            when jsonb_typeof(event) <> 'object' or coalesce(jsonb_typeof(event -> 'event_name'), '') <> 'string'
                then 'an entry needs an event_name'
            when coalesce(event -> 'filters', 'null') <> 'null'
                then ops.filters_problem(event -> 'filters')
        end;
        if problem is not null then
            raise exception '%, entry %: %', argument, jsonb_array_length(prepared) + 1, problem
                using errcode = 'invalid_parameter_value';
        end if;
        prepared := prepared || jsonb_build_array(jsonb_build_object(
            'event_name', event ->> 'event_name',
            'step_name', coalesce(event ->> 'step_name', event ->> 'event_name'),
            'filters', ops.prepared_filters(coalesce(event -> 'filters', '[]'))
        ));
    end loop;
    return prepared;
end
$$;
comment on function ops.adhoc_events(jsonb, text, integer) is
'Steps or exclusions of api.funnel_adhoc, checked, with prepared filters.';

create function ops.is_excluded_user(user_id text) returns boolean
language plpgsql stable
as $$
begin
    -- Before the first build nothing is known of excluded users.
    if to_regclass('intermediate.int_exclusions__parsed') is null then
        return false;
    end if;
    return exists (
        select
        from intermediate.int_exclusions__parsed as x
        where
            x.property = 'user_id'
            and ops.passes(
                jsonb_build_object('user_id', is_excluded_user.user_id),
                jsonb_build_array(jsonb_build_object(
                    'property', 'user_id', 'operator', x.operator, 'operands', to_jsonb(x.operands)
                ))
            )
    );
end
$$;
comment on function ops.is_excluded_user(text) is 'Whether excluded_users names the user.';

create function api.funnel_adhoc(
    steps jsonb,
    conversion_window_seconds numeric default null,
    step_order text default 'ordered',
    environment text default 'production',
    breakdown_property text default null,
    exclusions jsonb default '[]'
)
returns table (
    is_total boolean,
    breakdown_value text,
    step_index integer,
    step_name text,
    users bigint,
    conversion_rate numeric,
    drop_off_rate numeric,
    overall_conversion_rate numeric,
    avg_seconds_from_previous numeric,
    median_seconds_from_previous numeric
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC'
as $$
declare
    wanted_steps constant jsonb := ops.adhoc_events(funnel_adhoc.steps, 'steps', 1);
    wanted_exclusions constant jsonb := ops.adhoc_events(funnel_adhoc.exclusions, 'exclusions', 0);
    wanted_order constant text := funnel_adhoc.step_order;
    wanted_environment constant text := funnel_adhoc.environment;
    wanted_window constant numeric := funnel_adhoc.conversion_window_seconds;
    wanted_breakdown constant text := funnel_adhoc.breakdown_property;
    step_total constant integer := jsonb_array_length(wanted_steps);
    overlapping constant boolean := (
        select
            count(distinct s.step ->> 'event_name') < count(*)
            or (bool_or(s.step ->> 'event_name' = '*') and count(*) > 1)
        from jsonb_array_elements(wanted_steps) as s (step)
    );
begin
    if coalesce(wanted_order, '') not in ('ordered', 'strict', 'unordered') then
        raise exception 'step_order "%" is none of ordered, strict, unordered', wanted_order
            using errcode = 'invalid_parameter_value';
    end if;
    if wanted_window < 0 or wanted_window = 'NaN' then
        raise exception 'conversion_window_seconds is negative or no number'
            using errcode = 'invalid_parameter_value';
    end if;
    if wanted_environment is null then
        raise exception 'environment is null: name one, or write * for all'
            using errcode = 'invalid_parameter_value';
    end if;

    -- Before the first build there is no view, and nobody is excluded.
    return query execute format($query$
    with listed as materialized (
        select l.event_name, l.step_mask, l.filtered
        from ops.funnel_events($1, $2, $3 = 'strict') as l
    ),

    -- What int_identities__resolved says, from raw as it is now.
    identities as materialized (
        select
            coalesce(i.distinct_id, e.distinct_id) as distinct_id,
            coalesce(i.user_id, e.user_id) as user_id
        from raw.identities as i
        full join (
            select distinct on (e.distinct_id) e.distinct_id, e.user_id
            from raw.events as e
            where coalesce(e.event_type, 'track') = 'identify' and e.user_id is not null
            order by e.distinct_id, e.event_at desc, e.event_id desc
        ) as e on i.distinct_id = e.distinct_id
    ),

    matching as (
        select
            coalesce(i.user_id, e.distinct_id) as user_id,
            e.event_at,
            e.event_id,
            case
                when $6 is not null then left(e.properties ->> $6, 600)
            end as breakdown,
            case
                when l.filtered is null then l.step_mask
                else l.step_mask | ops.filtered_mask(l.filtered, e.properties)
            end as step_mask
        from %s as e
        left join listed as named on e.event_name = named.event_name and named.event_name <> '*'
        inner join listed as l on l.event_name = coalesce(named.event_name, '*')
        left join identities as i on e.distinct_id = i.distinct_id
        where
            isfinite(e.event_at)
            and $4 in (coalesce(e.environment, 'production'), '*')
    ),

    in_order as (
        select
            m.*,
            case when $3 = 'ordered' and not $8 then m.step_mask else 0 end as rank
        from matching as m
        where m.step_mask <> 0 or $3 = 'strict'
    ),

    sequences as (
        select
            o.user_id,
            array_agg(o.event_at order by o.event_at, o.rank, o.event_id) as times,
            array_agg(o.step_mask order by o.event_at, o.rank, o.event_id) as masks,
            array_agg(o.breakdown order by o.event_at, o.rank, o.event_id) as breakdowns
        from in_order as o
        group by o.user_id
        having not ops.is_excluded_user(o.user_id)
    ),

    attempts as materialized (
        select
            s.breakdowns,
            ops.funnel_attempt(
                $7, $3, $5, $8, s.times, s.masks
            ) as attempt
        from sequences as s
    ),

    done as materialized (
        select
            g.is_total,
            case when not g.is_total then a.breakdowns[(a.attempt).entry] end as breakdown,
            d.step_index::integer as step_index,
            extract(epoch from d.step_at - (a.attempt).step_at[d.step_index - 1]) as seconds
        from attempts as a
        cross join lateral unnest((a.attempt).step_at) with ordinality as d (step_at, step_index)
        cross join (values (true), (false)) as g (is_total)
        where g.is_total or $6 is not null
    ),

    reached as (
        select
            d.is_total, d.breakdown, d.step_index, count(*) as users, sum(d.seconds) as total_seconds,
            array_agg(d.seconds order by d.seconds) as all_seconds
        from done as d
        group by d.is_total, d.breakdown, d.step_index
    ),

    groups as (
        select true as is_total, null::text as breakdown
        union all
        select r.is_total, r.breakdown from reached as r where r.step_index = 1 and not r.is_total
    ),

    counted as (
        select
            g.is_total,
            g.breakdown,
            s.step_index::integer as step_index,
            s.step ->> 'step_name' as step_name,
            coalesce(r.users, 0) as users,
            lag(coalesce(r.users, 0)) over in_turn as users_before,
            first_value(coalesce(r.users, 0)) over in_turn as users_entered,
            r.total_seconds,
            r.all_seconds
        from groups as g
        cross join lateral jsonb_array_elements($1) with ordinality as s (step, step_index)
        left join reached as r
            on
                g.is_total = r.is_total
                and g.breakdown is not distinct from r.breakdown
                and s.step_index = r.step_index
        window in_turn as (partition by g.is_total, g.breakdown order by s.step_index)
    )

    select
        c.is_total,
        c.breakdown,
        c.step_index,
        c.step_name,
        c.users,
        case when c.step_index = 1 then 1 else c.users::numeric / nullif(c.users_before, 0) end,
        case when c.step_index = 1 then 0 else 1 - c.users::numeric / nullif(c.users_before, 0) end,
        c.users::numeric / nullif(c.users_entered, 0),
        c.total_seconds / nullif(c.users, 0),
        (c.all_seconds[(c.users + 1) / 2] + c.all_seconds[c.users / 2 + 1]) / 2
    from counted as c
    order by c.is_total desc, c.breakdown nulls last, c.step_index
    $query$, coalesce(to_regclass('intermediate.int_events__counted')::text, 'raw.events'))
    using
        wanted_steps, wanted_exclusions, wanted_order, wanted_environment, wanted_window,
        wanted_breakdown, step_total, overlapping;
end
$$;
comment on function api.funnel_adhoc(jsonb, numeric, text, text, text, jsonb) is
'A funnel that nobody has defined, from raw events as they are now, without a build: the rows that '
'marts.funnel_steps would have. steps and exclusions are JSON arrays of {event_name, step_name, filters}, '
'or of event names. docs/funnels.md explains them.';

revoke execute on all functions in schema ops, api from public;
grant execute on function api.funnel_adhoc(jsonb, numeric, text, text, text, jsonb) to tidemark_reader;
