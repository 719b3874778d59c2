create or replace function ops.series_tags(tags jsonb) returns jsonb
language sql immutable parallel safe
as $$
    select case
        when octet_length(tags::text) > 1000 then jsonb_build_object('tags_md5', md5(tags::text))
        else coalesce(nullif(tags, 'null'), '{}')
    end
$$;

comment on function ops.series_tags(jsonb) is
'Tags as part of a grain: none are {}; more than 1,000 bytes, which no key of a table would hold, are '
'their checksum.';
