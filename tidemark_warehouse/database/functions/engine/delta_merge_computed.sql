create or replace function ops.delta_merge_computed(program ops.programs, last ops.watermarks, moment ops.moment)
returns ops.moment
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    set local enable_sort to default;
    set local enable_nestloop to default;
    if moment.is_adding then
        execute program.texts ->> 'add';
        execute program.texts ->> 'widen_to_added';
    end if;
    return moment;
end
$$;

comment on function ops.delta_merge_computed(ops.programs, ops.watermarks, ops.moment) is
'Delta merge: what stands is added to the result''s additions, whose keys are then in scope as all others.';
