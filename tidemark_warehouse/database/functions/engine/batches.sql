create or replace function ops.batches(program ops.programs)
returns table (batch_from timestamptz, batch_to timestamptz)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    if program.options ? 'batch' then
        return query
        with chunks as (
            select
                c.*,
                row_number() over (order by c.from_at) - 1 as place,
                greatest(
                    1,
                    ((program.options ->> 'batch_bytes')::numeric * count(*) over ()) / greatest(1, (
                        select sum(pg_relation_size(p.relid))
                        from unnest(program.reads) as r (name)
                        cross join lateral pg_partition_tree(r.name::regclass) as p
                        where p.level > 0
                    ))
                )::bigint as together
            from ops.time_chunks(
                program.reads, program.options ->> 'batch', program.options ->> 'zone'
            ) as c
        )

        select
            min(c.from_at),
            max(c.to_at)
        from chunks as c
        group by c.place / c.together
        order by min(c.from_at);
    end if;
    if not found then
        return query select '-infinity'::timestamptz, 'infinity'::timestamptz;
    end if;
end
$$;

comment on function ops.batches(ops.programs) is
'The stretches of time in which a refresh of all keys reads raw, one after the other, so that hash tables stay small: '
'counting ten million events by hour took 9.2 s day by day, 14.6 s month by month. Those with few rows are taken '
'together: each statement has to be planned. One without bounds where the model asks for none, or no row has a time.';
