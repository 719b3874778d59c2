create or replace function ops.differences(relation text, as_of timestamptz default now()) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    program ops.programs;
    last ops.watermarks;
    moment ops.moment;
    listed text;
    found_differences bigint;
begin
    select p.* into strict program from ops.programs as p where p.relation = differences.relation;
    select w.* into last from ops.watermarks as w where w.relation = differences.relation;
    moment.mode := 'whole';
    moment.as_of := as_of;
    moment.batch_from := '-infinity';
    moment.batch_to := 'infinity';
    moment.is_frozen := false;
    moment := ops.at_hook('opened', program, last, moment);
    listed := ops.column_list(program.columns, 'r.');
    execute format(
        'with computed as materialized (%1$s), wanted as (select %2$s from computed as r where not %3$s), '
        'present as (select %2$s from %4$s as r where not %3$s) '
        'select (select count(*) from (select * from wanted except all select * from present) as a) '
        '+ (select count(*) from (select * from present except all select * from wanted) as b)',
        program.texts ->> 'whole', listed, replace(program.texts ->> 'sealed', '{row}', 'r'), relation::regclass
    ) into found_differences using moment;
    return found_differences;
end
$$;

comment on function ops.differences(text, timestamptz) is
'How many rows of a relation differ from what its program gives over what it reads, sealed ones apart: 0 if it is '
'exact. Asked of every relation it says, by induction over what they read, that the warehouse equals one built from '
'nothing. A model that reads itself has to find nothing more to do.';
