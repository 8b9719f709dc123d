import { HearthError } from '@hearth/protocol';
import { inspectPostgres } from '../store/postgres/inspect.ts';
import type { PostgresState } from '../store/postgres/inspect.ts';
import { VERSION } from '../version.ts';
import { sizeText } from './database-contents.ts';
import { odd, well, wrong } from './finding.ts';
import type { Finding } from './finding.ts';

const NAME = 'postgres';
const MIN_MAJOR = 13;

/** Looks at the database from beside whatever server uses it, and changes nothing. */
export async function examinePostgres(url: string): Promise<Finding> {
  try {
    return judge(await inspectPostgres(url, VERSION));
  } catch (error) {
    const { message, hint } = HearthError.from(error);
    return wrong(NAME, message, hint ?? 'Check the address in HEARTH_DATABASE_URL.');
  }
}

function judge(state: PostgresState): Finding {
  const { name, version, stored } = state;
  if (state.major < MIN_MAJOR) return wrong(NAME, `${name} is version ${version}`, `Use ${MIN_MAJOR} or newer.`);
  if (state.encoding !== 'UTF8') {
    return wrong(
      NAME,
      `${name} is in the encoding ${state.encoding}`,
      "create database hearth encoding 'UTF8' template template0",
    );
  }
  if (!state.mayPrepare) {
    return wrong(
      NAME,
      `the role may not make tables in ${name}`,
      'As an administrator: create schema hearth authorization the_role.',
    );
  }
  const refused = stored?.refusal;
  if (refused !== undefined) return wrong(NAME, refused.message, refused.hint ?? 'Name another database.');
  const detail = `${name}, version ${version}, ${contents(stored)}`;
  if (!state.fsync) return odd(NAME, `${detail}; fsync is off`, 'Turn it on: a crash loses what was confirmed.');
  if (!state.synchronousCommit) {
    return odd(NAME, `${detail}; synchronous_commit is off`, 'Turn it on: a crash loses what was confirmed.');
  }
  return well(NAME, detail);
}

function contents(stored: PostgresState['stored']): string {
  if (stored === undefined) return 'prepared at the first start';
  const use = stored.isInUse ? `, in use by a server (${stored.writer ?? 'unknown'})` : '';
  return `${sizeText(stored.bytes)}, ${stored.sessions} sessions${use}`;
}
