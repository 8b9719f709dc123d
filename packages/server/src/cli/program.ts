import { Command } from 'commander';
import { VERSION } from '../version.ts';

/** A command's flags and what it does; loaded only when the command is asked for. */
export interface CommandModule {
  define(command: Command): void;
}

interface CommandEntry {
  name: string;
  summary: string;
  load: () => Promise<CommandModule>;
}

const COMMANDS: readonly CommandEntry[] = [
  { name: 'serve', summary: 'run the server', load: () => import('./serve.ts') },
  {
    name: 'demo',
    summary: 'run the whole product without any account: a scripted model answers',
    load: () => import('./demo.ts'),
  },
  { name: 'run', summary: 'send one prompt and stream the answer', load: () => import('./run.ts') },
  { name: 'attach', summary: 'follow a session live, and type into it', load: () => import('./attach.ts') },
  { name: 'sessions', summary: 'list, show, export and remove sessions', load: () => import('./sessions.ts') },
  { name: 'tokens', summary: 'create, list and revoke API tokens', load: () => import('./tokens.ts') },
  {
    name: 'accounts',
    summary: 'add, list and change the accounts of agents',
    load: () => import('./accounts.ts'),
  },
  { name: 'usage', summary: 'show tokens and cost by day, session, model, user', load: () => import('./usage.ts') },
  { name: 'link', summary: 'print a link that logs a browser in, once', load: () => import('./link.ts') },
  {
    name: 'backup',
    summary: 'save all sessions in one file, also beside a running server',
    load: () => import('./backup.ts'),
  },
  { name: 'restore', summary: 'put a backup in the place of the database', load: () => import('./restore.ts') },
  {
    name: 'restored',
    summary: 'make a PostgreSQL database that was put back fit to go on from',
    load: () => import('./restored.ts'),
  },
  {
    name: 'migrate-to',
    summary: 'move everything from the data directory to PostgreSQL',
    load: () => import('./migrate-to.ts'),
  },
  {
    name: 'migrate-from',
    summary: 'move everything from PostgreSQL to the data directory',
    load: () => import('./migrate-from.ts'),
  },
  {
    name: 'conformance',
    summary: 'check a running server against the rules of SPEC.md',
    load: () => import('./conformance.ts'),
  },
  { name: 'doctor', summary: 'find what is wrong with the installation', load: () => import('./doctor.ts') },
];

const EXAMPLES = `
Try it without an account:
  hearth demo                            in one terminal
  hearth run "[[say Hello]] there"       in another

With your own Claude login or ANTHROPIC_API_KEY:
  hearth serve --workspace ~/code        a server, and a link for the browser
  hearth run "What does this project do?"
  hearth run --session ID "And its tests?"

Every flag of serve is also a variable HEARTH_… and a key of hearth.config.json.`;

/**
 * The command line. Only the command that the arguments name is loaded, so that each starts as fast as it can.
 * @param args without node and the script
 */
export async function createProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('hearth')
    .description('Keeps coding agents warm: sessions that stay, stream and resume.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this, or the help of a command')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(hearth --help shows what there is)');
  const asked = new Set(args.filter((arg) => !arg.startsWith('-')));
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary).description(summary);
    if (asked.has(name)) (await load()).define(command);
  }
  program
    .command('help')
    .description('display help for command')
    .argument('[command]')
    .action(async (name?: string) => {
      const command = program.commands.find((each) => each.name() === name);
      // A command that does not exist is refused as it is without the help.
      if (name !== undefined && command === undefined) await program.parseAsync([name], { from: 'user' });
      (command ?? program).outputHelp();
    });
  return program;
}
