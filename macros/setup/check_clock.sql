{% macro check_clock() -%}
    {#- Before a build: the vars that say what a day is and when now is mean what people mean by them, or are refused. -#}
    {%- do check_zone(var('reporting_timezone') | string) -%}
    {%- do check_as_of(var('as_of') | string) -%}
    {%- if not is_date(var('history_begins') | string) -%}
        {%- do refuse_var('history_begins', 'is no date', 'write one, such as 1990-01-01') -%}
    {%- endif -%}
{%- endmacro %}


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


{% macro check_as_of(text) -%}
    {%- set example = 'write an ISO time with its zone, such as 2026-03-10T12:00:00Z, or leave it empty for now' -%}
    {%- if text -%}
        {%- if not is_date(text[:10]) or not modules.re.fullmatch(
            '[T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,6})?)?(Z|[+-](0\\d|1[0-5])(:?[0-5]\\d)?)', text[10:]
        ) -%}
            {%- do refuse_var('as_of', 'is no time with a zone', example) -%}
        {%- elif not run_query(
            "select timestamptz '" ~ text ~ "' between '1970-01-01' and now() + interval '10 years'"
        ).rows[0][0] -%}
            {%- do refuse_var('as_of', 'lies before 1970 or more than ten years ahead', example) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{% macro is_date(text) -%}
    {%- if not modules.re.fullmatch('\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])', text) or text < '0001-01-01' -%}
        {{- return(false) -}}
    {%- endif -%}
    {%- set first = modules.datetime.date(text[:4] | int, text[5:7] | int, 1) -%}
    {#- The 29th and the days after it are of the month or of the next one. -#}
    {{- return((first + modules.datetime.timedelta(days=text[8:] | int - 1)).month == first.month) -}}
{%- endmacro %}


{% macro refuse_var(name, problem, remedy) -%}
    {%- do exceptions.raise_compiler_error('the var ' ~ name ~ ', "' ~ var(name) ~ '", ' ~ problem ~ ': ' ~ remedy) -%}
{%- endmacro %}
