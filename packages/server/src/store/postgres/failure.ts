import { HearthError } from '@hearth/protocol';

/**
 * The connection failed, or nothing came back in time. `sent` says whether the database may have done what it was asked;
 * whoever asks again must make sure that it is not done twice.
 */
export class Unanswered extends Error {
  readonly sent: boolean;

  constructor(message: string, sent: boolean, cause?: unknown) {
    super(message, { cause });
    this.sent = sent;
  }
}

/**
 * The server was told that it is ending, or ended, while it worked, or it has ended the connection because nothing came: what became
 * of the statement is not known.
 */
const CUT = /^(57P01|57P02|57P05|25P03|25P04|08...)$/;
/** Nothing was done, and the same may work in a moment: starting up, too many connections, a deadlock, a time-out, a standby. */
const AGAIN = /^(57P03|53300|40001|40P01|55P03|57014|25006|53200)$/;
const REFUSED_AT_THE_DOOR = /^(28...|3D000)$/;
/** How the library says that the server asks for a password and the address has none. */
const NO_PASSWORD = /client password must be/;

export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}

/** @param sent whether the statement had gone out */
export function asUnanswered(thrown: unknown, sent: boolean): unknown {
  if (thrown instanceof Unanswered) return thrown;
  const code = codeOf(thrown);
  if (CUT.test(code)) return new Unanswered(reasonOf(thrown), sent, thrown);
  // An error of the database itself has a five-character code; whatever else comes is of the connection.
  if (/^[0-9A-Z]{5}$/.test(code)) return thrown;
  return new Unanswered(reasonOf(thrown), sent, thrown);
}

/** A failure of which it is known that nothing was done. */
export function asUnsent(thrown: unknown): unknown {
  return isFateUnknown(thrown) ? new Unanswered(reasonOf(thrown), false, thrown) : thrown;
}

/** Whether the same may work a moment later. */
export function isPassing(thrown: unknown): boolean {
  return thrown instanceof Unanswered || AGAIN.test(codeOf(thrown));
}

/** Whether it was refused because the server takes no writes. */
export function isOfStandby(thrown: unknown): boolean {
  return codeOf(thrown) === '25006';
}

/** Whether it may have been done although it failed. */
export function isFateUnknown(thrown: unknown): boolean {
  return thrown instanceof Unanswered && thrown.sent;
}

/**
 * Says what went wrong with the database in words that help, without anything of its address that is secret.
 * @param name of the database, which the message names
 */
export function storeFailure(thrown: unknown, name: string): HearthError {
  if (thrown instanceof HearthError) return thrown;
  const { message, hint } = describe(thrown, name);
  return new HearthError('internal', message, { hint, cause: thrown });
}

export function closedFailure(name: string): HearthError {
  return new HearthError('internal', `The database ${name} is closed.`, {
    hint: 'The server is shutting down; try again when it is back.',
  });
}

function describe(thrown: unknown, name: string): { message: string; hint: string } {
  const reason = reasonOf(thrown);
  const code = codeOf(thrown);
  const lacksPassword = NO_PASSWORD.test(reason);
  if (lacksPassword || REFUSED_AT_THE_DOOR.test(code)) {
    return {
      message: `The database ${name} lets Hearth not in (${lacksPassword ? 'it asks for a password' : reason}).`,
      hint: 'Check user, password and database of the address, and pg_hba.conf. The password can also come from PGPASSWORD or ~/.pgpass.',
    };
  }
  if (thrown instanceof Unanswered) {
    return {
      message: `The database ${name} does not answer (${reason}).`,
      hint: 'See that PostgreSQL runs and can be reached from here. Hearth goes on by itself when it answers again.',
    };
  }
  switch (code) {
    case '53100':
      return {
        message: `There is no room left to write to ${name}.`,
        hint: 'Free space on the disk of the database and try again. What was stored before is safe; what was being written was not stored.',
      };
    case '57P03':
      return {
        message: `The database ${name} is starting up or shutting down (${reason}).`,
        hint: 'Try again in a moment.',
      };
    case '53300':
      return {
        message: `The database ${name} takes no more connections (${reason}).`,
        hint: 'Raise max_connections of PostgreSQL, or the limit of the role; Hearth needs up to 12.',
      };
    case '57014':
    case '55P03':
      return {
        message: `The database ${name} gave up a query after its time limit (${reason}).`,
        hint: 'See in pg_stat_activity and pg_locks what the database is busy with. Nothing was changed by the query.',
      };
    case '25006':
      return {
        message: `The database ${name} takes no writes: it is a standby, or read-only (${reason}).`,
        hint: 'Name the primary server in the address.',
      };
    case '42501':
      return {
        message: `The role that Hearth uses on ${name} may not do what is needed (${reason}).`,
        hint: 'Make it the owner of its schema: create schema hearth authorization the_role.',
      };
    case '42704':
    case '22023':
      return {
        message: `The database ${name} does not take what it was asked for (${reason}).`,
        hint: 'Correct the options of the address, or PGOPTIONS.',
      };
    case 'XX001':
    case 'XX002':
      return {
        message: `The database ${name} is damaged (${reason}).`,
        hint: 'Stop the server and restore a backup of the database.',
      };
    default:
      return {
        message: `The database ${name} refused a query (${reason}).`,
        hint: 'This is a fault in Hearth: please report it with the server’s log. Nothing was stored by it.',
      };
  }
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') {
    return thrown.errors.map((each) => reasonOf(each)).join('; ');
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
}
