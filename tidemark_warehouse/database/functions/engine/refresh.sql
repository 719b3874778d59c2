create or replace function ops.refresh(
    relation text,
    as_of timestamptz default now(),
    is_whole boolean default false,
    window_from date default null,
    window_to date default null
) returns ops.refreshes
language plpgsql
set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
    began timestamptz := clock_timestamp();
    program ops.programs;
    last ops.watermarks;
    moment ops.moment;
    done ops.refreshes;
    seen pg_snapshot := ops.current_snapshot();
    print text;
    is_edited boolean;
    is_reshaped boolean;
    is_empty boolean;
begin
    select p.* into program from ops.programs as p where p.relation = refresh.relation;
    if program.relation is null then
        raise exception '% has no program', refresh.relation
            using hint = 'Run `tidemark build`: it stores one for each model.';
    end if;
    select w.* into last from ops.watermarks as w where w.relation = refresh.relation;
    print := ops.fingerprint(program);
    is_edited := last.fingerprint is distinct from print;
    is_reshaped := last.shape is distinct from program.shape;
    execute format('select not exists (select 1 from %s)', relation::regclass) into is_empty;

    moment.as_of := as_of;
    moment.window_from := window_from;
    moment.window_to := window_to;
    moment.unseen_from := pg_snapshot_xmax(last.seen)::text::bigint;
    moment.unfinished := array(select pg_snapshot_xip(last.seen)::text::bigint);
    moment.is_frozen := false;
    moment := ops.at_hook('opened', program, last, moment);

    moment.mode := case when
        is_whole or is_edited or is_reshaped or program.texts ->> 'scope' is null
        or last.relation is null
        or window_from is not null and ops.window_column(program, moment) is null
        or ops.is_refilled(program, last)
    then 'whole' else 'narrowed' end;
    if moment.mode <> 'whole' then
        moment := ops.find_keys(program, last, moment);
        if ops.touches_most(program, moment, is_empty) then
            moment.mode := 'whole';
            moment.keys := null;
        end if;
    end if;

    done := ops.write_rows(program, last, moment, is_empty);
    -- What was empty and stays so is no news to its readers.
    if is_empty and moment.mode = 'whole' and (done.rows_written > 0 or last.relation is null) or is_reshaped then
        insert into ops.changes (relation, kind) values (program.relation, 'reset');
    end if;
    moment := ops.at_hook('written', program, last, moment);

    insert into ops.watermarks as w (
        relation, model, seen, fingerprint, shape, settings, reads, as_of,
        rows_scoped, rows_written, rows_deleted, built_at
    )
    values (
        program.relation, program.model, seen, print, program.shape, program.settings, program.reads, as_of,
        coalesce(moment.keys, 0), done.rows_written, done.rows_deleted, clock_timestamp()
    )
    on conflict on constraint watermarks_pkey do update set
        model = excluded.model,
        seen = excluded.seen,
        fingerprint = excluded.fingerprint,
        shape = excluded.shape,
        settings = excluded.settings,
        reads = excluded.reads,
        as_of = excluded.as_of,
        rows_scoped = excluded.rows_scoped,
        rows_written = excluded.rows_written,
        rows_deleted = excluded.rows_deleted,
        built_at = excluded.built_at;

    done.relation := program.relation;
    done.kind := 'model';
    done.started_at := began;
    done.seconds := round(extract(epoch from clock_timestamp() - began), 3);
    done.whole := moment.mode = 'whole';
    done.keys := moment.keys;
    if done.rows_written + done.rows_deleted > 0 then
        insert into ops.refreshes (
            relation, kind, started_at, seconds, whole, keys, rows_written, rows_deleted
        )
        values (
            done.relation, done.kind, done.started_at, done.seconds, done.whole, done.keys,
            done.rows_written, done.rows_deleted
        );
    end if;
    done.message := case
        when moment.notice is not null and done.whole and is_empty
            then format(
                'raw rows before %s are archived in part; it has rows of whole buckets only.', moment.notice
            )
        when moment.notice is not null and is_edited
            then format(
                'its definition has changed; sealed rows (before %s) stay as the former one made them.',
                moment.notice
            )
    end || ' `tidemark restore` brings raw rows back.';
    return done;
end
$$;

comment on function ops.refresh(text, timestamptz, boolean, date, date) is
'Brings a relation up to what its program gives: the keys that changed rows touch (all of them from nothing, after an '
'edit, or if is_whole), in the transaction that the program''s `opening` has begun. Returns what it came to; message '
'is a remark for whoever asked.';
