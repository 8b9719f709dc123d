import { describe, expect, test } from 'vitest';
import { asUnanswered, isFateUnknown, isPassing, storeFailure, Unanswered } from './failure.ts';

const NAME = 'postgres://db.example:5432/work';

function databaseError(code: string): Error {
  return Object.assign(new Error(`reason of ${code}`), { code });
}

describe('a failure of the database', () => {
  test.each([
    ['53100', /no room left to write to postgres:\/\/db\.example/, /Free space/],
    ['57P03', /is starting up/, /moment/],
    ['53300', /takes no more connections/, /max_connections/],
    ['57014', /gave up a query/, /pg_stat_activity/],
    ['55P03', /gave up a query/, /pg_locks/],
    ['25006', /standby/, /primary/],
    ['42501', /may not do/, /owner of its schema/],
    ['28P01', /lets Hearth not in/, /PGPASSWORD/],
    ['3D000', /lets Hearth not in/, /address/],
    ['42704', /does not take what it was asked for/, /options of the address/],
    ['XX001', /is damaged/, /backup/],
    ['23505', /refused a query \(reason of 23505\)/, /report it/],
  ])('[STO2] %s names the database and says what to do', (code, message, hint) => {
    const cause = databaseError(code);
    const failure = storeFailure(cause, NAME);

    expect(failure.code).toBe('internal');
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain(NAME);
    expect(failure.hint).toMatch(hint);
    expect(failure.cause).toBe(cause);
  });

  test('[STO13] it is known whether it may have been done, and whether it may work later', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

    expect(isFateUnknown(asUnanswered(reset, true))).toBe(true);
    expect(isFateUnknown(asUnanswered(reset, false))).toBe(false);
    for (const code of ['57P01', '25P03']) {
      expect(isFateUnknown(asUnanswered(databaseError(code), true))).toBe(true);
    }
    for (const code of ['40P01', '55P03', '57P03', '53300']) {
      const error = asUnanswered(databaseError(code), true);
      expect([isPassing(error), isFateUnknown(error)]).toEqual([true, false]);
    }
    for (const code of ['23505', '53100', '42501', '28P01']) {
      expect(isPassing(asUnanswered(databaseError(code), true))).toBe(false);
    }
    expect(storeFailure(new Unanswered('no answer', true), NAME).message).toMatch(/does not answer \(no answer\)/);
  });
});
