import { HearthError } from '@hearth/protocol/errors';
import type { Case, RuleVerdict, Target, Verdict } from '@hearth/conformance';
import type { Command } from 'commander';
import type { ServerFlags } from './server-flags.ts';
import type { Terminal } from './terminal.ts';

interface ConformanceFlags extends Omit<ServerFlags, 'url'> {
  agent: string;
  only: string[];
  json?: true;
}

const EXIT_INTERRUPTED = 130;

const HELP = `
Opens sessions of its own on the server, uses them like any client over HTTP, Server-Sent Events and WebSocket, and
removes them again. Tells for each rule of SPEC.md that can be seen from outside whether the server keeps it.

The agent has to obey the directives of section 7 of PROTOCOL.md: scripted does, and so does claude when it asks the
scripted model, as under hearth demo. A real model would cost money and obey none.

Exit code: 0 all rules are kept, 1 one is broken, 130 stopped by Ctrl-C.

  hearth conformance http://127.0.0.1:4640
  hearth conformance --only MSG --only APR2`;

export function define(command: Command): void {
  command
    .description('Checks a running server against the rules of SPEC.md, from outside.')
    .argument('[url]', 'the server, as http://127.0.0.1:4640; default: the one that runs here')
    .option(
      '--token <token>',
      'the owner’s token; default: HEARTH_TOKEN, else the one in the data directory (others on this machine can see command lines)',
    )
    .option('--agent <name>', 'the agent to test with', 'scripted')
    .option(
      '--only <rule>',
      'a rule, as MSG5, or a group of them, as MSG; can be given several times',
      (rule: string, before: string[]) => [...before, rule.toUpperCase()],
      [],
    )
    .option('--json', 'as JSON')
    .option('--data-dir <path>', 'the data directory by which a running server is found (HEARTH_DATA_DIR)')
    .option('--config <path>', 'the config file (HEARTH_CONFIG)')
    .addHelpText('after', HELP)
    .action(async (url: string | undefined, flags: ConformanceFlags) => conformance(url, flags));
}

async function conformance(url: string | undefined, flags: ConformanceFlags): Promise<void> {
  const { agent, only, json, ...server } = flags;
  const [{ byRule, runSuite }, { requireServer }, { processTerminal }, { onStopSignal }] = await Promise.all([
    import('@hearth/conformance'),
    import('./open-access.ts'),
    import('./terminal.ts'),
    import('./stop-signals.ts'),
  ]);
  const cases = await wantedCases(only);
  const address = await requireServer({ ...server, ...(url === undefined ? {} : { url }) });
  const target: Target = { baseUrl: address.url.replace(/\/+$/, ''), token: address.token, agent };
  await requireAgent(target);
  const progress = await startProgress(cases.length);
  const stop = new AbortController();
  const stopListening = onStopSignal(() => stop.abort());
  const verdicts = await runSuite(target, { cases, begin: progress.begin, signal: stop.signal }).finally(() => {
    progress.end();
    stopListening();
  });
  if (stop.signal.aborted) {
    process.stderr.write('stopped; the sessions that were opened are removed\n');
    // The case that was stopped may still wait for something.
    process.exit(EXIT_INTERRUPTED);
  }
  const rules = byRule(verdicts);
  const failed = rules.filter(({ outcome }) => outcome === 'failed').length;
  if (json === true) process.stdout.write(`${JSON.stringify(report(target, rules), null, 2)}\n`);
  else tell(processTerminal(), rules, verdicts);
  if (failed > 0) process.exitCode = 1;
}

async function wantedCases(only: readonly string[]): Promise<readonly Case[]> {
  const { CASES, isWanted, RULES } = await import('@hearth/conformance');
  const unknown = only.find((wish) => !RULES.some((rule) => isWanted([rule], [wish])));
  if (unknown === undefined) return CASES.filter((one) => isWanted(one.rules, only));
  throw new HearthError('invalid_request', `No rule ${JSON.stringify(unknown)} can be checked from outside.`, {
    hint: `There are: ${RULES.join(', ')}.`,
  });
}

/** Fails at once for a wrong token or agent, which otherwise would fail every case. */
async function requireAgent({ baseUrl, token, agent }: Target): Promise<void> {
  const response = await fetch(`${baseUrl}/v1/agents`, { headers: { authorization: `Bearer ${token}` } });
  if (response.status === 401) {
    throw new HearthError('unauthorized', `${baseUrl} does not accept the token.`, {
      hint: 'Give the owner’s token with HEARTH_TOKEN or --token.',
    });
  }
  const { items } = (await response.json()) as { items: { name: string; available: boolean; reason?: string }[] };
  const found = items.find(({ name }) => name === agent);
  if (found?.available === true) return;
  const reason = found === undefined ? 'has no such agent' : `says: ${found.reason ?? 'not available'}`;
  throw new HearthError('agent_unavailable', `${baseUrl} cannot be tested with the agent ${agent}: it ${reason}.`, {
    hint: `Name another with --agent: ${items.map(({ name }) => name).join(', ')}.`,
  });
}

async function startProgress(count: number): Promise<{ begin: (one: Case) => void; end: () => void }> {
  const { default: ora } = await import('ora');
  const spinner = ora({ isSilent: !process.stderr.isTTY, discardStdin: false }).start();
  let begun = 0;
  return {
    begin: (one) => {
      begun += 1;
      spinner.text = `${begun} of ${count}  ${one.rules.join(' ')}  ${one.title}`;
    },
    end: () => void spinner.stop(),
  };
}

function tell(terminal: Terminal, rules: readonly RuleVerdict[], verdicts: readonly Verdict[]): void {
  for (const rule of rules) terminal.out(`${ruleLines(rule, terminal).join('\n')}\n`);
  const count = (outcome: Verdict['outcome']): number => rules.filter((rule) => rule.outcome === outcome).length;
  const skipped = count('skipped') === 0 ? '' : `, ${count('skipped')} not checked`;
  terminal.out(
    `\n${count('passed')} rules kept, ${count('failed')} broken${skipped}, by ${verdicts.length} ${verdicts.length === 1 ? 'case' : 'cases'}\n`,
  );
}

const NAME_WIDTH = 8;

function ruleLines({ rule, outcome, verdicts }: RuleVerdict, { paint }: Pick<Terminal, 'paint'>): string[] {
  const name = rule.padEnd(NAME_WIDTH);
  switch (outcome) {
    case 'passed':
      return [`${paint('green', '✓')} ${name} ${titles(verdicts, 'passed')}`];
    case 'skipped':
      return [`${paint('dim', '·')} ${name} not checked: ${verdicts.map(reasonOf).join('; ')}`];
    case 'failed':
      return [
        `${paint('red', '✗')} ${name} broken`,
        ...verdicts.flatMap((one) =>
          one.outcome === 'failed' ? [`  ${' '.repeat(NAME_WIDTH)} ${one.case.title}`, ...indented(reasonOf(one))] : [],
        ),
      ];
  }
}

function titles(verdicts: readonly Verdict[], outcome: Verdict['outcome']): string {
  return verdicts
    .filter((one) => one.outcome === outcome)
    .map((one) => one.case.title)
    .join('; ');
}

function indented(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => `  ${' '.repeat(NAME_WIDTH)}   ${line}`);
}

function reasonOf(verdict: Verdict): string {
  switch (verdict.outcome) {
    case 'passed':
      return '';
    case 'skipped':
      return verdict.reason;
    case 'failed':
      return verdict.error instanceof Error ? verdict.error.message : String(verdict.error);
  }
}

function report({ baseUrl, agent }: Target, rules: readonly RuleVerdict[]): object {
  return {
    ok: rules.every(({ outcome }) => outcome !== 'failed'),
    url: baseUrl,
    agent,
    rules: rules.map(({ rule, outcome, verdicts }) => ({
      rule,
      outcome,
      cases: verdicts.map((verdict) => ({
        title: verdict.case.title,
        outcome: verdict.outcome,
        ...(verdict.outcome === 'passed' ? {} : { reason: reasonOf(verdict) }),
        ...(verdict.outcome === 'skipped' ? {} : { durationMs: Math.round(verdict.durationMs) }),
      })),
    })),
  };
}
