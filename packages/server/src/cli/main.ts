#!/usr/bin/env node
import { cannotWrite, reportFailure } from './failure.ts';
import { createProgram } from './program.ts';

const args = process.argv.slice(2);

// A reader that has seen enough (`hearth run … | head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? (process.exitCode ?? 0) : reportFailure(cannotWrite(error)));
});
// What is told beside the answer can be done without.
process.stderr.on('error', () => undefined);

try {
  const program = await createProgram(args);
  if (args.length === 0) program.outputHelp();
  else await program.parseAsync(args, { from: 'user' });
} catch (error) {
  process.exitCode = reportFailure(error);
}
