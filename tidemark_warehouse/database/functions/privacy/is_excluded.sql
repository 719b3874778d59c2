create or replace function ops.is_excluded(id text, of_property text) returns boolean
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    answer boolean := false;
begin
    if to_regclass('intermediate.int_exclusions__parsed') is not null then
        execute
            'select exists (select from intermediate.int_exclusions__parsed as x where x.property = $2 '
            'and ops.passes(jsonb_build_object(''id'', $1), jsonb_build_array(jsonb_build_object('
            '''property'', ''id'', ''operator'', x.operator, ''operands'', to_jsonb(x.operands)))))'
        into answer using id, of_property;
    end if;
    return answer;
end
$$;

comment on function ops.is_excluded(text, text) is 'Whether excluded_users excludes a user_id or a distinct_id.';
