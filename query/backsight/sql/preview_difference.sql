union all
select 'gained', null, count(*) from matched where matches and not stood
union all
select 'gained_persons', null, count(distinct person) from matched where matches and not stood
union all
select 'lost', null, count(*) from matched where stood and not matches
union all
select 'lost_persons', null, count(distinct person) from matched where stood and not matches
