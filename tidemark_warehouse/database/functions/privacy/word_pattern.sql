create or replace function ops.word_pattern(ids text[]) returns text
language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select
        '(?<![[:alnum:]_])('
        || string_agg(regexp_replace(i.id, '([][\\.^$*+?(){}|])', '\\\1', 'g'), '|' order by length(i.id) desc)
        || ')(?![[:alnum:]_])'
    from unnest(ids) as i (id)
$$;

comment on function ops.word_pattern(text[]) is 'A regular expression that finds ids as whole words of a text.';
