import type { Command } from 'commander';
import { addConfigFlags } from './config-flags.ts';
import type { ConfigFlags } from './config-flags.ts';

export function define(command: Command): void {
  addConfigFlags(command)
    .description('Checks the installation and says how to mend what is wrong. Changes nothing.')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nTakes the flags of hearth serve, to check what serve would run with.\nExit code: 0 all is well, 1 something is wrong.',
    )
    .action(async ({ json, ...flags }: ConfigFlags & { json?: true }) => {
      const [{ examine }, { processTerminal }] = await Promise.all([import('./examine.ts'), import('./terminal.ts')]);
      const findings = await examine(flags);
      const isWell = findings.every(({ verdict }) => verdict !== 'wrong');
      if (json === true) {
        process.stdout.write(`${JSON.stringify({ ok: isWell, checks: findings }, null, 2)}\n`);
      } else {
        const { findingLines } = await import('./finding.ts');
        const terminal = processTerminal();
        for (const finding of findings) terminal.out(`${findingLines(finding, terminal).join('\n')}\n`);
        terminal.out(isWell ? '\nAll is well.\n' : '\nSomething is wrong: mend what is marked with ✗.\n');
      }
      if (!isWell) process.exitCode = 1;
    });
}
