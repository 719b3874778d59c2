{% macro check_zone(zone) -%}
    {#- A zone is a place, by the exact name that the time zone database gives it, or UTC. By anything else PostgreSQL
        understands something that hardly anybody means: CET and EST have no summer time, UTC+2 and Etc/GMT+2 lie west
        of Greenwich. -#}
    {%- set named = modules.re.fullmatch('[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+)+', zone)
        and not modules.re.match('(Etc/GMT[+-]|SystemV/|Etc/GMT0)', zone) -%}
    {%- if zone != 'UTC' -%}
        {%- set known = run_query(
            "select name from pg_timezone_names where lower(name) = lower('" ~ zone | replace("'", "''") ~ "')"
        ).rows if modules.re.fullmatch('[A-Za-z0-9_+/-]+', zone) else [] -%}
        {%- set exact = known[0][0] if known else none -%}
        {%- set example = 'write the name of a place, such as Europe/Berlin, or UTC' -%}
        {%- if zone | lower in ('utc', 'etc/utc', 'gmt', 'etc/gmt', 'z', 'zulu', 'uct', 'universal', '') -%}
            {%- do refuse_var('reporting_timezone', 'is not the name that is used here', 'write UTC') -%}
        {%- elif exact is not none and exact != zone and '/' in zone -%}
            {%- do refuse_var('reporting_timezone', 'is not spelled as the time zone database does', 'write ' ~ exact) -%}
        {%- elif not named and modules.re.search('[0-9+-]', zone) -%}
            {%- do refuse_var(
                'reporting_timezone', 'is an offset: it has no summer time, and PostgreSQL reads some with their sign'
                ~ ' turned round', example
            ) -%}
        {%- elif not named -%}
            {%- do refuse_var('reporting_timezone', 'is an abbreviation: of those many have no summer time', example) -%}
        {%- elif exact is none -%}
            {%- do refuse_var('reporting_timezone', 'is unknown to the time zone database', example) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
