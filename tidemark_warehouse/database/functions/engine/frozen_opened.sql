create or replace function ops.frozen_opened(program ops.programs, last ops.watermarks, moment ops.moment)
returns ops.moment
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    units text[] := array(select jsonb_array_elements_text(program.options -> 'units'));
    expiring text[] := array(select jsonb_array_elements_text(program.options -> 'expiring'));
    gone record;
    purged record;
    restored record;
begin
    moment.is_frozen := exists (
        select 1 from ops.sealed_periods as p where p.relation = any(program.reads)
    ) or exists (
        select 1 from ops.purged_marts as m where m.relation = any(program.reads || program.relation)
    );
    if not moment.is_frozen or (program.options ->> 'seals_keys')::boolean then
        return moment;
    end if;
    moment.sealed := '{}';
    for place in 1 .. cardinality(units) loop
        select s.* into gone from ops.spans_of(program.reads, units[place], program.zone, null) as s;
        select s.* into purged from ops.spans_of(array[program.relation], expiring[place], program.zone, null) as s;
        select s.* into restored
        from ops.spans_of(program.reads, units[place], program.zone, coalesce(last.seen, '1:1:')) as s;
        moment.frozen[place] := gone.spans + purged.spans;
        moment.frozen_dates[place] := gone.dates + purged.dates;
        moment.reopened[place] := restored.spans;
        moment.reopened_dates[place] := restored.dates;
        moment.sealed := moment.sealed + gone.spans;
    end loop;
    if not isempty(moment.sealed) then
        moment.notice := upper(moment.sealed)::text;
    end if;
    return moment;
end
$$;

comment on function ops.frozen_opened(ops.programs, ops.watermarks, ops.moment) is
'Which time of a relation is sealed: by its raw rows'' removal, or because a policy for the relation itself removed its '
'rows (nothing waits for them); and what was restored since the last refresh.';
