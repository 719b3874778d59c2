-- What a filter says of an event, which events are of which step of a funnel, and how a wrong definition ends
-- a build. The marts and api.funnel_adhoc call the same functions, so that both give the same result.
-- docs/funnels.md explains the rules; tests/integration/funnels compares them with plain Python.

-- Filters -------------------------------------------------------------------------------------

create function ops.json_of(content text) returns jsonb
language plpgsql immutable parallel safe
as $$
begin
    return content::jsonb;
exception
    when others then return null;
end
$$;
comment on function ops.json_of(text) is 'The JSON that a text is; null where it is none.';

create function ops.filters_problem(filters jsonb) returns text
language plpgsql immutable parallel safe
as $$
declare
    rule jsonb;
    operator text;
    operand jsonb;
    operand_type text;
begin
    if filters is null or jsonb_typeof(filters) <> 'array' then
        return 'filters is not a JSON array';
    end if;
    for rule in select r.value from jsonb_array_elements(filters) as r loop
        if jsonb_typeof(rule) <> 'object' then
            return format('the filter %s is not a JSON object', rule);
        end if;
        if coalesce(jsonb_typeof(rule -> 'property'), '') <> 'string' then
            return format('the filter %s names no property', rule);
        end if;
        operator := coalesce(rule ->> 'operator', '');
        if operator not in
            ('eq', 'neq', 'contains', 'gt', 'gte', 'lt', 'lte', 'is_set', 'is_not_set')
        then
            return format('unknown operator "%s"', operator);
        end if;
        operand := rule -> 'value';
        operand_type := coalesce(jsonb_typeof(operand), 'none');
        if operator in ('eq', 'neq', 'contains') and operand_type = 'none' then
            return format('operator %s needs a value', operator);
        end if;
        if operator in ('gt', 'gte', 'lt', 'lte') and operand_type <> 'number' then
            return format('operator %s needs a number', operator);
        end if;
        if operator = 'contains' and exists (
            select
            from jsonb_array_elements(
                case operand_type when 'array' then operand else jsonb_build_array(operand) end
            ) as o
            where jsonb_typeof(o.value) not in ('string', 'number')
        ) then
            return 'operator contains needs a text, or a list of texts';
        end if;
    end loop;
    return null;
end
$$;
comment on function ops.filters_problem(jsonb) is
'Which rule a list of filters breaks, in words; null where it breaks none.';

create function ops.prepared_filters(filters jsonb) returns jsonb
language sql immutable parallel safe
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'property', f.rule ->> 'property',
        'operator', f.rule ->> 'operator',
        'operands', case
            when jsonb_typeof(f.rule -> 'value') = 'array' then f.rule -> 'value'
            when f.rule ? 'value' then jsonb_build_array(f.rule -> 'value')
            else '[]'
        end
    ) order by f.number), '[]')
    from jsonb_array_elements(
        case when jsonb_typeof(filters) = 'array' then filters else '[]' end
    ) with ordinality as f (rule, number)
$$;
comment on function ops.prepared_filters(jsonb) is
'Filters, each with its list of operands, as ops.passes reads them.';

create function ops.passes(properties jsonb, filters jsonb) returns boolean
language plpgsql immutable parallel safe
as $$
declare
    rule jsonb;
    found jsonb;
    operands jsonb;
    operator text;
    holds boolean;
begin
    for i in 0 .. jsonb_array_length(filters) - 1 loop
        rule := filters -> i;
        operator := rule ->> 'operator';
        operands := rule -> 'operands';
        found := properties -> (rule ->> 'property');
        if operator in ('eq', 'neq') then
            if found is null then
                holds := false;
            elsif jsonb_typeof(found) in ('array', 'object') then
                holds := found = any(array(select o.value from jsonb_array_elements(operands) as o));
            else
                holds := operands @> found;
            end if;
            if operator = 'neq' then
                holds := not holds;
            end if;
        elsif operator = 'contains' then
            holds := coalesce((
                select bool_or(position(lower(o.value) in lower(found #>> '{}')) > 0)
                from jsonb_array_elements_text(operands) as o
            ), false);
        elsif operator = 'is_set' then
            holds := found is not null and found <> 'null';
        elsif operator = 'is_not_set' then
            holds := found is null or found = 'null';
        elsif found is null or jsonb_typeof(found) <> 'number' then
            holds := false;
        elsif operator = 'gt' then
            holds := found > operands -> 0;
        elsif operator = 'gte' then
            holds := found >= operands -> 0;
        elsif operator = 'lt' then
            holds := found < operands -> 0;
        else
            holds := found <= operands -> 0;
        end if;
        if not holds then
            return false;
        end if;
    end loop;
    return true;
end
$$;
comment on function ops.passes(jsonb, jsonb) is
'Whether properties satisfy every one of the prepared filters. The macro satisfies says the same of '
'one rule of a seed.';

-- Funnels: which events are of which step -----------------------------------------------------

create function ops.funnel_events(steps jsonb, exclusions jsonb, takes_all boolean)
returns table (event_name text, step_mask bigint, filtered jsonb)
language sql immutable parallel safe
as $$
    with rules as (
        select
            s.rule ->> 'event_name' as event_name,
            1::bigint << (s.number - 1)::integer as mask,
            s.rule -> 'filters' as filters
        from jsonb_array_elements(steps) with ordinality as s (rule, number)
        union all
        select
            x.rule ->> 'event_name' as event_name,
            1::bigint << 62 as mask,
            x.rule -> 'filters' as filters
        from jsonb_array_elements(exclusions) as x (rule)
    ),

    names as (
        select rules.event_name from rules
        union
        select '*' where takes_all
    )

    select
        n.event_name,
        coalesce(bit_or(r.mask) filter (where r.filters = '[]'), 0) as step_mask,
        jsonb_agg(jsonb_build_object('mask', r.mask, 'filters', r.filters) order by r.mask)
            filter (where r.filters <> '[]') as filtered
    from names as n
    left join rules as r on r.event_name in (n.event_name, '*')
    group by n.event_name
$$;
comment on function ops.funnel_events(jsonb, jsonb, boolean) is
'What an event of a name means to a funnel: bit k-1 of step_mask for step k, bit 62 for an exclusion; '
'filtered lists the bits that depend on its properties. The name * stands for all names beyond the '
'listed ones; takes_all lists it even where no step asks for it.';

create function ops.filtered_mask(filtered jsonb, properties jsonb) returns bigint
language plpgsql immutable parallel safe
as $$
declare
    mask bigint := 0;
begin
    for i in 0 .. jsonb_array_length(filtered) - 1 loop
        if ops.passes(properties, filtered -> i -> 'filters') then
            mask := mask | (filtered -> i ->> 'mask')::bigint;
        end if;
    end loop;
    return mask;
end
$$;
comment on function ops.filtered_mask(jsonb, jsonb) is
'The bits of ops.funnel_events.filtered whose filters an event''s properties satisfy.';

-- Definitions that analysts write -------------------------------------------------------------

create function ops.refuse_definitions(problems text[]) returns boolean
language plpgsql volatile
as $$
begin
    if cardinality(problems) > 0 then
        raise exception 'wrong definitions: %', array_to_string(problems, '; ')
            using hint = 'Mend the rows and build again; until then the marts stay as they were.';
    end if;
    return true;
end
$$;
comment on function ops.refuse_definitions(text[]) is
'True without problems; with any it ends the build of what reads the definitions.';
