import type { Benchmark } from '../benchmark.ts';
import { appends } from './appends.ts';
import { catchUp } from './catch-up.ts';
import { deltas } from './deltas.ts';
import { fanOut } from './fan-out.ts';
import { firstTurn } from './first-turn.ts';
import { followUp } from './follow-up.ts';
import { install } from './install.ts';
import { largeDatabase } from './large-database.ts';
import { manySessions } from './many-sessions.ts';
import { memory } from './memory.ts';
import { postgres } from './postgres.ts';
import { resume } from './resume.ts';
import { runCommand } from './run-command.ts';
import { start } from './start.ts';

/** In the order of the report. */
export const BENCHMARKS: readonly Benchmark[] = [
  followUp,
  firstTurn,
  resume,
  deltas,
  fanOut,
  manySessions,
  appends,
  postgres,
  largeDatabase,
  catchUp,
  memory,
  start,
  runCommand,
  install,
];
