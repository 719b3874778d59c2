create or replace function ops.unseen_by(relation text, seen pg_snapshot, from_at timestamptz, to_at timestamptz)
returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    is_unseen boolean;
begin
    execute format(
        'select exists (select from %s as r where r._xid >= $1 '
        'and not pg_visible_in_snapshot(r._xid::text::xid8, $2) and %3$s >= $3 and %3$s < $4)',
        relation, relation, ops.time_of(relation::regclass)
    ) into is_unseen using pg_snapshot_xmin(seen)::text::bigint, seen, from_at, to_at;
    return is_unseen;
end
$$;

comment on function ops.unseen_by(text, pg_snapshot, timestamptz, timestamptz) is
'Whether a raw table has rows of a stretch of time that a snapshot had not seen.';
