-- For psql, as the owner: the role that the nodes run as. `budan migrate --grants` gives it its rights.
-- Run again, it takes the password that the file has now.
\set ON_ERROR_STOP on
\set password `cat /run/secrets/serve_password`
do $$
begin
  if not exists (select from pg_roles where rolname = 'budan_serve') then
    create role budan_serve login;
  end if;
end $$;
alter role budan_serve password :'password';
