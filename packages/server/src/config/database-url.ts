const POSTGRES_URL = /^postgres(ql)?:\/\//;

/** Whether it is the address of a PostgreSQL database. */
export function isPostgres(databaseUrl: string): boolean {
  return POSTGRES_URL.test(databaseUrl);
}

/** Whether the address holds a password, which must not stand on a command line. */
export function holdsPassword(databaseUrl: string): boolean {
  return isPostgres(databaseUrl) && /^[a-z]+:\/\/[^/?#]*:[^/?#]*@|[?&]password=/.test(databaseUrl);
}
