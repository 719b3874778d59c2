create or replace function ops.frozen_written(program ops.programs, last ops.watermarks, moment ops.moment)
returns ops.moment
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    seals_keys boolean := (program.options ->> 'seals_keys')::boolean;
    source text;
begin
    if not moment.is_frozen or last.seen is null then
        return moment;
    end if;
    delete from ops.noted_late_rows as l
    where
        l.model = program.relation
        and not case
            when seals_keys then exists (
                select 1
                from raw.time_sessions as s
                inner join ops.sealed_workflows as k on s.instance_id = k.instance_id
                where s.session_id = l.key
            )
            else l.row_time <@ moment.sealed
        end;
    for source in
        select r.name
        from unnest(program.reads) as r (name)
        where
            r.name like 'raw.%'
            and (seals_keys or not isempty(moment.sealed))
            and exists (select 1 from ops.sealed_periods as p where p.relation = r.name)
    loop
        perform ops.note_late_rows(
            program.relation,
            array(select jsonb_array_elements_text(program.options -> 'marts')),
            source,
            last.seen,
            moment.sealed
        );
    end loop;
    return moment;
end
$$;

comment on function ops.frozen_written(ops.programs, ops.watermarks, ops.moment) is
'Lists the new rows of sealed time in ops.late_rows, and takes from the list what has been folded in.';
