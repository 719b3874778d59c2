create or replace function ops.adhoc_events(events jsonb, argument text, fewest integer) returns jsonb
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
