import { describe, expect, test } from 'vitest';
import { HearthError } from '@hearth/protocol';
import { storeFailure } from './failure.ts';

const coded = (code: string) => Object.assign(new Error(`what ${code} means`), { code });

describe('a failure of the database', () => {
  test.each([
    ['SQLITE_FULL', /no room left/, /Free space/],
    ['ENOSPC', /no room left/, /Free space/],
    ['SQLITE_IOERR_FSYNC', /disk failed .* \(SQLITE_IOERR_FSYNC/, /Check the disk/],
    ['SQLITE_CORRUPT_INDEX', /damaged/, /put a backup in its place, or move both aside/],
    ['SQLITE_NOTADB', /damaged, or is not a Hearth database/, /changes nothing/],
    ['SQLITE_BUSY_SNAPSHOT', /Another program holds/, /End whatever else/],
    ['SQLITE_READONLY_DBMOVED', /cannot be opened for writing/, /write permission/],
    ['EACCES', /cannot be opened for writing/, /write permission/],
    ['EROFS', /cannot be opened for writing/, /write permission/],
    ['SQLITE_TOOBIG', /too large/, /1 GB/],
    ['SQLITE_CONSTRAINT_UNIQUE', /refused a query/, /report it/],
  ])('[STO2] %s names the file and says what to do', (code, message, hint) => {
    const thrown = coded(code);

    const error = storeFailure(thrown, '/data/hearth.db');

    expect(error.code).toBe('internal');
    expect(error.message).toMatch(message);
    expect(error.message).toContain('/data/hearth.db');
    expect(error.hint).toMatch(hint);
    expect(error.cause).toBe(thrown);
  });

  test('[STO2] what says itself what is wrong stays as it is', () => {
    const error = new HearthError('not_found', 'There is no such session.');

    expect(storeFailure(error, '/data/hearth.db')).toBe(error);
    expect(storeFailure('a string', '/data/hearth.db').message).toContain('a string');
  });
});
