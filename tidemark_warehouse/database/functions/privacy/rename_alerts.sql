create or replace function ops.rename_alerts(record text, ids text[], pseudonyms text[]) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    renamed bigint;
begin
    execute format(
        'create temporary table tide_alerts on commit drop as select r.alert_id as old_id, md5(jsonb_build_array('
        'r.rule_id, r.entity_type, ops.renamed(r.entity_id, $1, $2), r.period, r.period_start)::text) as new_id '
        'from %s as r where r.entity_type in (''user'', ''employee'') and r.entity_id = any($1)', record
    ) using ids, pseudonyms;
    execute format(
        'insert into ops.changes (relation, kind, row_image) select %1$L, ''old'', to_jsonb(r) '
        'from %1$s as r inner join pg_temp.tide_alerts as t on r.alert_id = t.old_id', record
    );
    execute format(
        'with fresh as (update %1$s as r set alert_id = t.new_id, entity_id = ops.renamed(r.entity_id, $1, $2), '
        -- A message that has the id within a word is not worth keeping.
        'alert_message = case when r.alert_message ~ ops.word_pattern(array[r.entity_id]) '
        'or strpos(r.alert_message, r.entity_id) = 0 then regexp_replace(r.alert_message, '
        'ops.word_pattern(array[r.entity_id]), ops.renamed(r.entity_id, $1, $2), ''g'') end '
        'from pg_temp.tide_alerts as t where r.alert_id = t.old_id returning r.*) '
        'insert into ops.changes (relation, kind, row_image) select %1$L, ''new'', to_jsonb(f) from fresh as f',
        record
    ) using ids, pseudonyms;
    get diagnostics renamed = row_count;
    -- An alert's id is a hash of whom it is about; who acknowledged it named it so.
    update raw.alert_acknowledgements as a
    set alert_id = t.new_id
    from pg_temp.tide_alerts as t
    where a.alert_id = t.old_id;
    update ops.alert_withdrawals as w
    set alert_id = t.new_id
    from pg_temp.tide_alerts as t
    where w.alert_id = t.old_id;
    update ops.alert_deliveries as d
    set alert_id = t.new_id
    from pg_temp.tide_alerts as t
    where d.alert_id = t.old_id;
    update ops.untold_alerts as u
    set alert_id = t.new_id
    from pg_temp.tide_alerts as t
    where u.alert_id = t.old_id;
    -- All alerts of an entity are renamed together, so that the one before has its new id in the same list.
    execute format(
        'update %s as r set reopens_alert_id = t.new_id from pg_temp.tide_alerts as t where r.reopens_alert_id = t.old_id',
        record
    );
    drop table pg_temp.tide_alerts;
    return renamed;
end
$$;

comment on function ops.rename_alerts(text, text[], text[]) is
'The alerts about a person stay on record under a pseudonym, with their ids, messages and acknowledgements.';
