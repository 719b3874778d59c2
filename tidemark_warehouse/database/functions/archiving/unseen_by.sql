create or replace function ops.unseen_by(relation text, seen pg_snapshot, from_at timestamptz, to_at timestamptz)
returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    is_unseen boolean;
begin
    execute format(
        'select exists (select from %1$s as r where ops.is_unseen(r._xid, $1) and %2$s >= $2 and %2$s < $3)',
        relation, ops.time_of(relation::regclass)
    ) into is_unseen using seen, from_at, to_at;
    return is_unseen;
end
$$;

comment on function ops.unseen_by(text, pg_snapshot, timestamptz, timestamptz) is
'Whether a raw table has rows of a stretch of time that a snapshot had not seen.';
