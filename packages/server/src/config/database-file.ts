import { join } from 'node:path';
import type { Config } from './options.ts';

const NAME = 'hearth.db';
const SQLITE_URL = /^sqlite:(\/\/)?/;

/** The file in which sessions are stored. */
export function databaseFile({ databaseUrl, dataDir }: Pick<Config, 'databaseUrl' | 'dataDir'>): string {
  return databaseUrl === undefined ? join(dataDir, NAME) : databaseUrl.replace(SQLITE_URL, '');
}
