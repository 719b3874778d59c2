create or replace function ops.guard_faults()
returns table (relation text, place integer, fault text, remedy text)
language sql stable set search_path = pg_catalog, pg_temp
as $$
    with family as materialized (
        select
            t.target,
            t.target::text as relation,
            f.member
        from ops.raw_tables() as t (target)
        cross join lateral ops.family_of(t.target) as f (member)
    ),

    found as materialized (
        select
            f.relation,
            g.*
        from family as f
        cross join lateral ops.guards_of(f.target) as g
        where f.member = f.target
    )

    select
        e.relation,
        case when e.kind = 'column' or e.kind <> 'trigger' and f.name is not null then 9 else 1 end as place,
        format('%s %s is %s', e.kind, e.name, coalesce('another: ' || f.definition, 'gone')),
        case
            when e.kind = 'column' then format('alter it: column %I shall be %s', e.name, e.definition)
            when e.kind <> 'trigger' and f.name is not null then format('drop it, and tidemark up makes %s', e.definition)
            when e.kind = 'constraint' then format('alter table %s add constraint %I %s', e.relation, e.name, e.definition)
            else e.definition
        end
    from ops.guards as e
    left join found as f on e.relation = f.relation and e.kind = f.kind and e.name = f.name
    where f.definition is distinct from e.definition
    union all
    select
        f.relation,
        2,
        format('trigger %s of %s is off or gone', g.name, f.member),
        format('select ops.watch(%L, %L)', f.relation, f.member)
    from family as f
    cross join (values ('log_updated'), ('log_deleted'), ('refuse_truncate'), ('renew_xid'), ('restamp')) as g (name)
    left join pg_trigger as t on f.member = t.tgrelid and g.name = t.tgname and t.tgenabled = 'A'
    where t.oid is null
    union all
    select
        f.relation,
        1,
        format('a crash would empty %s, which is not logged', f.member),
        format('alter table %s set logged', f.member)
    from family as f
    inner join pg_class as c on f.member = c.oid
    where c.relpersistence <> 'p'
    union all
    select
        f.relation,
        9,
        format('a subscription replicates into %s, and so past the triggers that keep replaced versions', f.member),
        'let it replicate into a table outside raw, and load from there'
    from family as f
    inner join pg_subscription_rel as s on f.member = s.srrelid
    union all
    select
        d.distributed::text,
        9,
        'Citus distributes it, and a build may see part of a transaction and count it as whole',
        format('select undistribute_table(%L); Citus may hold other tables (docs/scaling.md)', d.distributed)
    from ops.distributed_tables() as d (distributed)
    union all
    select
        f.relation,
        0,
        'triggers were switched, or partitions came or went by hand',
        null
    from family as f
    inner join ops.guard_versions as v on f.relation = v.relation
    cross join pg_control_system() as s
    where f.member = f.target and v.server_id = s.system_identifier and v.versions <> ops.versions_of(f.target)
$$;

comment on function ops.guard_faults() is
'What of raw is no longer as it was installed, and the statement or command that mends it.';
